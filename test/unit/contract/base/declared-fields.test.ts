import type { TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import {
  choiceField,
  columnOf,
  commentField,
  type Field,
  flagField,
  nameField,
  numberField,
  referenceField,
  titleField,
} from '../../../../src/contract/base/declare.ts';
import { parseTag, TAG_RULE } from '../../../../src/model/machines/tags/tag.ts';

const FIELDS: Readonly<Record<string, Field>> = {
  title: titleField(),
  tag: nameField({ max: 64, rule: TAG_RULE, parse: parseTag }),
  comment: commentField(),
  number: numberField({ minimum: 1, maximum: 9, help: 'most of them' }),
  flag: flagField('open to all'),
  choice: choiceField(['small', 'large'], 'its size'),
  reference: referenceField('space', 'its space'),
};

describe('fields of declared nouns', () => {
  it.each<[string, string, unknown]>([
    ['number', '5', 5],
    ['number', '-5', -5],
    ['number', '5.5', undefined],
    ['number', 'five', undefined],
    ['number', '', undefined],
    ['flag', 'on', true],
    ['flag', 'off', false],
    ['flag', 'yes', undefined],
    ['reference', 'dmz', 'dmz'],
    ['reference', 'none', null],
  ])('a %s reads the option %j as %j', (kind, given, value) => {
    expect(FIELDS[kind]?.option.read?.value(given)).toBe(value);
  });

  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ['title', ['dmz', 'a'.repeat(64)], ['', 'a'.repeat(65), 5, null]],
    ['tag', ['gpu'], ['', null]],
    ['comment', ['', 'a'.repeat(200)], ['a'.repeat(201), null]],
    ['number', [1, 9], [0, 10, 1.5, '5', null]],
    ['flag', [true, false], ['on', 1, null]],
    ['choice', ['small', 'large'], ['odd', '', null]],
    ['reference', ['dmz', '7', null], ['', 7]],
  ])('a %s takes %j and not %j', (kind, good, bad) => {
    const schema = FIELDS[kind]?.input as TSchema;
    expect(good.filter((value) => !Value.Check(schema, value))).toEqual([]);
    expect(bad.filter((value) => Value.Check(schema, value))).toEqual([]);
  });

  it('has a column in snake case, with _id where it names an object', () => {
    expect(columnOf('leaseNames', FIELDS['flag'])).toBe('lease_names');
    expect(columnOf('mainSpace', FIELDS['reference'])).toBe('main_space_id');
  });
});

describe("a tag's name", () => {
  it.each(['gpu', 'GPU', 'a', 'x.y-z_1', '1a', 'nones', 'a'.repeat(64)])('may be %s', (name) => {
    expect(parseTag(name)).toBe(name);
  });

  it.each(['', ' ', 'a b', 'a,b', '-a', 'a-', 'none', '42', 'ä', 'a/b', 'a\nb', 'a'.repeat(65)])(
    'is not %j',
    (name) => {
      expect(parseTag(name)).toMatchObject({ code: 'invalid_value', fields: [{ field: 'name' }] });
    },
  );
});

import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { parseBuiltIn, readMetadata, type Script } from '../../../../../src/model/machines/scripts/script.ts';
import { chooseScripts } from '../../../../../src/model/machines/scripts/script-choice.ts';
import {
  fillParameters,
  invocationOf,
  parseParameters,
} from '../../../../../src/model/machines/scripts/script-parameter.ts';
import { parseComment } from '../../../../../src/model/machines/scripts/script-yaml.ts';
import { builtInScript } from '../../../../kit/machine-scripts.ts';
import { value } from '../../../../kit/store.ts';

const MACHINE = join(import.meta.dirname, '../../../../../scripts/machine');

describe('the comment of a script', () => {
  it('has maps, lists, flows, quotes and comments', () => {
    const text =
      'a: 1 # one\nb:\n  c: "x: y"\n  d:\n  - p\n  - \'q r\'\ne: {f: [g, "h, i"], j: {k: l}}\n# nothing\nm:\n- n\no:\n';
    expect(value(parseComment(text))).toEqual({
      value: { a: '1', b: { c: 'x: y', d: ['p', 'q r'] }, e: { f: ['g', 'h, i'], j: { k: 'l' } }, m: ['n'], o: '' },
    });
  });

  it.each([
    'a',
    'a: 1\na: 2',
    '  a: 1\nb: 2',
    'a: [b',
    'a: {b}',
    'a: "b',
    'a: &x',
    'a: |',
    'a: [b] c',
    `${'a: '.repeat(1)}${'['.repeat(20)}`,
  ])('%j is refused', (text) => {
    expect(isRejected(parseComment(text))).toBe(true);
  });

  it('is read or refused, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', ':', ' ', '\n', '[', ']', '{', '}', ',', '"', '-', '#') }),
        (text) => void parseComment(text),
      ),
    );
  });

  it('is none where there is none', () => {
    expect(readMetadata('#!/bin/sh\necho\n')).toEqual({});
  });
});

describe('parameters', () => {
  const parameters = value(
    parseParameters({
      disk: { type: 'storage', argument_format: '--dev {path} {serial}' },
      card: { type: 'interface', required: false },
      url: { type: 'url', required: 'False' },
      pass: { type: 'password', required: false },
      runtime: { type: 'runtime', default: '60' },
    }),
  );
  const known = {
    disks: [{ name: 'sda', serial: 'S1', model: 'M' }],
    interfaces: [{ name: 'eno1', mac: '52:54:00:00:00:01' }],
  };

  it('become arguments and variables; a password is no argument', () => {
    const values = value(
      fillParameters({ name: 's', parameters }, { disk: 'S1', card: '52:54:00:00:00:01', pass: 'hunter2' }),
    );
    const { arguments: words, environment } = invocationOf(parameters, values, known);
    expect(words).toEqual(['--dev', '/dev/sda', 'S1', '--card=eno1', '--runtime=60']);
    expect(environment).toEqual(['PARAM_DISK=/dev/sda', 'PARAM_CARD=eno1', 'PARAM_PASS=hunter2', 'PARAM_RUNTIME=60']);
  });

  it.each([
    [{ evil: 'x' }, 'has no parameter "evil"'],
    [{ url: 'no url' }, 'url is "no url"'],
    [{ runtime: '0' }, 'runtime is "0"'],
    [{ pass: 'a\nb' }, 'pass is not usable'],
  ])('%j is refused', (given, why) => {
    const refused = fillParameters({ name: 's', parameters }, given);
    expect(isRejected(refused) && refused.message).toContain(why);
    expect(JSON.stringify(refused)).not.toContain('a\\nb');
  });
});

describe('the choice of a run', () => {
  const own = (name: string, changes: Partial<Script> = {}): Script => ({
    ...builtInScript(name),
    tags: [],
    ...changes,
  });
  const all = [
    builtInScript('regent-b'),
    builtInScript('regent-a'),
    own('usual', { tags: ['default'] }),
    own('rare'),
    own('wipe', { tags: ['default'], destructive: true }),
  ];
  const names = (wish: object) => value(chooseScripts(all, 'commissioning', wish)).map(({ script }) => script.name);

  it.each([
    [{}, ['regent-a', 'regent-b', 'usual']],
    [{ scripts: ['rare'] }, ['regent-a', 'regent-b', 'rare']],
    [{ scripts: ['none'] }, ['regent-a', 'regent-b']],
    [{ scripts: ['none'], skip: ['built-in'] }, []],
    [{ skip: ['regent-a'] }, ['regent-b', 'usual']],
    [{ scripts: ['default'] }, ['regent-a', 'regent-b', 'usual']],
    [{ scripts: ['wipe'] }, ['regent-a', 'regent-b', 'wipe']],
  ])('%j', (wish, wanted) => {
    expect(names(wish)).toEqual(wanted);
  });
});

describe('scripts of the release', () => {
  const files = ['commissioning', 'testing'].flatMap((kind) =>
    readdirSync(join(MACHINE, kind)).map((name) => [kind, name] as const),
  );

  it.each(files)('%s/%s is what its metadata says, short, and for any POSIX shell', (kind, name) => {
    const text = readFileSync(join(MACHINE, kind, name), 'utf8');
    expect(value(parseBuiltIn(text))).toMatchObject({ name, purpose: kind });
    expect(text.startsWith('#!/bin/sh\n')).toBe(true);
    expect(text.split('\n').length).toBeLessThanOrEqual(101);
  });
});

import Type, { type Static } from 'typebox';
import {
  ALL_PURPOSES,
  SCRIPT_HARDWARE,
  SCRIPT_MAX,
  SCRIPT_PURPOSES,
  TIMEOUT_MAX,
} from '../../model/machines/scripts/script.ts';
import { PARAMETER_TYPES } from '../../model/machines/scripts/script-parameter.ts';
import { Flag, Id, listQuery, nullable, oneOf, strict, text } from '../base/common.ts';
import { onOff, whole, textOption } from '../base/command-texts.ts';
import { entry } from '../base/entry.ts';

const Parameters = Type.Record(
  Type.String(),
  strict({
    type: oneOf(PARAMETER_TYPES),
    required: Type.Boolean(),
    title: Type.Optional(Type.String()),
    description: Type.Optional(Type.String()),
    default: Type.Optional(Type.String()),
    argument_format: Type.Optional(Type.String()),
  }),
);

/** A script that machines run while they are commissioned or tested. */
export const Script = strict({
  id: nullable({ ...Id, description: 'null: the script is part of the release' }),
  name: Type.String(),
  comment: Type.String(),
  builtIn: Type.Boolean({ description: 'the script is part of the release and cannot be changed' }),
  purpose: oneOf(ALL_PURPOSES),
  hardware: oneOf(SCRIPT_HARDWARE, 'hardware that it checks'),
  timeout: Type.Integer({ description: 'seconds; 0: no limit' }),
  parallel: Type.Boolean({ description: 'scripts for the same hardware may run at the same time' }),
  destructive: Type.Boolean({ description: 'the script destroys data; it runs only if a run names it' }),
  tags: Type.Array(Type.String(), { description: '"default": the script runs if a run names no scripts' }),
  parameters: Parameters,
  size: Type.Integer({ description: 'bytes' }),
  content: Type.Optional(Type.String({ description: 'text of the script; absent in lists' })),
});
export type Script = Static<typeof Script>;

const COMMENT_RULE = 'must agree with the comment in the script (MAAS 1.0 script metadata)';
const fields = {
  comment: Type.Optional(Type.String({ maxLength: 200 })),
  purpose: Type.Optional(oneOf(SCRIPT_PURPOSES, COMMENT_RULE)),
  hardware: Type.Optional(oneOf(SCRIPT_HARDWARE)),
  timeout: Type.Optional(Type.Integer({ minimum: 0, maximum: TIMEOUT_MAX, description: 'seconds, 300 when left out' })),
  parallel: Type.Optional(Type.Boolean()),
  destructive: Type.Optional(Type.Boolean()),
  tags: Type.Optional(Type.Array(text(64), { maxItems: 32 })),
  parameters: Type.Optional(
    Type.Record(Type.String(), Type.Record(Type.String(), Type.Union([Type.String(), Type.Boolean()])), {
      maxProperties: 16,
      description: 'by name: type, default, required, title, description, argument_format',
    }),
  ),
};
const Content = text(SCRIPT_MAX, 'text of the script; its first line is one such as #!/bin/sh');

const ScriptCreate = strict({ name: text(64), content: Content, ...fields });
export type ScriptCreate = Static<typeof ScriptCreate>;
const ScriptSet = strict({ name: Type.Optional(text(64)), content: Type.Optional(Content), ...fields });
export type ScriptSet = Static<typeof ScriptSet>;

const options = {
  comment: textOption('text', 'a note for people'),
  purpose: textOption('purpose', 'when it runs', SCRIPT_PURPOSES),
  hardware: textOption('hardware', 'which hardware it checks', SCRIPT_HARDWARE),
  timeout: { ...whole('seconds', 'a script that takes longer has failed; 0: no limit', 'seconds'), flag: 'time-limit' },
  parallel: onOff('may scripts for the same hardware run at the same time?'),
  destructive: onOff('does it destroy data?'),
  tags: {
    ...textOption('tags', 'comma-separated; "default": the script runs if a run names no scripts; "" removes all tags'),
    read: { rule: 'tags with commas', value: tagsOf },
  },
};

/** The noun `script`, its calls and its tables. */
export const SCRIPT = entry({
  noun: 'script',
  plural: 'scripts',
  one: 'a script',
  many: 'scripts',
  tables: ['scripts'],
  file: { identity: ['name'], refersTo: {} },
  schemas: {
    answer: Script,
    params: strict({ script: text(64, 'id or name') }),
    query: listQuery(
      {
        name: Type.Optional(text(64, 'part of the name')),
        purpose: Type.Optional(oneOf(ALL_PURPOSES)),
        hardware: Type.Optional(oneOf(SCRIPT_HARDWARE)),
        tag: Type.Optional(text(64)),
        built_in: Type.Optional(Flag),
      },
      ['name'],
    ),
    create: ScriptCreate,
    set: ScriptSet,
  },
  commands: {
    summary: 'scripts that machines run while they are commissioned or tested',
    which: 'name or id',
    example: 'check-raid',
    columns: ['name', 'purpose', 'hardware', 'tags', 'comment'],
    wide: ['timeout', 'parallel', 'destructive', 'parameters', 'size', 'id'],
    cells: { parameters: ({ parameters }) => Object.keys(parameters) },
    list: {
      summary: 'list scripts of the release and of the site',
      options: {
        name: textOption('text', 'only those whose name holds this'),
        purpose: textOption('purpose', 'only those of this purpose', ALL_PURPOSES),
        hardware: textOption('hardware', 'only those of this hardware', SCRIPT_HARDWARE),
        tag: textOption('tag', 'only those with this tag'),
      },
      examples: ['regent script list --purpose testing'],
    },
    show: { examples: ['regent script show regent-disk'] },
    create: {
      summary: 'add a script; options must agree with its own comment (MAAS 1.0 script metadata)',
      options,
      examples: [
        'regent script create check-raid --content @check-raid.sh --tags default',
        'regent script create burn-in --purpose testing --hardware cpu --time-limit 7200 --content @burn-in.sh',
      ],
    },
    set: {
      summary: 'change a script; runs that have started use the old text',
      options: { name: textOption('name', 'new name'), ...options },
      examples: ['regent script set check-raid --content @check-raid.sh', 'regent script set check-raid --tags ""'],
    },
    delete: { summary: 'delete a script; runs that have started still use it' },
  },
});

function tagsOf(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim());
  return tags.filter((tag) => tag !== '');
}

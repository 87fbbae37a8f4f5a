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
  id: nullable({ ...Id, description: 'null: it is one of the release' }),
  name: Type.String(),
  comment: Type.String(),
  builtIn: Type.Boolean({ description: 'it is one of the release, and is not changed' }),
  purpose: oneOf(ALL_PURPOSES),
  hardware: oneOf(SCRIPT_HARDWARE, 'what it examines'),
  timeout: Type.Integer({ description: 'seconds; 0: as long as it takes' }),
  parallel: Type.Boolean({ description: 'others of the same hardware may run beside it' }),
  destructive: Type.Boolean({ description: 'it destroys data: it runs only when it is named itself' }),
  tags: Type.Array(Type.String(), { description: '"default": it runs when none is named' }),
  parameters: Parameters,
  size: Type.Integer({ description: 'bytes' }),
  content: Type.Optional(Type.String({ description: 'its text; left out of lists' })),
});
export type Script = Static<typeof Script>;

const COMMENT_RULE = 'must agree with its own comment (MAAS 1.0 script metadata)';
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
const Content = text(SCRIPT_MAX, 'its text, which begins with a line such as #!/bin/sh');

const ScriptCreate = strict({ name: text(64), content: Content, ...fields });
export type ScriptCreate = Static<typeof ScriptCreate>;
const ScriptSet = strict({ name: Type.Optional(text(64)), content: Type.Optional(Content), ...fields });
export type ScriptSet = Static<typeof ScriptSet>;

/** The noun, its calls and its tables. */
export const SCRIPT = entry({
  noun: 'script',
  plural: 'scripts',
  one: 'a script',
  many: 'scripts',
  component: 'Script',
  tables: ['scripts'],
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
  names: (items) => items.map(({ name }) => name),
});

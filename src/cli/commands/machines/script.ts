import { SCRIPT as ENTRY, type Script } from '../../../contract/machines/script.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import type { Shape } from '../../format/output.ts';
import { need, option, options } from '../../values.ts';
import { fileOr } from '../base/options.ts';
import { shapeOf, usualCommands, whichOf } from '../base/usual.ts';

const SHAPE: Shape<Script> = {
  ...shapeOf<Script>(ENTRY),
  details: (script) => [
    ['Name', script.name],
    ['Origin', script.builtIn ? 'the release' : `the site, id ${script.id ?? ''}`],
    ['Comment', script.comment],
    ['Purpose', script.purpose],
    ['Hardware', script.hardware],
    ['Timeout', script.timeout === 0 ? 'none' : `${script.timeout} s`],
    ['Parallel', script.parallel ? 'on' : 'off'],
    ['Destructive', script.destructive ? 'on: it runs only when it is named itself' : 'off'],
    ['Tags', script.tags.join(', ')],
    ['Parameters', Object.entries(script.parameters).map(parameterLine)],
    ['Size', `${script.size} bytes: regent script download ${script.name}`],
  ],
};

function parameterLine([name, parameter]: [string, Script['parameters'][string]]): string {
  const usual =
    parameter.default === undefined ? (parameter.required ? ', required' : '') : `, ${parameter.default} when left out`;
  return `${name}  ${parameter.type}${usual}${parameter.title === undefined ? '' : `  ${parameter.title}`}`;
}

const TEXTS = {
  options: [
    { flags: '--content <@file|->', help: 'its text: @FILE from a file, - from standard input' },
    {
      flags: '--parameters <json>',
      help: 'by name: {"disk": {"type": "storage", "required": true}}; @FILE reads them from a file',
    },
  ],
  members: textsOf,
};

/** `regent script`. */
export const SCRIPT: NounSpec = usualCommands<Script>(ENTRY, {
  shape: SHAPE,
  create: {
    ...TEXTS,
    before: async (call) => {
      if (option(call, 'content') === undefined)
        throw usageError('--content is missing. Rule: @FILE, or - and standard input.');
    },
  },
  set: TEXTS,
  more: [
    {
      verb: 'download',
      summary: 'print the text of a script',
      args: [whichOf('script', ENTRY.commands.which)],
      examples: ['regent script download regent-disk > my-disk'],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('script.show', { params: { script: need(call, 0) } });
        call.io.out.write(body.content ?? '');
      },
    },
  ],
});

/** Members that come from files, from these options. */
async function textsOf(call: Call): Promise<object> {
  const content = await contentOf(call);
  const parameters = option(call, 'parameters');
  return {
    ...(content === undefined ? {} : { content }),
    ...(parameters === undefined ? {} : { parameters: parse(await fileOr(call, '--parameters', parameters)) }),
  };
}

function parse(json: string): Record<string, Record<string, string | boolean>> {
  try {
    // The region checks it by its schema.
    return JSON.parse(json) as Record<string, Record<string, string | boolean>>;
  } catch {
    throw usageError('--parameters: the value is not JSON.');
  }
}

async function contentOf(call: Call): Promise<string | undefined> {
  const given = option(call, 'content');
  if (given === undefined) return undefined;
  if (given !== '-' && !given.startsWith('@'))
    throw usageError('--content: a script does not fit a command line. Rule: @FILE, or - and standard input.');
  return await fileOr(call, '--content', given);
}

/** Options of `machine commission` and `machine test`. */
export const RUN_OPTIONS: readonly OptionSpec[] = [
  {
    flags: '--script <name|tag>',
    help: 'a script that runs, in place of those with the tag default; none: no such one; may be repeated',
    repeat: true,
  },
  {
    flags: '--skip <name|tag>',
    help: 'a script that does not run; built-in: those of the release; may be repeated',
    repeat: true,
  },
  {
    flags: '--param <script.name=value>',
    help: 'a parameter of a script; =@FILE reads a password from a file; may be repeated',
    repeat: true,
  },
];

/** Members of a run's request, from these options. */
export async function runOf(call: Call) {
  const [scripts, skip] = [options(call, 'script'), options(call, 'skip')];
  const parameters: Record<string, Record<string, string>> = {};
  for (const assignment of options(call, 'param')) {
    // A script's name may have dots, a parameter's has none.
    const [, script = '', name = '', value = ''] = /^([^=]+)\.([A-Za-z][A-Za-z0-9_-]*)=(.*)$/s.exec(assignment) ?? [];
    if (script === '')
      throw usageError(`--param: "${assignment.replace(/=.*/s, '=…')}" is not usable. Rule: SCRIPT.NAME=VALUE.`);
    const read = value.startsWith('@') ? (await fileOr(call, '--param', value)).trimEnd() : value;
    parameters[script] = { ...parameters[script], [name]: read };
  }
  return {
    ...(scripts.length === 0 ? {} : { scripts: [...scripts] }),
    ...(skip.length === 0 ? {} : { skip: [...skip] }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
}

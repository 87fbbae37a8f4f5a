import type { Script } from '../../../contract/machines/script.ts';
import { ALL_PURPOSES, SCRIPT_HARDWARE, SCRIPT_PURPOSES } from '../../../model/machines/scripts/script.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, flag, integer, need, nothingToSet, option, options, text } from '../../values.ts';

const SHAPE: Shape<Script> = {
  kind: 'script',
  name: (script) => script.name,
  columns: [
    { header: 'name', value: ({ name }) => name },
    { header: 'purpose', value: ({ purpose }) => purpose },
    { header: 'hardware', value: ({ hardware }) => hardware },
    { header: 'tags', value: ({ tags }) => tags.join(', ') },
    { header: 'comment', value: ({ comment }) => comment },
    { header: 'timeout', wide: true, value: ({ timeout }) => String(timeout) },
    { header: 'parallel', wide: true, value: ({ parallel }) => (parallel ? 'on' : 'off') },
    { header: 'destructive', wide: true, value: ({ destructive }) => (destructive ? 'on' : 'off') },
    { header: 'parameters', wide: true, value: ({ parameters }) => Object.keys(parameters).join(', ') },
    { header: 'size', wide: true, value: ({ size }) => String(size) },
    { header: 'id', wide: true, value: ({ id }) => String(id ?? '') },
  ],
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

const WHICH = { name: '<script>', help: 'name or id', complete: 'script' } as const;
const CONTENT: OptionSpec = {
  flags: '--content <@file|->',
  help: 'its text: @FILE from a file, - from standard input',
};
const OPTIONS: readonly OptionSpec[] = [
  { flags: '--comment <text>', help: 'a note for people' },
  { flags: '--purpose <purpose>', help: 'when it runs', values: SCRIPT_PURPOSES },
  { flags: '--hardware <hardware>', help: 'which hardware it checks', values: SCRIPT_HARDWARE },
  { flags: '--time-limit <seconds>', help: 'then it has failed; 0: it may take as long as it wants' },
  { flags: '--parallel <on|off>', help: 'may others of the same hardware run beside it?', values: ['on', 'off'] },
  { flags: '--destructive <on|off>', help: 'does it destroy data?', values: ['on', 'off'] },
  { flags: '--tags <tags>', help: 'comma-separated; default: it runs when none is named; "" removes all' },
  {
    flags: '--parameters <json>',
    help: 'by name: {"disk": {"type": "storage", "required": true}}; @FILE reads them from a file',
  },
];

/** `regent script`. */
export const SCRIPT: NounSpec = {
  noun: 'script',
  summary: 'scripts that machines run while they are commissioned or tested',
  commands: [
    {
      verb: 'list',
      summary: 'list scripts of the release and of the site',
      options: [
        { flags: '--name <text>', help: 'only those whose name holds this' },
        { flags: '--purpose <purpose>', help: 'only those of this purpose', values: ALL_PURPOSES },
        { flags: '--hardware <hardware>', help: 'only those of this hardware', values: SCRIPT_HARDWARE },
        { flags: '--tag <tag>', help: 'only those with this tag' },
      ],
      examples: ['regent script list --purpose testing'],
      run: async (call) => {
        const { client } = await call.region();
        const query = { ...text(call, 'name'), ...chosen(call), ...text(call, 'tag') };
        await printList(printerOf(call), SHAPE, await collect(client.all('script.list', { query })));
      },
    },
    {
      verb: 'show',
      summary: 'show a script',
      args: [WHICH],
      examples: ['regent script show regent-disk'],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('script.show', { params: { script: need(call, 0) } });
        await printOne(printerOf(call), SHAPE, body);
      },
    },
    {
      verb: 'download',
      summary: 'print the text of a script',
      args: [WHICH],
      examples: ['regent script download regent-disk > my-disk'],
      run: async (call) => {
        const { client } = await call.region();
        const { body } = await client.call('script.show', { params: { script: need(call, 0) } });
        call.io.out.write(body.content ?? '');
      },
    },
    {
      verb: 'create',
      summary: 'add a script; what its own comment says (MAAS 1.0 script metadata) counts',
      args: [{ name: '<name>', help: 'such as check-raid' }],
      options: [CONTENT, ...OPTIONS],
      isChange: true,
      examples: [
        'regent script create check-raid --content @check-raid.sh --tags default',
        'regent script create burn-in --purpose testing --hardware cpu --time-limit 7200 --content @burn-in.sh',
      ],
      run: async (call) => {
        const content = await contentOf(call);
        if (content === undefined) throw usageError('--content is missing. Rule: @FILE, or - and standard input.');
        const body = { name: need(call, 0), content, ...(await membersOf(call)) };
        return await runChange(call, { route: 'script.create', input: { body }, shape: SHAPE, done: 'created' });
      },
    },
    {
      verb: 'set',
      summary: 'change a script; runs that have started keep their text',
      args: [WHICH],
      options: [{ flags: '--name <name>', help: 'new name' }, CONTENT, ...OPTIONS],
      isChange: true,
      examples: ['regent script set check-raid --content @check-raid.sh', 'regent script set check-raid --tags ""'],
      run: async (call) => {
        const content = await contentOf(call);
        const body = {
          ...text(call, 'name'),
          ...(content === undefined ? {} : { content }),
          ...(await membersOf(call)),
        };
        nothingToSet(
          body,
          '--name, --content, --comment, --purpose, --hardware, --time-limit, --parallel, --destructive, --tags or --parameters',
        );
        const input = { params: { script: need(call, 0) }, body };
        return await runChange(call, { route: 'script.set', input, shape: SHAPE, done: 'changed' });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a script; runs that have started keep it',
      args: [WHICH],
      isChange: true,
      examples: ['regent script delete check-raid'],
      run: (call) =>
        runChange(call, {
          route: 'script.delete',
          input: { params: { script: need(call, 0) } },
          shape: SHAPE,
          done: 'deleted',
        }),
    },
  ],
};

function chosen(call: Call) {
  const purpose = SCRIPT_PURPOSES.find((one) => one === option(call, 'purpose'));
  const hardware = SCRIPT_HARDWARE.find((one) => one === option(call, 'hardware'));
  return { ...(purpose === undefined ? {} : { purpose }), ...(hardware === undefined ? {} : { hardware }) };
}

async function membersOf(call: Call) {
  const timeout = option(call, 'timeLimit');
  const tags = option(call, 'tags');
  const parameters = option(call, 'parameters');
  return {
    ...text(call, 'comment'),
    ...chosen(call),
    ...(timeout === undefined ? {} : { timeout: integer(timeout, '--time-limit', 'seconds') }),
    ...flag(call, 'parallel', 'parallel'),
    ...flag(call, 'destructive', 'destructive'),
    ...(tags === undefined
      ? {}
      : {
          tags: tags
            .split(',')
            .map((tag) => tag.trim())
            .filter((tag) => tag !== ''),
        }),
    ...(parameters === undefined ? {} : { parameters: parse(await fileOr(call, '--parameters', parameters)) }),
  };
}

function parse(json: string): Record<string, Record<string, string | boolean>> {
  try {
    // The region checks it by its schema.
    return JSON.parse(json) as Record<string, Record<string, string | boolean>>;
  } catch {
    throw usageError('--parameters: it is no JSON.');
  }
}

async function contentOf(call: Call): Promise<string | undefined> {
  const given = option(call, 'content');
  if (given === undefined) return undefined;
  if (given !== '-' && !given.startsWith('@'))
    throw usageError('--content: a script does not fit a command line. Rule: @FILE, or - and standard input.');
  return await fileOr(call, '--content', given);
}

/** `@FILE`, `-` for standard input, or the text itself. */
async function fileOr(call: Call, name: string, given: string): Promise<string> {
  if (given === '-') return await call.io.readInput();
  if (!given.startsWith('@')) return given;
  const content = await call.io.readFile(given.slice(1));
  if (content === null) throw usageError(`${name}: there is no file "${given.slice(1)}".`);
  return content;
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

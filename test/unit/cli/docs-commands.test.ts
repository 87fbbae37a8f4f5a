import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { NounSpec } from '../../../src/cli/command-spec.ts';
import type { CliIo } from '../../../src/cli/io.ts';
import { NOUNS } from '../../../src/cli/nouns.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { parseInitArguments } from '../../../src/join/init/options.ts';
import { parseJoinOptions, parseLeaveOptions } from '../../../src/join/member/options.ts';
import { parseRecoverOptions } from '../../../src/join/recover/options.ts';

/** Every command of the docs is one of the command line: its noun, verb, options and, where it is shown to be typed, its arguments. */

const ROOT = join(import.meta.dirname, '../../..');
const FILES = [
  'README.md',
  'ha/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const table: string[] = [];
afterAll(() => console.log(`\npublic reports 7: command of the docs → answer\n${table.join('\n')}\n`));

interface DocCommand {
  readonly place: string;
  readonly argv: readonly string[];
  /** In a sentence a command may stand without its arguments. */
  readonly isMention: boolean;
}

/** The words of a command line, as sh splits them; it ends at an operator or a comment. The rest goes on after `&&`, `;`, `|`. */
function commandLines(text: string): string[][] {
  const lines: string[][] = [[]];
  let rest = text.trim().replaceAll(/ < \S+/g, '');
  while (rest !== '') {
    const [all = '', blank, comment, operator, substitution] =
      /^(?:(\s+)|(#.*$)|(&&|\|\||[;|&]|>\S*)|("?\$\([^)]*\)"?)|(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\;&|>])+)/.exec(rest) ?? [
        rest,
      ];
    rest = rest.slice(all.length);
    if (comment !== undefined) break;
    if (operator !== undefined) lines.push([]);
    else if (blank === undefined) lines.at(-1)?.push(substitution === undefined ? all.replaceAll(/["'\\]/g, '') : 'x');
  }
  return lines.filter((words) => words.length > 0);
}

/** The arguments of `regent`, whatever stands before it; null: another program. */
function argvOf(words: readonly string[]): readonly string[] | null {
  const at = words.findIndex((word) => !/^(?:sudo|[A-Z_]+=.*)$/.test(word));
  return /^(?:bin\/|\/usr\/local\/bin\/)?regent$/.test(words[at] ?? '') ? words.slice(at + 1) : null;
}

/** `on|off` stands for either. */
function alternatives(code: string): string {
  return code.replaceAll(/(?<=\s)([A-Za-z0-9-]+)(?:\|[A-Za-z0-9-]+)+/g, '$1');
}

function commandsIn(file: string): DocCommand[] {
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  let isBlock = false;
  return lines.flatMap((line, index) => {
    const place = `${file}:${index + 1}`;
    if (/^\s*```/.test(line)) {
      isBlock = !isBlock;
      return [];
    }
    const codes = isBlock ? [line] : Array.from(line.matchAll(/`([^`]+)`/g), ([, code = '']) => alternatives(code));
    return codes.flatMap((code) =>
      commandLines(code).flatMap((words) => {
        const argv = argvOf(words);
        // `<noun>` stands for any.
        return argv === null || argv.some((word) => word.startsWith('<')) ? [] : [{ place, argv, isMention: !isBlock }];
      }),
    );
  });
}

const HOST: Readonly<Record<string, (argv: readonly string[]) => unknown>> = {
  init: parseInitArguments,
  join: parseJoinOptions,
  leave: parseLeaveOptions,
  migrate: (argv) => (argv.every((word) => word === '--check') ? null : { code: 'usage', message: 'unknown option' }),
};

/** Commander's complaint of a command line, or '' : nothing is done. */
async function complaintOf(argv: readonly string[]): Promise<string> {
  const [noun = '', ...more] = argv;
  const parse = noun === 'cluster' && more[0] === 'recover' ? parseRecoverOptions : HOST[noun];
  if (parse !== undefined) {
    const read = parse(noun === 'cluster' ? more.slice(1) : more);
    return isRejected(read) ? read.message : '';
  }
  let words = '';
  const output = { write: (text: string) => void (words += text), isTerminal: false, columns: 120 };
  // A command that looks again and again ends at once.
  const interrupted = AbortSignal.abort();
  const io = { argv, env: {}, version: '0', out: output, err: output, interrupted, now: () => 0 } as unknown as CliIo;
  const nouns: readonly NounSpec[] = NOUNS.map((spec) => ({
    ...spec,
    commands: spec.commands.map((command) => ({ ...command, run: async () => {} })),
  }));
  try {
    const code = await runProgram({ io, nouns, connect: () => Promise.reject(new Error('nothing is asked')) });
    return code === 0 ? '' : (words.trim().split('\n')[0] ?? '');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const commands = FILES.flatMap(commandsIn);

describe('commands of the docs', () => {
  it('are found', () => {
    expect(commands.length).toBeGreaterThan(150);
    expect(commandLines(`sudo scripts/lab kill r1; bin/regent cluster status  # it's`)).toEqual([
      ['sudo', 'scripts/lab', 'kill', 'r1'],
      ['bin/regent', 'cluster', 'status'],
    ]);
    expect(commandLines(`regent tag create t --definition 'a >= 1 and b ~ "c"' --comment x`)[0]).toHaveLength(8);
  });

  it.each(commands.map((command) => [command.place, command.argv.join(' '), command] as const))(
    '%s: regent %s',
    async (place, shown, { argv, isMention }) => {
      const complaint = await complaintOf(argv);
      const isOk = complaint === '' || (isMention && /missing required argument|is missing\b/.test(complaint));
      table.push(`${place}: regent ${shown} → ${complaint || 'it is one'}`);
      expect(isOk ? '' : complaint).toBe('');
    },
  );

  it.each(
    commands
      .filter(({ argv }) => argv[0] === 'ssh-key' && argv[1] === 'add')
      .map(({ place, argv }) => [place, argv[2]]),
  )('%s names a file of a key as such: %s', (_place, key) => expect(key).toMatch(/^(?:@|-$|ssh-)/));

  it.each(
    NOUNS.flatMap(({ noun, commands: specs }) =>
      specs.flatMap(({ verb, examples = [] }) => examples.map((example) => [`${noun} ${verb}`, example] as const)),
    ),
  )('the help of %s: %s', async (_name, example) => {
    const lines = commandLines(example).flatMap((words) => argvOf(words) ?? []);
    expect(lines.length).toBeGreaterThan(0);
    expect(await complaintOf(argvOf(commandLines(example).find((words) => argvOf(words) !== null) ?? []) ?? [])).toBe(
      '',
    );
  });

  it.each([
    [['machine', 'dploy', 'm1'], /unknown command 'dploy'/],
    [['machine', 'deploy', 'm1', '--imgae', 'x'], /unknown option '--imgae'/],
    [['apikey', 'create', 'LABEL'], /unknown command 'apikey'/],
    [['vlan', 'set'], /missing required argument/],
    [['join', '--tokne'], /tokne/],
    [['cluster', 'recover', '--chekc'], /chekc/],
  ])('are refused where they are none: %j', async (argv, words) => {
    expect(await complaintOf(argv)).toMatch(words);
  });
});

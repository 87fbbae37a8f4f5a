import { afterAll, describe, expect, it } from 'vitest';
import type { NounSpec } from '../../../src/cli/command-spec.ts';
import type { CliIo } from '../../../src/cli/io.ts';
import { NOUNS } from '../../../src/cli/nouns.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { parseInitArguments } from '../../../src/join/init/options.ts';
import { parseJoinOptions, parseLeaveOptions } from '../../../src/join/member/options.ts';
import { parseRecoverOptions } from '../../../src/join/recover/options.ts';
import { parseRestoreOptions } from '../../../src/join/restore/options.ts';
import { commandLines, commandsIn, programOf, regentArguments } from '../../kit/doc-commands.ts';
import { documents } from '../../kit/documents.ts';

/** Every command of the docs is one of the command line: its noun, verb, options and, where it is shown to be typed, its arguments. */

/** What earlier versions had may be gone. */
const FILES = documents().filter((path) => path !== 'CHANGELOG.md');
const table: string[] = [];
afterAll(() => console.log(`\npublic reports 7: command of the docs → answer\n${table.join('\n')}\n`));

const HOST: Readonly<Record<string, (argv: readonly string[]) => unknown>> = {
  init: parseInitArguments,
  join: parseJoinOptions,
  leave: parseLeaveOptions,
  restore: parseRestoreOptions,
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

const commands = FILES.flatMap(commandsIn).flatMap(({ words, ...where }) => {
  const argv = regentArguments(words);
  // Alone it is the program.
  return argv === null || argv.length === 0 ? [] : [{ ...where, argv }];
});

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
      const isOk =
        complaint === '' ||
        (isMention && /missing required argument|is missing\b|^Usage: regent \S+ <verb>/.test(complaint));
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
    const words = commandLines(example).find((one) => programOf(one).program === 'regent') ?? [];
    expect(words.length).toBeGreaterThan(0);
    expect(await complaintOf(programOf(words).argv)).toBe('');
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

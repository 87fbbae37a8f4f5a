import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { diceOfRun } from './kit/dice.ts';
import { removeAbandoned } from './kit/lab.ts';
import { IS_SLOW_MACHINE } from './kit/machine.ts';

const PHASES = ['fast', 'daemons', 'hosts', 'story'] as const;
type Phase = (typeof PHASES)[number];

/** One thing to run. `vitest`: the projects whose tests are counted one by one; a command counts as one test. */
interface Step {
  readonly name: string;
  /** Steps of one phase run side by side, phases one after the other. */
  readonly phase: Phase;
  /** A step of its phase that it waits for: both want the processors more than the rest does. */
  readonly after?: string;
  readonly command?: readonly string[];
  readonly vitest?: readonly string[];
  /** Files at once; left out: as vitest.config.ts says. */
  readonly workers?: number;
  /** How much it steps back for what runs beside it. */
  readonly nice?: number;
  /** What is set for it in a whole run, unless the caller has set it: how many of the cases that turn with the commits are played. */
  readonly turns?: Readonly<Record<string, string>>;
  /** Groups of names. A whole run plays one of each group, drawn by the commit: a file of whole hosts, or what asks test/kit/drawn.ts. */
  readonly oneOf?: readonly (readonly string[])[];
  /** After so long it is ended, with room for a slow machine, so that one that hangs does not cost the others' words. */
  readonly minutes: number;
}

interface Outcome {
  readonly step: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Names of the tests that were skipped, with their files. */
  readonly skips: readonly string[];
  /** Skipped because the machine has too little processor (`needsRoom` of test/kit/cluster/stage.ts), and why. */
  readonly notPlayed: readonly string[];
  readonly seconds: number;
  /** Names of the tests that failed, with their files. */
  readonly failures: readonly string[];
}

const ROOT = join(import.meta.dirname, '..');

const STEPS: readonly Step[] = [
  { name: 'types', phase: 'fast', command: ['tsc', '--noEmit'], minutes: 5 },
  { name: 'types-ui', phase: 'fast', command: ['tsc', '--noEmit', '-p', 'src/ui'], minutes: 5 },
  { name: 'lint', phase: 'fast', command: ['oxlint', '--type-aware', '--deny-warnings'], minutes: 5 },
  { name: 'format', phase: 'fast', command: ['biome', 'format', '.'], minutes: 4 },
  { name: 'unused', phase: 'fast', command: ['knip'], minutes: 5 },
  {
    name: 'shell',
    phase: 'fast',
    command: ['shellcheck', '--external-sources', '--source-path=SCRIPTDIR', ...shellScripts()],
    minutes: 5,
  },
  { name: 'pure', phase: 'fast', vitest: ['architecture', 'unit', 'golden', 'agent'], minutes: 10 },
  // Both wait for daemons more than they compute: checkers have what the databases, which hold deadlines, leave of the processors.
  { name: 'database', phase: 'daemons', vitest: ['store', 'api', 'scenario'], minutes: 35 },
  { name: 'ui', phase: 'daemons', vitest: ['ui'], after: 'database', nice: 5, minutes: 20 },
  {
    name: 'check',
    phase: 'daemons',
    vitest: ['check'],
    workers: 2,
    nice: 5,
    turns: { REGENT_PAIR_CASES: IS_SLOW_MACHINE ? '3' : '5' },
    // What starts the whole system of the image "ephemeral": it commissions and rescues as a container, it installs a virtual machine.
    oneOf: [
      ['container', 'machine'],
      ['the disk of the SFTP server', 'the disk of the folder'],
    ],
    // On a machine that has neither bases nor images it makes both.
    minutes: 40,
  },
  {
    name: 'lab',
    phase: 'hosts',
    vitest: ['hosts', 'lab'],
    workers: IS_SLOW_MACHINE ? 2 : 3,
    turns: { REGENT_FAULT_CASES: IS_SLOW_MACHINE ? '3' : '4', REGENT_DRILLS: '1' },
    oneOf: [
      ['adoption', 'vagrant-provision'],
      ['lab', 'bad-days'],
    ],
    minutes: 60,
  },
  {
    name: 'story',
    phase: 'story',
    vitest: ['story', 'file:cluster-bad-days'],
    turns: { REGENT_CLUSTER_CASES: IS_SLOW_MACHINE ? '2' : '3' },
    minutes: 20,
  },
];

/** When the output of a step is shown: as it comes, at its end, or at its end if it failed. */
type Say = 'live' | 'afterwards' | 'failures';

/** A whole run draws its random cases from one seed, so that two runs of one commit judge the same; a run of a part draws new ones. */
const SEED = '20260101';

/** With `--full` nothing turns: each step plays all its cases, and `story` all its files, which takes hours. */
const FULL_STEPS = STEPS.map((step): Step => {
  const vitest = step.name === 'story' ? ['story'] : step.vitest;
  return {
    ...step,
    ...(vitest && { vitest }),
    turns: {},
    oneOf: [],
    minutes: step.minutes * (step.phase === 'story' ? 12 : 3),
  };
});

/**
 * Runs every step, or the one that `--only` names (a step, a vitest project, or a part of a test file's name). The fast steps come first; when one
 * fails the rest still runs, so that one run tells all. Last line: `N passed, N failed`.
 */
async function main(args: readonly string[]): Promise<number> {
  const only = args[0] === '--only' ? args[1] : undefined;
  const isFull = args[0] === '--full';
  if (args.length > 0 && args.length !== (isFull ? 1 : only === undefined ? 0 : 2)) {
    console.error(
      'usage: scripts/test [--full | --only NAME]   NAME: a step, a project, or a part of a test file name',
    );
    console.error(`steps: ${STEPS.map((step) => step.name).join(', ')}`);
    return 2;
  }
  if (IS_SLOW_MACHINE)
    console.log(
      'a process takes more than 5 ms to start on this machine: two files of hosts at once, two of the bad days',
    );
  if (only === undefined) {
    process.env['REGENT_SEED'] ??= SEED;
    const commit = seedOfCommit();
    if (commit !== null) process.env['REGENT_CLUSTER_SEED'] ??= commit;
  }
  const outcomes: Outcome[] = [];
  if (only !== undefined) {
    outcomes.push(await runStep(selected(only), 'live'));
  } else {
    for (const phase of PHASES) {
      const steps = (isFull ? FULL_STEPS : STEPS).filter((step) => step.phase === phase);
      const say = (index: number): Say => (phase === 'fast' ? 'failures' : index === 0 ? 'live' : 'afterwards');
      outcomes.push(...(await runSideBySide(steps, say)));
    }
  }
  return summary(outcomes);
}

/** What turns with the commits, so that two runs of one judge the same; null without git. */
function seedOfCommit(): string | null {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short=8', 'HEAD'], { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? String(Number.parseInt(stdout.trim().slice(0, 8), 16) % 1e9) : null;
}

function selected(only: string): Step {
  const step = STEPS.find((item) => item.name === only);
  if (step) return step;
  const projects = STEPS.flatMap((item) => item.vitest ?? []);
  // The longest of them, twenty and ten deaths of hosts, takes two hours.
  return { name: only, phase: 'hosts', vitest: projects.includes(only) ? [only] : [`file:${only}`], minutes: 240 };
}

function summary(outcomes: readonly Outcome[]): number {
  const sum = (pick: (outcome: Outcome) => number) => outcomes.reduce((total, outcome) => total + pick(outcome), 0);
  console.log('');
  for (const { step, failures } of outcomes) for (const name of failures) console.log(`FAILED ${step}: ${name}`);
  for (const { step, passed, failed, skipped, seconds } of outcomes) {
    console.log(
      `${step.padEnd(10)} ${String(passed).padStart(5)} passed ${String(failed).padStart(3)} failed ${String(skipped).padStart(3)} skipped  ${seconds.toFixed(0)} s`,
    );
  }
  const [passed, failed, skipped] = [
    sum((item) => item.passed),
    sum((item) => item.failed),
    sum((item) => item.skipped),
  ];
  for (const { step, notPlayed } of outcomes) for (const line of notPlayed) console.log(`not played ${step}: ${line}`);
  // A skipped test in CI means that something is missing there: that is a failure. A processor cannot be installed.
  if (process.env['CI'])
    for (const { step, skips } of outcomes) for (const name of skips) console.log(`SKIPPED ${step}: ${name}`);
  const missing = process.env['CI'] ? Math.max(0, skipped - sum((item) => item.notPlayed.length)) : 0;
  console.log(
    `${passed} passed, ${failed + missing} failed${skipped > missing ? `, ${skipped - missing} skipped` : ''}`,
  );
  return failed + missing > 0 || passed === 0 ? 1 : 0;
}

async function runSideBySide(steps: readonly Step[], say: (index: number) => Say): Promise<Outcome[]> {
  const started = new Map<string, Promise<Outcome>>();
  for (const [index, step] of steps.entries()) {
    const before = step.after === undefined ? undefined : started.get(step.after);
    started.set(
      step.name,
      Promise.resolve(before).then(() => runStep(step, say(index))),
    );
  }
  return Promise.all(started.values());
}

async function runStep(step: Step, say: Say): Promise<Outcome> {
  const started = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'regent-test-'));
  const report = join(folder, 'report.json');
  const [list, suiteErrors] = [join(folder, 'not-played'), join(folder, 'suite-errors')];
  const argv = step.vitest ? vitestArguments(step.vitest, { report, workers: step.workers }) : (step.command ?? []);
  if (say === 'live') console.log(`\n== ${step.name}`);
  const environment = { ...step.turns, ...notDrawn(step), REGENT_NOT_PLAYED: list, REGENT_SUITE_ERRORS: suiteErrors };
  const { code, output } = await run(argv, { ...step, environment, isLive: say === 'live' });
  const counts = step.vitest
    ? withSuiteErrors(readReport(report, code), linesOf(suiteErrors))
    : {
        passed: code === 0 ? 1 : 0,
        failed: code === 0 ? 0 : 1,
        skipped: 0,
        skips: [],
        failures: code === 0 ? [] : [argv.join(' ')],
      };
  const notPlayed = linesOf(list);
  rmSync(folder, { recursive: true, force: true });
  // Tests that were ended have left their hosts running: the next ones need the processors.
  if (code !== 0 && step.vitest && ['hosts', 'story'].includes(step.phase)) await removeAbandoned();
  const hasFailed = code !== 0 || counts.failed > 0;
  if (say === 'afterwards' || (say === 'failures' && hasFailed))
    console.log(`\n== ${step.name}${hasFailed ? ` failed (exit ${code})` : ''}\n${output}`);
  return { step: step.name, ...counts, notPlayed, seconds: (performance.now() - started) / 1000 };
}

/** For test/kit/drawn.ts: what of a step is not drawn. */
function notDrawn({ oneOf = [] }: Step): Readonly<Record<string, string>> {
  const dice = diceOfRun();
  return { REGENT_NOT_DRAWN: oneOf.flatMap((group) => dice.shuffled(group).slice(1)).join(',') };
}

function vitestArguments(
  projects: readonly string[],
  { report, workers }: { readonly report: string; readonly workers: number | undefined },
): string[] {
  const filters = projects.flatMap((item) => (item.startsWith('file:') ? [item.slice(5)] : ['--project', item]));
  const reporters = ['--reporter=default', '--reporter=json', '--reporter=./test/kit/suite-errors.ts'];
  const atOnce = workers === undefined ? [] : [`--maxWorkers=${workers}`];
  return ['vitest', 'run', ...reporters, ...atOnce, `--outputFile.json=${report}`, ...filters];
}

type Counts = Pick<Outcome, 'passed' | 'failed' | 'skipped' | 'skips' | 'failures'>;

/** What is read of vitest's JSON report. */
interface Report {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly numPendingTests?: number;
  readonly numTodoTests?: number;
  readonly testResults?: readonly {
    readonly name: string;
    readonly status: string;
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages?: readonly string[];
    }[];
  }[];
}

/** Why a suite's tests were skipped. */
function withSuiteErrors(counts: Counts, errors: readonly string[]): Counts {
  return { ...counts, failures: [...counts.failures, ...errors.map((line) => line.slice(0, 600))] };
}

function linesOf(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n') : [];
}

function readReport(path: string, code: number | null): Counts {
  try {
    const report: Report = JSON.parse(readFileSync(path, 'utf8'));
    const failures = (report.testResults ?? []).flatMap((file) => {
      const name = relative(ROOT, file.name);
      const failed = file.assertionResults.filter((test) => test.status === 'failed');
      if (failed.length === 0 && file.status === 'failed') return [`${name}${reasonOf(file.message)}`];
      return failed.map((test) => `${name}: ${test.fullName}${reasonOf(test.failureMessages?.[0])}`);
    });
    const skips = (report.testResults ?? []).flatMap((file) =>
      file.assertionResults
        .filter(({ status }) => ['pending', 'skipped', 'todo'].includes(status))
        .map((test) => `${relative(ROOT, file.name)}: ${test.fullName}`),
    );
    return {
      passed: report.numPassedTests ?? 0,
      // A file that cannot be loaded, or an error outside a test, has no failed test of its own.
      failed: Math.max(report.numFailedTests ?? 0, code === 0 ? 0 : 1),
      skipped: (report.numPendingTests ?? 0) + (report.numTodoTests ?? 0),
      skips,
      failures: failures.length > 0 || code === 0 ? failures : [`exit ${code} outside of any test`],
    };
  } catch {
    return { passed: 0, failed: 1, skipped: 0, skips: [], failures: ['no report: it was ended, or did not start'] };
  }
}

/** The beginning of what a test said: who has the end of a log alone still sees why. */
function reasonOf(message = ''): string {
  const lines = stripVTControlCharacters(message).split('\n');
  const words = lines.filter((line) => !/^\s+at /.test(line)).map((line) => line.trim());
  const text = words.join(' ').trim().slice(0, 400);
  return text === '' ? '' : ` (${text})`;
}

/** Ends of the programs that run now. Each has a process group of its own, which a signal to this program does not reach. */
const running = new Set<() => void>();
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => {
    for (const end of running) end();
    process.exit(code);
  });

/** Runs a program to its end or to the deadline, when its whole process group is ended. */
function run(
  argv: readonly string[],
  order: Pick<Step, 'minutes' | 'nice'> & {
    readonly environment: Readonly<Record<string, string>>;
    readonly isLive: boolean;
  },
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const { minutes, nice, isLive } = order;
    const program = argv[0] ?? '';
    const [first = '', ...rest] = nice === undefined ? argv : ['nice', '-n', String(nice), ...argv];
    const child = spawn(first, rest, {
      cwd: ROOT,
      env: { ...order.environment, ...process.env },
      detached: true,
      stdio: ['ignore', isLive ? 'inherit' : 'pipe', isLive ? 'inherit' : 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr?.on('data', (data: Buffer) => (output += data.toString()));
    const end = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    running.add(end);
    const timer = setTimeout(() => {
      console.error(`${program}: not done after ${minutes} minutes, ended`);
      end();
    }, minutes * 60_000);
    child.on('error', (error) => {
      clearTimeout(timer);
      running.delete(end);
      resolve({ code: 127, output: `${output}${program}: ${error.message}` });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      running.delete(end);
      resolve({ code, output });
    });
  });
}

function shellScripts(): string[] {
  return ['scripts', 'ha', 'bin', '.ci']
    .flatMap((folder) => files(join(ROOT, folder)))
    .filter((path) => {
      const first = readFileSync(path, 'utf8').split('\n', 2).join('\n');
      return /^#!.*\b(ba|da)?sh\b/.test(first) || path.endsWith('.sh');
    });
}

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

process.exitCode = await main(process.argv.slice(2));

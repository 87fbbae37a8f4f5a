import { linesOf, readDocument } from './documents.ts';

/** A line of README.md that test/story/readme.test.ts runs, as README has it, without its comment. */
export interface StoryStep {
  readonly line: string;
  /** Exit codes that are right; left out: 0. */
  readonly codes?: readonly number[];
  /** Deadline, minutes; left out: 2. */
  readonly minutes?: number;
  /** Only where `scripts/up` has started virtual machines. */
  readonly needsMachines?: boolean;
  /** What the output must contain. */
  readonly output?: RegExp;
  /** A command that has this output within minutes after the step. */
  readonly soon?: readonly [string, RegExp];
  /** Brings the lab back to what the next step needs; README leaves it to the reader. */
  readonly restore?: string;
  /** The next step waits until status and doctor have nothing to report. */
  readonly isWellAfter?: boolean;
}

/** Degraded: a node is away, as the step wants it. */
const DEGRADED = [0, 6];

/** README's lines in the order in which the story runs them. */
export const STORY: readonly StoryStep[] = [
  { line: 'sudo scripts/up', minutes: 20, output: /https?:\/\/127\.0\.0\.1/, isWellAfter: true },
  { line: 'sudo scripts/lab', output: /scripts\/lab VERB/ },
  { line: 'scripts/drill list', output: /^host-kill-primary /m },
  { line: 'bin/regent cluster status', output: /fail|lose/i },
  { line: 'sudo scripts/lab kill r1; bin/regent cluster status', codes: DEGRADED, output: /r1/ },
  { line: 'sudo scripts/lab start r1; bin/regent doctor', codes: DEGRADED, isWellAfter: true },
  { line: 'bin/regent machine commission m1 --wait', minutes: 15, needsMachines: true },
  { line: 'bin/regent machine timeline m1', needsMachines: true, output: /lease|script/i },
  {
    line: 'sudo scripts/lab machine power m3 on --boot pxe',
    needsMachines: true,
    soon: ['bin/regent machine list --state new -o name', /\w/],
  },
  { line: 'bin/regent image import "$(scripts/build-image ephemeral)" --default', minutes: 20, needsMachines: true },
  { line: 'bin/regent image import "$(scripts/build-image deployable)"', minutes: 20, needsMachines: true },
  { line: 'bin/regent ssh-key add @$HOME/.ssh/id_ed25519.pub', needsMachines: true },
  {
    line: 'bin/regent machine commission m1 --wait && bin/regent machine deploy m1 --image debian-13 --wait',
    minutes: 40,
    needsMachines: true,
  },
  { line: 'bin/regent machine release m1 --erase --wait', minutes: 20, needsMachines: true },
  { line: 'bin/regent service actions --since 5m' },
  { line: "sudo scripts/lab partition 'r1|r2,r3'; sudo scripts/lab heal", isWellAfter: true },
  {
    line: 'sudo scripts/lab kill k1; sudo scripts/lab client vlan10 --dhcp',
    output: /10\.10\.10\.\d+/,
    restore: 'scripts/lab start k1',
    isWellAfter: true,
  },
  // Whether a round passes is for the drills' own tests; here it is played and judged.
  {
    line: 'sudo scripts/drill run host-kill-primary --rounds 3',
    codes: [0, 1],
    minutes: 20,
    output: /host-kill-primary/,
    isWellAfter: true,
  },
  { line: 'sudo scripts/down', minutes: 5 },
];

/** README's command lines that the story does not run, each with the reason. */
export const NOT_IN_STORY: readonly (readonly [string, string])[] = [
  ['sudo scripts/test', 'it runs every test; the story is one of them'],
  ['sudo scripts/up --single', 'another topology: test/lab/first-path.test.ts has the single host'],
  ['sudo scripts/down --purge', 'it removes what tests keep at rest for the next run, and packages of the machine'],
  ['scripts/up', 'named in a sentence; the first step runs it'],
  ['scripts/install', 'on fresh hosts: test/lab/install.test.ts'],
  ['regent init --vip ADDRESS/PREFIX', 'on fresh hosts: test/story/cluster-bad-days.test.ts'],
  ['regent join -', 'on fresh hosts: test/story/cluster-bad-days.test.ts'],
  ['regent cluster status && regent doctor', 'the story waits for both after each fault'],
  ['regent cluster recover', 'a lost majority: the drill double-lost-majority'],
  ['npm run dev', 'no lab: an embedded PostgreSQL, for developers'],
  ['npm run bench', 'it measures and judges nothing'],
];

/** Command lines of a README without their comments: the lines of its blocks, and the commands that its sentences name. */
export function shownLines(path: string): string[] {
  const codes = linesOf(readDocument(path)).flatMap(({ text, isBlock }) =>
    isBlock ? [text.replace(/\s+#\s.*$/, '').trim()] : Array.from(text.matchAll(/`([^`]+)`/g), ([, code = '']) => code),
  );
  return [...new Set(codes.filter((code) => /^(?:sudo )?(?:scripts\/|bin\/regent |regent |npm run )/.test(code)))];
}

import { isPassing, type MachineState } from '../machine-states.ts';
import { secondsText, type MachineStep, type StepWhat } from './step.ts';

/** The API's name for the stage of a machine that has received its boot script. */
export const SCRIPT_SENT = 'told';

/** The stages of a machine that boots from the network, in their order. */
export const STAGES = [
  'asked',
  'powered',
  'addressed',
  'loading',
  SCRIPT_SENT,
  'kernel',
  'initrd',
  'root',
  'up',
  'inventoried',
  'scripts',
] as const;
export type Stage = (typeof STAGES)[number];

/** The stage that a step proves. A step that is not listed proves no stage. */
const PROOFS: Partial<Readonly<Record<StepWhat, Stage>>> = {
  'power-on': 'powered',
  lease: 'addressed',
  loader: 'loading',
  script: SCRIPT_SENT,
  kernel: 'kernel',
  initrd: 'initrd',
  root: 'root',
  metadata: 'up',
  status: 'up',
  inventory: 'inventoried',
  signal: 'up',
  'script-started': 'scripts',
  'script-ended': 'scripts',
};

/** The next step of a machine: its name, and how long it may take, seconds. */
type ExpectedStep = { readonly what: string; readonly seconds: number };

/**
 * The next step of each stage and its time limit. The job of a BMC ends within two minutes. A server's firmware needs
 * up to four minutes until its first DHCP packet (in the lab 2 to 14 s). The other limits are at least ten times the
 * times measured in the lab with emulated machines: loader 1 s, script 4 s, kernel and initrd 1 s, metadata 3 s later.
 */
const NEXT: Readonly<Record<Stage, ExpectedStep>> = {
  asked: { what: 'power on', seconds: 120 },
  powered: { what: 'DHCP', seconds: 240 },
  addressed: { what: 'its loader', seconds: 45 },
  loading: { what: 'its boot script', seconds: 60 },
  [SCRIPT_SENT]: { what: 'its kernel', seconds: 45 },
  kernel: { what: 'its initrd', seconds: 60 },
  initrd: { what: 'its root image or metadata', seconds: 90 },
  root: { what: 'metadata', seconds: 180 },
  up: { what: 'its inventory', seconds: 180 },
  inventoried: { what: 'its scripts', seconds: 120 },
  scripts: { what: 'the end of its scripts', seconds: 900 },
};

/** Time limit until the first DHCP packet of a machine that no BMC switches on, seconds: a person walks to it. */
const BY_HAND_S = 1_800;

/** The stage of a machine, its next step and the deadline of that step. Times are ms since 1970. */
export interface Expected {
  readonly stage: Stage;
  readonly since: number;
  readonly next: string;
  readonly deadline: number;
  readonly isLate: boolean;
}

/**
 * The facts besides the steps that decide the next step. `deadline`: of the machine's state; null: none. `hasSwitch`: a
 * BMC switches the machine. `scriptSeconds`: the time limit of the running script. `silentRacks`: racks that do not
 * report, and the time of their last report, ms.
 */
export interface StageContext {
  readonly state: MachineState;
  readonly startedAt: number;
  readonly deadline: number | null;
  readonly hasSwitch: boolean;
  readonly scriptSeconds?: number;
  readonly silentRacks?: ReadonlyMap<string, number>;
}

/** States in which a machine boots from the network and reports its steps. */
const BOOTS: readonly MachineState[] = [
  'commissioning',
  'testing',
  'entering-rescue-mode',
  'deploying',
  'disk-erasing',
];

/** Some seconds may pass until a BMC reports that a machine is on, ms. */
const POWER_REPORT_MS = 20_000;

/**
 * The steps since the last start of a machine. A start: the machine was switched on, or it fetched a loader or a boot
 * script again after a later stage. `steps` in their order. Pure.
 */
export function lastBoot(steps: readonly MachineStep[]): readonly MachineStep[] {
  let from = 0;
  let rank = -1;
  let proofAt = 0;
  steps.forEach((step, index) => {
    const proof = step.outcome === 'failed' ? undefined : PROOFS[step.what];
    if (proof === undefined) return;
    const next = STAGES.indexOf(proof);
    const isStart = step.what === 'power-on' && (rank < 0 || step.at - proofAt > POWER_REPORT_MS);
    const isRestart = isStart || ((proof === 'loading' || proof === SCRIPT_SENT) && rank > STAGES.indexOf(SCRIPT_SENT));
    if (isRestart) from = index;
    rank = isRestart ? next : Math.max(rank, next);
    proofAt = step.at;
  });
  return steps.slice(from);
}

/** The stage that the steps of the last start prove, and since when. A failed step proves nothing. Pure. */
export function stageOf(steps: readonly MachineStep[]): { readonly stage: Stage; readonly since: number | null } {
  let found: { stage: Stage; since: number | null } = { stage: 'asked', since: null };
  for (const step of steps) {
    const proof = step.outcome === 'failed' ? undefined : PROOFS[step.what];
    if (proof === undefined || STAGES.indexOf(proof) < STAGES.indexOf(found.stage)) continue;
    found = { stage: proof, since: step.at };
  }
  return found;
}

/** Has the deployment written the machine's disks? Pure. */
export const isInstalled = (steps: readonly MachineStep[]): boolean => steps.some(({ what }) => what === 'installed');

/**
 * A server's firmware needs up to four minutes, and the first start with cloud-init more (38 to 42 s in the lab with an
 * emulated machine).
 */
const OWN_SYSTEM: ExpectedStep = { what: 'the report of its own system', seconds: 600 };

/**
 * Predicts the next step of a machine in a passing state, and its deadline. Null: the machine is at rest, or it does
 * not boot from the network in this state. `steps` in their order; `now` in ms. Pure.
 */
export function predictStep(steps: readonly MachineStep[], context: StageContext, now: number): Expected | null {
  if (!isPassing(context.state) || !BOOTS.includes(context.state)) return null;
  const boot = lastBoot(steps);
  const found = stageOf(boot);
  const since = found.since ?? context.startedAt;
  const { what, seconds } = isInstalled(steps) ? OWN_SYSTEM : chooseNext(found.stage, context);
  const due = Math.min(since + seconds * 1000, lostAt(boot, found.stage, context) + RACK_PATIENCE_MS);
  const deadline = context.deadline === null ? due : Math.min(due, context.deadline);
  return { stage: found.stage, since, next: what, deadline, isLate: now > deadline };
}

/** Stages between the boot script and the first report of the booted system. Nothing has been written to a disk yet. */
const STARTS: readonly Stage[] = [SCRIPT_SENT, 'kernel', 'initrd', 'root'];

/** Has a loader or kernel taken more than twice its time limit, so that another start may help? `now` in ms. Pure. */
export function isStuck({ stage, since }: Pick<Expected, 'stage' | 'since'>, now: number): boolean {
  return STARTS.includes(stage) && now - since > 2 * NEXT[stage].seconds * 1000;
}

/** The shortest time after which a machine counts as stuck, seconds. */
export const STUCK_MIN_S = 2 * Math.min(...STARTS.map((stage) => NEXT[stage].seconds));

/**
 * How long the rack that served the boot script may be silent, ms. The machine gets everything from this rack, and
 * cloud-init never stops waiting.
 */
const RACK_PATIENCE_MS = 15_000;

/**
 * Time of the last report of the rack that served the boot script. Infinity: the rack reports, or scripts run. Scripts
 * have their own time limit, and send their reports later when the rack is back.
 */
function lostAt(boot: readonly MachineStep[], stage: Stage, { silentRacks }: StageContext): number {
  const rack = boot.findLast(({ what, outcome }) => what === 'script' && outcome !== 'failed')?.node;
  if (rack === undefined || rack === null || stage === 'scripts') return Infinity;
  return silentRacks?.get(rack) ?? Infinity;
}

function chooseNext(stage: Stage, { hasSwitch, scriptSeconds, state }: StageContext): ExpectedStep {
  if (stage === 'asked' && !hasSwitch) return { what: 'a person who switches it on', seconds: BY_HAND_S };
  if (stage === 'scripts' && scriptSeconds !== undefined) return { ...NEXT.scripts, seconds: scriptSeconds };
  if (stage === 'up' && state !== 'commissioning')
    return { what: 'the end of its work', seconds: NEXT.scripts.seconds };
  return NEXT[stage];
}

/** The next step and its deadline as a sentence. Pure. */
export function expectedSentence({ next, deadline, isLate }: Expected, now: number): string {
  const span = secondsText(Math.abs(deadline - now));
  return isLate ? `Late: ${next} should have come ${span} ago.` : `Next: ${next}, within ${span}.`;
}

import { isPassing, type MachineState } from '../machine-states.ts';
import { secondsText, type MachineStep, type StepWhat } from './step.ts';

/** The stage of a machine that has its boot script: the name that the API has for it. */
export const SCRIPT_SENT = 'told';

/** How far a machine is that boots from the network: each follows the one before. */
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

/** The stage that a step is the proof of. What is not here proves none. */
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
  'script-begun': 'scripts',
  'script-ended': 'scripts',
};

/** A next step: what it is, and how long it may take, seconds. */
interface ExpectedStep {
  readonly what: string;
  readonly seconds: number;
}

/**
 * What follows each stage, and its patience. A BMC's job gives up within two minutes. Firmware of servers takes up to four minutes to its first DHCP
 * packet (that of the lab 2 to 14 s: boot.md §3). The rest was measured by emulation (boot.md §3: loader 1 s, script 4 s, kernel and initrd
 * 1 s, metadata 3 s after them), and has ten times as long.
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

/** How long a machine's BMC and firmware may take where nothing switches it: a person walks to it. */
const BY_HAND_S = 1_800;

/** What comes next, by when, and whether that is over. Times ms since 1970. */
export interface Expected {
  readonly stage: Stage;
  readonly since: number;
  readonly next: string;
  readonly deadline: number;
  readonly isLate: boolean;
}

/**
 * What the next step depends on beside the steps. `deadline`: of its state; null: none. `hasSwitch`: a BMC switches it. `scriptSeconds`: what the script that
 * runs may take. `silentRacks`: racks that do not report, and when they did last, ms.
 */
export interface StageContext {
  readonly state: MachineState;
  readonly begunAt: number;
  readonly deadline: number | null;
  readonly hasSwitch: boolean;
  readonly scriptSeconds?: number;
  readonly silentRacks?: ReadonlyMap<string, number>;
}

/** States whose machine boots from the network and reports what it does. */
const BOOTS: readonly MachineState[] = [
  'commissioning',
  'testing',
  'entering-rescue-mode',
  'deploying',
  'disk-erasing',
];

/** A BMC reports that a machine is on some seconds after it is. */
const POWER_REPORT_MS = 20_000;

/**
 * The steps since its last start: it was switched on, or took a loader or a boot script after its kernel. `steps` in their order. Pure.
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

/** How far a machine is, by the steps of its last start. Failed steps prove nothing. Pure. */
export function stageOf(steps: readonly MachineStep[]): { readonly stage: Stage; readonly since: number | null } {
  let found: { stage: Stage; since: number | null } = { stage: 'asked', since: null };
  for (const step of steps) {
    const proof = step.outcome === 'failed' ? undefined : PROOFS[step.what];
    if (proof === undefined || STAGES.indexOf(proof) < STAGES.indexOf(found.stage)) continue;
    found = { stage: proof, since: step.at };
  }
  return found;
}

/** Are the disks of a machine that is deployed written? Pure. */
export function isInstalled(steps: readonly MachineStep[]): boolean {
  return steps.some(({ what }) => what === 'installed');
}

/** Firmware of servers takes four minutes, and a first start with cloud-init some more (boot.md §5: 38–42 s by emulation). */
const OWN_SYSTEM: ExpectedStep = { what: 'the report of its own system', seconds: 600 };

/** What a machine in a passing state does next, and by when; null: it is at rest, or nothing of it boots from the network. `steps` in their order; `now` in ms. Pure. */
export function expectedOf(steps: readonly MachineStep[], context: StageContext, now: number): Expected | null {
  if (!isPassing(context.state) || !BOOTS.includes(context.state)) return null;
  const boot = lastBoot(steps);
  const found = stageOf(boot);
  const since = found.since ?? context.begunAt;
  const { what, seconds } = isInstalled(steps) ? OWN_SYSTEM : nextOf(found.stage, context);
  const due = Math.min(since + seconds * 1000, lostAt(boot, found.stage, context) + RACK_PATIENCE_MS);
  const deadline = context.deadline === null ? due : Math.min(due, context.deadline);
  return { stage: found.stage, since, next: what, deadline, isLate: now > deadline };
}

/** Stages of a machine that knows what to boot and whose own system has not reported yet: nothing of it has written to a disk. */
const STARTS: readonly Stage[] = [SCRIPT_SENT, 'kernel', 'initrd', 'root'];

/** Does a loader or kernel stand still, so that another start may help? It has taken twice as long as it may. `now` in ms. Pure. */
export function standsStill({ stage, since }: Pick<Expected, 'stage' | 'since'>, now: number): boolean {
  return STARTS.includes(stage) && now - since > 2 * NEXT[stage].seconds * 1000;
}

/** No machine stands still sooner, seconds. */
export const STANDS_STILL_S = 2 * Math.min(...STARTS.map((stage) => NEXT[stage].seconds));

/** How long a machine's rack may be silent: the machine gets everything from the rack that served its boot script, and cloud-init waits for ever. */
const RACK_PATIENCE_MS = 15_000;

/** When the rack that served the boot script last reported; Infinity: it reports. Scripts have their own time: their reports continue when the rack is back. */
function lostAt(boot: readonly MachineStep[], stage: Stage, { silentRacks }: StageContext): number {
  const rack = boot.findLast(({ what, outcome }) => what === 'script' && outcome !== 'failed')?.node;
  if (rack === undefined || rack === null || stage === 'scripts') return Infinity;
  return silentRacks?.get(rack) ?? Infinity;
}

function nextOf(stage: Stage, { hasSwitch, scriptSeconds, state }: StageContext): ExpectedStep {
  if (stage === 'asked' && !hasSwitch) return { what: 'a person who switches it on', seconds: BY_HAND_S };
  if (stage === 'scripts' && scriptSeconds !== undefined) return { ...NEXT.scripts, seconds: scriptSeconds };
  if (stage === 'up' && state !== 'commissioning')
    return { what: 'the end of its work', seconds: NEXT.scripts.seconds };
  return NEXT[stage];
}

/** What is expected, as a sentence. Pure. */
export function expectedSentence({ next, deadline, isLate }: Expected, now: number): string {
  const span = secondsText(Math.abs(deadline - now));
  return isLate ? `Late: ${next} should have come ${span} ago.` : `Next: ${next}, within ${span}.`;
}

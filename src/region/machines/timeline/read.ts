import type { MachineTimeline, TimelineStep } from '../../../contract/machines/machine-timeline.ts';
import { refuse } from '../../../core/errors.ts';
import { RUN_PURPOSES } from '../../../model/machines/machine-run.ts';
import { isBad, isPassing } from '../../../model/machines/machine-states.ts';
import {
  type Expected,
  predictStep,
  expectedSentence,
  isInstalled,
  lastBoot,
  STAGES,
} from '../../../model/machines/timeline/stage.ts';
import { stepDetail } from '../../../model/machines/timeline/step.ts';
import { causesOf } from '../../../model/machines/timeline/why.ts';
import type { Cause, WhyScript } from '../../../model/machines/timeline/why-case.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import {
  readMachineEvents,
  readPowerOrders,
  readRuns,
  readSteps,
  type RunSpan,
  type StepSpan,
} from '../../../store/queries/machines/machine-steps.ts';
import { readScriptTimeout } from '../../../store/queries/machines/scripts/run-scripts.ts';
import { listScriptResults } from '../../../store/queries/machines/scripts/script-results.ts';
import type { Tx } from '../../../store/tx.ts';
import { readSeenNodes, type SeenPorts } from '../../base/seen.ts';
import { switchOf } from '../lifecycle/orders.ts';
import { silentRacksOf, readWhySite } from './site.ts';
import { inOrder, type NamedStep, ofEvents, ofOrders, ofRacks, ofResults, withoutEcho } from './steps.ts';

/** Steps that are shown; the newest ones. */
const STEPS_MAX = 500;
/** Runs that are named. */
const RUNS_MAX = 50;
/** What follows the end of a run, such as switching off, belongs to it for so long, ms. */
const AFTER_MS = 600_000;
/** Reports about a run's beginning may come a moment before it, ms. */
const BEFORE_MS = 2_000;
/** A script whose own time is not known may take so long, one without an end of its own that long; its machine ends it itself and reports a little later. Seconds. */
const SCRIPT_S = { unknown: 900, endless: 604_800, grace: 30 } as const;

/** Which part of a machine's steps. */
export type TimelineQuery = { readonly run?: number | undefined; readonly all?: boolean | undefined };

/** A machine's steps over all racks and regions, what comes next, and likely causes if it is late or has failed. */
export async function readTimeline(
  tx: Tx,
  ports: SeenPorts,
  machine: MachineRow,
  query: TimelineQuery,
): Promise<MachineTimeline> {
  const { runs, madeAt, now } = await readRuns(tx, machine.id, RUNS_MAX);
  const run = query.run === undefined ? (runs[0] ?? null) : (runs.find(({ id }) => id === query.run) ?? null);
  if (query.run !== undefined && run === null)
    refuse('not_found', `${machine.fqdn} has no run ${query.run}. See: regent machine timeline ${machine.hostname}.`);
  const isAll = query.all === true;
  const span = isAll || run === null ? { from: null, to: null } : spanOf(run);
  const steps = (await readAll(tx, machine, { span, madeAt, run: isAll ? null : run })).map((step) =>
    afterRun(step, runs),
  );
  const shown = steps.slice(-STEPS_MAX);
  const isNewest = run === null || run === runs[0];
  const judged = isNewest ? await judge(tx, ports, { machine, run, steps, now }) : NOT_JUDGED;
  return {
    machine: machine.id,
    name: machine.fqdn,
    state: machine.state,
    now: iso(now),
    run: isAll || run === null ? null : viewRun(run),
    runs: runs.map(({ id }) => id),
    steps: shown.map((step, index) => viewStep(step, shown[index - 1])),
    isCut: shown.length < steps.length,
    deadline: machine.deadline,
    next: judged.next === null ? null : viewNext(judged.next, now),
    causes: judged.causes.map((cause) => ({ ...cause })),
  };
}

const NOT_JUDGED = { next: null, causes: [] } as const;

function spanOf({ startedAt, endedAt, nextAt }: RunSpan): StepSpan {
  const after = endedAt === null ? null : endedAt + AFTER_MS;
  const to = nextAt === null ? after : Math.min(nextAt - BEFORE_MS, after ?? Infinity);
  return { from: startedAt - BEFORE_MS, to };
}

/** A machine shows the credentials of its run for a moment after the end of it: that they are refused is as it should be. */
function afterRun(step: NamedStep, runs: readonly RunSpan[]): NamedStep {
  const { what, outcome, facts, at } = step;
  const isRefused = what === 'metadata' && outcome === 'failed' && AT_END.includes(facts.status ?? 0);
  const isOpen = runs.some(
    ({ startedAt, endedAt }) => startedAt <= at && (endedAt === null || at < endedAt - BEFORE_MS),
  );
  const isEnd = runs.some(({ endedAt }) => endedAt !== null && at >= endedAt - BEFORE_MS && at < endedAt + AFTER_MS);
  if (!isRefused || isOpen || !isEnd) return step;
  return { ...step, outcome: 'done', facts: { ...facts, words: 'its run was over' } };
}

/** Of HTTP: the credentials are dead, or the run is over. */
const AT_END: readonly number[] = [401, 404, 409];

type StepFilter = { readonly span: StepSpan; readonly madeAt: number; readonly run: RunSpan | null };

async function readAll(tx: Tx, machine: MachineRow, { span, madeAt, run }: StepFilter): Promise<NamedStep[]> {
  const limit = STEPS_MAX + 1;
  // Another machine may have had the name before.
  const own: StepSpan = { ...span, from: Math.max(madeAt, span.from ?? 0) };
  const macs = machine.interfaces.map(({ mac }) => mac);
  const seen = await readSteps(tx, { machineId: machine.id, macs }, span, limit);
  const events = await readMachineEvents(tx, machine.fqdn, own, limit);
  const orders = await readPowerOrders(tx, machine.fqdn, own, limit);
  const results = await listScriptResults(tx, machine.id, run?.id);
  return inOrder([...ofRacks(seen), ...withoutEcho(ofEvents(events), ofOrders(orders)), ...ofResults(results)]);
}

type Judgement = { readonly next: Expected | null; readonly causes: readonly Cause[] };

interface JudgeInput {
  readonly machine: MachineRow;
  readonly run: RunSpan | null;
  readonly steps: readonly NamedStep[];
  readonly now: number;
}

/** What is expected, and why it does not come. A machine at rest that needs no attention is not judged. */
async function judge(tx: Tx, ports: SeenPorts, { machine, run, steps, now }: JudgeInput): Promise<Judgement> {
  const isInProgress = isPassing(machine.state);
  const hasFailed = isBad(machine.state) && machine.state.startsWith('failed-');
  if (!isInProgress && !hasFailed) return NOT_JUDGED;
  const startedAt = isInProgress ? Date.parse(machine.stateSince) : (run?.startedAt ?? 0);
  const own = steps.filter(({ at }) => at >= startedAt - BEFORE_MS);
  const hasSwitch = (await switchOf(tx, machine)) !== null;
  const script = await runningScript(tx, run, own, hasFailed ? Date.parse(machine.stateSince) : now);
  const deadline = machine.deadline === null ? null : Date.parse(machine.deadline);
  const scriptSeconds = script === null ? SCRIPT_S.unknown : script.mayMs / 1000;
  const nodes = await readSeenNodes(tx, ports);
  const silentRacks = silentRacksOf(nodes, ports.clock.now());
  const progress = { state: machine.state, startedAt, deadline, hasSwitch, scriptSeconds, silentRacks };
  const next = predictStep(own, progress, now);
  const isOnDisk = isInstalled(own);
  if (!hasFailed && next?.isLate !== true && !own.some((step) => isAlarming(step, isOnDisk)))
    return { next, causes: [] };
  const site = await readWhySite(tx, ports, { machine, nodes, hasSwitch, startedAt, script });
  const causes = causesOf(own, site);
  const isKnown = hasFailed || next?.isLate === true;
  // A failure has its causes at once; a slow machine has its time.
  return { next, causes: isKnown ? causes : causes.filter(({ code }) => AT_ONCE.has(code)) };
}

/** Causes that need no patience: something was refused, and waiting does not mend it. */
const AT_ONCE: ReadonlySet<string> = new Set([
  'power-failed',
  'wrong-architecture',
  'image-unset',
  'told-otherwise',
  'image-missing',
  'wrong-key',
  'wrong-address',
  'script-failed',
]);

/** An installed machine boots from its disk, as it should. */
function isAlarming({ outcome, what, facts }: NamedStep, isOnDisk: boolean): boolean {
  return outcome === 'failed' || (what === 'script' && facts.decision !== 'kernel' && !isOnDisk);
}

/** The script that began last and has not ended. */
async function runningScript(
  tx: Tx,
  run: RunSpan | null,
  steps: readonly NamedStep[],
  now: number,
): Promise<WhyScript | null> {
  const ended = new Set(steps.filter(({ what }) => what === 'script-ended').map(({ facts }) => facts.file));
  const running = lastBoot(steps).findLast(({ what, facts }) => what === 'script-started' && !ended.has(facts.file));
  if (running === undefined) return null;
  const name = running.facts.file ?? '';
  const timeout = run === null ? null : await readScriptTimeout(tx, run.id, name);
  const seconds = timeout === null ? SCRIPT_S.unknown : timeout === 0 ? SCRIPT_S.endless : timeout + SCRIPT_S.grace;
  return { name, ranMs: now - running.at, mayMs: seconds * 1000 };
}

function viewRun({ id, purpose, startedAt, endedAt }: RunSpan): NonNullable<MachineTimeline['run']> {
  const known = RUN_PURPOSES.find((one) => one === purpose) ?? 'commissioning';
  return { id, purpose: known, startedAt: iso(startedAt), endedAt: endedAt === null ? null : iso(endedAt) };
}

function viewStep(step: NamedStep, before: NamedStep | undefined): TimelineStep {
  const { id, at, source, node, what, outcome, address } = step;
  const afterMs = before === undefined ? null : Math.max(0, Math.round(at - before.at));
  return { id, at: iso(at), source, node, what, outcome, address, detail: stepDetail(step), afterMs };
}

function viewNext(expected: Expected, now: number): NonNullable<MachineTimeline['next']> {
  const { stage, since, next, deadline, isLate } = expected;
  return {
    stage: STAGES.find((one) => one === stage) ?? 'asked',
    since: iso(since),
    next,
    deadline: iso(deadline),
    isLate,
    sentence: expectedSentence(expected, now),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

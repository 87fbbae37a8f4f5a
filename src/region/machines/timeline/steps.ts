import { readPowerResult } from '../../../contract/machines/power-commands.ts';
import { isBad, MACHINE_STATES } from '../../../model/machines/machine-states.ts';
import type { MachineStep, StepOutcome, StepSource, StepWhat } from '../../../model/machines/timeline/step.ts';
import type { MachineEventRow, PowerOrderRow, StepRow } from '../../../store/queries/machines/machine-steps.ts';
import type { ScriptResultRow } from '../../../store/queries/machines/scripts/script-results.ts';

/** A step with a name that stays. */
export type NamedStep = MachineStep & { readonly id: string };

/** Characters of a machine's own text that are shown. */
const TEXT_MAX = 300;

/** All that was seen of a machine, as steps in their order. Of two at one time the earlier source of a boot comes first. Pure. */
export function inOrder(steps: readonly NamedStep[]): NamedStep[] {
  return steps
    .map((step) => (step.what === 'lease' ? { ...step, at: leaseAt(step, steps) } : step))
    .toSorted((one, other) => one.at - other.at || rankOf(one) - rankOf(other) || (one.id < other.id ? -1 : 1));
}

/** DHCP servers report the beginning of a lease in whole seconds, cut down, ms. */
const LEASE_MS = 1_000;

/** A lease of the second in which its machine got its order, or was switched on, came after that. */
function leaseAt({ at }: NamedStep, steps: readonly NamedStep[]): number {
  const before = steps.filter(({ source, at: then }) => (source === 'state' || source === 'bmc') && then > at);
  return Math.max(at, ...before.filter(({ at: then }) => then < at + LEASE_MS).map(({ at: then }) => then));
}

const ORDER: readonly StepSource[] = ['state', 'bmc', 'dhcp', 'tftp', 'boot', 'http', 'metadata', 'script'];

const rankOf = ({ source }: MachineStep): number => ORDER.indexOf(source);

/** What racks saw. Pure. */
export function ofRacks(rows: readonly StepRow[]): NamedStep[] {
  return rows.map(({ id, ...step }) => ({ ...step, id: `rack-${id}` }));
}

/** Events that are steps of a machine; others are about its configuration. Pure. */
export function ofEvents(events: readonly MachineEventRow[]): NamedStep[] {
  return events.flatMap((event) => {
    const found = stepOf(event);
    return found === null ? [] : [{ ...found, id: `event-${event.id}`, at: event.at }];
  });
}

type StepContent = Omit<NamedStep, 'id' | 'at'>;

type StepKind = readonly [source: StepSource, what: StepWhat, outcome: StepOutcome];

function step([source, what, outcome]: StepKind, text: string, more: Partial<StepContent> = {}): StepContent {
  return { source, what, outcome, node: '', address: '', facts: text === '' ? {} : { words: cut(text) }, ...more };
}

function stepOf({ kind, data }: MachineEventRow): StepContent | null {
  const text = (name: string) => (typeof data[name] === 'string' ? data[name] : '');
  const state = MACHINE_STATES.find((one) => kind === `machine.state.${one}`);
  if (state !== undefined) {
    const why = text('text') === '' ? '' : `: ${text('text')}`;
    return step(
      ['state', 'state', isBad(state) ? 'failed' : 'done'],
      `${state} (${text('event')} by ${text('by')})${why}`,
    );
  }
  switch (kind) {
    case 'machine.boot-lost':
      return step(['state', 'state', 'failed'], `it boots again: ${text('text')}`);
    case 'machine.installed':
      return step(['state', 'installed', 'done'], 'its disks are written: it boots them');
    case 'machine.power-done':
      return step(['bmc', 'power-on', 'done'], text('by'));
    case 'machine.power-failed':
      return step(['bmc', 'power-failed', 'failed'], text('text'));
    case 'machine.power.on':
    case 'machine.power.off':
      // A job's own order is a step already.
      return text('by').startsWith('job ') ? null : ofPowerCheck(kind, text('node'));
    case 'machine.power.error':
      return step(['bmc', 'power-failed', 'failed'], `${text('why')} ${text('remedy')}`.trim(), { node: text('node') });
    case 'machine.inventory':
      return step(['metadata', 'inventory', 'done'], problemsOf(data['problems']), { address: text('source') });
    case 'machine.status':
      return ofStatus(text);
    case 'machine.signal':
      // One about a script is a step by its result.
      return Array.isArray(data['scripts']) && data['scripts'].length > 0 ? null : ofSignal(text);
    default:
      return null;
  }
}

function ofPowerCheck(kind: string, node: string): StepContent {
  const isOn = kind === 'machine.power.on';
  return step(['bmc', isOn ? 'power-on' : 'power-off', 'done'], 'Reported by the BMC; not requested by Regent.', {
    node,
  });
}

function problemsOf(problems: unknown): string {
  return typeof problems === 'number' && problems > 0 ? `${problems} of its members were left out` : '';
}

function ofStatus(text: (name: string) => string): StepContent {
  const result = text('result') === '' ? '' : ` ${text('result')}`;
  const sentence = `${text('type')} ${text('name')}${result}: ${text('description')}`;
  return step(['metadata', 'status', text('result') === 'FAIL' ? 'failed' : 'done'], sentence);
}

function ofSignal(text: (name: string) => string): StepContent {
  const isFailed = text('status') === 'FAILED' || text('status') === 'TIMEDOUT';
  return step(['metadata', 'signal', isFailed ? 'failed' : 'done'], `${text('status')} ${text('error')}`.trim());
}

/** Orders to its BMC: requested when an agent took it, on or off when that agent reported it. Pure. */
export function ofOrders(orders: readonly PowerOrderRow[]): NamedStep[] {
  return orders.flatMap((order): NamedStep[] => {
    const { id, node, verb, caller, createdAt, claimedAt, endedAt, sentence } = order;
    const name = { id: `order-${id}`, node };
    if (endedAt === null)
      return [{ ...name, at: claimedAt ?? createdAt, ...requestedStep(verb, 'running', `by ${caller}`, node) }];
    const result = readPowerResult(order.result);
    // A later order came first, and is a step of its own.
    if (result?.outcome === 'overtaken') return [];
    const end = { ...name, id: `order-${id}-end`, at: endedAt };
    if (result?.outcome === 'done') return [{ ...end, ...doneStep(verb, node, result.notes.join(' ')) }];
    const why = result === null ? sentence : `${result.why} ${result.remedy}`.trim();
    return [{ ...end, ...step(['bmc', 'power-failed', 'failed'], why, { node }) }];
  });
}

function requestedStep(verb: 'on' | 'off', outcome: StepOutcome, text: string, node: string): StepContent {
  return step(['bmc', verb === 'on' ? 'power-asked' : 'power-off', outcome], text, { node });
}

function doneStep(verb: 'on' | 'off', node: string, text: string): StepContent {
  return step(['bmc', verb === 'on' ? 'power-on' : 'power-off', 'done'], text, { node });
}

/** The end of a job comes some seconds after the order that it gave, ms. */
const ECHO_MS = 60_000;

/** Events and orders; an event that only repeats an order, as the end of its job, is left out. Pure. */
export function withoutEcho(events: readonly NamedStep[], orders: readonly NamedStep[]): NamedStep[] {
  const isEcho = ({ source, what, at }: NamedStep) =>
    source === 'bmc' && orders.some((order) => order.what === what && at >= order.at && at - order.at < ECHO_MS);
  return [...events.filter((event) => !isEcho(event)), ...orders];
}

/** Scripts that began and ended. Pure. */
export function ofResults(results: readonly ScriptResultRow[]): NamedStep[] {
  return results.flatMap(({ id, script, state, startedAt, endedAt, exitStatus }) => {
    const common = { source: 'script' as const, node: '', address: '' };
    const facts = { file: cut(script) };
    const isOk = state === 'passed';
    const exit = exitStatus === null ? {} : { exit: exitStatus };
    const startSteps: NamedStep[] =
      startedAt === null
        ? []
        : [
            {
              ...common,
              id: `started-${id}`,
              at: Date.parse(startedAt),
              what: 'script-started',
              outcome: 'done',
              facts,
            },
          ];
    const ended: NamedStep[] =
      endedAt === null || state === 'running' || state === 'pending'
        ? []
        : [
            {
              ...common,
              id: `ended-${id}`,
              at: Date.parse(endedAt),
              what: 'script-ended',
              outcome: isOk ? 'done' : 'failed',
              facts: { ...facts, ...exit, words: state },
            },
          ];
    return [...startSteps, ...ended];
  });
}

function cut(text: string): string {
  return text.length > TEXT_MAX ? `${text.slice(0, TEXT_MAX - 1)}…` : text;
}

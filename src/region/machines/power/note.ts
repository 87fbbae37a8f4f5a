import type { PowerResult } from '../../../contract/machines/power-commands.ts';
import type { PowerState } from '../../../model/machines/power.ts';
import {
  type LookPlan,
  type SeenPower,
  storeLearned,
  storePower,
  storeReach,
} from '../../../store/queries/machines/power-states.ts';
import type { WriteTx } from '../../../store/write.ts';

/** Each machine is looked at so often, seconds, a quarter more or less; one whose BMC is not well ever less often. */
const LOOKS: LookPlan = { everyS: 120, mostS: 1800 };

/** Whom a result is of. `by`: who asked, such as `job 12`. */
export interface Seen {
  readonly machineId: string;
  readonly fqdn: string;
  readonly bmcId: number;
  readonly nodeId: string;
  readonly node: string;
  readonly by: string;
}

/** Takes note of what an agent saw at a BMC: the way, what it learned, the state, and an event where that is another one. */
export async function noteResult(tx: WriteTx, seen: Seen, result: PowerResult): Promise<void> {
  if (result.outcome === 'overtaken') return;
  const isDone = result.outcome === 'done';
  const isReachable = isDone || result.code !== 'unreachable';
  const way = { isReachable, ms: null, why: isReachable ? 'it answers' : result.why, hasWorked: isDone };
  await storeReach(tx, seen.bmcId, seen.nodeId, way);
  await storeLearned(tx, seen.bmcId, result.learned);
  const { why, remedy } = result;
  await noteState(tx, seen, { state: isDone ? result.state : 'error', nodeId: seen.nodeId, why, remedy });
}

/** Stores a machine's state; an event tells another one than before. */
export async function noteState(
  tx: WriteTx,
  { machineId, fqdn, by, node }: Pick<Seen, 'machineId' | 'fqdn' | 'by' | 'node'>,
  power: SeenPower,
): Promise<void> {
  const old = await storePower(tx, machineId, power, LOOKS);
  if (old === null || old.before === power.state) return;
  const { state, why, remedy } = power;
  const told = state === 'error' ? { why, remedy } : {};
  tx.emit({ kind: `machine.power.${state}`, subject: fqdn, data: { before: old.before, node, by, ...told } });
}

/** What is said of a state. */
export function wordsOf(state: PowerState): string {
  return state === 'on' || state === 'off' ? `is ${state}` : 'has no state that its BMC tells';
}

import type { PowerResult } from '../../../contract/machines/power-commands.ts';
import type { PowerState } from '../../../model/machines/power.ts';
import type { PowerCheckPlan, SeenPower } from '../../../store/queries/machines/power-states.ts';
import { storeLearned, storePower, storeReach } from '../../../store/queries/machines/power-states.ts';
import type { WriteTx } from '../../../store/write.ts';

/** Each machine is checked so often, seconds, a quarter more or less; one whose BMC is not well ever less often. */
const CHECK_PLAN: PowerCheckPlan = { everyS: 120, mostS: 1800 };

/** What a result is about. `by`: who caused it, such as `job 12`. */
export interface PowerObservation {
  readonly machineId: string;
  readonly fqdn: string;
  readonly bmcId: number;
  readonly nodeId: string;
  readonly node: string;
  readonly by: string;
}

/** Stores what an agent saw at a BMC: its reach, what it learned, the state, and an event if the state is another one. */
export async function noteResult(tx: WriteTx, observation: PowerObservation, result: PowerResult): Promise<void> {
  if (result.outcome === 'overtaken') return;
  const isDone = result.outcome === 'done';
  const isReachable = isDone || result.code !== 'unreachable';
  const reach = { isReachable, ms: null, why: isReachable ? 'it answers' : result.why, hasWorked: isDone };
  await storeReach(tx, observation.bmcId, observation.nodeId, reach);
  await storeLearned(tx, observation.bmcId, result.learned);
  const { why, remedy } = result;
  await noteState(tx, observation, { state: isDone ? result.state : 'error', nodeId: observation.nodeId, why, remedy });
}

/** Stores a machine's state; emits an event if it is another one than before. */
export async function noteState(
  tx: WriteTx,
  { machineId, fqdn, by, node }: Pick<PowerObservation, 'machineId' | 'fqdn' | 'by' | 'node'>,
  power: SeenPower,
): Promise<void> {
  const old = await storePower(tx, machineId, power, CHECK_PLAN);
  if (old === null || old.before === power.state) return;
  const { state, why, remedy } = power;
  const problem = state === 'error' ? { why, remedy } : {};
  tx.emit({ kind: `machine.power.${state}`, subject: fqdn, data: { before: old.before, node, by, ...problem } });
}

/** A state as the predicate of a sentence. */
export function describePowerState(state: PowerState): string {
  return state === 'on' || state === 'off' ? `is ${state}` : 'has no state that its BMC reports';
}

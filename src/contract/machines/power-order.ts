import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';
import { nullable, oneOf, strict } from '../base/common.ts';
import { MachinePower } from './machine-power.ts';

/** What a job of the kind `machine-power` is about. */
const PowerOrder = strict({ machineId: Type.String(), bmcId: Type.Integer(), order: MachinePower });
export type PowerOrder = Static<typeof PowerOrder>;

/** What a run of it saves. `step`: of `stepsOf`. `tried`: ids of nodes that did not do. `asked`: commands that run now. */
const PowerProgress = strict({
  step: Type.Integer({ minimum: 0 }),
  tried: Type.Array(Type.String()),
  hasProbed: Type.Boolean(),
  hasChanged: Type.Boolean(),
  asked: nullable(
    strict({
      kind: oneOf(['probe', 'order']),
      commands: Type.Array(strict({ id: Type.Integer(), nodeId: Type.String(), node: Type.String() })),
    }),
  ),
  /** Why nodes did not do, and what helps. */
  failures: Type.Array(strict({ why: Type.String(), remedy: Type.String() })),
});
export type PowerProgress = Static<typeof PowerProgress>;

/** A job's payload; null: another release's. */
export const readPowerOrder = (payload: unknown): PowerOrder | null => (Check(PowerOrder, payload) ? payload : null);

/** What an earlier run saved; null: another release's. */
export function readPowerProgress(checkpoint: unknown): PowerProgress | null {
  return Check(PowerProgress, checkpoint) ? checkpoint : null;
}

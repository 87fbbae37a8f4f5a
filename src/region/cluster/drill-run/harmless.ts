import { invalid, type Rejected, show } from '../../../core/errors.ts';
import { hazardOf } from '../../../drills/hazards/catalogue.ts';
import type { Hazard } from '../../../drills/hazards/hazard.ts';

/** What an operator does on a working day anyway: nothing is cut, killed or filled. */
export const HARMLESS = ['planned-switchover', 'planned-vip-move', 'planned-restart-regiond', 'planned-drain'] as const;
export type HarmlessId = (typeof HARMLESS)[number];

/** Lanes that a region has no place to ask from: resolvers and DHCP serve machines on VLANs. */
const UNASKED = ['dns', 'lookup', 'proxy', 'dhcp'];

/** A drill that a cluster may play on itself, with what is judged of it there. */
export interface Harmless extends Hazard {
  readonly id: HarmlessId;
  readonly isUnwatched: true;
}

/** The drill of this id; the refusal of any other. */
export function harmlessOf(id: string): Harmless | Rejected {
  const known = HARMLESS.find((one) => one === id);
  const hazard = hazardOf(id);
  if (known !== undefined && hazard !== undefined) {
    const expects = hazard.expects.filter(({ probe }) => !UNASKED.includes(probe));
    return { ...hazard, id: known, expects, isUnwatched: true };
  }
  const problem = hazard
    ? `${id} does harm: only in a lab (sudo scripts/drill run ${id})`
    : `there is no drill ${show(id)}`;
  return invalid('hazard', problem, `on a cluster that serves: ${HARMLESS.join(', ')}`);
}

import { HARMLESS_DRILLS, type HarmlessDrill } from '../../../contract/cluster/drill.ts';
import { invalid, type Rejected, show } from '../../../core/errors.ts';
import { hazardOf } from '../../../drills/hazards/catalogue.ts';
import type { Hazard } from '../../../drills/hazards/hazard.ts';

/** Lanes that a region has no place to ask from: resolvers and DHCP serve machines on VLANs. */
const UNASKED = ['dns', 'lookup', 'proxy', 'dhcp'];

/** A drill that a cluster may play on itself, with what is judged of it there. */
export type Harmless = Hazard & { readonly id: HarmlessDrill; readonly isUnwatched: true };

/** The drill of this id; the refusal of any other. */
export function harmlessOf(id: string): Harmless | Rejected {
  const known = HARMLESS_DRILLS.find((one) => one === id);
  const hazard = hazardOf(id);
  if (known !== undefined && hazard !== undefined) {
    const expects = hazard.expects.filter(({ probe }) => !UNASKED.includes(probe));
    return { ...hazard, id: known, expects, isUnwatched: true };
  }
  const problem = hazard
    ? `${id} does harm, so it runs only in a lab (sudo scripts/drill run ${id})`
    : `there is no drill ${show(id)}`;
  return invalid('hazard', problem, `on a cluster that serves: ${HARMLESS_DRILLS.join(', ')}`);
}

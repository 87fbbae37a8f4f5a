import { MASKED_SECRET } from '../../model/machines/power.ts';
import { type BmcPlace, closedAddress, comparedAddress } from '../../model/machines/bmc-hosts.ts';
import { driverOf } from '../../power/registry.ts';
import { listBmcPlaces, listClosedAddresses } from '../../store/queries/machines/power-secrets.ts';
import type { Tx } from '../../store/tx.ts';
import type { BmcOverview } from './site.ts';

/** BMCs that would be refused by now, as the doctor judges them. */
export async function readBmcOverview(tx: Tx): Promise<BmcOverview> {
  const places = await listBmcPlaces(tx);
  const own = await listClosedAddresses(tx);
  const misfits = places.flatMap((place) => {
    const problem = problemOf(place, own);
    return problem === null ? [] : [{ name: place.name, problem }];
  });
  return { count: places.length, misfits };
}

function problemOf({ powerType, parameters }: BmcPlace, own: readonly string[]): string | null {
  const driver = driverOf(powerType);
  const [clear] = Object.values(parameters).includes(MASKED_SECRET) ? (driver.inClear?.(parameters) ?? []) : [];
  if (clear !== undefined) return `its secret travels in clear by ${clear}`;
  for (const { name, host } of driver.hostsOf(parameters)) {
    const why = comparedAddress(host) === null ? null : closedAddress(host, own);
    if (why !== null) return `${name}: ${host} ${why}`;
  }
  return null;
}

import { listImages } from '../../store/queries/images/images.ts';
import { readNamedAddresses } from '../../store/queries/networks/named-clashes.ts';
import { listOwnerless } from '../../store/queries/machines/ownerless-machines.ts';
import type { Tx } from '../../store/tx.ts';
import { readBmcOverview } from './bmc-overview.ts';
import type { CasePorts } from '../base/use-case.ts';
import { readLeaseOverview } from './pairs/lease-overview.ts';
import { readSite } from './read-site.ts';
import type { SeenNode } from '../base/seen.ts';
import type { ClusterSite } from './site.ts';

/** How long a read of all leases and BMCs counts for repeated calls of the status, ms. */
const LAST_FOR_MS = 15_000;

/**
 * The site with leases, BMCs and images: all that `regent status` and `regent doctor` speak of. `isExact`: leases of this moment; otherwise those of the
 * last `LAST_FOR_MS` will do, because a site with 100,000 leases takes seconds to read. What the doctor read of etcd's store last counts for the status,
 * too: an etcd that hangs must not hold the status.
 */
export async function readWholeSite(
  tx: Tx,
  context: CasePorts,
  { known, isExact }: { readonly known: readonly SeenNode[]; readonly isExact: boolean },
): Promise<ClusterSite> {
  const site = await readSite(tx, context, known);
  const { slowFacts } = context;
  const at = context.clock.monotonic();
  const { last } = slowFacts;
  const read = async () => ({
    at,
    leases: await readLeaseOverview(tx, known, site.now),
    bmcs: await readBmcOverview(tx),
    named: await readNamedAddresses(tx),
    ownerless: await listOwnerless(tx),
  });
  const isYoung = !isExact && last !== null && at - last.at < LAST_FOR_MS;
  const slow = isYoung ? last : await read();
  if (!isYoung) slowFacts.last = slow;
  if (isExact) slowFacts.learners = await context.storedLearners();
  const { learners } = slowFacts;
  const images = await listImages(tx);
  const { leases, bmcs, named, ownerless } = slow;
  return {
    ...site,
    leases,
    bmcs,
    named,
    ownerless,
    images,
    ...(learners === undefined ? {} : { storedLearners: learners }),
  };
}

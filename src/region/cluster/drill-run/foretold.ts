import type { PredictedOutage } from '../../../contract/cluster/what-if.ts';
import { isRejected } from '../../../core/errors.ts';
import type { Cast } from '../../../judge/timeline.ts';
import type { ClusterSite } from '../site.ts';
import { whatIf } from '../what-if/what-if.ts';
import { victimOf } from './cast.ts';
import type { Harmless } from './harmless.ts';

/** How long the cluster expects that something is not served; `mostMs` null: until somebody acts. */
export type Foretold = Pick<PredictedOutage, 'probe' | 'leastMs' | 'mostMs'>;

/** What the cluster's model says of a drill before it begins; nothing of one that it knows nothing of: it knows what becomes of a drained node. Pure. */
export function foretold(site: ClusterSite, { id }: Harmless, cast: Cast): readonly Foretold[] {
  const node = id === 'planned-drain' ? victimOf(id, cast, '') : null;
  const answer = node === null ? null : whatIf(site, node, 'drains');
  if (answer === null || isRejected(answer)) return [];
  return answer.outages.map(({ probe, leastMs, mostMs }) => ({ probe, leastMs, mostMs }));
}

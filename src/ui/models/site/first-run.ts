import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import type { Vlan } from '../../../contract/networks/vlan.ts';
import type { Status } from '../../../contract/site/status.ts';
import { linkTo } from '../base/address.ts';

/** A step of a new site. `link`: the page where one takes it. */
export type FirstStep = { readonly id: 'nodes' | 'dhcp' | 'machine'; readonly isDone: boolean; readonly link: string };

/** So many region nodes can lose one. */
const ENOUGH_REGIONS = 3;

/** The steps from a node alone to a machine that is commissioned; null: the site is past them. */
export function firstSteps(
  cluster: Pick<ClusterStatus, 'nodes'>,
  vlans: readonly Pick<Vlan, 'dhcpOn' | 'server'>[],
  counts: Pick<Status['counts'], 'machines'>,
): readonly FirstStep[] | null {
  const regions = cluster.nodes.filter((node) => node.isRegion && node.state === 'member').length;
  const steps: readonly FirstStep[] = [
    { id: 'nodes', isDone: regions >= ENOUGH_REGIONS, link: linkTo(['access', 'tokens']) },
    {
      id: 'dhcp',
      isDone: vlans.some((vlan) => vlan.dhcpOn && vlan.server !== null && vlan.server.secondary !== null),
      link: linkTo(['vlans']),
    },
    { id: 'machine', isDone: counts.machines > 0, link: linkTo(['machines']) },
  ];
  // A site with machines is past the first steps, even with one region node.
  const isNew = regions <= 1 || counts.machines === 0;
  return isNew && steps.some((step) => !step.isDone) ? steps : null;
}

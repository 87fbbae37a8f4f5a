import type { NetworkPlan } from './network.ts';
import { netplanText } from './network-netplan.ts';
import { networkdFiles } from './network-networkd.ts';

/** As many as the C library asks, and as many domains as old ones search (resolv.conf(5)). */
const RESOLVERS_MAX = 3;
const SEARCH_MAX = 6;

/**
 * The texts that the installer puts into the target, by path below `deployment/`: `network/netplan.yaml` for an image with netplan,
 * `network/networkd/NAME` for one without, and `network/resolv.conf` for one without systemd-resolved, where a name server is known beforehand.
 */
export function networkFiles(plan: NetworkPlan): Readonly<Record<string, string>> {
  const networkd = Object.entries(networkdFiles(plan)).map(([name, text]) => [`network/networkd/${name}`, text]);
  const byNeed = plan.interfaces.toSorted((one, other) => Number(other.isNeeded) - Number(one.isNeeded));
  const resolvers = [...new Set(byNeed.flatMap((one) => one.resolvers))];
  const search = [...new Set(plan.interfaces.flatMap((one) => one.search))];
  return {
    'network/netplan.yaml': netplanText(plan),
    ...Object.fromEntries(networkd),
    ...(resolvers.length === 0 ? {} : { 'network/resolv.conf': resolvConf(resolvers, search) }),
  };
}

function resolvConf(resolvers: readonly string[], search: readonly string[]): string {
  const lines = resolvers.slice(0, RESOLVERS_MAX).map((address) => `nameserver ${address}\n`);
  const domains = search.slice(0, SEARCH_MAX).join(' ');
  return lines.join('') + (domains === '' ? '' : `search ${domains}\n`);
}

import { orderedAddresses } from '../../core/ip.ts';
import { compareText } from '../../core/order.ts';
import { knownAddresses } from '../../model/cluster/cluster.ts';
import { comparedAddress } from '../../model/machines/bmc-hosts.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { driverOf } from '../../power/registry.ts';
import { publishedNames } from '../../services/dns/published-names.ts';
import { CLOSED_NAME } from '../../services/proxy/desired.ts';
import { followAliases } from './alias-chains.ts';

/**
 * The snapshot with the hosts of BMCs among the closed addresses and names: every host that the driver of a BMC names, whatever parameter holds it. The site's own
 * DNS says what a name leads to, and which aliases lead to it. What a name of other people's DNS means only the node knows that resolves it: such a
 * name is closed as a name. Pure.
 */
export function withClosedBmcs(snapshot: Snapshot): Snapshot {
  const { bmcs = [], closedAddresses = [] } = snapshot;
  const hosts = new Set(
    bmcs.flatMap(({ powerType, parameters }) =>
      driverOf(powerType)
        .hostsOf(parameters)
        .map(({ host }) => host),
    ),
  );
  const byName = closedByName(snapshot, [...hosts].filter(isName));
  const addresses = [...hosts].flatMap((host) => comparedAddress(host) ?? []);
  const closed = orderedAddresses([...closedAddresses, ...addresses, ...byName.addresses]);
  return {
    ...snapshot,
    ...(closed.length === 0 ? {} : { closedAddresses: closed }),
    ...(byName.names.length === 0 ? {} : { closedNames: byName.names }),
  };
}

const isName = (host: string): boolean => host !== '' && comparedAddress(host) === null;

/** What Squid can compare: a webhook may name a host of other signs, which no resolver of ours finds. */
const COMPARED = new RegExp(`^${CLOSED_NAME}$`);

type ClosedByName = { readonly names: readonly string[]; readonly addresses: readonly string[] };

/** Nodes are none of it: clients reach the region's API on them, and nothing else, by rules of their own. */
function closedByName(snapshot: Snapshot, hosts: readonly string[]): ClosedByName {
  if (hosts.length === 0) return { names: [], addresses: [] };
  const { default_domain: domain } = snapshot.settings;
  const starts = hosts.map((host) => host.toLowerCase().replace(/\.+$/, ''));
  // A node resolves a single label by its search list, where the site's domain stands.
  const meant = starts.flatMap((name) => (name.includes('.') ? [name] : [name, `${name}.${domain}`]));
  const published = publishedNames(snapshot);
  const { names, data } = followAliases(meant, published);
  const nodeNames = new Set(snapshot.nodes.map((node) => `${node.name}.${domain}`));
  const nodeAddresses = new Set(knownAddresses(snapshot));
  return {
    names: [...names].filter((name) => COMPARED.test(name) && !nodeNames.has(name)).sort(compareText),
    addresses: data.flatMap((text) => comparedAddress(text) ?? []).filter((address) => !nodeAddresses.has(address)),
  };
}

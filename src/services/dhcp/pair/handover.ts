import { isRejected } from '../../../core/errors.ts';
import { overlaps, parseNetwork } from '../../../core/ip.ts';
import { keyOf } from '../../../core/node-identity.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import type { Finding, Handover } from '../../kit/contract.ts';
import { holderName } from '../../kit/handover.ts';
import type { Serving, VlanServer } from '../../../model/networks/serving.ts';
import type { DhcpDesired } from '../desired.ts';
import { pairKey } from './compile.ts';
import { pairFactsIn } from './health.ts';
import type { Node } from '../../../model/cluster/node.ts';
import type { SubnetHolder } from '../../../model/networks/lease.ts';

/** Two servers of DHCP that serve a subnet at once give one address to two machines. */
export const handover: Handover<DhcpDesired> = {
  networksOf: ({ networks }) => networks.flatMap(({ subnets }) => subnets.map(({ cidr }) => cidr)),
  // The other rack of the pair says that it serves, and that this one could not take over: then this one serves nothing, and will not by itself (`ha/dhcp`).
  isFenced: (service, self, factsOf) => {
    const partner = partnerIn(service, self);
    const pair = partner === null ? undefined : pairFactsIn(factsOf(partner));
    return pair?.isServing === true && (pair.state === 'taken-over' || pair.isWhole === false);
  },
};

/** The other rack of a pair's instance, by name; null: the service is no pair's. */
export function partnerIn(service: string, self: string): string | null {
  const names = keyOf(service)?.split('_') ?? [];
  return names.find((name) => name !== self) ?? null;
}

/** Holders of a subnet that its server waits for, each once. Its own instances are none of them, nor is another server on the host that serves first: that host
 * checks by itself (`ha/kea/carry`). */
export function waitedFor(
  snapshot: Pick<Snapshot, 'racks' | 'nodes' | 'subnetHolders'>,
  cidr: string,
  server: VlanServer,
): SubnetHolder[] {
  const holders = snapshot.subnetHolders ?? [];
  if (holders.length === 0) return [];
  const accepted = new Set(snapshot.racks.map((rack) => rack.nodeId));
  const own = groupOfServer(server, snapshot.nodes);
  const found = holders.filter(
    (holder) =>
      holder.nodeId !== server.primary.nodeId &&
      accepted.has(holder.nodeId) &&
      groupOf(holder) !== own &&
      isSame(holder.cidr, cidr),
  );
  return [...new Map(found.map((holder) => [holderName(holder), holder])).values()];
}

/** Subnets that nobody serves until somebody else has stopped. */
export function lintHandovers(snapshot: Snapshot, serving: Serving): Finding[] {
  if ((snapshot.subnetHolders ?? []).length === 0) return [];
  return snapshot.subnets.flatMap(({ cidr, vlanId }) => {
    const server = serving.servers.get(vlanId);
    const ids = server ? new Set(waitedFor(snapshot, cidr, server).map(({ nodeId }) => nodeId)) : new Set();
    if (ids.size === 0) return [];
    const names = snapshot.nodes.filter(({ id }) => ids.has(id)).map(({ name }) => name);
    const sentence = `${cidr} has no DHCP until ${names.join(' and ')} ${names.length === 1 ? 'reports' : 'report'} that ${names.length === 1 ? 'it has' : 'they have'} stopped serving it: two servers could give one address to two machines.`;
    const remedy = `Start ${names.join(' and ')}. Only if that host is certainly off, or no longer on that VLAN: ${names.map((name) => `regent rack reject ${name}`).join('; ')}.`;
    return [{ code: 'subnet_waits', severity: 'warning', subject: `subnet ${cidr}`, sentence, remedy }];
  });
}

function groupOfServer({ primary, secondary }: VlanServer, nodes: readonly Node[]): string {
  if (secondary === null) return aloneGroup(primary.nodeId);
  const nameOfNode = (id: string) => nodes.find((node) => node.id === id)?.name ?? '';
  return pairKey(nameOfNode(primary.nodeId), nameOfNode(secondary.nodeId));
}

/** Those that serve together: the two sides of a pair, or a rack alone. */
function groupOf({ nodeId, service }: SubnetHolder): string {
  return keyOf(service) ?? aloneGroup(nodeId);
}

function aloneGroup(nodeId: string): string {
  return `/${nodeId}`;
}

function isSame(a: string, b: string): boolean {
  if (a === b) return true;
  const [one, other] = [parseNetwork(a), parseNetwork(b)];
  return !isRejected(one) && !isRejected(other) && overlaps(one, other);
}

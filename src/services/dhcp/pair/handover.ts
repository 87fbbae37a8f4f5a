import { isRejected } from '../../../core/errors.ts';
import { overlaps, parseNetwork } from '../../../core/ip.ts';
import { keyOf, kindOf } from '../../../core/node-identity.ts';
import type { Snapshot } from '../../../model/snapshot.ts';
import type { Finding } from '../../kit/contract.ts';
import type { Serving, VlanServer } from '../../../model/networks/serving.ts';
import { pairKey } from './compile.ts';
import type { Node } from '../../../model/cluster/node.ts';
import type { SubnetHolder } from '../../../model/networks/lease.ts';

/*
 * A subnet that goes from one server of DHCP to another. Two that serve it at once give one address to two machines, and hosts take a new generation over
 * at times of their own. So the new one gets the subnet only when nobody else holds it any more: neither by what is published, nor by what has not
 * been reported as over yet.
 */

/** The part of a published body that counts here. */
export interface HoldingBody {
  readonly services: Readonly<Record<string, { readonly desired: Record<string, unknown> | null }>>;
}

/** The subnets that a node's DHCP services are to serve. */
export function subnetsIn(nodeId: string, body: HoldingBody | null): SubnetHolder[] {
  return Object.entries(body?.services ?? {}).flatMap(([service, { desired }]) => {
    if (kindOf(service) !== 'dhcp' || desired === null) return [];
    const networks = listOf(desired['networks']).flatMap((network) => listOf(network['subnets']));
    return networks.flatMap(({ cidr }) => (typeof cidr === 'string' ? [{ nodeId, service, cidr }] : []));
  });
}

/** The snapshot with everybody who may serve a subnet: by what is published, too. A rack that is not accepted serves nothing: an operator decided so. */
export function withHolders(snapshot: Snapshot, published: ReadonlyMap<string, HoldingBody | null>): Snapshot {
  const holders = [...published].flatMap(([nodeId, body]) => subnetsIn(nodeId, body));
  return holders.length === 0
    ? snapshot
    : { ...snapshot, subnetHolders: [...(snapshot.subnetHolders ?? []), ...holders] };
}

/** What a new body takes away from a node, and all that it gives. */
export function movesBetween(
  nodeId: string,
  bodies: { readonly before: HoldingBody | null; readonly after: HoldingBody | null },
): { readonly gone: SubnetHolder[]; readonly here: SubnetHolder[] } {
  const here = subnetsIn(nodeId, bodies.after);
  const remaining = new Set(here.map(nameOf));
  return { gone: subnetsIn(nodeId, bodies.before).filter((holder) => !remaining.has(nameOf(holder))), here };
}

/** The other rack of a pair's instance, by name; null: the service is no pair's. */
export function partnerIn({ service }: Pick<SubnetHolder, 'service'>, self: string): string | null {
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
  return [...new Map(found.map((holder) => [nameOf(holder), holder])).values()];
}

/** Subnets that nobody serves until somebody else has stopped. */
export function lintHandovers(snapshot: Snapshot, serving: Serving): Finding[] {
  if ((snapshot.subnetHolders ?? []).length === 0) return [];
  return snapshot.subnets.flatMap(({ cidr, vlanId }) => {
    const server = serving.servers.get(vlanId);
    const ids = server ? new Set(waitedFor(snapshot, cidr, server).map(({ nodeId }) => nodeId)) : new Set();
    if (ids.size === 0) return [];
    const names = snapshot.nodes.filter(({ id }) => ids.has(id)).map(({ name }) => name);
    const sentence = `${cidr} has no DHCP until ${names.join(' and ')} ${names.length === 1 ? 'says' : 'say'} that it is not served there any more: two servers would give one address to two machines.`;
    const remedy = `Start ${names.join(' and ')}. Only if that host is surely off, or on that VLAN no more: ${names.map((name) => `regent rack reject ${name}`).join('; ')}.`;
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

function nameOf({ nodeId, service, cidr }: SubnetHolder): string {
  return `${nodeId} ${service} ${cidr}`;
}

function listOf(value: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(value) ? value : [];
}

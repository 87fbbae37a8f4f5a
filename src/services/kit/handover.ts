import type { SubnetHolder } from '../../model/networks/lease.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { NodeBody } from '../compile-node.ts';
import type { AnyService } from './contract.ts';
import { serviceOf } from './instances.ts';

/** The networks that services with a handover are to serve on a node. */
export function networksIn(services: readonly AnyService[], nodeId: string, body: NodeBody | null): SubnetHolder[] {
  return Object.entries(body?.services ?? {}).flatMap(([service, { desired }]) => {
    const networks = desired === null ? [] : (serviceOf(services, service)?.handover?.networksOf(desired) ?? []);
    return networks.map((cidr) => ({ nodeId, service, cidr }));
  });
}

/**
 * The snapshot with every node that may serve a network, also by the published state. A rack that is not accepted
 * serves nothing: an operator decided that.
 */
export function withHolders(
  snapshot: Snapshot,
  services: readonly AnyService[],
  published: ReadonlyMap<string, NodeBody | null>,
): Snapshot {
  const holders = [...published].flatMap(([nodeId, body]) => networksIn(services, nodeId, body));
  return holders.length === 0
    ? snapshot
    : { ...snapshot, subnetHolders: [...(snapshot.subnetHolders ?? []), ...holders] };
}

/** What a new body takes away from a node, and all that it gives. */
export function movesBetween(
  services: readonly AnyService[],
  nodeId: string,
  bodies: { readonly before: NodeBody | null; readonly after: NodeBody | null },
): { readonly gone: SubnetHolder[]; readonly here: SubnetHolder[] } {
  const here = networksIn(services, nodeId, bodies.after);
  const remaining = new Set(here.map(holderName));
  const gone = networksIn(services, nodeId, bodies.before).filter((holder) => !remaining.has(holderName(holder)));
  return { gone, here };
}

/** A holder and its network, as one text. */
export function holderName({ nodeId, service, cidr }: SubnetHolder): string {
  return `${nodeId} ${service} ${cidr}`;
}

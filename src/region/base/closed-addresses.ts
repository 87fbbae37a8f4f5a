import { orderedAddresses } from '../../core/ip.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { comparedAddress } from '../../model/machines/bmc-hosts.ts';
import { driverOf } from '../../power/registry.ts';

/**
 * The snapshot with the addresses of BMCs among the closed ones: every host that the driver of a BMC names, whatever parameter holds it. Only
 * addresses: the node that resolves a BMC's name knows what it means. Pure.
 */
export function withClosedBmcs(snapshot: Snapshot): Snapshot {
  const { bmcs = [], closedAddresses = [] } = snapshot;
  const hosts = bmcs.flatMap(({ powerType, parameters }) => driverOf(powerType).hostsOf(parameters));
  const closed = orderedAddresses([...closedAddresses, ...hosts.flatMap(({ host }) => comparedAddress(host) ?? [])]);
  return closed.length === 0 ? snapshot : { ...snapshot, closedAddresses: closed };
}

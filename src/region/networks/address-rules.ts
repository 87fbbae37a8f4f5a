import { accept, refuse, type Rejected, rejected } from '../../core/errors.ts';
import { type Address, formatAddress, parseNetwork } from '../../core/ip.ts';
import { nextFreeAddresses, spanOfAddress, spansOfAddresses } from '../../model/networks/allocation.ts';
import { type AddressClaim, checkAddressFree } from '../../model/networks/ip-range.ts';
import { type LiveLease, liveLeaseAt, liveLeases } from '../../store/queries/networks/leases.ts';
import {
  type ClaimRow,
  claimsBetween,
  type OwnAddress,
  ownAddressesBetween,
  takenSpans,
} from '../../store/queries/networks/address-users.ts';
import { rangesOf } from '../../store/queries/networks/ranges.ts';
import { lockSubnet, type SubnetRow } from '../../store/queries/networks/subnets.ts';
import type { Tx } from '../../store/tx.ts';
import { PROBED_AT_ONCE, wantProbe } from './probe.ts';

/**
 * The lowest address of the subnet that nobody has, outside of every range, after a probe on the wire; `also`: taken by
 * the same request; `macs`: cards that may answer there, for they get it. Holds the subnet until the transaction ends.
 * Refused if Regent does not give addresses out, or if none is left.
 */
export async function nextFree(
  tx: Tx,
  subnet: SubnetRow,
  { also = [], macs = [] }: { readonly also?: readonly string[]; readonly macs?: readonly string[] } = {},
): Promise<string> {
  if (!subnet.isManaged) {
    refuse(
      'conflict',
      `The subnet ${subnet.cidr} is not managed by Regent, so "auto" gives no address of it. Name one, or set the subnet managed.`,
    );
  }
  accept(await lockSubnet(tx, { key: subnet.id }));
  const network = accept(parseNetwork(subnet.cidr));
  const leased = (await liveLeases(tx, subnet.id)).map((lease) => lease.address);
  const taken = [...(await takenSpans(tx, subnet.id, macs)), ...spansOfAddresses([...leased, ...also])];
  const free = nextFreeAddresses(network, taken, PROBED_AT_ONCE).map(formatAddress);
  const [first] = free;
  if (first === undefined) refuse('conflict', `The subnet ${subnet.cidr} has no free address.`);
  await wantProbe(tx, subnet.cidr, free, macs);
  return first;
}

/** Refuses an address that somebody has for himself, naming him; `except`: the claims that do not count. */
export async function checkUnclaimed(
  tx: Tx,
  subnet: SubnetRow,
  address: Address,
  except: (claim: ClaimRow) => boolean = () => false,
): Promise<Rejected | null> {
  const text = formatAddress(address);
  const claims = (await claimsBetween(tx, { first: text, last: text })).filter((claim) => !except(claim));
  if (claims.length === 0) return null;
  const others: AddressClaim[] = claims.filter((claim) => claim.source !== 'ip_ranges');
  return checkAddressFree(spanOfAddress(address), await rangesOf(tx, subnet.id), others);
}

/** Refuses an address that a node has, or the floating one, naming whose it is. */
export async function checkNotOwn(tx: Tx, address: string): Promise<Rejected | null> {
  return refuseOwn((await ownAddressesBetween(tx, { first: address, last: address }))[0]);
}

/** Refuses the floating address as a gateway. A node's own address may be one: that node routes then. */
export async function checkNotFloating(tx: Tx, address: string): Promise<Rejected | null> {
  const own = await ownAddressesBetween(tx, { first: address, last: address });
  return refuseOwn(own.find((item) => item.isFloating));
}

function refuseOwn(own: OwnAddress | undefined): Rejected | null {
  return own ? rejected('conflict', `${own.address} is taken: ${own.words}.`) : null;
}

/** Refuses an address that another interface has a live lease of. `mac` null: nobody may have one. */
export async function checkNotLeased(tx: Tx, address: string, mac: string | null): Promise<Rejected | null> {
  const lease = await liveLeaseAt(tx, address);
  if (!lease || lease.isGivenUp || (lease.mac !== null && lease.mac === mac)) return null;
  return rejected(
    'conflict',
    `${address} is taken: ${describeLease(lease)}. Rule: an address is free when its lease has ended (${lease.expiresAt}); \`regent lease release ${address}\` ends it now.`,
  );
}

/** Who holds a live lease, for people. */
export function describeLease(lease: LiveLease): string {
  if (lease.state === 'declined') return `a client found ${lease.address} in use by another host`;
  return `${lease.mac ?? 'a client'} has ${lease.address} by DHCP`;
}

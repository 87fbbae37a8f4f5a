import { invalid, isRejected, type Rejected } from '../../core/errors.ts';
import { formatAddress, parseAddress, unmapped } from '../../core/ip.ts';
import type { PowerParameters, PowerType } from './power.ts';
import { blockWithoutHosts, checkServerName } from '../names/special-use.ts';

/** Where a BMC is, with its secrets masked. The driver of its power type knows the hosts. */
export type BmcPlace = { readonly name: string; readonly powerType: PowerType; readonly parameters: PowerParameters };

/** Where a parameter of a BMC leads to. `host`: a name, or an address without brackets. */
export type BmcHost = { readonly name: string; readonly host: string };

const RULE = 'the address of a BMC, which is another host: no loopback, link-local, multicast or reserved address';

/** An address in the one form in which it is compared, IPv4-mapped ones as IPv4; null: the text is no address. */
export function comparedAddress(text: string): string | null {
  const address = parseAddress(text);
  return isRejected(address) ? null : formatAddress(unmapped(address));
}

/** Why no BMC is contacted at this address, as the end of a sentence; null: it may be. `closed`: addresses of nodes, as `comparedAddress` gives them. */
export function closedAddress(text: string, closed: readonly string[] = []): string | null {
  const address = parseAddress(text);
  if (isRejected(address)) return 'is not an address';
  const bare = unmapped(address);
  const block = blockWithoutHosts(bare) ?? (bare === address ? null : blockWithoutHosts(address));
  if (block !== null) return `lies in ${block.block}, which is ${block.what} (${block.source})`;
  return closed.includes(formatAddress(bare)) ? 'is an address of the cluster' : null;
}

/** Refuses a host that no BMC can be: an address of a block without hosts, or a name that means the node itself. */
export function checkBmcHost({ name, host }: BmcHost, prefix = ''): Rejected | null {
  const field = `${prefix}${name}`;
  const address = parseAddress(host);
  if (isRejected(address)) return checkServerName(host, field);
  const why = closedAddress(host);
  return why === null ? null : invalid(field, `${formatAddress(address)} ${why}`, RULE);
}

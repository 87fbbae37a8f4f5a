import { invalid, isRejected, type Rejected } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { blockWithoutHosts } from './special-use.ts';

/** Parses an address where other hosts reach a node, to its canonical form. */
export function parseReachableAddress(text: string, field: string): string | Rejected {
  const address = parseAddress(text, field);
  if (isRejected(address)) return address;
  const block = blockWithoutHosts(address);
  if (!block) return formatAddress(address);
  const rule = 'addresses where other hosts reach this one: no loopback, link-local or multicast address';
  return invalid(field, `${text} is reached by no other host: ${block.block} is ${block.what} (${block.source})`, rule);
}

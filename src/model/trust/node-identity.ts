import { invalid, isRejected, type Rejected } from '../../core/errors.ts';
import { contains, formatAddress, parseAddress, parseNetwork } from '../../core/ip.ts';
import { REGION_SERVER_NAME } from '../../core/node-identity.ts';
import { parseHostLabel } from '../names.ts';
import { MASTER } from '../rack.ts';

/** "This" network, loopback, link-local, multicast and what was never given out (RFC 6890). */
const UNREACHABLE = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/127', 'fe80::/10', 'ff00::/8'];

/** Parses the name of a node; two names stand for something else. */
export function parseNodeName(text: string, field: string): string | Rejected {
  const name = parseHostLabel(text, field);
  const own = 'a name of its own: --name';
  if (name === REGION_SERVER_NAME) return invalid(field, `"${name}" stands for every region node`, own);
  if (name === MASTER) return invalid(field, `"${name}" is the placeholder's name`, own);
  return name;
}

/** Parses an address where other hosts reach a node, to its canonical form. */
export function parseReachableAddress(text: string, field: string): string | Rejected {
  const address = parseAddress(text, field);
  if (isRejected(address)) return address;
  const isOutOfReach = UNREACHABLE.some((cidr) => {
    const network = parseNetwork(cidr);
    return !isRejected(network) && contains(network, address);
  });
  if (!isOutOfReach) return formatAddress(address);
  const rule = 'addresses where other hosts reach this one: no loopback, link-local or multicast address';
  return invalid(field, `${text} is reached by no other host`, rule);
}

/** VRRP is set up for IPv4 alone: where there is a floating address, every region node is reached by IPv4. `address`: the node's main one. */
export function checkVipFamily(vip: string | null, address: string, field: string): Rejected | null {
  if (vip === null || !address.includes(':')) return null;
  return invalid(
    field,
    `${address} is IPv6, and the cluster has the floating address ${vip}`,
    'with a floating address every region node is reached by IPv4',
  );
}

import { invalid, type Rejected } from '../../core/errors.ts';
import { RACK_SERVER_NAME, REGION_SERVER_NAME } from '../../core/node-identity.ts';
import { parseHostLabel } from '../names/names.ts';
import { MASTER } from './rack.ts';

/** Parses the name of a node; two names stand for something else. */
export function parseNodeName(text: string, field: string): string | Rejected {
  const name = parseHostLabel(text, field);
  const own = 'a name of its own: --name';
  if (name === REGION_SERVER_NAME) return invalid(field, `"${name}" stands for every region node`, own);
  if (name === RACK_SERVER_NAME) return invalid(field, `"${name}" stands for every rack`, own);
  if (name === MASTER) return invalid(field, `"${name}" is the placeholder's name`, own);
  return name;
}

/**
 * VRRP is set up only for IPv4: if there is a floating address, every region node is reached by IPv4. `address`: the
 * node's main one.
 */
export function checkVipFamily(vip: string | null, address: string, field: string): Rejected | null {
  if (vip === null || !address.includes(':')) return null;
  return invalid(
    field,
    `${address} is IPv6, but the cluster has the floating address ${vip}`,
    'with a floating address every region node is reached by IPv4',
  );
}

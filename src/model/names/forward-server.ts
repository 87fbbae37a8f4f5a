import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { parseAddress } from '../../core/ip.ts';
import { parseReachableAddress } from './reachable-address.ts';

/** A name server that answers for a domain elsewhere. `port`: UDP and TCP, 1 to 65535. */
export type ForwardServer = { readonly address: string; readonly port: number };

/** The port of DNS, for a server that is named without one. */
const DNS_PORT = 53;
const RULE = 'ADDRESS or ADDRESS:PORT, such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353';

/** Parses a name server, with a port or without one; canonical: port 53 is left out, IPv6 has brackets only before a port. */
export function parseForwardServer(text: string, field: string): string | Rejected {
  const split = splitPort(text);
  if (split === null || isRejected(parseAddress(split.address)))
    return invalid(field, `${show(text)} is not a name server`, RULE);
  const address = parseReachableAddress(split.address, field);
  if (isRejected(address)) return address;
  if (split.port < 1 || split.port > 65_535)
    return invalid(field, `${show(text)} has no usable port`, 'ports 1 to 65535');
  if (split.port === DNS_PORT) return address;
  return address.includes(':') ? `[${address}]:${split.port}` : `${address}:${split.port}`;
}

/** Address and port of a canonical text. */
export const forwardServerOf = (text: string): ForwardServer => splitPort(text) ?? { address: text, port: DNS_PORT };

/** null: neither form. More than one colon without brackets is IPv6 without a port. */
function splitPort(text: string): ForwardServer | null {
  const [, inBrackets, bare, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = inBrackets ?? bare ?? (/^[0-9A-Fa-f:.]+$/.test(text) ? text : undefined);
  if (address === undefined) return null;
  return { address, port: digits === undefined ? DNS_PORT : Number(digits) };
}

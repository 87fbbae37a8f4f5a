import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { contains, formatAddress, parseAddress, parseNetwork } from '../../core/ip.ts';
import { parseDomainName, refuseUnicode } from '../names/names.ts';

/** Where a proxy answers. `host`: a name or an address, without brackets. */
export type ProxyPlace = { readonly host: string; readonly port: number };

const RULE = 'http://HOST:PORT with a name or an address (IPv6 in brackets), nothing behind it; empty for none';
const SHAPE = /^http:\/\/(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,254}))(?::(\d{1,5}))?\/?$/;
const LOOPBACK = ['127.0.0.0/8', '::1/128', '0.0.0.0/8', '::/128', '::ffff:0:0/96'];

/**
 * Parses the address of a proxy; gives `http://host:port`, or '' for none. A user name or password is refused, and not repeated in
 * the refusal: settings are shown to everybody who may read them, in differences and histories too.
 */
export function parseProxyUrl(text: string, field: string): string | Rejected {
  if (text === '') return '';
  if (text.includes('@'))
    return invalid(
      field,
      'it holds a user name or a password',
      'a proxy without login, because settings hold no secrets',
    );
  const match = SHAPE.exec(text);
  if (!match) {
    const host = /^http:\/\/([^/:]+)/i.exec(text)?.[1] ?? '';
    return refuseUnicode(host, field) ?? invalid(field, `${show(text)} is not the address of a proxy`, RULE);
  }
  const port = Number(match[3] ?? 80);
  if (port < 1 || port > 65_535) return invalid(field, `${show(text)} has the port ${port}`, '1 to 65535');
  const host = parseHost(match[1] ?? match[2] ?? '', field);
  if (isRejected(host)) return host;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Takes a canonical address of a proxy apart; null for none. */
export function proxyPlace(url: string): ProxyPlace | null {
  const match = /^http:\/\/(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(url);
  return match ? { host: match[1] ?? match[2] ?? '', port: Number(match[3]) } : null;
}

function parseHost(text: string, field: string): string | Rejected {
  const address = parseAddress(text, field);
  const isName = isRejected(address);
  const isOwn = isName
    ? /^(?:.*\.)?localhost\.?$/i.test(text)
    : LOOPBACK.map((cidr) => parseNetwork(cidr)).some((network) => !isRejected(network) && contains(network, address));
  if (isOwn) return invalid(field, `${show(text)} is the node itself`, 'a proxy that every region node can reach');
  return isName ? parseDomainName(text, field) : formatAddress(address);
}

import { formatCount } from '../../core/count-text.ts';
import { type Address, bitsOf, firstAddress, formatAddress, type Network, sizeOf } from '../../core/ip.ts';
import { isPrivateNetwork } from './special-use.ts';

/** Bits per label of a reverse name: an octet under in-addr.arpa (RFC 1035 §3.5), a nibble under ip6.arpa (RFC 3596 §2.5). */
const LABEL_BITS = { 4: 8, 6: 4 } as const;
const ROOT = { 4: 'in-addr.arpa', 6: 'ip6.arpa' } as const;

/** What of the settings decides who answers for private reverse names. */
type ReversePolicy = { readonly upstream_dns: readonly string[]; readonly dns_private_reverse: 'here' | 'upstream' };

/** The PTR owner name of an address, without final dot. */
export const reverseName = (address: Address): string => labelsOf(address, bitsOf(address.family));

/**
 * Are reverse names of private space answered here? An upstream has them only if the setting says so; without one
 * nobody else does.
 */
export function keepsPrivateReverse(settings: ReversePolicy): boolean {
  return settings.upstream_dns.length === 0 || settings.dns_private_reverse === 'here';
}

/**
 * Is a network that ends inside a label (IPv4 /25 to /32, IPv6 /125 to /128) served by a zone per address? A zone of the whole label would claim
 * neighbours that are somebody else's. In private space whose reverse names are answered here there is nobody else.
 */
export function isCutByAddress(network: Network, settings: ReversePolicy): boolean {
  const longest = bitsOf(network.family) - LABEL_BITS[network.family];
  return network.prefix > longest && !(isPrivateNetwork(network) && keepsPrivateReverse(settings));
}

/**
 * The reverse zones that together hold every address of a network. A prefix between two label boundaries is cut into the
 * zones of the next boundary (a /22 gives four /24 zones). One longer than the last boundary but one is cut into a zone per address
 * (`isCut`), or widened to that boundary (a /26 is part of its /24 zone), so that neighbouring small subnets share a zone.
 */
export function reverseZones(network: Network, isCut = false): string[] {
  const boundary = boundaryOf(network, isCut);
  const start = firstAddress({ ...network, prefix: Math.min(network.prefix, boundary) });
  const count = boundary > network.prefix ? 2 ** (boundary - network.prefix) : 1;
  const size = sizeOf({ ...start, prefix: boundary });
  return Array.from({ length: count }, (_, index) =>
    labelsOf({ family: network.family, value: start.value + BigInt(index) * size }, boundary),
  );
}

/** The reverse zone, of those that `reverseZones` gives for `network`, that holds `address`. */
export function reverseZoneOf(address: Address, network: Network, isCut = false): string {
  return labelsOf(address, boundaryOf(network, isCut));
}

/** One sentence for operators: which reverse zones a subnet has, and who answers for the rest of the last label. */
export function describeReverseZones(network: Network, settings: ReversePolicy): string {
  const isCut = isCutByAddress(network, settings);
  const zones = reverseZones(network, isCut);
  const [first = '', last = ''] = [zones[0], zones.at(-1)];
  const longest = bitsOf(network.family) - LABEL_BITS[network.family];
  const whole = { ...network, prefix: Math.min(network.prefix, longest) };
  const rest = `${formatAddress(firstAddress(whole))}/${whole.prefix}`;
  if (isCut) {
    const others = settings.upstream_dns.length > 0 ? 'is resolved upstream' : 'is resolved in the public DNS';
    return `${formatCount(zones.length, 'zone')}, one per address; the rest of ${rest} ${others}`;
  }
  if (network.prefix > longest) return `zone ${first}; the rest of ${rest} is private and has no names here`;
  return zones.length === 1 ? `zone ${first}` : `${formatCount(zones.length, 'zone')}, ${first} to ${last}`;
}

function boundaryOf(network: Network, isCut: boolean): number {
  const step = LABEL_BITS[network.family];
  const next = Math.ceil(network.prefix / step) * step;
  return isCut ? next : Math.min(next, bitsOf(network.family) - step);
}

function labelsOf(address: Address, bits: number): string {
  const step = LABEL_BITS[address.family];
  const radix = address.family === 4 ? 10 : 16;
  const total = bitsOf(address.family);
  const labels: string[] = [];
  for (let used = step; used <= bits; used += step) {
    labels.unshift(((address.value >> BigInt(total - used)) & ((1n << BigInt(step)) - 1n)).toString(radix));
  }
  return [...labels, ROOT[address.family]].join('.');
}

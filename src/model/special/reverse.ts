import { type Address, bitsOf, firstAddress, type Network, sizeOf } from '../../core/ip.ts';

/** Bits per label of a reverse name: an octet under in-addr.arpa (RFC 1035 §3.5), a nibble under ip6.arpa (RFC 3596 §2.5). */
const LABEL_BITS = { 4: 8, 6: 4 } as const;
const ROOT = { 4: 'in-addr.arpa', 6: 'ip6.arpa' } as const;

/** The PTR owner name of an address, without final dot. */
export function reverseName(address: Address): string {
  return labelsOf(address, bitsOf(address.family));
}

/**
 * The reverse zones that together hold every address of a network. A prefix between two label boundaries is cut into the
 * zones of the next boundary (a /22 gives four /24 zones); one longer than the last boundary but one is widened to it
 * (a /26 is part of its /24 zone), so that neighbouring small subnets share a zone.
 */
export function reverseZones(network: Network): string[] {
  const step = LABEL_BITS[network.family];
  const longest = bitsOf(network.family) - step;
  const boundary = Math.min(Math.ceil(network.prefix / step) * step, longest);
  const start = firstAddress({ ...network, prefix: Math.min(network.prefix, boundary) });
  const count = boundary > network.prefix ? 2 ** (boundary - network.prefix) : 1;
  const size = sizeOf({ ...start, prefix: boundary });
  return Array.from({ length: count }, (_, index) =>
    labelsOf({ family: network.family, value: start.value + BigInt(index) * size }, boundary),
  );
}

/** The reverse zone, of those that `reverseZones` gives for `network`, that holds `address`. */
export function reverseZoneOf(address: Address, network: Network): string {
  const step = LABEL_BITS[network.family];
  const boundary = Math.min(Math.ceil(network.prefix / step) * step, bitsOf(network.family) - step);
  return labelsOf(address, boundary);
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

import { isRejected } from '../../../../core/errors.ts';
import {
  type Address,
  formatAddress,
  firstAddress,
  lastAddress,
  parseAddress,
  parseNetwork,
} from '../../../../core/ip.ts';
import type { SubnetUses } from './subnet-uses.ts';

/** A range of addresses with what it is used for, as MAAS shows it. */
export interface MaasRange {
  readonly start: string;
  readonly end: string;
  readonly num_addresses: number;
  readonly purpose: readonly string[];
}

interface Span {
  readonly first: bigint;
  readonly last: bigint;
  readonly purpose: string;
}

const valueOf = (text: string): bigint => {
  const address = parseAddress(text);
  return isRejected(address) ? -1n : address.value;
};

/** The ranges of a subnet that are not free, in order; neighbours with one purpose are one range. Pure. */
export function usedRanges({ subnet, ranges, reservations, links }: SubnetUses): MaasRange[] {
  const one = (text: string, purpose: string): Span => ({ first: valueOf(text), last: valueOf(text), purpose });
  const spans = [
    ...(subnet.gateway === null ? [] : [one(subnet.gateway, 'gateway-ip')]),
    ...ranges.map(({ first, last, kind }) => ({ first: valueOf(first), last: valueOf(last), purpose: kind })),
    ...reservations.map(({ address }) => one(address, 'assigned-ip')),
    ...links.map(({ address }) => one(address, 'assigned-ip')),
  ].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: Span[] = [];
  for (const span of spans) {
    const before = merged.at(-1);
    if (before && span.last <= before.last) continue;
    const first = before && span.first <= before.last ? before.last + 1n : span.first;
    if (before && before.purpose === span.purpose && first === before.last + 1n)
      merged[merged.length - 1] = { ...before, last: span.last };
    else merged.push({ ...span, first });
  }
  const { family } = boundsOf(subnet.cidr);
  return merged.map((span) => asRange(family, span));
}

/** The rest of a subnet: what may be given out. `used` as `usedRanges` gives it. Pure. */
export function freeRanges(cidr: string, used: readonly MaasRange[]): MaasRange[] {
  const { family, first, last } = boundsOf(cidr);
  const free: MaasRange[] = [];
  let from = first;
  for (const { start, end } of used) {
    if (valueOf(start) > from)
      free.push(asRange(family, { first: from, last: valueOf(start) - 1n, purpose: 'unused' }));
    if (valueOf(end) >= from) from = valueOf(end) + 1n;
  }
  if (from <= last) free.push(asRange(family, { first: from, last, purpose: 'unused' }));
  return free;
}

/** How full a subnet is. Pure. */
export function statisticsOf(cidr: string, used: readonly MaasRange[], hasRanges: boolean) {
  const { family, first, last } = boundsOf(cidr);
  const total = Number(last - first + 1n);
  const free = freeRanges(cidr, used);
  const available = free.reduce((sum, { num_addresses }) => sum + num_addresses, 0);
  const usage = total === 0 ? 0 : (total - available) / total;
  const percent = (part: number) => `${Math.round(part * 100)}%`;
  const all = [...used, ...free].sort((a, b) => (valueOf(a.start) < valueOf(b.start) ? -1 : 1));
  return {
    num_available: available,
    largest_available: free.reduce((most, { num_addresses }) => Math.max(most, num_addresses), 0),
    num_unavailable: total - available,
    total_addresses: total,
    usage,
    usage_string: percent(usage),
    available_string: percent(1 - usage),
    first_address: formatAddress({ family, value: first }),
    last_address: formatAddress({ family, value: last }),
    ip_version: family,
    ...(hasRanges ? { ranges: all } : {}),
  };
}

/** What hosts of a network may have: of IPv4 not the network itself and not the broadcast address. */
function boundsOf(cidr: string): { readonly family: Address['family']; readonly first: bigint; readonly last: bigint } {
  const network = parseNetwork(cidr);
  if (isRejected(network)) throw new Error(`no network: ${cidr}`);
  const { family, prefix } = network;
  const edge = family === 4 && prefix < 31 ? 1n : 0n;
  return { family, first: firstAddress(network).value + edge, last: lastAddress(network).value - edge };
}

function asRange(family: Address['family'], { first, last, purpose }: Span): MaasRange {
  return {
    start: formatAddress({ family, value: first }),
    end: formatAddress({ family, value: last }),
    num_addresses: Number(last - first + 1n),
    purpose: [purpose],
  };
}

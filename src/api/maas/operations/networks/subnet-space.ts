import { isRejected } from '../../../../core/errors.ts';
import type { Address } from '../../../../core/ip.ts';
import { formatAddress, firstAddress, lastAddress, parseAddress, parseNetwork } from '../../../../core/ip.ts';
import { integer } from '../../answer.ts';
import type { SubnetUses } from './subnet-uses.ts';

/** A range of addresses with what it is used for, as MAAS shows it. */
export interface MaasRange {
  readonly start: string;
  readonly end: string;
  readonly num_addresses: number;
  readonly purpose: readonly string[];
}

type UsedRange = { readonly first: bigint; readonly last: bigint; readonly purpose: string };

const valueOf = (text: string): bigint => {
  const address = parseAddress(text);
  return isRejected(address) ? -1n : address.value;
};

/** The ranges of a subnet that are not free, in order; neighbours with one purpose are one range. Pure. */
export function usedRanges({ subnet, ranges, reservations, links }: SubnetUses): MaasRange[] {
  const one = (text: string, purpose: string): UsedRange => ({ first: valueOf(text), last: valueOf(text), purpose });
  const spans = [
    ...(subnet.gateway === null ? [] : [one(subnet.gateway, 'gateway-ip')]),
    ...ranges.map(({ first, last, kind }) => ({ first: valueOf(first), last: valueOf(last), purpose: kind })),
    ...reservations.map(({ address }) => one(address, 'assigned-ip')),
    ...links.map(({ address }) => one(address, 'assigned-ip')),
  ].sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const merged: UsedRange[] = [];
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

/** What a caller wants besides the counts. */
type Extras = { readonly hasRanges: boolean; readonly hasSuggestions: boolean };

/** How full a subnet is. Pure. */
export function statisticsOf(cidr: string, used: readonly MaasRange[], { hasRanges, hasSuggestions }: Extras) {
  const { family, first, last } = boundsOf(cidr);
  const total = last - first + 1n;
  const free = freeRanges(cidr, used);
  const sizes = free.map(sizeOf);
  const available = sizes.reduce((sum, size) => sum + size, 0n);
  // Of numbers that floating point has no exact form of, this many parts are enough.
  const usage = total === 0n ? 0 : Number(total - available) / Number(total);
  const percent = (part: number) => `${Math.round(part * 100)}%`;
  const all = [...used, ...free].sort((a, b) => (valueOf(a.start) < valueOf(b.start) ? -1 : 1));
  return {
    num_available: integer(available),
    largest_available: integer(sizes.reduce((most, size) => (size > most ? size : most), 0n)),
    num_unavailable: integer(total - available),
    total_addresses: integer(total),
    usage,
    usage_string: percent(usage),
    available_string: percent(1 - usage),
    first_address: formatAddress({ family, value: first }),
    last_address: formatAddress({ family, value: last }),
    ip_version: family,
    ...(hasRanges ? { ranges: all } : {}),
    ...(hasSuggestions ? suggestionsOf(cidr, used, { total, available, free }) : {}),
  };
}

type Room = { readonly total: bigint; readonly available: bigint; readonly free: readonly MaasRange[] };

/** A gateway and a dynamic range for a subnet that has none, by MAAS's rules; null: there is one, or no room. Pure. */
function suggestionsOf(cidr: string, used: readonly MaasRange[], room: Room) {
  const has = (purpose: string) => used.some((range) => range.purpose.includes(purpose));
  const gateway = has('gateway-ip') ? null : gatewayFor(cidr, room);
  const range = has('dynamic') ? null : dynamicFor(gateway, room);
  const { family } = boundsOf(cidr);
  return {
    suggested_gateway: gateway === null ? null : formatAddress({ family, value: gateway }),
    suggested_dynamic_range: range === null ? null : asRange(family, range),
  };
}

/** The first address, the last one, or the first that is free. Of IPv6 the address of all routers of the subnet (RFC 4291 §2.6.1). */
function gatewayFor(cidr: string, { total, free }: Room): bigint | null {
  const { family, first, last } = boundsOf(cidr);
  if (family === 6) return total <= 2n ? null : first;
  const isFree = (value: bigint) => free.some(({ start, end }) => valueOf(start) <= value && value <= valueOf(end));
  if (isFree(first)) return first;
  if (isFree(last)) return last;
  return free[0] === undefined ? null : valueOf(free[0].start);
}

/** The end of the largest free range: at most a quarter of the subnet, or half of what is free. */
function dynamicFor(gateway: bigint | null, { total, available, free }: Room): UsedRange | null {
  const largest = free.reduce<MaasRange | null>(
    (most, one) => (!most || sizeOf(one) > sizeOf(most) ? one : most),
    null,
  );
  if (largest === null || (gateway !== null && sizeOf(largest) === 1n)) return null;
  let [first, last] = [valueOf(largest.start), valueOf(largest.end)];
  if (gateway === first) first += 1n;
  else if (gateway === last) last -= 1n;
  const [quarter, half] = [total >> 2n, available >> 1n];
  const size = last - first + 1n;
  if (size > quarter) first = last - quarter;
  else if (size >= half) first = last - half + 1n;
  return first >= last ? null : { first, last, purpose: 'proposed-dynamic' };
}

const sizeOf = ({ start, end }: MaasRange) => valueOf(end) - valueOf(start) + 1n;

/** What hosts of a network may have: of IPv4 not the network itself and not the broadcast address. */
function boundsOf(cidr: string): { readonly family: Address['family']; readonly first: bigint; readonly last: bigint } {
  const network = parseNetwork(cidr);
  if (isRejected(network)) throw new Error(`no network: ${cidr}`);
  const { family, prefix } = network;
  const edge = family === 4 && prefix < 31 ? 1n : 0n;
  return { family, first: firstAddress(network).value + edge, last: lastAddress(network).value - edge };
}

function asRange(family: Address['family'], { first, last, purpose }: UsedRange): MaasRange {
  return {
    start: formatAddress({ family, value: first }),
    end: formatAddress({ family, value: last }),
    num_addresses: integer(last - first + 1n),
    purpose: [purpose],
  };
}

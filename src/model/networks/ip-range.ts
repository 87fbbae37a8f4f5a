import { invalid, isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { type AddressSpan, formatAddress, formatSpan, parseAddress, spansOverlap } from '../../core/ip.ts';
import { parseHostAddress, type Subnet } from './subnet.ts';

/** `dynamic`: given out by DHCP. `reserved`: Regent gives none of it to anybody by itself. */
export const RANGE_KINDS = ['dynamic', 'reserved'] as const;
export type RangeKind = (typeof RANGE_KINDS)[number];

/** A range of addresses of a subnet, both ends included, canonical texts. */
export interface IpRange {
  readonly id: number;
  readonly subnetId: number;
  readonly kind: RangeKind;
  readonly first: string;
  readonly last: string;
  readonly comment: string;
}

const MOST = 2n ** 53n;

/** A range that was read: `span` has the ends as numbers. */
type ParsedRange = { readonly first: string; readonly last: string; readonly span: AddressSpan };

/** Parses a range: both ends are hosts' addresses of the subnet, in order. A dynamic one is IPv4 as long as DHCPv6 is not served. */
export function parseRange(
  input: { readonly first: string; readonly last: string; readonly kind: RangeKind },
  subnet: Pick<Subnet, 'cidr'>,
): ParsedRange | Rejected {
  const first = parseHostAddress(input.first, subnet, 'first');
  if (isRejected(first)) return first;
  const last = parseHostAddress(input.last, subnet, 'last');
  if (isRejected(last)) return last;
  if (last.value < first.value)
    return invalid(
      'last',
      `${formatAddress(last)} lies before ${formatAddress(first)}`,
      'a range goes from its lowest to its highest address',
    );
  if (input.kind === 'dynamic' && first.family === 6)
    return invalid('kind', `${subnet.cidr} is IPv6, and DHCPv6 is not supported yet`, 'a dynamic range is IPv4');
  return { first: formatAddress(first), last: formatAddress(last), span: { first, last } };
}

/** Ends of a stored range as numbers. */
export function spanOf(range: Pick<IpRange, 'first' | 'last'>): AddressSpan {
  const first = parseAddress(range.first);
  const last = range.last === range.first ? first : parseAddress(range.last);
  if (isRejected(first) || isRejected(last)) throw new TypeError(`${range.first}-${range.last} is not a range`);
  return { first, last };
}

/** Number of addresses; at most 2^53, where numbers still are exact. */
export function sizeOfSpan(span: AddressSpan): number {
  const size = span.last.value - span.first.value + 1n;
  return Number(size < MOST ? size : MOST);
}

/** Refuses a range that shares addresses with another one (of any kind), naming both. */
export function checkRangeAlone(
  span: AddressSpan,
  others: readonly Pick<IpRange, 'first' | 'last' | 'kind'>[],
): Rejected | null {
  const other = others.find((item) => spansOverlap(span, spanOf(item)));
  if (!other) return null;
  return rejected(
    'conflict',
    `${formatSpan(span)} overlaps the ${other.kind} range ${other.first}-${other.last}. Rule: ranges share no address.`,
  );
}

/** Something that has addresses for itself: a machine's address, a static lease, a gateway. `what` names it for people, with its address. */
export type AddressClaim = { readonly what: string; readonly span: AddressSpan };

/** Refuses a dynamic range that holds addresses which somebody has for himself, naming both. */
export function checkRangeUnclaimed(span: AddressSpan, claims: readonly AddressClaim[]): Rejected | null {
  const claim = claims.find((item) => spansOverlap(span, item.span));
  if (!claim) return null;
  return rejected(
    'conflict',
    `The dynamic range ${formatSpan(span)} holds ${claim.what}. Rule: DHCP gives out no address that is in fixed use.`,
  );
}

/** Refuses a single address that DHCP gives out or that somebody has already, naming both. */
export function checkAddressFree(
  address: AddressSpan,
  dynamic: readonly Pick<IpRange, 'first' | 'last' | 'kind'>[],
  claims: readonly AddressClaim[],
): Rejected | null {
  const range = dynamic.find((item) => item.kind === 'dynamic' && spansOverlap(address, spanOf(item)));
  if (range)
    return rejected(
      'conflict',
      `${formatSpan(address)} lies in the dynamic range ${range.first}-${range.last}. Rule: a fixed address lies outside of what DHCP gives out.`,
    );
  const claim = claims.find((item) => spansOverlap(address, item.span));
  return claim ? rejected('conflict', `The address is taken: ${claim.what}.`) : null;
}

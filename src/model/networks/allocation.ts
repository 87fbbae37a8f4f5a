import { isRejected } from '../../core/errors.ts';
import { type Address, type AddressSpan, compareAddresses, type Network, parseAddress } from '../../core/ip.ts';
import { usableBounds } from './subnet.ts';

/** Spans in order, merged where they touch or overlap; all of one family. */
export function mergeSpans(spans: readonly AddressSpan[]): readonly AddressSpan[] {
  const merged: AddressSpan[] = [];
  for (const span of spans.toSorted((a, b) => compareAddresses(a.first, b.first))) {
    const before = merged.at(-1);
    if (before && before.first.family === span.first.family && span.first.value <= before.last.value + 1n) {
      if (span.last.value > before.last.value) merged[merged.length - 1] = { first: before.first, last: span.last };
    } else merged.push(span);
  }
  return merged;
}

/** What is left of a span when others are taken out of it, in order. */
export function subtractSpans(from: AddressSpan, taken: readonly AddressSpan[]): readonly AddressSpan[] {
  const family = from.first.family;
  const left: AddressSpan[] = [];
  let next = from.first.value;
  for (const span of mergeSpans(taken.filter((item) => item.first.family === family))) {
    if (span.last.value < next) continue;
    if (span.first.value > from.last.value) break;
    if (span.first.value > next)
      left.push({ first: { family, value: next }, last: { family, value: span.first.value - 1n } });
    next = span.last.value + 1n;
  }
  if (next <= from.last.value) left.push({ first: { family, value: next }, last: from.last });
  return left;
}

/**
 * The lowest usable address of a network outside of everything in `taken` (ranges of both kinds, reservations, addresses of machines,
 * nodes, gateways); null when there is none. `taken` may be unsorted, overlap, and hold spans of other networks.
 */
export function nextFreeAddress(network: Network, taken: readonly AddressSpan[]): Address | null {
  return nextFreeAddresses(network, taken, 1)[0] ?? null;
}

/** The lowest so many of them. */
export function nextFreeAddresses(network: Network, taken: readonly AddressSpan[], most: number): Address[] {
  const found: Address[] = [];
  for (const { first, last } of subtractSpans(choosable(network), taken))
    for (let { value } = first; value <= last.value && found.length < most; value += 1n)
      found.push({ family: first.family, value });
  return found;
}

/**
 * Addresses that are chosen by themselves. Of a large IPv6 network the first 256 are left to people: routers, and what operators number by hand, stand
 * there (RFC 4291 §2.6.1 keeps the very first).
 */
function choosable(network: Network): AddressSpan {
  const bounds = usableBounds(network);
  const isLarge = network.family === 6 && bounds.last.value - bounds.first.value >= LEFT_TO_PEOPLE * 256n;
  const start = { ...bounds.first, value: bounds.first.value - 1n + LEFT_TO_PEOPLE };
  return isLarge ? { first: start, last: bounds.last } : bounds;
}

const LEFT_TO_PEOPLE = 0x100n;

/** Single addresses as spans; a text that is no address is none. */
export function spansOfAddresses(texts: readonly string[]): AddressSpan[] {
  return texts.flatMap((text) => {
    const address = parseAddress(text);
    return isRejected(address) ? [] : [spanOfAddress(address)];
  });
}

/** A single address as a span. */
export const spanOfAddress = (address: Address): AddressSpan => ({ first: address, last: address });

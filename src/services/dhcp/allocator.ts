import { isRejected } from '../../core/errors.ts';
import { parseAddress } from '../../core/ip.ts';
import type { DhcpSubnet } from './desired.ts';

/** Kea has each free address of such a subnet in memory, and finds them at its start. */
const MOST_FREE = 65_536;

/**
 * How Kea finds an address of a subnet: by its list of free ones (`flq`). An address comes to the list when Kea clears an expired lease away, every ten
 * seconds. Without it Kea gives an expired address at once, so a clock that jumps forward would give away the addresses of machines that have them, before
 * anybody can stop it. Larger subnets do without.
 */
export function allocatorOf({ pools }: Pick<DhcpSubnet, 'pools'>): { readonly allocator?: 'flq' } {
  const size = pools.reduce((sum, { first, last }) => sum + valueOf(last) - valueOf(first) + 1, 0);
  return size > 0 && size <= MOST_FREE ? { allocator: 'flq' } : {};
}

function valueOf(text: string): number {
  const address = parseAddress(text);
  if (isRejected(address)) throw new Error(`the pool's end is not an address: ${address.message}`);
  return Number(address.value);
}

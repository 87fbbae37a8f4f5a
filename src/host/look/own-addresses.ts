import { networkInterfaces } from 'node:os';

/** Addresses that this host has on links that work, right now, by one system call and without a process. */
export function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.map(({ address }) => address));
}

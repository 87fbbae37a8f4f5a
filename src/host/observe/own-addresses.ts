import { networkInterfaces } from 'node:os';

/** This host's present addresses on working links, from one system call and without a process. */
export function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return new Set(all.map(({ address }) => address));
}

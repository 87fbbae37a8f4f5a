import type { TestLab } from '../lab.ts';

/** `machines` different MACs, `perSecond` of them each second. */
export interface PerfOrder {
  readonly machines: number;
  readonly perSecond: number;
  /** First MAC; the others count on from it. */
  readonly firstMac: string;
}

/** Kea's own load generator, as a relay on the client of vlan10. Returns the addresses that machines were offered or given. */
export async function perfdhcp(lab: TestLab, order: PerfOrder): Promise<ReadonlySet<string>> {
  const { machines, perSecond, firstMac } = order;
  const load = ['-r', String(perSecond), '-R', String(machines), '-n', String(machines), '-b', `mac=${firstMac}`];
  const how = ['-4', '-l', 'eth0', '-x', 'l', '-W', '1500000', '-d', '2'];
  const seconds = Math.ceil(machines / perSecond) + 20;
  const result = await lab.client('vlan10', ['perfdhcp', ...how, ...load, '10.10.10.1'], seconds * 1000);
  if (result.isTimeout) throw new Error(`perfdhcp did not end within ${seconds} s`);
  // Lines `01<MAC>,<address>,`: the hardware type (Ethernet) comes first.
  const lines = result.stdout.matchAll(/^01[0-9a-f]{12},(\d+\.\d+\.\d+\.\d+),/gm);
  return new Set(Array.from(lines, (match) => match[1] ?? ''));
}

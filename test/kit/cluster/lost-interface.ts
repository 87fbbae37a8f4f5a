import { expect } from 'vitest';
import { macOf } from '../../../src/drills/probes/dhcp/packet.ts';
import { askForLease } from '../../../src/lab/dhcp/client.ts';
import { patient } from '../machine.ts';
import { told } from '../site.ts';
import { until } from '../until.ts';
import type { ClusterSite } from './site.ts';

/** From the loss of the interface to the first lease of the partner. */
const MOVE_MS = 30_000;
/** Each rack is the first of one VLAN and the second of the other. */
const K1 = '10.10.10.1';
const K2 = { vlan10: '10.10.10.2', vlan20: '10.20.20.1' } as const;
/** The card is there under another name and without addresses: what a mistake in a network's configuration leaves. */
const LOSE = 'ip address flush dev eth1 && ip link set eth1 down && ip link set eth1 name lost1';
const BRING_BACK = 'ip link set lost1 name eth1 && ip link set eth1 up && networkctl reconfigure eth1';

/** A rack that runs loses its interface on one VLAN: its partner serves that VLAN within half a minute, the other VLAN stays, and all of it comes back. */
export async function interfaceIsLost(site: ClusterSite): Promise<void> {
  let count = 0;
  /** Which server gives a new machine an address; null: none does now. */
  const serverOf = async (network: keyof typeof K2, timeoutMs = 8_000): Promise<string | null> => {
    count += 1;
    const order = { layout: site.lab.layout, network, mac: macOf(7, count) };
    return (await askForLease(order, timeoutMs).catch(() => null))?.server ?? null;
  };
  expect([await serverOf('vlan10'), await serverOf('vlan20')]).toEqual([K1, K2.vlan20]);

  const start = performance.now();
  await site.lab.ask('k1', ['sh', '-c', LOSE]);
  const isMoved = async () => (await serverOf('vlan10', 3_000)) === K2.vlan10;
  await until('the partner serves the VLAN', isMoved, { deadlineMs: patient(MOVE_MS) });
  told('lost interface', 'vlan10 is served by k2', start);
  expect(await serverOf('vlan20'), 'the other VLAN stays where it is').toBe(K2.vlan20);
  const shown = async () => /Served by: +k2 /.test(await site.tell('vlan', 'show', 'vlan10'));
  await until('vlan show names who serves', shown, { deadlineMs: patient(20_000) });
  expect((await site.regent('doctor')).stdout).toContain('k1');

  const back = performance.now();
  await site.lab.ask('k1', ['sh', '-c', BRING_BACK]);
  const isBack = async () => (await serverOf('vlan10', 3_000)) === K1;
  await until('the rack has its VLAN again', isBack, { deadlineMs: patient(60_000) });
  await site.well(120_000);
  told('interface back', 'vlan10 is served by k1', back);
}

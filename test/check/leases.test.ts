import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFindings } from '../../src/agent/findings.ts';
import { watchLeases } from '../../src/agent/leases/leases.ts';
import { LeaseReport, type ReportedLease } from '../../src/contract/cluster/agent.ts';
import { readTemplates } from '../../src/main/templates.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { dhcp } from '../../src/services/dhcp/index.ts';
import { keaLeases } from '../../src/services/dhcp/leases.ts';
import { OWN_PLACES } from '../../src/services/dhcp/places.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { START_KEA } from '../kit/dhcp/kea-root.ts';
import { aDomain, aRange, aReservation, aSubnet, aVlan, emptySnapshot, FACTS, R1 } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const FILE = '/var/lib/kea/kea-leases4.csv';

const TAKE = `#!/bin/sh
[ "$1" = bound ] && ip address add "$ip/16" dev "$interface"
exit 0
`;

/** The agent's watch on a real Kea: real clients, real questions, a region that keeps what it is told. */
describe('leases of a real Kea', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  let client: (argv: readonly string[]) => Promise<Ran>;
  let desired: unknown;
  const held = new Map<string, ReportedLease>();
  const stop = new AbortController();
  let running: Promise<void>;
  const check = Compile(LeaseReport);

  const take = async (report: LeaseReport): Promise<'taken'> => {
    if (!check.Check(report)) throw new Error(`a report that no region takes: ${JSON.stringify(report).slice(0, 500)}`);
    const { whole } = report;
    for (const address of held.keys()) {
      if (whole && numberOf(address) >= numberOf(whole.first) && numberOf(address) <= numberOf(whole.last))
        held.delete(address);
    }
    for (const address of report.gone) held.delete(address);
    for (const lease of report.leases) held.set(lease.address, lease);
    return 'taken';
  };
  const holder = (mac: string) => [...held.values()].find((lease) => lease.mac === mac);
  const told = (mac: string) => until(`the lease of ${mac}`, async () => holder(mac));

  /** One lease as a machine with this MAC; `more`: udhcpc's options. */
  async function lease(mac: string, ...more: string[]): Promise<void> {
    const asked = ['udhcpc', '-i', 'eth0', '-f', '-q', '-n', '-t', '4', '-T', '1', '-s', '/bin/true', ...more];
    const ran = await client(['sh', '-c', `ip link set eth0 address ${mac}; "$@"`, 'sh', ...asked]);
    if (ran.code !== 0) throw new Error(`${ran.stdout}${ran.stderr}\n${bench.log}`);
  }

  beforeAll(async () => {
    host = await DebianHost.open();
    await host.run([
      'install',
      '-d',
      '-o',
      '_kea',
      '-g',
      '_kea',
      '-m',
      '0750',
      '/run/kea',
      '/run/lock/kea',
      '/var/lib/kea',
    ]);
    client = await host.stranger('10.10.0.1/16', '10.10.255.250/16');
    bench = new DaemonBench(host, dhcp, await readTemplates(join(import.meta.dirname, '../../templates')), START_KEA);
    const nic = { name: 'v1', mac: '', addresses: ['10.10.0.1'], index: 7, isUp: true, hasCarrier: true };
    bench.facts = { ...FACTS, interfaces: [nic] };
    const snapshot = emptySnapshot({
      nodes: [{ ...R1, addresses: ['10.10.0.1'] }],
      domains: [aDomain(1, 'regent.internal', { leaseNames: true })],
      attachments: [{ nodeId: R1.id, vlanId: 1, interface: 'v1', addresses: ['10.10.0.1/16'] }],
      vlans: [aVlan(1, 10, { dhcpOn: true })],
      subnets: [aSubnet(7, 'wide', '10.10.0.0/16')],
      ranges: [aRange(1, 7, 'dynamic', ['10.10.20.0', '10.10.80.255'])],
      reservations: [aReservation(1, 7, '10.10.1.7', { mac: '52:54:00:00:00:07', hostname: 'printer' })],
    });
    desired = compileSite(snapshot, [dhcp], new Map(), 1).nodes.get(R1.id)?.body.services['dhcp']?.desired;
    await bench.apply(desired);
    const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => log };
    const clock = { now: () => Date.now(), monotonic: () => performance.now() };
    const random = { fraction: () => 0.5, hex: () => performance.now().toString(16).replace('.', '') };
    const wait = (ms: number, signal?: AbortSignal) =>
      delay(ms, undefined, signal ? { signal } : {}).then(
        () => {},
        () => {},
      );
    const ports = { clock, random, log, wait, loop: () => Object.assign(() => {}, { end: () => {} }) };
    const watch = {
      ports,
      host,
      channel: { leases: take },
      findings: openFindings(clock, log),
      source: keaLeases(OWN_PLACES),
    };
    running = watchLeases({ ...watch, service: 'dhcp', everyMs: 1000, isWanted: () => true }, stop.signal);
  });
  afterAll(async () => {
    stop.abort();
    await running;
    await bench?.stop();
    await host[Symbol.asyncDispose]();
  });

  it('are told within two seconds, with name, subnet and times', async () => {
    const mac = '52:54:00:00:00:21';
    await lease(mac, '-x', 'hostname:PC-One');
    const started = performance.now();
    const seen = await told(mac);
    console.info(`a lease was told after ${(performance.now() - started).toFixed(0)} ms`);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(seen).toMatchObject({ subnetId: 7, hostname: 'pc-one', state: 'active' });
    expect(Date.parse(seen.expiresAt) - Date.parse(seen.startsAt)).toBe(600_000);
    expect(Math.abs(Date.parse(seen.startsAt) - Date.now())).toBeLessThan(10_000);
    await lease('52:54:00:00:00:07', '-x', 'hostname:mine');
    expect(await told('52:54:00:00:00:07')).toMatchObject({ address: '10.10.1.7', hostname: 'printer' });
  });

  it('are told whatever their clients call themselves', async () => {
    const names = ['*.evil', '\u0007\u001b[2J"x', 'bücher', 'x'.repeat(250), '..', '"; };'];
    for (const [index, name] of names.entries()) await lease(`52:54:00:00:01:0${index}`, '-x', `hostname:${name}`);
    for (const index of names.keys()) {
      expect((await told(`52:54:00:00:01:0${index}`)).hostname).toMatch(/^[^\p{Cc}]{0,255}$/u);
    }
  });

  it('end when they are given back', async () => {
    const mac = '52:54:00:00:00:31';
    // A client that gives a lease back when it ends, from the address that it got.
    host.write('/usr/local/bin/regent-take', TAKE, { mode: 0o755 });
    const words = ['udhcpc', '-i', 'eth0', '-f', '-R', '-s', '/usr/local/bin/regent-take'];
    const leaving = client(['sh', '-c', `ip link set eth0 address ${mac}; timeout 6 "$@"`, 'sh', ...words]);
    await told(mac);
    expect((await leaving).stderr).toContain('unicasting a release');
    await until('it is gone', async () => holder(mac) === undefined);
  });

  it('are all told when thousands come at once', async () => {
    const flags = [
      '-4',
      '-l',
      'eth0',
      '-r',
      '300',
      '-R',
      '3000',
      '-n',
      '3000',
      '-b',
      'mac=02:00:00:00:00:00',
      '-W',
      '2000000',
    ];
    const ran = await client(['perfdhcp', ...flags]);
    const acknowledged = Number(/REQUEST-ACK[\s\S]*?received packets: (\d+)/.exec(ran.stdout)?.[1]);
    expect(acknowledged, ran.stdout).toBeGreaterThan(600);
    await until('all of them', async () => held.size >= acknowledged);
    console.info(`${acknowledged} leases were acknowledged in a row, ${held.size} are known`);
  });

  it('stay through a restart of Kea, and go when it has lost them', async () => {
    const count = held.size;
    await bench.restart();
    await bench.healthy(desired);
    await lease('52:54:00:00:00:41');
    await told('52:54:00:00:00:41');
    expect(held.size).toBeGreaterThanOrEqual(count);
    await bench.stop();
    await host.run(['sh', '-c', `rm -f ${FILE}*`]);
    await bench.restart();
    await bench.healthy(desired);
    await lease('52:54:00:00:00:42');
    await until('the truth', async () => held.size === 1);
    expect(holder('52:54:00:00:00:42')).toBeDefined();
  });
});

function numberOf(address: string): number {
  return address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

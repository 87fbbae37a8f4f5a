import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import { compileNtp } from '../../src/services/ntp/compile.ts';
import { ntp } from '../../src/services/ntp/index.ts';
import { DEFAULT_SETTINGS } from '../../src/model/site/settings.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { clusterSnapshot, emptySnapshot, hostileSnapshot, R1 } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const CHRONYD = ['/usr/sbin/chronyd', '-F', '1', '-x', '-d', '-f', '/etc/chrony/regent/chrony.conf'];

/** One real chronyd (which leaves the clock alone) through several generations. */
describe('chronyd on rendered files', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  const desired = (servers: readonly string[]) =>
    compileNtp(emptySnapshot({ settings: { ...DEFAULT_SETTINGS, ntp_servers: servers } }), R1.id);

  beforeAll(async () => {
    host = await DebianHost.open();
    bench = new DaemonBench(host, ntp, await readTemplates(join(import.meta.dirname, '../../templates')), CHRONYD);
  });
  afterAll(async () => {
    await bench.stop();
    await host[Symbol.asyncDispose]();
  });

  it('serves its own clock when there is no source', async () => {
    expect((await bench.apply(desired([]))).kind).toBe('restart');
    expect((await bench.probe(desired([]))).detail).toBe('chronyd serves its own clock, stratum 10');
  });

  it('restarts for its main file, and takes other sources without a restart', async () => {
    const pid = () => host.run(['cat', '/run/chrony/chronyd.pid']);
    expect((await bench.apply(desired(['192.0.2.1', 'ntp.example.test']))).kind).toBe('restart');
    const before = await pid();
    const activation = await bench.apply(desired(['192.0.2.2', '2001:db8::123', 'ntp.example.test']));
    expect(activation.kind).toBe('command');
    expect((await pid()).stdout).toBe(before.stdout);
    expect((await bench.probe(desired(['192.0.2.2']))).detail).toMatch(/^chronyd has the sources .*2001:db8::123/);
  });

  it('takes every name that the settings allow', async () => {
    const hostile = compileNtp(hostileSnapshot(), R1.id);
    await bench.apply(hostile);
    expect(await bench.probe(hostile)).toMatchObject({ isHealthy: true });
  });

  it('sees a daemon that hangs', async () => {
    const servers = desired(['192.0.2.2']);
    await bench.apply(servers);
    await host.run(['sh', '-c', 'kill -STOP $(cat /run/chrony/chronyd.pid)']);
    const hung = await bench.probe(servers);
    await host.run(['sh', '-c', 'kill -CONT $(cat /run/chrony/chronyd.pid)']);
    expect(hung.isHealthy).toBe(false);
    expect(hung.detail).toContain("query of chronyd's state failed");
  });

  it('is followed by another region that asks it and is asked by it: one own clock for both', async () => {
    const stranger = await host.stranger('10.77.0.11/24', '10.77.0.12/24');
    await host.run(['sh', '-c', 'kill -CONT $(cat /run/chrony/chronyd.pid)']);
    const region = (own: string) => {
      const snapshot = clusterSnapshot({
        nodes: clusterSnapshot().nodes.filter(({ name }) => ['r1', 'r2'].includes(name)),
      });
      return compileNtp(snapshot, snapshot.nodes.find(({ name }) => name === own)?.id ?? '');
    };
    await bench.apply(region('r1'));
    // The other one shares this host's files, and has a network of its own.
    const other = [
      'local stratum 10 orphan',
      'allow 10.77.0.11/32',
      'server 10.77.0.11 iburst minpoll 4 maxpoll 6',
      'cmdport 0',
      'bindcmdaddress /run/chrony/other.sock',
      'pidfile /run/chrony/other.pid',
    ];
    host.write('/etc/chrony/other.conf', `${other.join('\n')}\n`, { mode: 0o644 });
    const started = stranger(['/usr/sbin/chronyd', '-F', '1', '-x', '-d', '-f', '/etc/chrony/other.conf']);
    const ask = async () =>
      (await stranger(['chronyc', '-h', '/run/chrony/other.sock', '-c', 'tracking'])).stdout.split(',');
    // One serves its own clock, and the other follows it one stratum below. At the first packets it may still count as one that serves its own.
    const follows = async () => {
      const [, source, stratum] = await ask();
      return source === '10.77.0.11' && stratum === '11';
    };
    await until('the other one follows, one stratum below', follows, { deadlineMs: 60_000, everyMs: 500 });
    const own = await bench.probe(region('r1'));
    expect(own.detail).toBe('chronyd serves its own clock, stratum 10');
    const measured = async () => (await bench.probe(region('r1'))).facts?.['apart'] !== null;
    await until('the other clock is measured', measured, { deadlineMs: 60_000, everyMs: 500 });
    expect((await bench.probe(region('r1'))).facts).toMatchObject({ apart: { address: '10.77.0.12' } });
    await host.run(['sh', '-c', 'kill $(cat /run/chrony/other.pid)']);
    await started;
  }, 180_000);
});

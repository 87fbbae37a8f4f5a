import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import { compileNtp } from '../../src/services/ntp/compile.ts';
import { ntp } from '../../src/services/ntp/index.ts';
import { DEFAULT_SETTINGS } from '../../src/model/settings.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { emptySnapshot, hostileSnapshot, R1 } from '../kit/snapshots.ts';

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
    expect(hung.detail).toContain('asked chronyd for its state');
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICES } from '../../src/services/registry.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { until } from '../kit/until.ts';

const TOP = join(import.meta.dirname, '../..');
const UNITS = readdirSync(join(TOP, 'systemd')).flatMap((name) => (name.endsWith('.d') ? [name.slice(0, -2)] : []));
const PROGRAM = /^Exec\w+=[+!-]*(\/opt\/regent\/current\/\S+)/gm;

describe('drop-ins of the managed daemons', () => {
  let host: DebianHost;

  beforeAll(async () => {
    host = await DebianHost.open();
    for (const unit of UNITS) {
      const text = readFileSync(join(TOP, 'systemd', `${unit}.d/regent.conf`), 'utf8');
      host.write(`/etc/systemd/system/${unit}.d/regent.conf`, text);
      // What the units start must exist for the verifier: here the very files.
      for (const [, program] of text.matchAll(PROGRAM)) {
        if (program === undefined) continue;
        const source = join(TOP, program.slice('/opt/regent/current/'.length));
        host.write(program, readFileSync(source, 'utf8'), { mode: 0o755 });
      }
    }
  });
  afterAll(() => host[Symbol.asyncDispose]());

  it('are there for every daemon of Debian that is a service', () => {
    const debians = SERVICES.map((service) => service.unit).filter((unit) => !unit.startsWith('regent-'));
    expect(UNITS.toSorted()).toEqual(debians.toSorted());
  });

  it.each(UNITS)('%s is understood by systemd, waits for its file and is never given up', async (unit) => {
    const { stderr } = await host.run(['systemd-analyze', 'verify', '--man=no', unit]);
    expect(stderr.split('\n').filter((line) => line.includes('regent'))).toEqual([]);
    const text = readFileSync(join(TOP, 'systemd', `${unit}.d/regent.conf`), 'utf8');
    const folder = SERVICES.find((service) => service.unit === unit)?.folder;
    expect(text).toContain(`ConditionPathExists=${folder}/`);
    // Calls wait for Patroni.
    const pause = unit === 'patroni.service' ? '200ms' : '1';
    for (const line of ['Restart=always', `RestartSec=${pause}`, 'StartLimitIntervalSec=0'])
      expect(text.split('\n')).toContain(line);
  });

  // Units stop in the opposite order. Without Patroni here calls at the address found no database when their host was rebooted, and were cut by the move.
  it('keepalived hands the address on before what its calls need is stopped', () => {
    const text = readFileSync(join(TOP, 'systemd/keepalived.service.d/regent.conf'), 'utf8');
    const [, after = ''] = /^After=(.+)$/m.exec(text) ?? [];
    expect(after.split(' ')).toEqual(expect.arrayContaining(['haproxy.service', 'patroni.service']));
  });

  it.each([
    ['etcd.service', 2.5],
    ['haproxy.service', 2.5],
    ['keepalived.service', 4],
    ['patroni.service', 2.5],
  ] as const)('%s is hardened', async (unit, most) => {
    // With Debian's own part, as the verifier alone puts both together.
    const parts = [`/usr/lib/systemd/system/${unit}`, `/etc/systemd/system/${unit}.d/regent.conf`];
    const merged = await host.run(['cat', ...parts]);
    host.write(`/etc/systemd/system/merged-${unit}`, merged.stdout);
    const { stdout } = await host.run([
      'systemd-analyze',
      'security',
      '--offline=true',
      '--no-pager',
      `merged-${unit}`,
    ]);
    expect(Number(/Overall exposure level for .*: ([\d.]+)/.exec(stdout)?.[1])).toBeLessThanOrEqual(most);
  });

  it('what Patroni starts asks a silent PostgreSQL of another host within seconds whether it lives', async () => {
    const text = readFileSync(join(TOP, 'systemd/patroni.service.d/regent.conf'), 'utf8');
    const [, file = ''] = /PGSERVICEFILE=(\S+)/.exec(text) ?? [];
    const [, service = ''] = /PGSERVICE=(\S+)/.exec(text) ?? [];
    host.write(file, readFileSync(join(TOP, file.slice('/opt/regent/current/'.length)), 'utf8'));
    const env = ['env', `PGSERVICEFILE=${file}`, `PGSERVICE=${service}`];
    const listener = host.startBeside([
      process.execPath,
      '-e',
      "require('node:net').createServer(() => {}).listen(5999, '127.0.0.1', () => console.log('ready'))",
    ]);
    try {
      await new Promise((resolve) => listener.stdout?.once('data', resolve));
      const asked = host.run([...env, 'timeout', '3', 'psql', '--host=127.0.0.1', '--port=5999', 'dbname=postgres'], {
        timeoutMs: 10_000,
      });
      const timers = await until('psql has connected', async () => {
        const { stdout } = await host.run(['ss', '-Htno', 'state', 'established', 'dport', '=', ':5999']);
        return stdout.includes('keepalive') ? stdout : null;
      });
      expect(timers).toMatch(/timer:\(keepalive,[0-2]?\.?\d*(ms|sec)/);
      await asked;
    } finally {
      listener.kill('SIGKILL');
    }
  });
});

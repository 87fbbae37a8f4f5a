import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { CHECKOUT, openProductLab, type ProductLab } from '../kit/lab.ts';
import { until } from '../kit/until.ts';

const UNITS = [
  'regent-regiond',
  'regent-agent',
  'regent-helper',
  'regent-db',
  'regent-db-watch',
  'named',
  'chrony',
  'squid',
];
const WRITE = [
  'timeout',
  '-k',
  '1',
  '2',
  'psql',
  '-qAt',
  '-h',
  '/run/regent-db',
  '-U',
  'postgres',
  '-d',
  'postgres',
  '-c',
];

/** One host for all: each case leaves it healthy, the last one takes the product off. */
describe('the product in a Debian 13 host', () => {
  let lab: ProductLab;
  beforeAll(async () => {
    lab = await openProductLab('install');
  }, 600_000);
  afterAll(async () => {
    await lab?.close();
  }, 120_000);

  const sh = (script: string, timeoutMs?: number) => lab.ask('r1', ['sh', '-c', script], timeoutMs);
  const try_ = (script: string, timeoutMs?: number) => lab.exec('r1', ['sh', '-c', script], timeoutMs);
  const mainPid = (unit: string) => sh(`systemctl show --property=MainPID --value ${unit}`);
  const starts = () => sh(`systemctl show --property=Id,ActiveState,MainPID ${UNITS.join(' ')}`);
  const regent = (...args: string[]) =>
    run([join(CHECKOUT, 'bin', 'regent'), ...args], {
      timeoutMs: 60_000,
      env: { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', REGENT_URL: lab.url, REGENT_API_KEY: lab.apiKey },
    });

  it('answers names that were made through its API, forward and reverse', async () => {
    const made = await regent('record', 'create', 'www.regent.internal', 'A', '10.10.10.50');
    expect(made.stderr + made.stdout).toContain('www.regent.internal');
    const dig = async (...args: string[]) =>
      (await lab.client('vlan10', ['dig', '+short', '+time=1', '+tries=1', ...args])).stdout.trim();
    await until('the name', async () => (await dig('www.regent.internal')) === '10.10.10.50', { deadlineMs: 30_000 });
    await until('the reverse name', async () => (await dig('-x', '10.10.10.50')) === 'www.regent.internal.', {
      deadlineMs: 30_000,
    });
  });

  it('runs every unit, none as root but the helper', async () => {
    const users = await sh(
      "ps -eo user:20,args | awk '/postgres -c|db\\/postgres\\/watch|main\\/[a-z]*\\.ts/ && !/awk/ {print $1}' | sort -u",
    );
    expect(users.split('\n')).toEqual(['regent', 'regent-agent', 'regent-db', 'root']);
    expect(
      await sh('ps -eo user:20,args | awk \'$1 == "root" && /main\\/[a-z]*\\.ts/ && !/awk/ {print $NF}\''),
    ).toMatch(/^\S+helper\.ts$/);
    expect(await try_('systemctl --failed --no-legend')).toMatchObject({ code: 0, stdout: '' });
  });

  it('keeps its secrets from others and out of the journal', async () => {
    expect(await sh('stat -c "%a %U:%G" /etc/regent/regent.conf')).toBe('640 root:regent');
    expect(await sh('stat -c "%a %U:%G" /var/lib/regent/agent/credential')).toBe('600 regent-agent:regent-agent');
    expect(await sh('stat -c "%a %U:%G" /etc/bind/rndc.key')).toBe('640 bind:bind');
    const asAgent = (command: string) =>
      try_(`setpriv --reuid=regent-agent --regid=regent-agent --init-groups ${command}`);
    expect((await asAgent('cat /etc/regent/regent.conf')).code).not.toBe(0);
    for (const role of ['regent', 'postgres']) {
      expect((await asAgent(`psql -h /run/regent-db -U ${role} -d regent -c 'select 1'`)).stderr).toContain(
        'Peer authentication',
      );
    }
    const secret = lab.apiKey.split(':')[2] ?? 'no key';
    expect((await try_(`journalctl --no-pager | grep -cF '${secret}'`)).stdout.trim()).toBe('0');
    expect((await try_(`ps -eo args | grep -vF grep | grep -cF '${secret}'`)).stdout.trim()).toBe('0');
  });

  it('installing again and init again change nothing', async () => {
    const before = await starts();
    const again = await try_('/opt/regent/current/scripts/install', 120_000);
    expect(again.stderr).toContain('is installed');
    expect(again.code).toBe(0);
    const init = await try_('regent init --single --json', 120_000);
    expect(init.code).toBe(0);
    expect(JSON.parse(init.stdout)).toMatchObject({ already: true });
    expect(init.stdout).not.toContain('apiKey');
    expect(await starts()).toBe(before);
  });

  it('refuses a damaged release and leaves what runs alone', async () => {
    const before = await starts();
    await sh('cp -r /opt/regent/current/. /var/tmp/damaged && echo >>/var/tmp/damaged/package.json', 120_000);
    const refused = await try_('/var/tmp/damaged/scripts/install', 120_000);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('package.json: FAILED');
    expect(refused.stderr).toContain('what to do: the archive is damaged');
    await sh('rm -rf /var/tmp/damaged', 60_000);
    expect(await starts()).toBe(before);
  });

  it('ends a frozen PostgreSQL, which then starts again by itself', async () => {
    const before = await mainPid('regent-db');
    await sh(`kill -STOP ${before}`);
    await until('another postmaster', async () => !['0', before].includes(await mainPid('regent-db')), {
      deadlineMs: 60_000,
    });
    await until(
      'a write',
      async () => (await lab.exec('r1', [...WRITE, 'update regent_watch set at = now()'])).code === 0,
      {
        deadlineMs: 60_000,
      },
    );
    expect(await sh('journalctl --no-pager -u regent-db-watch')).toContain('is stopped, 3 rounds in a row');
    await until('health', async () => (await regent('status')).code === 0, { deadlineMs: 60_000, everyMs: 500 });
  });

  it('never ends a PostgreSQL that says it is starting, and ends one that is silent', async () => {
    const before = await mainPid('regent-db');
    const watch = (readiness: number) =>
      try_(
        `mkdir -p /tmp/fake && printf '#!/bin/sh\\nsleep 9\\n' >/tmp/fake/psql && printf '#!/bin/sh\\nexit ${readiness}\\n' >/tmp/fake/pg_isready
         chmod 755 /tmp/fake /tmp/fake/*
         exec timeout 6 setpriv --reuid=regent-db --regid=regent-db --init-groups env REGENT_DB_BIN=/tmp/fake \\
           REGENT_DB_PROBE_TIMEOUT=0.3 REGENT_DB_PROBE_INTERVAL=0.1 REGENT_DB_PROBE_FAILS=3 /opt/regent/current/ha/postgres/watch`,
        20_000,
      );
    await watch(1);
    expect(await mainPid('regent-db')).toBe(before);
    const silent = await watch(2);
    expect(silent.stderr).toContain('no answer to a write within 0.3 s, 3 rounds in a row');
    await until('another postmaster', async () => !['0', before].includes(await mainPid('regent-db')), {
      deadlineMs: 60_000,
    });
    await until('health', async () => (await regent('status')).code === 0, { deadlineMs: 60_000, everyMs: 500 });
  });

  it('is taken off without a trace', async () => {
    await sh('/opt/regent/current/scripts/uninstall --purge', 120_000);
    const left = await sh('find / -xdev -iname "*regent*" -not -path "/var/log/*" 2>/dev/null || true', 60_000);
    expect(left).toBe('');
    expect((await try_('getent passwd regent regent-agent regent-db')).stdout).toBe('');
    expect((await try_('systemctl list-units --all --no-legend "regent-*"')).stdout).toBe('');
  });
});

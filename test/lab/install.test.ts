import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SINGLE } from '../../src/lab/topologies.ts';
import { openProductLab, type ProductLab } from '../kit/lab.ts';
import { regentOf } from '../kit/regent.ts';
import { until } from '../kit/until.ts';

const UNITS = [
  'regent-regiond',
  'regent-agent',
  'regent-helper',
  'regent-db-watch',
  'etcd',
  'patroni',
  'haproxy',
  'named',
  'chrony',
  'squid',
];
const AS_DATABASE = 'setpriv --reuid=postgres --regid=postgres --init-groups';
const WRITE = `${AS_DATABASE} timeout -k 1 2 psql -qAt -d regent -c "select pg_logical_emit_message(true, 'test', '')"`;

/** One host for all: each case leaves it healthy, the last one takes the product off. */
describe('the product in a Debian 13 host', () => {
  let lab: ProductLab;
  beforeAll(async () => {
    lab = await openProductLab('install', SINGLE, { isFresh: true });
  }, 600_000);
  afterAll(async () => {
    await lab?.close();
  }, 300_000);

  const sh = (script: string, timeoutMs?: number) => lab.ask('r1', ['sh', '-c', script], timeoutMs);
  const try_ = (script: string, timeoutMs?: number) => lab.exec('r1', ['sh', '-c', script], timeoutMs);
  /** One line a unit: what it is, since when, under which process. A difference names the unit. */
  const starts = async () =>
    (await sh(`systemctl show --property=Id,ActiveState,MainPID ${UNITS.join(' ')}`))
      .split('\n\n')
      .map((unit) => unit.split('\n').toSorted().join(' '));
  const regent = (...args: string[]) => regentOf(lab).regent(...args);

  it('answers names that were made through its API, forward and reverse', async () => {
    // It ends when the first configuration is applied, too: no daemon restarts for it in the cases below.
    const made = await regent('record', 'create', 'www.regent.internal', 'A', '10.10.10.50', '--wait');
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
      "ps -eo user:20,args | awk '/ha\\/postgres\\/(watch|mend)|dist\\/[a-z]*\\.mjs/ && !/awk/ {print $1}' | sort -u",
    );
    expect(users.split('\n')).toEqual(['postgres', 'regent', 'regent-agent', 'root']);
    expect(
      await sh('ps -eo user:20,args | awk \'$1 == "root" && /dist\\/[a-z]*\\.mjs/ && !/awk/ {print $NF}\''),
    ).toMatch(/^\S+helper\.mjs$/);
    const daemons = await sh(
      "ps -eo user:20,comm | awk '$2 ~ /^(etcd|haproxy|patroni|postgres|named|squid)$/ {print $1}' | sort -u",
    );
    expect(daemons.split('\n')).toEqual(['bind', 'etcd', 'haproxy', 'postgres', 'proxy']);
    expect(await try_('systemctl --failed --no-legend')).toMatchObject({ code: 0, stdout: '' });
  });

  it('keeps its secrets from others and out of the journal', async () => {
    const modes: Record<string, string> = {
      '/etc/regent/regent.conf': '640 root:regent',
      '/var/lib/regent/agent/credential': '600 regent-agent:regent-agent',
      '/etc/bind/rndc.key': '640 bind:bind',
      '/etc/regent/pki/node.key': '640 root:regent-pki',
      '/etc/regent/secrets/patroni.env': '640 root:postgres',
      '/etc/regent/secrets/database.password': '640 root:regent',
      '/var/lib/regent/region/pki/ca.key': '600 regent:regent',
      '/var/lib/regent/region/pki/secrets.json': '600 regent:regent',
    };
    for (const [path, mode] of Object.entries(modes)) {
      expect(`${path} ${await sh(`stat -c "%a %U:%G" ${path}`)}`).toBe(`${path} ${mode}`);
    }
    const asAgent = (command: string) =>
      try_(`setpriv --reuid=regent-agent --regid=regent-agent --init-groups ${command}`);
    for (const path of [
      '/etc/regent/regent.conf',
      '/etc/regent/secrets/patroni.env',
      '/etc/regent/secrets/database.password',
    ]) {
      expect((await asAgent(`cat ${path}`)).code, path).not.toBe(0);
    }
    for (const role of ['regent', 'postgres']) {
      const refused = await asAgent(`psql -h /run/postgresql -U ${role} -d regent -c 'select 1'`);
      expect(refused.stderr).toMatch(/Peer authentication|no pg_hba.conf entry|pg_hba.conf rejects/);
    }
    const passwords = await sh(
      'cat /etc/regent/secrets/database.password; sed -n "s/^PATRONI_.*PASSWORD=//p" /etc/regent/secrets/patroni.env',
    );
    const secrets = [lab.apiKey.split(':')[2] ?? 'no key', ...passwords.split('\n').filter((line) => line !== '')];
    expect(secrets.length).toBeGreaterThan(4);
    for (const secret of secrets) {
      expect((await try_(`journalctl --no-pager | grep -cF '${secret}'`)).stdout.trim()).toBe('0');
      expect((await try_(`ps -eo args | grep -vF grep | grep -cF '${secret}'`)).stdout.trim()).toBe('0');
    }
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
    expect(await starts()).toEqual(before);
  });

  it('refuses a damaged release and leaves what runs alone', async () => {
    const before = await starts();
    await sh('cp -r /opt/regent/current/. /var/tmp/damaged && echo >>/var/tmp/damaged/package.json', 120_000);
    const refused = await try_('/var/tmp/damaged/scripts/install', 120_000);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('package.json: FAILED');
    expect(refused.stderr).toContain('what to do: the archive is damaged');
    await sh('rm -rf /var/tmp/damaged', 60_000);
    expect(await starts()).toEqual(before);
  });

  /** A newer release: what is installed, under another version. */
  const makeNewer = async (version: string) => {
    await sh(
      `rm -rf /var/tmp/newer && cp -r /opt/regent/current/. /var/tmp/newer && cd /var/tmp/newer && echo ${version} >VERSION
       sums=$(grep -v ' VERSION$' SHA256SUMS; sha256sum VERSION) && echo "$sums" >SHA256SUMS`,
      120_000,
    );
  };
  const mainPids = async (units: readonly string[]) =>
    (await sh(`systemctl show --property=MainPID --value ${units.join(' ')}`)).split('\n').filter((pid) => pid !== '');
  const OURS = ['regent-regiond', 'regent-agent', 'regent-helper'];
  const OTHERS = UNITS.filter((unit) => !OURS.includes(unit));

  it('an upgrade restarts our processes alone, and again changes nothing', async () => {
    const [ours, others] = [await mainPids(OURS), await mainPids(OTHERS)];
    await makeNewer(`${lab.version}.1`);
    const upgrade = await try_('/var/tmp/newer/scripts/install', 120_000);
    expect(upgrade, upgrade.stderr).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is installed and running'),
    });
    const after = await mainPids(OURS);
    expect(after.filter((pid) => ours.includes(pid))).toEqual([]);
    expect(await mainPids(OTHERS)).toEqual(others);
    await until('the newer version', async () => (await regent('status')).stdout.includes(`${lab.version}.1`), {
      deadlineMs: 60_000,
    });
    const before = await starts();
    const again = await try_('/var/tmp/newer/scripts/install', 120_000);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringMatching(/is installed\n$/) });
    expect(await starts()).toEqual(before);
  });

  it('an upgrade that was cut off is ended by the next run: nothing of the older version goes on', async () => {
    const [ours, others] = [await mainPids(OURS), await mainPids(OTHERS)];
    await makeNewer(`${lab.version}.2`);
    const cutOff = `setsid /var/tmp/newer/scripts/install >/dev/null 2>&1 & install=$!
      until [ "$(readlink /opt/regent/current)" = releases/${lab.version}.2 ]; do sleep 0.01; done
      kill -KILL -- -$install`;
    await lab.ask('r1', ['bash', '-c', cutOff], 60_000);
    expect(await mainPids(OURS)).toEqual(ours);
    const upgrade = await try_('/var/tmp/newer/scripts/install', 120_000);
    expect(upgrade, upgrade.stderr).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is installed and running'),
    });
    expect((await mainPids(OURS)).filter((pid) => ours.includes(pid))).toEqual([]);
    expect(await mainPids(OTHERS)).toEqual(others);
    await until('health', async () => (await regent('status')).code === 0, { deadlineMs: 60_000, everyMs: 500 });
    await sh('rm -rf /var/tmp/newer', 60_000);
  });

  const postmaster = () => sh('head -n 1 /var/lib/postgresql/17/regent/postmaster.pid');
  const isAnother = async (before: string) => {
    const now = (await try_('head -n 1 /var/lib/postgresql/17/regent/postmaster.pid')).stdout.trim();
    return now !== '' && now !== before;
  };

  it('ends a frozen PostgreSQL, which Patroni then starts again by itself', async () => {
    const before = await postmaster();
    await sh(`kill -STOP ${before}`);
    await until('another postmaster', () => isAnother(before), { deadlineMs: 60_000 });
    await until('a write', async () => (await try_(WRITE)).code === 0, { deadlineMs: 60_000 });
    expect(await sh('journalctl --no-pager -u regent-db-watch')).toContain('is stopped, 3 rounds in a row');
    await until('health', async () => (await regent('status')).code === 0, { deadlineMs: 60_000, everyMs: 500 });
  });

  it('never ends a PostgreSQL that says it is starting, and ends one that is silent', async () => {
    const before = await postmaster();
    const watch = (readiness: number, seconds: number) =>
      try_(
        `mkdir -p /tmp/fake && printf '#!/bin/sh\\nsleep 9\\n' >/tmp/fake/psql && printf '#!/bin/sh\\nexit ${readiness}\\n' >/tmp/fake/pg_isready
         chmod 755 /tmp/fake /tmp/fake/*
         timeout ${seconds} ${AS_DATABASE} env REGENT_DB_BIN=/tmp/fake REGENT_DB_PROBE_TIMEOUT=0.3 REGENT_DB_PROBE_INTERVAL=0.1 \\
           REGENT_DB_PROBE_FAILS=3 /opt/regent/current/ha/postgres/watch >/tmp/fake/said 2>&1 & watch=$!
         # Its first end is the last one: it would end the next server, too.
         while kill -0 $watch 2>/dev/null && ! grep -q 'ending PostgreSQL' /tmp/fake/said; do sleep 0.05; done
         kill $watch 2>/dev/null; wait; cat /tmp/fake/said`,
        50_000,
      );
    await watch(1, 6);
    expect(await postmaster()).toBe(before);
    // On a starved host it gives a silent server five times as many rounds.
    const silent = await watch(2, 40);
    expect(silent.stdout).toMatch(/ending PostgreSQL .*: no answer within 0\.3 s, \d+ rounds in a row/);
    await until('another postmaster', () => isAnother(before), { deadlineMs: 60_000 });
    await until('health', async () => (await regent('status')).code === 0, { deadlineMs: 60_000, everyMs: 500 });
  });

  it('is taken off without a trace', async () => {
    await sh('/opt/regent/current/scripts/uninstall --purge', 120_000);
    const left = await sh('find / -xdev -iname "*regent*" -not -path "/var/log/*" 2>/dev/null || true', 60_000);
    expect(left).toBe('');
    expect((await try_('getent passwd regent regent-agent regent-vip; getent group regent-pki')).stdout).toBe('');
    expect((await try_('systemctl list-units --all --no-legend "regent-*"')).stdout).toBe('');
  });
});

import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { db } from '../../src/services/db/index.ts';
import { dcs } from '../../src/services/dcs/index.ts';
import type { AnyService } from '../../src/services/kit/contract.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { startEtcd } from '../kit/cluster/etcd.ts';
import { giveIdentity } from '../kit/cluster/host-identity.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { aCluster, clusterSnapshot, FACTS } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const HA = join(import.meta.dirname, '../../ha');
const OWN = '10.77.0.11';
const DATA = '/var/lib/postgresql/17/regent';
const NAMES = ['SUPERUSER', 'REPLICATION', 'REWIND', 'RESTAPI'].map((name) => `PATRONI_${name}_PASSWORD`);
const SECRETS = [...NAMES, 'REGENT_DATABASE_PASSWORD'].map((name, index) => `${name}=${'x'.repeat(31)}${index}`);
const HERE = '/opt/regent/current/ha/postgres';
const PATRONI = `${HERE}/patroni`;
/** What an init does: a postmaster whose starter has ended is its child, so that a dead one does not stay a zombie, which Patroni takes for alive. */
const REAPER = `
import ctypes, os
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
if os.fork() == 0:
    os.execv('${PATRONI}', ['patroni', '/etc/patroni/regent/patroni.yml'])
try:
    while True:
        os.wait()
except ChildProcessError:
    pass`;
/** Two wait for Patroni's copy of etcd, which then is there: how many are told within a second? */
const WAITERS = `
import runpy, sys, threading, time, types
from patroni.dcs import etcd3
if sys.argv[2] == 'ours':
    etcd3.Condition = runpy.run_path(sys.argv[1])['Everybody']
etcd3.KVCache.start = lambda self: None
etcd3.KVCache._do_watch = lambda self, revision: time.sleep(1)
paths = dict.fromkeys(['config_path', 'leader_path', 'leader_optime_path', 'status_path', '_name', 'cluster_prefix'], 'x')
etcd = types.SimpleNamespace(**paths, retry=lambda *question: {'header': {'revision': '1'}, 'kvs': []})
cache = etcd3.KVCache(etcd, types.SimpleNamespace(prefix=None))
waits, woken = [], []
def wait():
    with cache.condition:
        waits.append(1)
        if cache.condition.wait(5):
            woken.append(1)
for _ in range(2):
    threading.Thread(target=wait, daemon=True).start()
deadline = time.monotonic() + 10
def both_wait():
    with cache.condition:
        return len(waits) == 2
while not both_wait() and time.monotonic() < deadline:
    time.sleep(0.01)
cache._build_cache()
print(len(woken))`;
/** Where Patroni waits for what it has reloaded, and whether that is over in time when Patroni is started as we do. */
const RELOAD = `
import inspect, runpy, sys, time
import patroni.__main__
from patroni.postgresql import config
def main():
    begun = time.monotonic()
    config.time.sleep(1)
    print(time.monotonic() - begun < 0.9)
patroni.__main__.main = main
print(inspect.getsource(config).count('time.sleep('), inspect.getsource(config.ConfigHandler.reload_config).count('time.sleep(1)'))
runpy.run_path(sys.argv[1], run_name='__main__')`;
const seed = (): Snapshot =>
  clusterSnapshot({
    cluster: aCluster({ isSeed: true }),
    nodes: clusterSnapshot().nodes.filter((node) => node.name === 'r1'),
  });

/** The first member of a cluster, with the files that the pipeline makes, in a private host. */
describe('etcd and Patroni of a first member', () => {
  let host: DebianHost;
  const daemons: ChildProcess[] = [];
  const site = compileSite(seed(), [dcs, db], new Map(), 1_790_000_000);
  const partOf = (service: AnyService) => site.nodes.get('n-r1')?.body.services[service.name]?.desired ?? {};

  const shell = async (script: string, user = 'postgres') =>
    await host.run(['sh', '-c', script], { user, timeoutMs: 30_000 });
  const psql = async (who: string, query: string) =>
    await shell(`. /etc/regent/secrets/patroni.env; PGCONNECT_TIMEOUT=5 psql -Atq "${who}" -c "${query}"`);
  const app = `host=${OWN} user=regent dbname=regent sslmode=verify-full sslrootcert=/etc/regent/pki/ca.crt password=$REGENT_DATABASE_PASSWORD`;

  async function probe(service: AnyService) {
    const desired = partOf(service);
    const ask = () => Promise.all(service.probe(desired).map((command) => host.exec(command)));
    const answers = await ask();
    const amends = service.amend?.(answers, desired) ?? [];
    for (const command of amends) await host.exec(command);
    return service.parseProbe(amends.length > 0 ? await ask() : answers, desired);
  }

  function startPatroni(): void {
    const start = `set -a; . /etc/regent/secrets/patroni.env; exec python3 -c "$0"`;
    const daemon = host.start(['runuser', '-u', 'postgres', '--', 'sh', '-c', start, REAPER]);
    // Nobody reads what they log: a full pipe would stop PostgreSQL.
    daemon.stdout?.resume();
    daemon.stderr?.resume();
    daemons.push(daemon);
  }

  const postmaster = async () => (await shell(`head -n 1 ${DATA}/postmaster.pid`)).stdout.trim();
  const isPrimary = async () => {
    const health = await probe(db);
    return health.facts?.['role'] === 'primary' && health.facts['isConfigured'] === true;
  };

  beforeAll(async () => {
    host = await DebianHost.open();
    await giveIdentity(host, [OWN, '127.0.0.1']);
    await host.run(['ip', 'address', 'add', `${OWN}/24`, 'dev', 'lo']);
    for (const folder of ['etcd', 'postgres']) {
      for (const name of readdirSync(join(HA, folder))) {
        const text = readFileSync(join(HA, folder, name), 'utf8');
        host.write(`/opt/regent/current/ha/${folder}/${name}`, text, { mode: 0o755 });
      }
    }
    host.write('/etc/regent/secrets/patroni.env', `${SECRETS.join('\n')}\n`, { mode: 0o640, group: 'postgres' });
    const templates = await readTemplates(join(import.meta.dirname, '../../templates'));
    for (const service of [dcs, db]) {
      for (const file of renderService(service, partOf(service), { facts: FACTS, templates, generation: 1 }))
        host.write(file.target, file.content, file);
    }
    await host.run(['chmod', '-R', 'a+rX', '/opt/regent', '/etc/etcd', '/etc/patroni', '/etc/regent/secrets']);
    await host.run(['chmod', '640', '/etc/regent/secrets/patroni.env']);
    const folders: readonly (readonly [string, string])[] = [
      ['etcd', '/var/lib/etcd/regent'],
      ['etcd', '/run/regent-etcd'],
      ['postgres', '/run/regent-db'],
      ['postgres', '/run/postgresql'],
      ['postgres', '/var/lib/postgresql/17'],
    ];
    for (const [owner, folder] of folders)
      await host.run(['install', '-d', '-m', '0700', '-o', owner, '-g', owner, folder]);
    await shell('RUNTIME_DIRECTORY=/run/regent-etcd /opt/regent/current/ha/etcd/prepare', 'etcd');
    daemons.push(...(await startEtcd(host, OWN)));
    startPatroni();
    await until('the database is there, as published', isPrimary, { deadlineMs: 150_000, everyMs: 300 });
  }, 240_000);
  afterAll(() => host[Symbol.asyncDispose]());

  it('are well, and tell what they are', async () => {
    expect(await probe(dcs)).toMatchObject({
      isHealthy: true,
      facts: { isLeader: true, hasQuorum: true, members: [{ name: 'r1', isLearner: false }], alarms: [] },
    });
    expect(await probe(db)).toMatchObject({
      isHealthy: true,
      detail: 'PostgreSQL is the primary; commits wait for nobody',
      facts: { role: 'primary', members: [{ name: 'r1', role: 'primary', state: 'running' }] },
    });
    expect(JSON.parse((await shell('cat /run/regent-db/role')).stdout)).toMatchObject({ role: 'primary' });
  });

  it('answer root with `patronictl list` alone, and anybody else with what is missing', async () => {
    const list = await shell('/opt/regent/current/ha/postgres/patronictl list', 'root');
    process.stdout.write(`\nroot: patronictl list\n${list.stdout}${list.stderr}\n`);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    expect(list.stdout).toMatch(/Cluster: regent[^]*\br1\b[^]*Leader/);
    // What changes something needs the password of Patroni's REST API.
    const reload = await shell('/opt/regent/current/ha/postgres/patronictl reload regent r1 --force', 'root');
    expect(reload.code).toBe(0);
    expect(`${reload.stdout}${reload.stderr}`).not.toMatch(/KeyError|\b40[13]\b/);
    const stranger = await shell('/opt/regent/current/ha/postgres/patronictl list', 'nobody');
    expect(stranger.stderr).toContain('are for root: sudo patronictl');
  });

  it('let the application in over TLS with its password, bound to safe commits, and into its own database alone', async () => {
    expect((await psql(app, 'show synchronous_commit')).stdout).toBe('on\n');
    expect((await psql(app, 'create table t (i int); drop table t')).code).toBe(0);
    const refused: readonly (readonly [string, RegExp])[] = [
      [app.replace('verify-full', 'disable'), /pg_hba.conf rejects/],
      [app.replace('$REGENT_DATABASE_PASSWORD', 'wrong'), /password authentication failed/],
      [app.replace('dbname=regent', 'dbname=postgres'), /pg_hba.conf rejects/],
      [
        app.replace('user=regent', 'user=postgres').replace('$REGENT_DATABASE', '$PATRONI_SUPERUSER'),
        /pg_hba.conf rejects/,
      ],
      [
        app
          .replace('user=regent dbname=regent', 'user=replicator dbname=x replication=1')
          .replace('$REGENT_DATABASE', '$PATRONI_REPLICATION'),
        /requires a valid client certificate/,
      ],
    ];
    for (const [who, words] of refused) expect((await psql(who, 'select 1')).stderr, who).toMatch(words);
    expect((await shell('psql -h /run/postgresql -U regent regent -c "select 1"')).stderr).toMatch(
      /pg_hba.conf rejects|no pg_hba/,
    );
  });

  it('put a newer dynamic configuration in force, never an older one, and take back what was changed by hand', async () => {
    const change = (from: string, to: string) =>
      shell(`sed -i 's/${from}/${to}/' /etc/patroni/regent/dynamic.json`, 'root');
    const inForce = async (how = '') =>
      JSON.parse((await shell(`/opt/regent/current/ha/postgres/dynamic ${how}`)).stdout) as object;
    await change('"temp_file_limit": "1GB"', '"temp_file_limit": "2GB"');
    expect(await inForce()).toMatchObject({ postgresql: { parameters: { temp_file_limit: '1GB' } } });
    expect(await inForce('--now')).toMatchObject({ postgresql: { parameters: { temp_file_limit: '2GB' } } });
    await change('1790000000', '1789999999');
    await change('2GB', '3GB');
    expect(await inForce('--now')).toMatchObject({
      regent_version: 1_790_000_000,
      postgresql: { parameters: { temp_file_limit: '2GB' } },
    });
    await change('1789999999', '1790000001');
    expect(await inForce()).toMatchObject({
      regent_version: 1_790_000_001,
      postgresql: { parameters: { temp_file_limit: '3GB' } },
    });
    await change('1790000001', '1790000000');
    // Patroni tells what it saw in its last round.
    await until('the probe tells of it', async () => {
      const { isHealthy, detail } = await probe(db);
      return isHealthy && detail.endsWith('is not the published one (it has number 1790000001)');
    });
  });

  it('let no lower number win while Patroni has not seen the higher one', async () => {
    const publish = async (number: string, limit: string) => {
      const change = `s/1790000[0-9]*/${number}/; s/"temp_file_limit": "[0-9]*GB"/"temp_file_limit": "${limit}"/`;
      await shell(`sed -i '${change}' /etc/patroni/regent/dynamic.json`, 'root');
      return JSON.parse((await shell('/opt/regent/current/ha/postgres/dynamic')).stdout) as object;
    };
    const seen = async () => {
      const page = (db as AnyService)
        .probe(partOf(db))
        .find((command) => 'url' in command && command.url.endsWith('/config'));
      return (await host.exec(page!)).stdout;
    };
    const heartbeat = "select pid from pg_stat_activity where application_name = 'Patroni heartbeat'";
    const pid = (await shell(`psql -Atq -h /run/postgresql -c "${heartbeat}"`)).stdout.trim();
    // Patroni's loop asks its PostgreSQL every second, and now gets no answer: the question lies unread in the socket.
    const sockets = async () => (await shell('ss -xHp', 'root')).stdout.split('\n');
    const isUnread = (line: string) => line.includes(`pid=${pid},`) && Number(line.split(/\s+/)[2]) > 0;
    await host.run(['kill', '-STOP', pid]);
    try {
      await until('the loop waits', async () => (await sockets()).some(isUnread));
      const inForce = { regent_version: 1_790_000_003, postgresql: { parameters: { temp_file_limit: '5GB' } } };
      expect(await publish('1790000003', '5GB')).toMatchObject(inForce);
      expect(await seen()).not.toContain('1790000003');
      expect(await publish('1790000002', '6GB')).toMatchObject(inForce);
    } finally {
      await host.run(['kill', '-CONT', pid]);
    }
    await until('Patroni has seen it', async () => (await seen()).includes('1790000003'));
  });

  it('wake all who wait for what etcd has, of whom the stock Patroni wakes one', async () => {
    const woken = async (isOurs: boolean) =>
      (await host.run(['python3', '-c', WAITERS, PATRONI, isOurs ? 'ours' : 'stock'], { timeoutMs: 30_000 })).stdout;
    expect(await woken(true)).toBe('2\n');
    // When this fails, Debian's Patroni has been mended, and ours is not needed any more.
    expect(await woken(false)).toBe('1\n');
  });

  it('wait a short time, and in that one place, for what was reloaded', async () => {
    const { stdout } = await host.run(['python3', '-c', RELOAD, PATRONI], { timeoutMs: 30_000 });
    // When the first line differs, Debian's Patroni has another way.
    expect(stdout).toBe('1 1\nTrue\n');
  });

  it('say whether this is the primary without asking PostgreSQL, which may have no time', async () => {
    const pki = '--cacert /etc/regent/pki/ca.crt --cert /etc/regent/pki/node.crt --key /etc/regent/pki/node.key';
    const ask = async (method: string) =>
      (
        await host.run([
          'sh',
          '-c',
          `curl -q -s -o /dev/null -w '%{http_code}' --max-time 2 -X ${method} ${pki} https://${OWN}:8008/primary || true`,
        ])
      ).stdout;
    expect([await ask('OPTIONS'), await ask('GET')]).toEqual(['200', '200']);
    await host.run(['pkill', '-STOP', '-x', 'postgres']);
    try {
      // The other way round says that Debian's Patroni asks PostgreSQL no more, and ours is not needed.
      expect([await ask('OPTIONS'), await ask('GET')]).toEqual(['200', '000']);
    } finally {
      await host.run(['pkill', '-CONT', '-x', 'postgres']);
    }
  });

  it('keep PostgreSQL running when Patroni is killed, and take it over as it runs', async () => {
    const pid = await postmaster();
    await host.run(['pkill', '-KILL', '-f', `^/usr/bin/python3 ${PATRONI}`]);
    expect((await probe(db)).isHealthy).toBe(false);
    expect((await psql(app, 'select 1')).stdout).toBe('1\n');
    startPatroni();
    await until('Patroni is back', async () => (await probe(db)).facts?.['role'] === 'primary', {
      deadlineMs: 60_000,
      everyMs: 300,
    });
    expect(await postmaster()).toBe(pid);
  });

  it('end a PostgreSQL that is frozen, and start it anew', async () => {
    const watch = host.start(['runuser', '-u', 'postgres', '--', '/opt/regent/current/ha/postgres/watch']);
    let words = '';
    watch.stderr?.on('data', (chunk: Buffer) => {
      words += chunk.toString();
    });
    const pid = await postmaster();
    await host.run(['kill', '-STOP', pid]);
    await until('another postmaster', async () => !['', pid].includes(await postmaster()), {
      deadlineMs: 60_000,
      everyMs: 300,
    });
    await until('it serves', async () => (await psql(app, 'select 1')).stdout === '1\n', {
      deadlineMs: 60_000,
      everyMs: 300,
    });
    expect(words).toContain(`process ${pid} is stopped, 3 rounds in a row; Patroni sees to the rest`);
    await host.run(['pkill', '-KILL', '-f', 'ha/postgres/watch']);
  }, 180_000);

  it('know from a real primary which standby has what no timeline of it has', async () => {
    // The primary is asked in earnest; what the standby says of itself is told.
    const stubs: Readonly<Record<string, string>> = {
      psql: `case "$*" in *--host=/run/postgresql*) cat /tmp/stubs/place ;; *) exec /usr/bin/psql "$@" ;; esac`,
      curl: `case "$*" in
        */cluster) echo '{"members": [{"name": "r9", "role": "leader", "state": "running", "api_url": "https://10.77.0.19:8008/patroni", "host": "${OWN}"}]}' ;;
        */reinitialize) echo x >>/tmp/stubs/asked; echo done ;;
        *) echo x >>/tmp/stubs/told; echo '{"state": "running", "role": "replica"}' ;;
      esac`,
    };
    for (const [name, text] of Object.entries(stubs))
      host.write(`/tmp/stubs/${name}`, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    await host.run(['chmod', '1777', '/tmp/stubs']);
    const lines = async (name: string) => (await shell(`cat /tmp/stubs/${name} 2>/dev/null | wc -l`)).stdout.trim();
    const isRemade = async (place: string) => {
      await shell(`rm -f /tmp/stubs/told /tmp/stubs/asked; echo '${place}' >/tmp/stubs/place`);
      // Of the primary's own processes it would see that nobody need be asked.
      const settings =
        'REGENT_DB_DATA=/tmp/stubs PATH=/tmp/stubs:$PATH REGENT_DB_MEND_ROUNDS=2 REGENT_DB_MEND_INTERVAL=0.1';
      const mend = host.start(['runuser', '-u', 'postgres', '--', 'sh', '-c', `${settings} exec ${HERE}/mend`]);
      mend.stderr?.resume();
      await until('it has looked four times', async () => Number(await lines('told')) >= 4, { deadlineMs: 20_000 });
      await host.run(['pkill', '-KILL', '-f', 'ha/postgres/mend']);
      return (await lines('asked')) !== '0';
    };
    // Its PostgreSQL was killed and promoted anew: there is a history.
    const isStandby = `psql -XAtq -h /run/postgresql -c 'select pg_is_in_recovery()'`;
    await until('it is primary again', async () => (await shell(isStandby)).stdout === 'f\n', { deadlineMs: 60_000 });
    const { stdout } = await shell(`tail -n 1 "$(ls ${DATA}/pg_wal/*.history | tail -n 1)"`);
    const [before = '', fork = ''] = stdout.split('\t');
    expect(Number(before)).toBeGreaterThanOrEqual(1);
    const past = fork.replace(/[^/]*$/, (offset) => (Number.parseInt(offset, 16) + 8).toString(16).toUpperCase());
    expect(await isRemade(`${past}|${before}`)).toBe(true);
    expect(await isRemade(`${fork}|${before}`)).toBe(false);
    // On the primary's own timeline; on one that it never had; and one that has received nothing.
    expect(await isRemade(`${past}|${Number(before) + 1}`)).toBe(false);
    expect(await isRemade(`${past}|${Number(before) + 2}`)).toBe(true);
    expect(await isRemade(`${past}|`)).toBe(false);
  }, 120_000);
});

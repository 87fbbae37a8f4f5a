import type { ChildProcess } from 'node:child_process';
import type { ConnectionSpec, ServerSpec } from '../../src/store/connection.ts';
import { DebianHost } from './debian-root.ts';
import { until } from './until.ts';

export type Member = 'a' | 'b';
const MEMBERS = ['a', 'b'] as const;
const PORTS: Readonly<Record<Member, { readonly database: number; readonly rest: number }>> = {
  a: { database: 5441, rest: 8441 },
  b: { database: 5442, rest: 8442 },
};
const CONF = '/etc/outside';
const DATA = '/var/lib/outside';
const RUN = '/run/outside';
/** What an init does: a postmaster whose starter has ended is its child, so that a dead one does not stay a zombie, which Patroni takes for alive. */
const REAPER = `
import ctypes, os, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
if os.fork() == 0:
    os.execv('/usr/bin/patroni', ['patroni', sys.argv[1]])
try:
    while True:
        os.wait()
except ChildProcessError:
    pass`;

/** A Patroni pair as an operator may have one: Debian's packages, nothing of Regent; a commit waits for the standby while that is there. */
export class PatroniPair implements AsyncDisposable {
  readonly host: DebianHost;
  /** Of the role `regent`, which owns the database `site` and may do nothing else. */
  readonly password = 's3cr3t';
  readonly #daemons: ChildProcess[] = [];

  private constructor(host: DebianHost) {
    this.host = host;
  }

  /** Makes one, with an empty database. */
  static async open(): Promise<PatroniPair> {
    const pair = new PatroniPair(await DebianHost.open());
    const { host } = pair;
    for (const folder of [CONF, DATA, RUN]) await pair.#must(`install -d -o postgres -g postgres -m 0755 ${folder}`);
    for (const member of MEMBERS)
      host.write(`${CONF}/${member}.yml`, configurationOf(member), {
        owner: 'postgres',
        group: 'postgres',
        mode: 0o600,
      });
    const etcd = 'http://127.0.0.1:2379';
    pair.#start(['etcd', '--data-dir', `${DATA}/etcd`, '--listen-client-urls', etcd, '--advertise-client-urls', etcd]);
    pair.#start(['python3', '-c', REAPER, `${CONF}/a.yml`]);
    await until('a leads', async () => (await pair.leader()) === 'a', { deadlineMs: 90_000, everyMs: 300 });
    await pair.psql('a', `create role regent login password '${pair.password}'`);
    await pair.psql('a', 'create database site owner regent encoding UTF8');
    pair.#start(['python3', '-c', REAPER, `${CONF}/b.yml`]);
    await pair.isWhole('a');
    return pair;
  }

  /** Both servers, the standby named first. */
  spec(): ConnectionSpec {
    return { ...this.#server('b'), others: [this.#server('a')] };
  }

  /** A question as the superuser, on one member. */
  async psql(member: Member, query: string): Promise<string> {
    const { database } = PORTS[member];
    const argv = ['psql', '-Atq', '-v', 'ON_ERROR_STOP=1', '-h', RUN, '-p', String(database), '-c', query, 'postgres'];
    const { code, stdout, stderr } = await this.host.run(argv, { user: 'postgres' });
    if (code !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  /** Who leads by its own word; null: nobody. */
  async leader(): Promise<Member | null> {
    for (const member of MEMBERS) {
      const said = await this.psql(member, 'select pg_is_in_recovery()').catch(() => '');
      if (said === 'f') return member;
    }
    return null;
  }

  /** Waits until this member leads and commits wait for the other one. */
  async isWhole(member: Member): Promise<void> {
    const ask = `select count(*) from pg_stat_replication where state = 'streaming' and sync_state = 'sync'`;
    await until(`${member} has a synchronous standby`, async () => (await this.psql(member, ask)) === '1', {
      deadlineMs: 90_000,
      everyMs: 300,
    });
  }

  /** Ends a member's PostgreSQL without a word: Patroni there gives the lead away. */
  async killDatabase(member: Member): Promise<void> {
    await this.#must(`kill -KILL $(head -n 1 ${DATA}/${member}/postmaster.pid)`);
  }

  /** A planned switchover. */
  async switchover(to: Member): Promise<void> {
    await this.#must(`patronictl -c ${CONF}/${to}.yml switchover --force --candidate ${to} outside`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const daemon of this.#daemons) daemon.kill();
    await this.host[Symbol.asyncDispose]();
  }

  /** Its unix socket is reached from this machine, whatever network the host has. */
  #server(member: Member): ServerSpec {
    const { database: port } = PORTS[member];
    return { host: this.host.path(RUN), port, user: 'regent', database: 'site', password: this.password };
  }

  #start(argv: readonly string[]): void {
    const daemon = this.host.start(['runuser', '-u', 'postgres', '--', ...argv]);
    // Nobody reads what they log: a full pipe would stop them.
    daemon.stdout?.resume();
    daemon.stderr?.resume();
    this.#daemons.push(daemon);
  }

  async #must(script: string): Promise<void> {
    const { code, stdout, stderr } = await this.host.run(['sh', '-c', script], { timeoutMs: 60_000 });
    if (code !== 0) throw new Error(`${script}: ${stdout}${stderr}`);
  }
}

function configurationOf(member: Member): string {
  const { database, rest } = PORTS[member];
  const dcs = {
    ttl: 20,
    loop_wait: 1,
    retry_timeout: 3,
    primary_start_timeout: 0,
    synchronous_mode: true,
    postgresql: { use_pg_rewind: true, parameters: { wal_keep_size: '128MB', max_connections: 100 } },
  };
  const own = `127.0.0.1:${database}`;
  const access = ['local all postgres peer', 'local all all scram-sha-256', 'host all all 127.0.0.1/32 trust'];
  // JSON is YAML.
  return JSON.stringify({
    scope: 'outside',
    name: member,
    restapi: { listen: `127.0.0.1:${rest}`, connect_address: `127.0.0.1:${rest}` },
    etcd3: { host: '127.0.0.1:2379' },
    bootstrap: { dcs, initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'] },
    postgresql: {
      listen: own,
      connect_address: own,
      data_dir: `${DATA}/${member}`,
      bin_dir: '/usr/lib/postgresql/17/bin',
      authentication: { superuser: { username: 'postgres' }, replication: { username: 'postgres' } },
      pg_hba: [...access, 'host replication all 127.0.0.1/32 trust'],
      parameters: { unix_socket_directories: RUN },
    },
  });
}

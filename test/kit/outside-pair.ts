import { randomBytes } from 'node:crypto';
import type { LabHost } from '../../src/lab/topology.ts';
import type { TestLab } from './lab.ts';
import { until } from './until.ts';

/** Hosts of the pair, and one that only votes, on the management network. */
const ADDRESSES = { d1: '10.77.0.31', d2: '10.77.0.32', d3: '10.77.0.33' } as const;
const SERVERS = ['d1', 'd2'] as const;
/** A host of the pair that holds data. */
export type PairServer = (typeof SERVERS)[number];
const START_MS = 120_000;
const ROLE = 'regent';

/** The hosts that a topology needs for it: Debian alone. */
export const PAIR_HOSTS: readonly LabHost[] = Object.entries(ADDRESSES).map(([name, address]) => ({
  name,
  nics: [{ device: 'eth0', network: 'mgmt', address: `${address}/24` }],
}));

/** PostgreSQL as an operator may run it: two servers under Debian's Patroni with an etcd of their own, a commit waits for the standby. Nothing of the product. */
export interface OutsidePair {
  /** As `regent init --database` reads it, with the password. */
  readonly url: string;
  /** Where a server listens, as the product tells it. */
  placeOf(server: PairServer): string;
  /** The server that takes writes; null while none does. */
  primary(): Promise<PairServer | null>;
  /** One statement on a server, as its superuser. */
  ask(server: PairServer, statement: string): Promise<string>;
  /** Hands the role of the primary over, orderly. */
  switchover(): Promise<PairServer>;
  /** Waits until there are a primary and a standby that a commit waits for. */
  whole(deadlineMs?: number): Promise<void>;
}

/** Sets it up in hosts of `PAIR_HOSTS`, and makes the empty database that the product is given. */
export async function startOutsidePair(lab: TestLab): Promise<OutsidePair> {
  const password = randomBytes(12).toString('hex');
  const sh = (host: string, script: string, timeoutMs = 60_000) => lab.ask(host, ['sh', '-c', script], timeoutMs);
  await Promise.all(Object.keys(ADDRESSES).map((name) => sh(name, etcdScript(name as keyof typeof ADDRESSES))));
  await Promise.all(SERVERS.map((name) => sh(name, patroniScript(name, password))));
  const ask = (server: PairServer, statement: string) =>
    lab.ask(
      server,
      ['runuser', '-u', 'postgres', '--', 'psql', '-h', '127.0.0.1', '-XAtc', statement, 'postgres'],
      10_000,
    );
  const primary = async () => {
    for (const server of SERVERS)
      if ((await ask(server, 'select pg_is_in_recovery()').catch(() => '')) === 'f') return server;
    return null;
  };
  // PostgreSQL calls a standby synchronous a moment before Patroni has written down that it may be promoted.
  const mayBePromoted = async (server: PairServer) => {
    const { members } = JSON.parse(
      await sh(server, `curl -fsS --max-time 5 http://${ADDRESSES[server]}:8008/cluster`),
    ) as {
      members: { role: string; state: string }[];
    };
    return members.some(({ role, state }) => role === 'sync_standby' && state === 'streaming');
  };
  const whole = async (deadlineMs = START_MS) => {
    await until(
      'a primary, and a standby that may follow it',
      async () => {
        const server = await primary();
        return server !== null && (await mayBePromoted(server));
      },
      { deadlineMs, everyMs: 500 },
    );
  };
  await whole();
  const first = await until('a primary', primary);
  await sh(
    first,
    `runuser -u postgres -- psql -h 127.0.0.1 -Xq postgres <<'SQL'
create role ${ROLE} login password '${password}';
create database ${ROLE} owner ${ROLE} encoding 'UTF8' template template0;
SQL`,
  );
  return {
    url: `postgresql://${ROLE}:${password}@${ADDRESSES.d1},${ADDRESSES.d2}/${ROLE}\n`,
    placeOf: (server) => `${ADDRESSES[server]}:5432`,
    primary,
    ask,
    whole,
    switchover: async () => {
      const from = await until('a primary', primary);
      await sh(from, 'patronictl -c /etc/outside/patroni.yml switchover --force outside', 60_000);
      return until(
        'another primary',
        async () => {
          const now = await primary();
          return now === from ? null : now;
        },
        { deadlineMs: 30_000 },
      );
    },
  };
}

const unit = (name: string, user: string, command: string) => `
cat > /etc/systemd/system/outside-${name}.service <<'UNIT'
[Service]
User=${user}
ExecStart=${command}
KillMode=mixed
Restart=on-failure
RestartSec=1
[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable --quiet --now outside-${name}.service`;

function etcdScript(name: keyof typeof ADDRESSES): string {
  const peer = (one: string) => `http://${one}:2380`;
  const members = Object.entries(ADDRESSES).map(([member, address]) => `${member}=${peer(address)}`);
  const own = ADDRESSES[name];
  const options = {
    name,
    'data-dir': '/var/lib/outside-etcd',
    'listen-peer-urls': peer(own),
    'initial-advertise-peer-urls': peer(own),
    'listen-client-urls': `http://${own}:2379`,
    'advertise-client-urls': `http://${own}:2379`,
    'initial-cluster': members.join(','),
  };
  const words = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
  return `set -e
systemctl disable --quiet --now etcd patroni postgresql 2>/dev/null || true
install -d -o etcd -g etcd -m 700 /var/lib/outside-etcd${unit('etcd', 'etcd', `/usr/bin/etcd ${words.join(' ')}`)}`;
}

function patroniScript(name: PairServer, password: string): string {
  const own = ADDRESSES[name];
  const hosts = Object.values(ADDRESSES).map((address) => `${address}:2379`);
  const settings = {
    scope: 'outside',
    name,
    restapi: { listen: `${own}:8008`, connect_address: `${own}:8008` },
    etcd3: { hosts },
    bootstrap: {
      dcs: {
        ttl: 20,
        loop_wait: 1,
        retry_timeout: 3,
        synchronous_mode: true,
        postgresql: {
          use_pg_rewind: true,
          use_slots: true,
          parameters: { max_connections: 200, wal_level: 'replica' },
        },
      },
      initdb: [{ encoding: 'UTF8' }, { locale: 'C.UTF-8' }, 'data-checksums'],
    },
    postgresql: {
      listen: `${own},127.0.0.1:5432`,
      connect_address: `${own}:5432`,
      data_dir: '/var/lib/outside-postgresql/data',
      bin_dir: '/usr/lib/postgresql/17/bin',
      authentication: {
        superuser: { username: 'postgres', password },
        replication: { username: 'replicator', password },
      },
      pg_hba: [
        'host all postgres 127.0.0.1/32 trust',
        'host replication replicator 10.77.0.0/24 scram-sha-256',
        'host all all 10.77.0.0/24 scram-sha-256',
      ],
    },
  };
  return `set -e
install -d -o postgres -g postgres -m 700 /etc/outside /var/lib/outside-postgresql
cat > /etc/outside/patroni.yml <<'JSON'
${JSON.stringify(settings, null, 2)}
JSON
chown postgres /etc/outside/patroni.yml${unit('patroni', 'postgres', '/usr/bin/patroni /etc/outside/patroni.yml')}`;
}

import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InnerTrust } from '../../src/core/node-identity.ts';
import { readTemplates } from '../../src/main/templates.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { Authority } from '../../src/pki/authority.ts';
import { readCertificate } from '../../src/pki/certificate.ts';
import { signInnerTrust } from '../../src/pki/inner.ts';
import { isRejected } from '../../src/core/errors.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { db } from '../../src/services/db/index.ts';
import { dcs } from '../../src/services/dcs/index.ts';
import type { AnyService } from '../../src/services/kit/contract.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { startEtcd } from '../kit/cluster/etcd.ts';
import { giveIdentity, PKI } from '../kit/cluster/host-identity.ts';
import { testAuthority, testIdentity, type TestSubject } from '../kit/cluster/pki.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { aCluster, clusterSnapshot, FACTS } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

/** Security S6: who is let in at the inner ports of a region node, by the daemons themselves. The packet filter is not there. */

const HA = join(import.meta.dirname, '../../ha');
const OWN = '10.77.0.11';
const NAMES = ['SUPERUSER', 'REPLICATION', 'REWIND', 'RESTAPI'].map((name) => `PATRONI_${name}_PASSWORD`);
const SECRETS = [...NAMES, 'REGENT_DATABASE_PASSWORD'].map((name, index) => `${name}=${'x'.repeat(31)}${index}`);
const AT = '/opt/callers';

/** Who calls. `old`: its certificate was signed by an earlier release, which put no name for racks into it. */
const CALLERS: Readonly<
  Record<string, { subject: Omit<TestSubject, 'nodeId'>; isTaken: boolean; isRevoked?: boolean; isStrange?: boolean }>
> = {
  'a region node': { subject: { isRegion: true }, isTaken: true },
  'another region node': { subject: { isRegion: true }, isTaken: true },
  'a rack': { subject: {}, isTaken: false },
  'a removed rack': { subject: {}, isTaken: false, isRevoked: true },
  'a revoked region node': { subject: { isRegion: true }, isTaken: false, isRevoked: true },
  'a region node of another cluster': { subject: { isRegion: true }, isTaken: false, isStrange: true },
};
const slug = (who: string) => who.replaceAll(' ', '-');

let host: DebianHost;
let authority: Authority;
const daemons: ChildProcess[] = [];
const serials: string[] = [];
const lines: string[] = [];

const seed = (inner: InnerTrust | undefined): Snapshot =>
  clusterSnapshot({
    cluster: aCluster({ isSeed: true, ...(inner ? { inner } : {}) }),
    nodes: clusterSnapshot().nodes.filter((node) => node.name === 'r1'),
  });

async function innerOf(revoked: readonly string[]): Promise<InnerTrust> {
  return await signInnerTrust({ authority, serials: revoked, serial: '4a'.repeat(16), now: Date.now() });
}

const partOf = (service: AnyService, inner: InnerTrust | undefined) =>
  compileSite(seed(inner), [dcs, db], new Map(), 1_790_000_000).nodes.get('n-r1')?.body.services[service.name]
    ?.desired ?? {};

async function place(inner: InnerTrust | undefined): Promise<void> {
  const templates = await readTemplates(join(import.meta.dirname, '../../templates'));
  for (const service of [dcs, db]) {
    for (const file of renderService(service, partOf(service, inner), { facts: FACTS, templates, generation: 1 }))
      host.write(file.target, file.content, file);
  }
}

/** Each asks as the real callers do, with this certificate, and gives whether it was let in. */
const PORTS: Readonly<Record<string, (who: string) => Promise<boolean>>> = {
  'etcd 2379, JSON': async (who) => {
    const ran = await curl(who, `-X POST -d '{}' https://${OWN}:2379/v3/maintenance/status`);
    return ran.stdout.includes('"leader"');
  },
  'etcd 2379, gRPC': async (who) => {
    const files = `--cacert=${AT}/${slug(who)}.ca --cert=${AT}/${slug(who)}.crt --key=${AT}/${slug(who)}.key`;
    const ran = await shell(`etcdctl --endpoints=https://${OWN}:2379 ${files} --command-timeout=2s endpoint status`);
    return ran.code === 0;
  },
  'etcd 2380': async (who) => (await curl(who, `--http1.1 https://${OWN}:2380/version`)).stdout.includes('etcdserver'),
  'Patroni 8008, GET': async (who) => (await curl(who, `https://${OWN}:8008/cluster`)).stdout.includes('members'),
  'Patroni 8008, OPTIONS': async (who) =>
    (await curl(who, `-o /dev/null -w '%{http_code}' -X OPTIONS https://${OWN}:8008/primary`)).stdout === '200',
  'PostgreSQL 5432': async (who) => {
    const at = `${AT}/${slug(who)}`;
    const place = `host=${OWN} user=replicator dbname=x replication=1 sslmode=verify-full sslrootcert=${PKI}/ca.crt`;
    const ran = await shell(
      `. /etc/regent/secrets/patroni.env; PGPASSWORD=$PATRONI_REPLICATION_PASSWORD psql -Atq "${place} sslcert=${at}.crt sslkey=${at}.key" -c IDENTIFY_SYSTEM`,
    );
    return ran.code === 0;
  },
};

const shell = (script: string) => host.run(['sh', '-c', script], { timeoutMs: 30_000 });
const curl = (who: string, rest: string) =>
  shell(
    `curl -q -s --max-time 5 --cacert ${PKI}/ca.crt --cert ${AT}/${slug(who)}.crt --key ${AT}/${slug(who)}.key ${rest}`,
  );

async function probe(service: AnyService, inner: InnerTrust) {
  const desired = partOf(service, inner);
  const answers = await Promise.all(service.probe(desired).map((command) => host.exec(command)));
  for (const command of service.amend?.(answers, desired) ?? []) await host.exec(command);
  return service.parseProbe(answers, desired);
}

beforeAll(async () => {
  host = await DebianHost.open();
  await giveIdentity(host, [OWN, '127.0.0.1']);
  authority = await testAuthority();
  const strange = await testAuthority('c2');
  const own = await testIdentity(authority, { nodeId: 'n-r1', isRegion: true, addresses: [OWN, '127.0.0.1'] });
  const access = { mode: 0o640, group: 'regent-pki' };
  host.write(`${PKI}/ca.crt`, own.authority);
  host.write(`${PKI}/node.crt`, own.certificate);
  host.write(`${PKI}/node.key`, own.key, access);
  for (const [who, { subject, isRevoked, isStrange }] of Object.entries(CALLERS)) {
    const identity = await testIdentity(isStrange ? strange : authority, {
      nodeId: slug(who),
      addresses: [OWN, '127.0.0.1'],
      ...subject,
    });
    const facts = readCertificate(identity.certificate);
    if (isRejected(facts)) throw new Error(facts.message);
    if (isRevoked) serials.push(facts.serial);
    host.write(`${AT}/${slug(who)}.crt`, identity.certificate);
    host.write(`${AT}/${slug(who)}.ca`, own.authority);
    host.write(`${AT}/${slug(who)}.key`, identity.key, { mode: 0o600 });
  }
  await host.run(['ip', 'address', 'add', `${OWN}/24`, 'dev', 'lo']);
  for (const folder of ['etcd', 'postgres']) {
    for (const name of readdirSync(join(HA, folder))) {
      const text = readFileSync(join(HA, folder, name), 'utf8');
      host.write(`/opt/regent/current/ha/${folder}/${name}`, text, { mode: 0o755 });
    }
  }
  host.write('/etc/regent/secrets/patroni.env', `${SECRETS.join('\n')}\n`, { mode: 0o640, group: 'postgres' });
  const inner = await innerOf(serials);
  await place(inner);
  await shell(
    'chmod -R a+rX /opt/regent /etc/etcd /etc/patroni /etc/regent/secrets; chmod 640 /etc/regent/secrets/patroni.env',
  );
  for (const [owner, folder] of [
    ['etcd', '/var/lib/etcd/regent'],
    ['etcd', '/run/regent-etcd'],
    ['postgres', '/run/regent-db'],
    ['postgres', '/run/postgresql'],
    ['postgres', '/var/lib/postgresql/17'],
  ] as const)
    await host.run(['install', '-d', '-m', '0700', '-o', owner, '-g', owner, folder]);
  // The checkers take the files, too.
  const check = await host.run(
    ['/opt/regent/current/ha/etcd/check', '/etc/etcd/regent/etcd.yml', '/etc/etcd/regent/members.yml'],
    { user: 'etcd' },
  );
  if (check.code !== 0) throw new Error(check.stdout + check.stderr);
  await host.run(['sh', '-c', 'RUNTIME_DIRECTORY=/run/regent-etcd /opt/regent/current/ha/etcd/prepare'], {
    user: 'etcd',
  });
  daemons.push(...(await startEtcd(host, OWN)));
  const start =
    'set -a; . /etc/regent/secrets/patroni.env; exec /opt/regent/current/ha/postgres/patroni /etc/patroni/regent/patroni.yml';
  const patroni = host.start(['runuser', '-u', 'postgres', '--', 'sh', '-c', start]);
  for (const stream of [patroni.stdout, patroni.stderr]) stream?.resume();
  daemons.push(patroni);
  await until('the database is there', async () => (await probe(db, inner)).facts?.['role'] === 'primary', {
    deadlineMs: 150_000,
    everyMs: 300,
  });
}, 240_000);
afterAll(async () => {
  process.stdout.write(`\nsecurity S6: who is let in at the inner ports of a region node\n${lines.join('\n')}\n`);
  await host[Symbol.asyncDispose]();
});

describe('security S6: the inner ports of a region node', () => {
  it.each(Object.keys(PORTS))('%s: only certificates of region nodes, and none that is revoked', async (port) => {
    for (const [who, { isTaken }] of Object.entries(CALLERS)) {
      const isIn = await PORTS[port]!(who);
      lines.push(`${port}, ${who} → ${isIn ? 'let in' : 'refused'}`);
      expect([port, who, isIn]).toEqual([port, who, isTaken]);
    }
  });

  it('a revocation counts from the next connection on, and nobody is started again for it', async () => {
    const facts = readCertificate(readFileSync(host.path(`${AT}/another-region-node.crt`), 'utf8'));
    if (isRejected(facts)) throw new Error(facts.message);
    const pids = async () =>
      (await shell('pgrep -x etcd; head -n 1 /var/lib/postgresql/17/regent/postmaster.pid')).stdout;
    const before = await pids();
    await place(await innerOf([...serials, facts.serial]));
    const files = ['revoked.crl', 'revoked.serials'].map((name) => ({
      target: `/etc/patroni/regent/${name}`,
      kind: 'changed' as const,
    }));
    expect((db as AnyService).activate(files, FACTS)).toMatchObject({ kind: 'reload' });
    expect(
      (dcs as AnyService).activate([{ target: '/etc/etcd/regent/revoked.crl', kind: 'changed' }], FACTS),
    ).toMatchObject({ kind: 'none' });
    await host.run(['pkill', '-HUP', '-o', '-f', '^/usr/bin/python3 /opt/regent/current/ha/postgres/patroni']);
    for (const [port, ask] of Object.entries(PORTS)) {
      await until(`${port} refuses it`, async () => !(await ask('another region node')), { deadlineMs: 20_000 });
      expect([port, await ask('a region node')]).toEqual([port, true]);
      lines.push(`${port}, a region node that was just revoked → refused`);
    }
    expect(await pids()).toBe(before);
  }, 120_000);
});

import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { secretDigest } from '../../../src/core/secret.ts';
import { FEATURES } from '../../../src/model/cluster/cluster.ts';
import type { Database } from '../../../src/store/database.ts';
import { checkSchema, readMigrations } from '../../../src/store/migrate.ts';
import * as certificates from '../../../src/store/queries/cluster/certificates.ts';
import { readAddressUsers, writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { readInnerSerials, storeInnerTrust } from '../../../src/store/queries/cluster/inner-trust.ts';
import * as tokens from '../../../src/store/queries/cluster/tokens.ts';
import { createReservation } from '../../../src/store/queries/networks/reservations.ts';
import { createSubnet } from '../../../src/store/queries/networks/subnets.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { readCluster, readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
});

const HOUR_MS = 3_600_000;
const KEY = 'a'.repeat(64);

describe('the cluster', () => {
  test('is written once, may change its floating address and never its id', async () => {
    expect(value(await db.read(readCluster))).toBe(null);
    const cluster = { id: 'c1', vip: '10.77.0.10/24', virtualRouter: 51 };
    for (const vip of ['10.77.0.10/24', null, '10.77.0.9/24'])
      expect(value(await change(db, (tx) => writeCluster(tx, { ...cluster, vip })))).toEqual({
        ...cluster,
        vip,
        isSeed: false,
      });
    expect(value(await db.read(readCluster))).toEqual({ ...cluster, vip: '10.77.0.9/24', isSeed: false });
    expect(refusal(await change(db, (tx) => writeCluster(tx, { ...cluster, id: 'c2' }))).code).toBe('conflict');
    expect(refusal(await change(db, (tx) => writeCluster(tx, { ...cluster, virtualRouter: 256 }))).code).toBe(
      'invalid_value',
    );
  });

  test('on a database of an operator is one from its beginning, and no release works there that would start another', async () => {
    const other = postgres.get().open(await postgres.get().createDatabase());
    const cluster = { id: 'c1', vip: null, virtualRouter: 51 };
    const external = { ...cluster, isDatabaseExternal: true };
    for (const _ of ['first', 'again']) value(await change(other, (tx) => writeCluster(tx, external)));
    expect(value(await other.read(readCluster))).toEqual({ ...external, isSeed: false });
    expect(refusal(await change(other, (tx) => writeCluster(tx, cluster))).message).toContain(
      'kind of database cannot change',
    );
    expect(await checkSchema(other, readMigrations())).toBeNull();
    expect(refusal(await checkSchema(other, readMigrations(), FEATURES)).message).toContain('external-database');
  });

  test('knows which addresses machines and reservations have, not the gateways that nodes are', async () => {
    value(
      await change(db, async (tx) => {
        const subnet = await createSubnet(tx, {
          vlanId: 1,
          name: 'a',
          cidr: '10.9.0.0/24',
          gateway: '10.9.0.1',
          dnsOn: true,
        });
        await createReservation(tx, {
          subnetId: subnet.id,
          address: '10.9.0.7',
          mac: null,
          hostname: null,
          comment: '',
        });
        return null;
      }),
    );
    const users = value(await db.read((tx) => readAddressUsers(tx, ['10.9.0.1', '10.9.0.7', '2001:db8::1'])));
    expect(users).toEqual([{ address: '10.9.0.7', user: 'the reserved address 10.9.0.7' }]);
  });
});

describe('a join token', () => {
  const make = (id: string, minutes = 15) =>
    change(db, (tx) =>
      tokens.createToken(tx, {
        id,
        isRegion: true,
        isRack: false,
        createdBy: 'ada',
        minutes,
        secretSha256: secretDigest('s'),
      }),
    );

  test('is open, used, revoked, expired; its secret is stored as a digest', async () => {
    expect(value(await make('aaaaaaaaaaaa'))).toMatchObject({
      state: 'open',
      isOver: false,
      usedBy: null,
      createdBy: 'ada',
    });
    expect(value(await db.read((tx) => tokens.readTokenSecret(tx, 'aaaaaaaaaaaa')))).toBe(secretDigest('s'));
    expect(value(await change(db, (tx) => tokens.lockTokenSecret(tx, 'bbbbbbbbbbbb')))).toBe(null);
    const show = async (id: string) => value(await db.read((tx) => tokens.findToken(tx, id)));
    await change(db, async (tx) => tokens.useToken(tx, 'aaaaaaaaaaaa', { key: KEY, nodeId: 'r1' }));
    const first = await show('aaaaaaaaaaaa');
    expect(first).toMatchObject({ state: 'used', usedBy: 'r1', usedByKey: KEY });
    await change(db, async (tx) => tokens.useToken(tx, 'aaaaaaaaaaaa', { key: KEY, nodeId: 'gone' }));
    expect(await show('aaaaaaaaaaaa')).toMatchObject({ usedAt: first?.usedAt, usedBy: 'gone' });
    expect(value(await change(db, (tx) => tokens.revokeToken(tx, 'aaaaaaaaaaaa')))).toMatchObject({ state: 'revoked' });
    expect(value(await change(db, (tx) => tokens.revokeToken(tx, 'aaaaaaaaaaaa')))).toBe(null);
    value(await make('cccccccccccc', 0));
    expect(await show('cccccccccccc')).toMatchObject({ state: 'expired', isOver: true });
    expect(refusal(await make('dddddddddddd', 16)).message).toContain('15 minutes');
    const page = value(await db.read((tx) => tokens.listTokens(tx, { limit: 1 })));
    expect(page.items.map(({ id }) => id)).toEqual(['cccccccccccc']);
    const rest = value(await db.read((tx) => tokens.listTokens(tx, { cursor: page.next ?? '' })));
    expect(rest.items.map(({ id }) => id)).toEqual(['aaaaaaaaaaaa']);
    const revoked = value(await db.read((tx) => tokens.listTokens(tx, { state: 'revoked' })));
    expect(revoked.items.map(({ id }) => id)).toEqual(['aaaaaaaaaaaa']);
  });
});

describe('certificates', () => {
  test('are written down once, revoked by number or by node, and stay known when the node is gone', async () => {
    const now = Date.now();
    const record = (serial: string, nodeId: string, end = HOUR_MS) =>
      change(db, async (tx) => {
        await certificates.recordCertificate(tx, { serial, nodeId, notBefore: now - 3 * HOUR_MS, notAfter: now + end });
        return null;
      });
    for (const serial of ['0a', '0a', '0b']) value(await record(serial, 'r1'));
    value(await record('0c', 'gone'));
    value(await record('0d', 'r1', -2 * HOUR_MS));
    expect(value(await change(db, (tx) => certificates.revokeCertificate(tx, '0c', 'lost')))).toMatchObject({
      node: null,
      nodeId: 'gone',
      state: 'revoked',
      revokedWhy: 'lost',
    });
    expect(value(await change(db, (tx) => certificates.revokeCertificate(tx, '0c', 'lost')))).toBe(null);
    const count = await change(db, async (tx) => ({ n: await certificates.revokeCertificatesOf(tx, 'r1', 'rebuilt') }));
    expect(value(count)).toEqual({ n: 2 });
    expect(value(await db.read(certificates.readRevokedSerials)).sort()).toEqual(['0a', '0b', '0c']);
    const list = async (query: Parameters<typeof certificates.listCertificates>[1]) =>
      value(await db.read((tx) => certificates.listCertificates(tx, query))).items.map(({ serial }) => serial);
    expect(await list({ node: 'r1', sort: '-end' })).toEqual(['0b', '0a', '0d']);
    expect(await list({ state: 'expired' })).toEqual(['0d']);
    value(await db.read((tx) => tx.one(sql`select 1`)));
  });

  test('of a rack that does not say what it is counts like a revoked one where only region nodes are let in', async () => {
    const other = postgres.get().open(await postgres.get().createDatabase());
    const in1h = new Date(Date.now() + HOUR_MS).toISOString();
    value(
      await change(other, async (tx) => {
        const node = { addresses: ['10.9.1.1'], isRack: true, isRegion: false };
        await createNode(tx, { ...node, id: 'k1', name: 'k1' });
        await createNode(tx, { ...node, id: 'r1', name: 'r1', isRegion: true, addresses: ['10.9.1.2'] });
        // As a release before this one writes them.
        for (const [serial, nodeId] of [
          ['01', 'k1'],
          ['02', 'r1'],
          ['03', 'gone'],
        ])
          await tx.run(
            sql`insert into certificates (serial, node_id, not_before, not_after) values (${serial}, ${nodeId}, now(), ${in1h})`,
          );
        const times = { notBefore: Date.now(), notAfter: Date.now() + HOUR_MS };
        for (const [serial, nodeId] of [
          ['04', 'k1'],
          ['05', 'r1'],
          ['06', 'r1'],
          ['07', 'k1'],
        ] as const)
          await certificates.recordCertificate(tx, { serial, nodeId, ...times });
        await certificates.revokeCertificate(tx, '06', 'lost');
        await certificates.revokeCertificate(tx, '07', 'lost');
        return null;
      }),
    );
    expect(value(await other.read(readInnerSerials))).toEqual(['01', '03', '06', '07']);
    const trust = { authority: 'a', revocations: 'b', serials: ['01'] };
    const before = value(await other.read(readSnapshot));
    expect(before.cluster?.inner).toBeUndefined();
    value(await change(other, (tx) => writeCluster(tx, { id: 'c1', vip: null, virtualRouter: 51 })));
    for (const serials of [['01'], ['01', '02']])
      value(await other.repeatable(async (tx) => (await storeInnerTrust(tx, { ...trust, serials }), null)));
    const after = value(await other.read(readSnapshot));
    expect(after.cluster?.inner).toEqual({ ...trust, serials: ['01', '02'] });
    expect(after.observed).toBe(before.observed + 2);
  });
});

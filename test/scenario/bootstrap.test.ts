import { describe, expect, it } from 'vitest';
import { textDigest } from '../../src/core/stable-json.ts';
import { isRejected } from '../../src/core/errors.ts';
import { seedSnapshot } from '../../src/join/init/seed.ts';
import { bootstrapDatabase } from '../../src/main/region/bootstrap-database.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { findApiKey, listApiKeys } from '../../src/store/queries/people/api-keys.ts';
import { findCertificate } from '../../src/store/queries/cluster/certificates.ts';
import { readNodeCredential } from '../../src/store/queries/cluster/nodes.ts';
import { readSnapshot } from '../../src/store/snapshot.ts';
import { usePostgres } from '../kit/postgres.ts';

const KEY = { user: 'admin', label: 'regent init', consumer: 'regent' };
const ROWS = { nodeId: 'a1b2', nodeName: 'r1', addresses: ['192.0.2.11'], domain: 'lab.test' };

describe('the database work of init', () => {
  const pg = usePostgres();

  it('takes an empty database to a site, twice without a difference', async () => {
    const db = pg.get().open(await pg.get().createDatabase('empty'));
    const database = bootstrapDatabase(db);
    expect(await database.readSite()).toMatchObject({ isRegent: false, nodes: [] });
    const applied = await database.migrate();
    expect(isRejected(applied) ? applied.message : applied[0]).toMatch(/^1 \(/);
    expect(await database.migrate()).toEqual([]);
    expect(await database.writeSite(ROWS)).toBeNull();
    const first = await db.read(readSnapshot);
    expect(await database.writeSite(ROWS)).toBeNull();
    expect(await db.read(readSnapshot)).toEqual(first);
    expect(first).toMatchObject({
      settings: { default_domain: 'lab.test' },
      domains: [{ name: 'lab.test', ttl: null }],
      nodes: [{ id: 'a1b2', name: 'r1', isRegion: true, isRack: false, addresses: ['192.0.2.11'] }],
    });
    expect(await database.writeSite({ ...ROWS, nodeName: 'r2', addresses: ['192.0.2.12'] })).toBeNull();
    expect(await database.readSite()).toMatchObject({
      isRegent: true,
      nodes: [{ id: 'a1b2', name: 'r2' }],
    });
    expect(await database.writeCredential('a1b2', textDigest('secret'))).toBeNull();
    expect(await db.read((tx) => readNodeCredential(tx, 'a1b2'))).toBe(textDigest('secret'));
  });

  it("tells of a cluster what its seed told, so that the region's first publication changes nothing that serves", async () => {
    const db = pg.get().open(await pg.get().createDatabase());
    const database = bootstrapDatabase(db);
    const seed = { nodeId: 'a1b2', clusterId: 'regent-a1b2', name: 'r1', address: '192.0.2.11', domain: 'lab.test' };
    const before = seedSnapshot({ ...seed, vip: '192.0.2.10/24', virtualRouter: 51, isDatabaseExternal: false });
    const compiled = compileSite(before, SERVICES, new Map(), 1_790_000_000);
    const cluster = {
      id: 'regent-a1b2',
      vip: '192.0.2.10/24',
      virtualRouter: 51,
      isDatabaseExternal: false,
      certificate: { serial: '4a5b', notBefore: 1_790_000_000_000, notAfter: 1_791_000_000_000 },
      held: { generation: 1, digest: textDigest('body') },
      versions: compiled.versions,
    };
    for (const _ of ['first', 'again']) expect(await database.writeSite({ ...ROWS, cluster })).toBeNull();
    const after = await db.read(readSnapshot);
    if (isRejected(after)) throw new Error(after.message);
    const { revision, observed, versions, copyKey } = after;
    // The key by which racks copy zones is made with the database.
    expect(copyKey).toMatchObject({ name: 'regent-racks' });
    const known = { revision, observed, versions, copyKey, cluster: { ...before.cluster, isSeed: false } };
    expect(after).toEqual({ ...before, ...known });
    const published = compileSite(after, SERVICES, new Map(), 1_790_000_060);
    const services = (site: typeof compiled) => {
      const parts = site.nodes.get('a1b2')?.body.services ?? {};
      return Object.fromEntries(Object.entries(parts).filter(([name]) => !['dcs', 'dns'].includes(name)));
    };
    expect(services(published)).toEqual(services(compiled));
    // named takes the key and the catalog by a reconfiguration, and answers all along.
    const names = (site: typeof compiled) => Object(site.nodes.get('a1b2')?.body.services['dns']?.desired).zones;
    expect(names(published)).toEqual(names(compiled));
    expect(await db.read((tx) => findCertificate(tx, '4a5b'))).toMatchObject({ nodeId: 'a1b2', node: 'r1' });
    const other = { ...cluster, id: 'regent-other' };
    expect(await database.writeSite({ ...ROWS, cluster: other })).toMatchObject({ kind: 'rejected', code: 'conflict' });
  });

  it('replaces the key that nobody saw, and no other', async () => {
    const db = pg.get().open(await pg.get().createDatabase());
    const database = bootstrapDatabase(db);
    expect(await database.replaceKey({ ...KEY, token: 'one', secret: 'first' })).toBeNull();
    expect(await database.replaceKey({ ...KEY, label: 'mine', token: 'mine', secret: 'other' })).toBeNull();
    expect(await database.replaceKey({ ...KEY, token: 'two', secret: 'second' })).toBeNull();
    expect(await db.read((tx) => findApiKey(tx, 'one'))).toBeNull();
    expect(await db.read((tx) => findApiKey(tx, 'two'))).toEqual({
      user: 'admin',
      role: 'admin',
      consumer: 'regent',
      secretSha256: textDigest('second'),
      usedAt: null,
      isTlsOnly: false,
    });
    const left = await db.read((tx) => listApiKeys(tx, { user: 'admin' }));
    expect(isRejected(left) ? left : left.items.map((row) => row.token).sort()).toEqual(['mine', 'two']);
  });

  it('refuses in time when the database is away', async () => {
    const db = pg.get().open({ host: '/nowhere', port: 5432, user: 'regent', database: 'regent' });
    expect(await bootstrapDatabase(db).readSite()).toMatchObject({ kind: 'rejected', code: 'unavailable' });
  });
});

import { describe, expect, it } from 'vitest';
import { textDigest } from '../../src/core/digest.ts';
import { isRejected } from '../../src/core/errors.ts';
import { bootstrapDatabase } from '../../src/main/bootstrap-database.ts';
import { findApiKey, listApiKeys } from '../../src/store/queries/api-keys.ts';
import { readSnapshot } from '../../src/store/snapshot.ts';
import { usePostgres } from '../kit/postgres.ts';

const KEY = { user: 'admin', label: 'regent init', consumer: 'regent' };
const ROWS = { nodeId: 'a1b2', nodeName: 'r1', addresses: ['192.0.2.11'], domain: 'lab.test' };

describe('the database work of init', () => {
  const pg = usePostgres();

  it('takes an empty database to a site, twice without a difference', async () => {
    const db = pg.get().open(await pg.get().createDatabase('empty'));
    const database = bootstrapDatabase(db);
    expect(await database.look()).toEqual({ isRegent: false, nodes: [] });
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
    expect(await database.look()).toEqual({
      isRegent: true,
      nodes: [{ id: 'a1b2', name: 'r2', credentialDigest: null }],
    });
    expect(await database.writeCredential('a1b2', textDigest('secret'))).toBeNull();
    expect(await database.look()).toMatchObject({ nodes: [{ credentialDigest: textDigest('secret') }] });
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
    });
    const left = await db.read((tx) => listApiKeys(tx, { user: 'admin' }));
    expect(isRejected(left) ? left : left.items.map((row) => row.token).sort()).toEqual(['mine', 'two']);
  });

  it('refuses in time when the database is away', async () => {
    const db = pg.get().open({ host: '/nowhere', port: 5432, user: 'regent', database: 'regent' });
    expect(await bootstrapDatabase(db).look()).toMatchObject({ kind: 'rejected', code: 'unavailable' });
  });
});

import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { escrowKey, parseRecoveryKey, recoveryFingerprint } from '../../../src/core/recovery-key.ts';
import { unseal } from '../../../src/core/seal.ts';
import { ESCROW_PLACE, parseEscrow } from '../../../src/contract/cluster/backup-order.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
const SECRET = 'a-secret-key/of+S3';
const S3 = {
  kind: 's3',
  endpoint: 's3.example.net',
  port: 9000,
  bucket: 'site-1',
  region: 'us-east-1',
  path: '/regent',
  accessKey: 'AKTEST1',
  isPathStyle: true,
};
let site: TrustedRegion;
beforeEach(async () => {
  site = await startTrustedRegion(pg.get(), { vip: '10.77.0.10/24' });
  // Every region node has to know backups first.
  await until('backups are known everywhere', async () => (await set({ dry: true })).status === 200);
});
afterEach(() => site.close());

const set = ({ dry = false, ...changes }: { readonly dry?: boolean } & Readonly<Record<string, unknown>> = {}) =>
  site.asAdmin('PUT', `/backup-target${dry ? '?dry_run=true' : ''}`, { store: S3, secret: SECRET, ...changes });
const everyText = async () => {
  const tables = await rowsOf<{ name: string }>(
    sql`select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind = 'r'`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) =>
      rowsOf(sql`select coalesce(string_agg(t::text, ' '), '') as text from ${sql.table(name)} t`),
    ),
  );
  return JSON.stringify(texts);
};
const rowsOf = async <Row>(query: ReturnType<typeof sql>): Promise<Row[]> =>
  value(await site.db.read(async (tx) => ({ rows: (await tx.all(query as never)) as Row[] }))).rows;

describe('the backup target', () => {
  it('shows its recovery key once; the database has it and the secret of the store only sealed', async () => {
    const first = await set();
    const key = String(first.body['recoveryKey']);
    const hex = parseRecoveryKey(key);
    if (isRejected(hex)) throw new Error(hex.message);

    expect(first.status).toBe(200);
    expect(first.body['fingerprint']).toBe(recoveryFingerprint(hex));
    expect((await site.asAdmin('GET', '/backup-target')).body['recoveryKey']).toBeNull();
    expect((await set({ retainFull: 4 })).body).toMatchObject({ recoveryKey: null, retainFull: 4 });
    expect((await set({ retainDays: 30, quotaMb: 500 })).body).toMatchObject({
      retainDays: 30,
      quotaMb: 500,
      retainFull: 4,
    });
    expect((await set({ retainDays: 0 })).body).toMatchObject({ retainDays: null, quotaMb: 500 });
    expect(await set({ quotaMb: 50 })).toMatchObject({ status: 422 });
    const texts = await everyText();
    for (const secret of [SECRET, hex, key, key.replaceAll('-', '')]) expect(texts).not.toContain(secret);
  });

  it('seals by the recovery key what a restore needs: the authority and the passwords', async () => {
    const hex = parseRecoveryKey(String((await set()).body['recoveryKey']));
    const [row] = await rowsOf<{ escrow: string }>(sql`select escrow from backup_target`);
    if (isRejected(hex) || row === undefined) throw new Error('no target');
    const text = unseal([escrowKey(hex)], ESCROW_PLACE, row.escrow);

    if (isRejected(text)) throw new Error(text.message);
    expect(parseEscrow(JSON.parse(text))).toMatchObject({ authority: site.authority.certificate });
  });

  it('takes the recovery key of a store that is in use, and refuses a mistyped one without showing it', async () => {
    const key = String((await set()).body['recoveryKey']);
    const wrong = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;

    expect((await set({ recoveryKey: key })).body).toMatchObject({ recoveryKey: null });
    const refused = await set({ recoveryKey: wrong });
    expect(refused.status).toBe(422);
    expect(JSON.stringify(refused.body)).not.toContain(wrong.slice(0, 7));
  });

  it.each([
    ['a folder elsewhere', { store: { kind: 'folder', path: '/var/lib/x' }, secret: undefined }],
    ['a path with dots', { store: { ...S3, path: '/../x' } }],
    [
      'a fingerprint that is none',
      { store: { kind: 'sftp', host: 'h', port: 22, user: 'u', path: '/x', fingerprint: 'y' } },
    ],
    ['a secret with a line break', { secret: 'abc\ndefghij' }],
  ])('refuses %s', async (_what, changes) => {
    const answer = await set(changes);

    expect(answer.status).toBe(422);
  });

  it('orders nothing without a target, and one task at a time with one', async () => {
    expect((await site.asAdmin('POST', '/backups', {})).status).toBe(404);
    await set();
    const first = await site.asAdmin('POST', '/backups', { type: 'full' });

    expect(first.status).toBe(202);
    expect(first.body).toMatchObject({ kind: 'backup', target: 'create', targets: ['backup'] });
    expect((await site.asAdmin('POST', '/backups/verify', {})).status).toBe(409);
    expect((await site.asAdmin('POST', '/backups/20200101-000000F/delete', {})).status).toBe(404);
  });

  it('is forgotten when it is unset', async () => {
    await set();

    expect((await site.asAdmin('DELETE', '/backup-target')).status).toBe(200);
    expect((await site.asAdmin('GET', '/backup-target')).status).toBe(404);
    expect((await site.asAdmin('GET', '/backups')).body).toEqual({ items: [] });
  });
});

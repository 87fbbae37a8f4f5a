import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../../src/pki/key.ts';
import { createRequest } from '../../../src/pki/request.ts';
import { callSecure } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';

const pg = usePostgres();
const DATABASE_URL = 'postgresql://regent:s3cr3t@a.example,b.example/site?sslmode=verify-full';
let site: TrustedRegion;
beforeAll(async () => {
  site = await startTrustedRegion(pg.get(), { vip: '10.77.0.10/24', databaseUrl: DATABASE_URL });
});
afterAll(() => site.close());

const join = async (name: string, address: string, isRegion: boolean) =>
  callSecure({
    port: site.process.apiPort,
    ca: site.authority.certificate,
    identity: site.own,
    path: '/api/v1/join',
    headers: {
      authorization: await site.token({ isRegion, isRack: !isRegion }),
      'x-forwarded-for': '192.0.2.77',
      'x-forwarded-proto': 'https',
    },
    body: {
      name,
      addresses: [address],
      isRegion,
      isRack: !isRegion,
      version: '1.4.2',
      csr: await createRequest(await createKey(), name),
      rack: isRegion ? null : { uuid: '6f9619ff-8b86-4011-b42d-00cf4fc964ff', publicKey: 'A'.repeat(43) },
    },
  });

describe("a cluster with an operator's own database", () => {
  it('gives the URLs to a region node that joins, and keeps their passwords nowhere', async () => {
    const answer = await join('r2', '10.77.0.12', true);
    expect(answer).toMatchObject({ status: 200, body: { name: 'r2', databaseUrl: DATABASE_URL } });
    const tables = ['audit', 'events', 'idempotency', 'changes', 'history'];
    for (const table of tables) {
      const rows = value(await site.db.read((tx) => tx.all(sql`select t::text as text from ${sql.table(table)} as t`)));
      expect(JSON.stringify(rows), table).not.toContain('s3cr3t');
    }
  });

  it('shows its servers, and judges them in place of Patroni', async () => {
    const { body } = await site.asAdmin('GET', '/cluster');
    expect(body).toMatchObject({
      cluster: { isDatabaseExternal: true },
      database: { primary: null, members: [], servers: [{ state: 'primary', isSynchronous: false }] },
    });
    expect(body['warnings']).toContainEqual(expect.stringContaining('Not promised by Regent'));
    const doctor = (await site.asAdmin('GET', '/cluster/doctor')).body as {
      invariants: { id: string; state: string; detail: string }[];
    };
    const found = doctor.invariants.find(({ id }) => id === 'database-servers');
    expect(found).toMatchObject({ state: 'warning', detail: expect.stringContaining('names only this server') });
    expect(doctor.invariants.map(({ id }) => id)).not.toContain('one-primary');
  });

  it('refuses to move the database', async () => {
    expect(await site.asAdmin('POST', '/cluster/switchover', {})).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('only its operator can move it') },
    });
  });
});

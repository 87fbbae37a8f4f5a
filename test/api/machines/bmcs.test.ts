import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rejected } from '../../../src/core/errors.ts';
import type { PowerParameters } from '../../../src/model/machines/power.ts';
import { readPowerParameters } from '../../../src/region/machines/power/bmc.ts';
import { sealerOf } from '../../../src/region/base/sealer.ts';
import type { CertificateAuthority } from '../../../src/region/cluster/trust/port.ts';
import { findDeclared } from '../../../src/store/declared/rows.ts';
import { NO_AUTHORITY } from '../../../src/main/region/certificate-authority.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

/** BMCs: the power type's law for their parameters, and secrets that no answer, no row of history and no dump of the database tells. */

const PASSWORD = 'bmc-Password-1';
const IPMI = { power_address: '10.88.0.1', power_user: 'operator', power_pass: PASSWORD };
const MASKED = { ...IPMI, power_pass: '********' };

/** The authority of a cluster, as far as secrets are sealed by it. */
const authority = { key: 'PEM of the authority' as string | null };
const ca: CertificateAuthority = {
  ...NO_AUTHORITY,
  inheritance: async () => {
    const { key } = authority;
    if (key === null) return rejected('unavailable', 'The key is missing.');
    return { key, secrets: { superuser: '', replication: '', rewind: '', restapi: '', database: '', beacon: '' } };
  },
};

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca });
});
afterAll(() => site.close());

const say = (method: Method, path: string, body?: unknown) =>
  site.call(method, path, body === undefined ? {} : { body });
const lastChange = async () =>
  ((await say('GET', '/config/history?limit=1')).body['items'] as { id: number }[])[0]?.id ?? 0;
const undo = async () => (await say('POST', `/config/history/${await lastChange()}/rollback`)).status;
/** What the rack that carries out an order would get. */
const inForce = (name: string, own: PowerParameters = {}) =>
  site.db.read(async (tx) => {
    const row = await findDeclared(tx, 'bmc', { name });
    return row === null ? null : await readPowerParameters(tx, sealerOf({ ca, random: realRandom }), { bmc: row, own });
  });

describe('parameters', () => {
  it('are stored as they were said, in canonical form, and used with defaults', async () => {
    const made = await say('POST', '/bmcs', {
      name: 'plain',
      powerType: 'ipmi',
      parameters: { power_address: '10.88.0.9:623', mac_address: '52-54-00-AA-00-01', power_user: '' },
    });
    const parameters = { power_address: '10.88.0.9', mac_address: '52:54:00:aa:00:01' };
    expect(made).toMatchObject({ status: 201, body: { powerType: 'ipmi', parameters } });
    expect(made.body['parameters']).toEqual(parameters);
    expect(await inForce('plain')).toMatchObject({
      ...parameters,
      power_driver: 'LAN_2_0',
      privilege_level: 'OPERATOR',
    });
  });

  it.each([
    ['of another type', { powerType: 'manual', parameters: IPMI }, 'parameters/'],
    ['that are missing', { powerType: 'ipmi', parameters: {} }, 'parameters/power_address'],
    [
      'that are no choice',
      { powerType: 'ipmi', parameters: { ...IPMI, cipher_suite_id: '0' } },
      'parameters/cipher_suite_id',
    ],
    ['that are masked where nothing is', { powerType: 'ipmi', parameters: MASKED }, 'parameters/power_pass'],
    ['of a type that there is not', { powerType: 'nonsense' }, 'powerType'],
    ['without a type', { parameters: IPMI }, 'parameters/'],
  ])('%s are refused', async (_, body, field) => {
    const answer = await say('POST', '/bmcs', { name: 'bad', ...body });
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toContain(field);
    expect(answer.raw).not.toContain(PASSWORD);
  });

  it('must suit the type that they are changed to', async () => {
    await say('POST', '/bmcs', { name: 'other', powerType: 'ipmi', parameters: IPMI });
    expect((await say('PATCH', '/bmcs/other', { powerType: 'manual' })).status).toBe(422);
    expect(await say('PATCH', '/bmcs/other', { powerType: 'manual', parameters: {} })).toMatchObject({
      status: 200,
      body: { powerType: 'manual', parameters: {} },
    });
    expect(await inForce('other')).toEqual({});
    expect(await undo()).toBe(201);
    expect(await inForce('other')).toMatchObject(IPMI);
  });
});

describe('a machine', () => {
  it('names its BMC, and which of its machines it is there', async () => {
    await say('POST', '/domains', { name: 'example.test' });
    const virsh = { power_address: 'qemu+ssh://admin@10.88.0.2/system' };
    expect((await say('POST', '/bmcs', { name: 'host', powerType: 'virsh', parameters: virsh })).status).toBe(201);
    const without = await say('POST', '/machines', { hostname: 'vm0', bmc: 'host' });
    expect(without).toMatchObject({ status: 422, body: { fields: [{ field: 'powerParameters/power_id' }] } });
    const foreign = { hostname: 'vm0', bmc: 'host', powerParameters: { power_id: 'vm0', power_address: 'x' } };
    expect((await say('POST', '/machines', foreign)).body['fields']).toMatchObject([
      { field: 'powerParameters/"power_address"' },
    ]);
    const made = await say('POST', '/machines', { hostname: 'vm1', bmc: 'host', powerParameters: { power_id: 'vm1' } });
    expect(made).toMatchObject({ status: 201, body: { bmc: 'host', powerParameters: { power_id: 'vm1' } } });
    expect(await inForce('host', { power_id: 'vm1' })).toEqual({ ...virsh, power_id: 'vm1' });
    expect((await say('GET', '/bmcs/host')).body).toMatchObject({ machines: 1, parameters: virsh });
    expect((await say('GET', '/machines/vm1')).body).toMatchObject({
      bmc: 'host',
      powerParameters: { power_id: 'vm1' },
    });
  });

  it('keeps its BMC from being deleted, and lets go of it', async () => {
    const refused = await say('DELETE', '/bmcs/host');
    expect(refused).toMatchObject({ status: 409, body: { code: 'in_use', detail: expect.stringContaining('vm1.') } });
    const set = await say('PATCH', '/machines/vm1', { bmc: null });
    expect(set.status).toBe(200);
    expect(set.body).not.toHaveProperty('bmc');
    expect(await undo()).toBe(201);
    expect((await say('GET', '/machines/vm1')).body).toMatchObject({
      bmc: 'host',
      powerParameters: { power_id: 'vm1' },
    });
    expect((await say('PATCH', '/machines/vm1', { powerParameters: { power_id: 'vm-1' } })).status).toBe(200);
    expect((await say('PATCH', '/machines/vm1', { bmc: 'no-such' })).status).toBe(404);
    // The parameters of before mean nothing to another BMC.
    expect((await say('PATCH', '/machines/vm1', { bmc: 'plain' })).body).toMatchObject({
      bmc: 'plain',
      powerParameters: {},
    });
    expect((await say('DELETE', '/bmcs/host')).status).toBe(200);
    expect((await say('DELETE', '/machines/vm1')).status).toBe(200);
  });

  it('needs a BMC for parameters', async () => {
    const answer = await say('POST', '/machines', { hostname: 'vm2', powerParameters: { power_id: 'x' } });
    expect(answer).toMatchObject({ status: 422, body: { fields: [{ field: 'powerParameters' }] } });
  });
});

describe('secrets', () => {
  it('go in and come out masked; masked they stay, anew they change, left out they go, and each can be taken back', async () => {
    const made = await say('POST', '/bmcs', { name: 'm1', powerType: 'ipmi', parameters: IPMI });
    expect(made).toMatchObject({ status: 201, body: { parameters: MASKED } });
    expect(made.headers['etag']).toBe('"1"');
    expect(await inForce('m1')).toMatchObject(IPMI);

    await say('PATCH', '/bmcs/m1', { name: 'm1', parameters: { ...MASKED, power_user: 'other' } });
    expect(await inForce('m1')).toMatchObject({ power_user: 'other', power_pass: PASSWORD });

    await say('PATCH', '/bmcs/m1', { parameters: { ...MASKED, power_pass: 'next-Password', k_g: 'key-1' } });
    expect(await inForce('m1')).toMatchObject({ power_pass: 'next-Password', k_g: 'key-1' });
    expect((await say('GET', '/bmcs/m1')).body['parameters']).toEqual({ ...MASKED, k_g: '********' });
    expect(await undo()).toBe(201);
    expect(await inForce('m1')).toMatchObject({ power_user: 'other', power_pass: PASSWORD });

    await say('PATCH', '/bmcs/m1', { parameters: { power_address: '10.88.0.1' } });
    expect(await inForce('m1')).not.toHaveProperty('power_pass');
    expect(await undo()).toBe(201);
    expect(await inForce('m1')).toMatchObject({ power_pass: PASSWORD });

    await say('DELETE', '/bmcs/m1');
    expect(await undo()).toBe(201);
    expect(await inForce('m1')).toMatchObject({ power_pass: PASSWORD });
  });

  it('are in no answer, event, history and table, and a dump alone does not open them', async () => {
    for (const path of ['/bmcs', '/bmcs/m1', '/events?limit=1000', '/config/history']) {
      const { raw } = await say('GET', path);
      expect(raw, path).not.toMatch(/bmc-Password|next-Password|key-1/);
    }
    const tables = value(
      await site.db.read((tx) =>
        tx.all(sql<{ name: string }>`select table_name as name from information_schema.tables
          where table_schema = 'public' and table_type = 'BASE TABLE'`),
      ),
    );
    expect(tables.length).toBeGreaterThan(20);
    for (const { name } of tables) {
      const rows = value(
        await site.db.read((tx) => tx.all(sql`select to_jsonb(t)::text as row from ${sql.table(name)} t`)),
      );
      expect(JSON.stringify(rows), name).not.toMatch(/bmc-Password|next-Password|key-1/);
    }
  });

  it('are not in the digest of a request: who has the database cannot try passwords out', async () => {
    const headers = { 'idempotency-key': 'bmc-once' };
    const body = (power_pass: string) => ({ name: 'once', powerType: 'ipmi', parameters: { ...IPMI, power_pass } });
    const post = (given: object) => site.call('POST', '/bmcs', { body: given, headers });
    expect((await post(body('first-one'))).status).toBe(201);
    const replay = await post(body('second-one'));
    expect(replay).toMatchObject({ status: 201, headers: { 'idempotent-replayed': 'true' } });
    expect((await post({ ...body('first-one'), comment: 'x' })).body.code).toBe('key_reused');
    expect(await inForce('once')).toMatchObject({ power_pass: 'first-one' });
  });

  it('cannot be put to another BMC by whoever writes the database', async () => {
    await say('POST', '/bmcs', {
      name: 'thief',
      powerType: 'ipmi',
      parameters: { ...IPMI, power_address: '10.66.6.6' },
    });
    await site.db.repeatable((tx) =>
      tx.run(sql`update power_secrets set sealed = (select sealed from power_secrets s join bmcs b on b.id = s.bmc_id where b.name = 'm1' and s.number = 1)
        where bmc_id = (select id from bmcs where name = 'thief')`),
    );
    expect(await inForce('thief')).toMatchObject({
      kind: 'rejected',
      message: expect.stringContaining('belongs to another object'),
    });
  });

  it('do not open in another cluster; a new secret and all that is none can still be set', async () => {
    authority.key = 'another authority';
    expect(await inForce('m1')).toMatchObject({ kind: 'rejected', code: 'unavailable' });
    expect((await say('GET', '/bmcs/m1')).status).toBe(200);
    expect((await say('PATCH', '/bmcs/m1', { comment: 'restored' })).status).toBe(200);
    const kept = await say('PATCH', '/bmcs/m1', { parameters: MASKED });
    expect(kept).toMatchObject({ status: 503, body: { detail: expect.stringContaining('set the secret again') } });
    expect((await say('PATCH', '/bmcs/m1', { parameters: IPMI })).status).toBe(200);
    expect(await inForce('m1')).toMatchObject(IPMI);
  });

  it('are refused where there is nothing to seal them with', async () => {
    authority.key = null;
    const answer = await say('POST', '/bmcs', { name: 'open', powerType: 'ipmi', parameters: IPMI });
    expect(answer.status).toBe(503);
    expect((await say('GET', '/bmcs/open')).status).toBe(404);
    expect((await say('POST', '/bmcs', { name: 'hand' })).status).toBe(201);
  });
});

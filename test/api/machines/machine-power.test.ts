import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/contract/base/role.ts';
import { NO_AUTHORITY } from '../../../src/main/region/certificate-authority.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Orders to machines: who may give them, what is refused, and what an unfinished one keeps from being deleted. */

const authority = {
  ...NO_AUTHORITY,
  inheritance: async () =>
    ({
      key: 'PEM of the authority',
      secrets: { superuser: '', replication: '', rewind: '', restapi: '', database: '', beacon: '' },
    }) as const,
};
const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: authority });
  const ipmi = { power_address: '10.88.0.1', power_user: 'operator', power_pass: 'planted-Pass-17' };
  const webhook = {
    power_on_uri: 'http://10.88.0.2/on',
    power_off_uri: 'http://10.88.0.2/off',
    power_query_uri: 'http://10.88.0.2/',
  };
  for (const bmc of [
    { name: 'm1-bmc', powerType: 'ipmi', parameters: ipmi },
    { name: 'm2-hook', powerType: 'webhook', parameters: webhook },
    { name: 'hands', powerType: 'manual' },
  ])
    await made('/bmcs', bmc);
  for (const machine of [
    { hostname: 'm1', bmc: 'm1-bmc' },
    { hostname: 'm2', bmc: 'm2-hook' },
    { hostname: 'm3', bmc: 'hands' },
    { hostname: 'm4' },
    { hostname: 'm5', bmc: 'm1-bmc' },
  ])
    await made('/machines', machine);
});
afterAll(() => site.close());
beforeEach(async () => {
  await pg.get().admin('delete from jobs', site.connection.database);
});

type By = { readonly role?: Role; readonly headers?: Readonly<Record<string, string>> };
const say = (method: Method, path: string, body?: unknown, by: By = {}) =>
  site.call(method, path, { ...by, ...(body === undefined ? {} : { body }) });
const power = (machine: string, body: object, by: By = {}) => say('POST', `/machines/${machine}/power`, body, by);
const made = async (path: string, body: object) => {
  const answer = await say('POST', path, body);
  if (answer.status !== 201) throw new Error(answer.raw);
};

describe('an order', () => {
  it('is a job that holds the machine and its BMC', async () => {
    const answer = await power('m1', { verb: 'cycle', boot: 'pxe', stopMode: 'soft' }, { role: 'operator' });
    expect(answer).toMatchObject({
      status: 202,
      body: { kind: 'machine-power', target: 'm1.regent.internal', state: 'waiting', caller: 'operator' },
    });
    const { id } = (await say('GET', '/machines/m1')).body;
    expect(answer.body['targets']).toEqual([expect.stringMatching(/^bmc:\d+$/), `machine:${String(id)}`]);
  });

  it.each(['user', 'auditor'] as const)('is not for the role %s', async (role) => {
    expect(await power('m1', { verb: 'on' }, { role })).toMatchObject({ status: 403 });
  });

  it('that is asked for again with its key is the same job', async () => {
    const headers = { 'idempotency-key': 'power-on-once' };
    const [first, second] = [
      await power('m1', { verb: 'on' }, { headers }),
      await power('m1', { verb: 'on' }, { headers }),
    ];
    expect(second.body).toEqual(first.body);
    expect((await say('GET', '/jobs')).body['items']).toHaveLength(1);
  });

  it('that is only tried leaves no job', async () => {
    expect(await say('POST', '/machines/m1/power?dry_run=true', { verb: 'on' })).toMatchObject({ status: 200 });
    expect((await say('GET', '/jobs')).body['items']).toEqual([]);
  });

  it.each(['m1', 'm5'])(
    'beside another one to the same BMC is refused, and the other is named: %s',
    async (machine) => {
      const { id } = (await power('m1', { verb: 'on' })).body;
      const answer = await power(machine, { verb: 'off' });
      expect(answer).toMatchObject({ status: 409 });
      expect(answer.body.detail).toMatch(
        new RegExp(
          `^Job ${id} \\(machine-power m1\\.regent.internal\\) is waiting and holds the target (bmc|machine):.*regent job abort ${id}`,
        ),
      );
    },
  );

  it.each([
    [
      'm4',
      { verb: 'on' },
      409,
      'm4.regent.internal has no BMC, so nothing can switch it. Give the machine a BMC: regent machine set m4 --bmc NAME.',
    ],
    [
      'm3',
      { verb: 'on' },
      409,
      'm3.regent.internal is switched by hand: hands is of the power type manual, which gets no orders.',
    ],
    ['m2', { verb: 'on', boot: 'pxe' }, 422, 'cannot choose what m2.regent.internal boots from'],
    ['m1', { verb: 'off', boot: 'pxe' }, 422, 'boot: off does not start the machine. Rule: with on or cycle.'],
    ['m1', { verb: 'on', stopMode: 'soft' }, 422, 'stopMode: on does not stop the machine. Rule: with off or cycle.'],
    ['m1', { verb: 'explode' }, 422, 'verb'],
    ['m9', { verb: 'on' }, 404, 'There is no machine "m9".'],
  ])('that cannot be is refused: %s %j', async (machine, body, status, words) => {
    const answer = await power(machine, body);
    expect(answer.status).toBe(status);
    expect(JSON.stringify(answer.body)).toContain(words.replaceAll('"', '\\"'));
  });
});

describe('while an order is unfinished', () => {
  it('neither the machine nor its BMC is deleted; afterwards they are', async () => {
    const both = [
      await say('POST', '/bmcs', { name: 'gone-bmc', powerType: 'ipmi', parameters: { power_address: '10.88.0.9' } }),
      await say('POST', '/machines', { hostname: 'gone', bmc: 'gone-bmc' }),
    ];
    expect(both.map(({ status }) => status)).toEqual([201, 201]);
    const { id = 0 } = (await power('gone', { verb: 'on' })).body;
    const machine = await say('DELETE', '/machines/gone');
    expect(machine).toMatchObject({ status: 409, body: { code: 'in_use' } });
    expect(machine.body.detail).toContain('Rule: a machine is deleted while no job works on the target');
    await say('PATCH', '/machines/gone', { bmc: null });
    expect((await say('DELETE', '/bmcs/gone-bmc')).body.detail).toContain(
      'Rule: a BMC is deleted while no job works on the target',
    );
    await say('POST', `/jobs/${id}/abort`);
    expect(await say('DELETE', '/bmcs/gone-bmc')).toMatchObject({ status: 200 });
    expect(await say('DELETE', '/machines/gone')).toMatchObject({ status: 200 });
  });
});

describe('a machine', () => {
  it('tells its power where it has a BMC, unknown until it was seen', async () => {
    expect((await say('GET', '/machines/m2')).body).toMatchObject({
      powerState: 'unknown',
      powerStateAt: null,
      powerSeenBy: null,
    });
    expect((await say('GET', '/machines/m4')).body).not.toHaveProperty('powerState');
  });
});

import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../../src/model/machines/machine-states.ts';
import { beginRun, relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Keys, oauth, readPreseed } from '../../kit/preseed.ts';
import { change, value } from '../../kit/store.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** What machines are told and what they tell, through a rack's relay and through the API's own port. */

const HERE = '10.10.10.21';
const ELSEWHERE = '10.10.10.66';
const ROOT = '/MAAS/metadata';

const pg = usePostgres();
let site: TestRegion;
let relay: FastifyInstance;
let id: string;
let other: string;
const told: { event: MachineEvent; machineId: string }[] = [];

beforeAll(async () => {
  site = await startTestRegion(pg.get(), {
    ca: SEALING_AUTHORITY,
    tellMachine: async (_tx, { event, machineId }) => {
      told.push({ event, machineId });
      return {};
    },
  });
  relay = relayListener(site);
  id = await machine('m1', '52:54:00:00:00:01');
  other = await machine('m2', '52:54:00:00:00:02');
  await lease(HERE, '52:54:00:00:00:01');
  await lease('10.10.10.22', '52:54:00:00:00:02');
});
afterAll(async () => {
  await relay.close();
  await site.close();
});

async function made(path: string, body: object) {
  const answer = await site.call('POST', path, { body });
  if (answer.status !== 201) throw new Error(answer.raw);
  return answer.body;
}
const machine = async (hostname: string, mac: string) =>
  String((await made('/machines', { hostname, interfaces: [{ mac }] })).id);
const sqlRun = (text: string) => pg.get().admin(text, site.connection.database);
const lease = (address: string, mac: string, starts = 'now()') =>
  sqlRun(`insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
    values ('r1', '${address}', 1, '${mac}', 'active', ${starts}, now() + interval '1 hour')
    on conflict (node_id, address) do update set mac = excluded.mac, starts_at = excluded.starts_at`);

interface Call {
  readonly from?: string;
  readonly keys?: Keys;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly host?: string;
}
/** Through the rack's relay. */
async function ask(method: 'GET' | 'POST', path: string, call: Call = {}) {
  const { from = HERE, keys, headers = {}, body, host = '10.10.10.1:5248' } = call;
  const response = await relay.inject({
    method,
    url: ROOT + path,
    remoteAddress: '10.88.0.5',
    headers: {
      'x-forwarded-for': from,
      'x-forwarded-host': host,
      ...(keys ? { authorization: oauth(keys) } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: response.statusCode, text: response.body, headers: response.headers };
}
const keysOf = async (machineId: string, from: string) => {
  const answer = await ask('GET', `/latest/by-id/${machineId}/?op=get_preseed`, { from });
  expect(answer.status, answer.text).toBe(200);
  return readPreseed(answer.text).datasource.MAAS;
};

describe('a preseed', () => {
  it('is given to a machine in a run at the address that DHCP gave it, again and again the same', async () => {
    await beginRun(site, id, 'commissioning');
    const first = await ask('GET', `/latest/by-id/${id}/?op=get_preseed`);
    expect(first).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    });
    const { datasource, reporting } = readPreseed(first.text) as unknown as Record<
      string,
      Record<string, Record<string, string>>
    >;
    expect(datasource?.['MAAS']).toMatchObject({
      metadata_url: 'http://10.10.10.1:5248/MAAS/metadata/',
      consumer_secret: '',
    });
    expect(reporting?.['maas']).toMatchObject({
      type: 'webhook',
      endpoint: `http://10.10.10.1:5248/MAAS/metadata/status/${id}`,
      token_key: datasource?.['MAAS']?.['token_key'],
    });
    expect((await ask('GET', `/2012-03-01/by-id/${id}/?op=get_preseed`)).text).toBe(first.text);
  });

  it('is not given to another address, to another machine, or to nobody’s address', async () => {
    const path = `/latest/by-id/${id}/?op=get_preseed`;
    const [stranger, neighbour] = await Promise.all([
      ask('GET', path, { from: ELSEWHERE }),
      ask('GET', path, { from: '10.10.10.22' }),
    ]);
    expect(stranger).toMatchObject({ status: 403, text: expect.stringContaining(ELSEWHERE) });
    expect(neighbour.status).toBe(403);
    expect(await ask('GET', path, { from: 'm1' })).toMatchObject({ status: 403 });
  }, 20_000);

  it('is not given after another client has had that address', async () => {
    await lease('10.10.10.23', '52:54:00:00:00:01', "now() - interval '5 minutes'");
    const rack = { id: 'k9', name: 'k9', isRegion: false, isRack: true, addresses: [] };
    await change(site.db, async (tx) => (await createNode(tx, rack), {})).then(value);
    await sqlRun(`insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
      values ('k9', '10.10.10.23', 1, '52:54:00:00:00:99', 'active', now(), now() + interval '1 hour')`);
    const held = (await ask('GET', `/latest/by-id/${id}/?op=get_preseed`, { from: '10.10.10.23' })).status;
    expect(held).toBe(403);
  }, 20_000);

  it('waits for a lease that a rack has not told of yet', async () => {
    const asked = ask('GET', `/latest/by-id/${id}/?op=get_preseed`, { from: '10.10.10.31' });
    await lease('10.10.10.31', '52:54:00:00:00:01');
    expect((await asked).status).toBe(200);
  }, 20_000);

  it('is not there for a machine that is in no run, or is none', async () => {
    for (const machineId of [other, 'zzzzzz'])
      expect(await ask('GET', `/latest/by-id/${machineId}/?op=get_preseed`, { from: '10.10.10.22' })).toMatchObject({
        status: 404,
      });
  });

  it.each(['a b', '[::1', 'evil.test/x', 'a"b', "a'b", 'a:b'])('takes no host %j', async (host) => {
    expect(await ask('GET', `/latest/by-id/${id}/?op=get_preseed`, { host })).toMatchObject({ status: 400 });
  });

  it('does not lie in the database as it is', async () => {
    const { token_secret } = await keysOf(id, HERE);
    const rows = await sqlRun(`select machine_tokens::text as row from machine_tokens`);
    expect(JSON.stringify(rows)).not.toContain(token_secret);
  });
});

describe('metadata', () => {
  let keys: Keys;
  beforeAll(async () => {
    await beginRun(site, id, 'commissioning');
    keys = await keysOf(id, HERE);
  });
  const get = (path: string, call: Call = {}) => ask('GET', path, { keys, ...call });

  it('has what cloud-init reads', async () => {
    expect(await get('/')).toMatchObject({ status: 200, text: '2012-03-01\nlatest' });
    expect(await get('')).toMatchObject({ status: 200 });
    expect(await get('/2012-03-01/')).toMatchObject({ status: 200, text: 'maas-commissioning-scripts\nmeta-data' });
    expect(await get('/2012-03-01/meta-data/')).toMatchObject({
      text: 'instance-id\nlocal-hostname\nvendor-data\nx509',
    });
    expect(await get('/2012-03-01/meta-data/instance-id')).toMatchObject({
      status: 200,
      text: id,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
    });
    expect(await get('/latest/meta-data/local-hostname/')).toMatchObject({ status: 200, text: 'm1.regent.internal' });
    for (const item of ['public-keys', 'vendor-data', 'x509'])
      expect(await get(`/2012-03-01/meta-data/${item}`)).toMatchObject({ status: 200, text: '' });
    expect(await get('/curtin/2012-03-01/meta-data/instance-id')).toMatchObject({ status: 200, text: id });
    expect(await get('/2012-03-01/maas-scripts')).toMatchObject({ status: 204 });
  });

  it('takes repeated slashes', async () => {
    expect(await get('//2012-03-01//meta-data/instance-id')).toMatchObject({ status: 200, text: id });
  });

  it.each([
    '/2009-04-04/',
    '/2012-03-01/meta-data/hostname',
    '/2012-03-01/user-data',
    '/2012-03-01/nothing',
    '/x',
    '/latest/meta-data/instance-id/x',
  ])('has no %s', async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' } });
  });

  it('has user data as bytes, where there are any', async () => {
    const bytes = Buffer.from([0x23, 0x21, 0xff, 0x00, 0x0a]);
    await beginRun(site, other, 'deploying', bytes);
    const own = await keysOf(other, '10.10.10.22');
    const answer = await relay.inject({
      url: `${ROOT}/2012-03-01/user-data`,
      headers: { authorization: oauth(own), 'x-forwarded-for': '10.10.10.22' },
    });
    expect([answer.statusCode, answer.rawPayload]).toEqual([200, bytes]);
    expect((await ask('GET', '/latest/', { keys: own })).text).toContain('user-data');
    expect((await ask('GET', '/latest/meta-data/instance-id', { keys: own })).text).toBe(other);
  });

  it('is for who has credentials: 401 as text, with a challenge and a date', async () => {
    const bare = await ask('GET', '/2012-03-01/meta-data/instance-id');
    expect(bare).toMatchObject({
      status: 401,
      headers: {
        'www-authenticate': expect.stringMatching(/^OAuth realm=/),
        'content-type': 'text/plain; charset=utf-8',
      },
    });
    expect(new Date(String(bare.headers.date)).getTime()).toBeGreaterThan(Date.now() - 60_000);
    for (const wrong of [
      { ...keys, token_secret: 'x' },
      { ...keys, token_key: 'x' },
      { ...keys, consumer_key: 'x' },
    ])
      expect(await get('/2012-03-01/', { keys: wrong })).toMatchObject({ status: 401 });
    expect(await get('/2012-03-01/', { headers: { authorization: `Bearer ${site.keys.admin}` } })).toMatchObject({
      status: 401,
    });
  });

  it('takes a clock of 1970, and no nonce of another address', async () => {
    const old = oauth(keys, 42);
    const path = '/2012-03-01/meta-data/instance-id';
    expect(await get(path, { headers: { authorization: old } })).toMatchObject({ status: 200 });
    expect(await get(path, { headers: { authorization: old } })).toMatchObject({ status: 200 });
    expect(await get(path, { headers: { authorization: old }, from: ELSEWHERE })).toMatchObject({ status: 401 });
  });

  it('is on the port of the API too, where nobody’s word about the address counts', async () => {
    const headers = { 'x-forwarded-for': HERE, host: 'region.test:5240' };
    const url = `${ROOT}/latest/by-id/${id}/?op=get_preseed`;
    const own = await site.api.inject({ url, headers: { host: 'region.test:5240' }, remoteAddress: HERE });
    expect(readPreseed(own.body).datasource.MAAS).toMatchObject({
      ...keys,
      metadata_url: 'http://region.test:5240/MAAS/metadata/',
    });
    const liar = await site.api.inject({ url, headers, remoteAddress: ELSEWHERE });
    expect(liar.statusCode).toBe(403);
    const item = await site.api.inject({
      url: `${ROOT}//latest/meta-data/instance-id`,
      headers: { authorization: oauth(keys) },
    });
    expect(item.body).toBe(id);
  }, 20_000);
});

describe('the mirror for machines that nobody knows', () => {
  it.each([
    ['/enlist/2012-03-01/meta-data/', 'instance-id\nlocal-hostname\npublic-keys'],
    ['/enlist/latest/meta-data/instance-id', 'i-maas-enlistment'],
    ['/enlist/2012-03-01/meta-data/local-hostname', 'maas-enlisting-node'],
    ['/enlist/2012-03-01/', 'meta-data\nuser-data'],
  ])('answers %s to anybody', async (path, text) => {
    expect(await ask('GET', path, { from: ELSEWHERE })).toMatchObject({ status: 200, text });
  });

  it('has a preseed that leads there', async () => {
    const answer = await ask('GET', '/latest/enlist-preseed/?op=get_enlist_preseed', { from: ELSEWHERE });
    expect(readPreseed(answer.text).datasource.MAAS).toMatchObject({
      metadata_url: 'http://10.10.10.1:5248/MAAS/metadata/enlist/',
    });
    expect(await ask('GET', '/enlist/2008-01-01/meta-data/')).toMatchObject({ status: 404 });
  });
});

describe('a report of cloud-init', () => {
  const event = {
    event_type: 'start',
    origin: 'cloudinit',
    name: 'init-local',
    description: 'searching',
    timestamp: 1.5,
  };
  let keys: Keys;
  beforeAll(async () => {
    await beginRun(site, id, 'commissioning');
    keys = await keysOf(id, HERE);
  });
  const post = (body: unknown, call: Call = {}) =>
    ask('POST', `/status/${id}`, { keys, body: typeof body === 'string' ? body : JSON.stringify(body), ...call });

  it('without a Content-Type is taken: 204, and it is an event of the machine', async () => {
    expect(await post(event)).toMatchObject({ status: 204, text: '' });
    const events = await site.call('GET', '/events?kind=machine.status');
    expect(events.raw).toContain('init-local');
  });

  it.each([
    ['{', 400],
    ['[]', 400],
    ['', 400],
    [JSON.stringify({ ...event, description: 'é' }), 400],
    [JSON.stringify({ ...event, name: undefined }), 400],
    [JSON.stringify({ ...event, event_type: 'later' }), 400],
    ['['.repeat(100) + ']'.repeat(100), 400],
  ])('that is wrong is refused: %s', async (body, status) => {
    expect((await post(body)).status).toBe(status);
  });

  it('needs credentials of that machine', async () => {
    expect(await ask('POST', `/status/${id}`, { body: JSON.stringify(event) })).toMatchObject({ status: 401 });
    expect(await ask('POST', `/status/${other}`, { keys, body: JSON.stringify(event) })).toMatchObject({ status: 403 });
  });

  it('that tells of a failure of a whole stage ends commissioning; one of a step does not', async () => {
    told.length = 0;
    await post({ ...event, event_type: 'finish', name: 'init-network/check', result: 'FAIL' });
    expect(told).toEqual([]);
    await post({ ...event, event_type: 'finish', name: 'modules-final', result: 'FAIL' });
    expect(told).toEqual([{ event: 'scripts-failed', machineId: id }]);
  });

  it('shows nothing raw: what a terminal would act on is gone', async () => {
    await post(`{"event_type":"start","origin":"cloudinit","name":"esc","description":"\\u001b[2Jboo"}`);
    const events = await site.call('GET', '/events?kind=machine.status');
    expect(events.raw).toContain('?[2Jboo');
    expect(events.raw).not.toContain('\\u001b');
  });
});

describe('credentials', () => {
  it('are dead when the run is over, and another run has others', async () => {
    await beginRun(site, id, 'commissioning');
    const first = await keysOf(id, HERE);
    await beginRun(site, id, null);
    expect(await ask('GET', '/latest/', { keys: first })).toMatchObject({ status: 401 });
    expect(await ask('GET', `/latest/by-id/${id}/?op=get_preseed`)).toMatchObject({ status: 404 });
    await beginRun(site, id, 'testing');
    const second = await keysOf(id, HERE);
    expect(second.token_key).not.toBe(first.token_key);
    expect(await ask('GET', '/latest/', { keys: first })).toMatchObject({ status: 401 });
    expect(await ask('GET', '/latest/', { keys: second })).toMatchObject({ status: 200 });
  });

  it('go with the machine', async () => {
    const gone = await machine('gone', '52:54:00:00:00:0a');
    await lease('10.10.10.40', '52:54:00:00:00:0a');
    await beginRun(site, gone, 'commissioning');
    const keys = await keysOf(gone, '10.10.10.40');
    expect((await site.call('DELETE', `/machines/${gone}`)).status).toBe(200);
    expect(await ask('GET', '/latest/', { keys })).toMatchObject({ status: 401 });
  });
});

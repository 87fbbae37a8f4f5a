import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Etcd, patienceAfter } from '../../../../ha/keeper/etcd.ts';
import { arm, disarm, readView, release } from '../../../../ha/keeper/records.ts';
import type { Identity } from '../../../../ha/kit/host.ts';
import { testAuthority, testIdentity } from '../../../kit/cluster/pki.ts';

interface Asked {
  readonly port: number;
  readonly path: string;
  readonly body: Record<string, unknown>;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const kv = (key: string, value: string, lease?: string) => ({
  key: base64(key),
  value: base64(value),
  mod_revision: '12',
  create_revision: '5',
  ...(lease === undefined ? {} : { lease }),
});
const ranges = (...lists: object[][]) => ({
  succeeded: true,
  responses: lists.map((kvs) => (kvs.length > 0 ? { response_range: { kvs } } : { response_range: {} })),
});

let [identity, etcd]: [Identity | null, Etcd | null] = [null, null];
const servers: Server[] = [];
const asked: Asked[] = [];
beforeAll(async () => {
  const one = await testIdentity(await testAuthority(), { nodeId: 'n-r1', isRegion: true });
  identity = { ca: Buffer.from(one.authority), cert: Buffer.from(one.certificate), key: Buffer.from(one.key) };
});
afterEach(() => {
  etcd?.close();
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  asked.length = 0;
});

/** A gateway that wants a certificate; `answer`: null is silence, a number a status. Its place. */
async function gateway(answer: (request: Asked) => object | number | null): Promise<string> {
  if (identity === null) throw new Error('no certificate');
  const options = { ...identity, requestCert: true, rejectUnauthorized: true };
  const server = createServer(options, (request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      const { port } = server.address() as AddressInfo;
      const one = { port, path: request.url ?? '', body: JSON.parse(text) as Asked['body'] };
      asked.push(one);
      const said = answer(one);
      if (said === null) return;
      response.statusCode = typeof said === 'number' ? said : 200;
      response.end(typeof said === 'number' ? '{"message":"no"}' : JSON.stringify(said));
    });
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function open(places: readonly string[], shown = identity): Etcd {
  if (shown === null) throw new Error('no certificate');
  return (etcd = new Etcd(places, shown));
}

describe('etcd through its gateway', () => {
  it('grants, renews and revokes a lease', async () => {
    const client = open([
      await gateway(({ path, body }) => {
        if (path === '/v3/lease/grant') return { ID: '6411615119181335050', TTL: '2' };
        return path === '/v3/lease/revoke' ? {} : { result: { ID: body['ID'], TTL: '2' } };
      }),
    ]);
    expect(await client.grant(2)).toBe('6411615119181335050');
    expect(await client.renew('6411615119181335050')).toBe(true);
    await client.revoke('6411615119181335050');
    expect(asked.map(({ body }) => body)).toEqual([{ TTL: 2 }, ...Array(2).fill({ ID: '6411615119181335050' })]);
  });

  it('knows a lease that has run out from an answer that is none', async () => {
    const answers = [{ result: { ID: '7' } }, { error: { code: 14 } }];
    const client = open([await gateway(() => answers.shift() ?? 500)]);
    expect(await client.renew('7')).toBe(false);
    await expect(client.renew('7')).rejects.toThrow('did not report');
  });

  it('asks the next member of one that is silent, dead or without a leader, and stays with it', async () => {
    const silent = await gateway(() => null);
    const leaderless = await gateway(() => 503);
    const well = await gateway(() => ({ ID: '7' }));
    const client = open([silent, '127.0.0.1:1', leaderless, well]);
    const from = performance.now();
    expect(await client.grant(2)).toBe('7');
    expect(performance.now() - from).toBeLessThan(2000);
    asked.length = 0;
    expect(await client.grant(2)).toBe('7');
    expect(asked.map(({ port }) => `127.0.0.1:${port}`)).toEqual([well]);
  });

  it.each([
    [10, 350],
    [200, 400],
    [900, 700],
  ])('asks beside one that took %d ms for its last answer after %d ms', (tookMs, patienceMs) => {
    expect(patienceAfter(tookMs)).toBe(patienceMs);
  });

  it('asks whoever is not the first over new connections: a deaf host has none, and what it sends over an idle one is done', async () => {
    const opened = [0, 0];
    let well = 0;
    const places: string[] = [];
    for (const index of [0, 1]) {
      places.push(await gateway(() => (well === index ? { ID: '7' } : 503)));
      servers.at(-1)?.on('secureConnection', () => opened.splice(index, 1, (opened[index] ?? 0) + 1));
    }
    const client = open(places);
    await client.grant(2);
    await client.grant(2);
    expect(opened).toEqual([1, 0]);
    well = 1;
    await client.grant(2);
    await client.grant(2);
    // One that is thrown away, and one that is kept since this member is the first.
    expect(opened).toEqual([1, 2]);
    well = 0;
    await client.grant(2);
    expect(opened).toEqual([2, 2]);
  });

  it('gives up when nobody answers, and trusts no stranger', async () => {
    const place = await gateway(() => null);
    await expect(open([place]).grant(2)).rejects.toThrow('no answer in time');
    const stranger = await testIdentity(await testAuthority('c2'), { nodeId: 'n-x', isRegion: true });
    const shown = {
      ca: Buffer.from(stranger.authority),
      cert: Buffer.from(stranger.certificate),
      key: Buffer.from(stranger.key),
    };
    await expect(open([place], shown).grant(2)).rejects.toThrow(/certificate|signature|issuer/i);
  });
});

describe('what the keepers have in etcd', () => {
  it('is read in one transaction', async () => {
    const member = JSON.stringify({ api_url: 'https://10.77.0.12:8008/patroni', state: 'running' });
    const found = ranges(
      [kv('/service/regent/leader', 'r2', '77')],
      [kv('/service/regent/config', '{"synchronous_mode":true,"pause":true}')],
      [kv('/service/regent/members/r2', member, '77'), kv('/service/regent/members/r3', 'garbage', '78')],
      [kv('/regent/fence/r2', '77', '99')],
      [kv('/regent/armed/r2', '77')],
    );
    const view = await readView(open([await gateway(() => found)]), 5);
    expect(view).toEqual({
      at: 5,
      leader: { name: 'r2', term: '5.77' },
      isPaused: true,
      isSynchronous: true,
      fences: new Map([['r2', '77']]),
      armed: new Map([['r2', { term: '77', revision: '12' }]]),
      places: new Map([
        ['r2', '10.77.0.12'],
        ['r3', ''],
      ]),
    });
    const nothing = await readView(open([await gateway(() => ranges([], [], [], [], []))]), 6);
    expect(nothing).toMatchObject({ leader: null, isPaused: false, isSynchronous: false });
    const [{ body } = { body: {} }] = asked;
    expect(JSON.stringify(body)).toContain(base64('/regent/fence0'));
  });

  it('has another term when a Patroni leads again with the lease that it had', async () => {
    const leading = (created: string) => ({ ...kv('/service/regent/leader', 'r1', '77'), create_revision: created });
    const armed = [kv('/regent/armed/r1', '5.77')];
    const answers: object[] = ['5', '9'].map((created) => ranges([leading(created)], [], [], [], armed));
    const client = open([await gateway(() => answers.shift() ?? 500)]);
    const [first, again] = [await readView(client, 0), await readView(client, 0)];
    expect(first.leader?.term).toBe(first.armed.get('r1')?.term);
    expect(again.leader?.term).not.toBe(again.armed.get('r1')?.term);
  });

  const view = {
    at: 0,
    leader: { name: 'r1', term: '5.77' },
    isPaused: false,
    isSynchronous: true,
    fences: new Map<string, string>(),
    armed: new Map([['r1', { term: '3.77', revision: '12' }]]),
  };
  const failed = (...lists: object[][]) => ({ ...ranges(...lists), succeeded: false });

  it('is armed only for who leads in that term, and known as armed when the first answer was lost', async () => {
    const ours = failed([kv('/regent/fence/r1', '5.77', '99')], [kv('/regent/armed/r1', '5.77')]);
    const older = failed([kv('/regent/fence/r1', '3.77', '98')], [kv('/regent/armed/r1', '3.77')]);
    const answers: object[] = [ranges([], []), ours, older];
    const client = open([await gateway(() => answers.shift() ?? 500)]);
    expect(await arm(client, 'r1', '99', view)).toBe(true);
    expect(await arm(client, 'r1', '99', view)).toBe(true);
    expect(await arm(client, 'r1', '99', view)).toBe(false);
    expect(asked[0]?.body['compare']).toEqual([
      { key: base64('/service/regent/leader'), result: 'EQUAL', target: 'VALUE', value: base64('r1') },
      { key: base64('/service/regent/leader'), result: 'EQUAL', target: 'LEASE', lease: '77' },
      { key: base64('/service/regent/leader'), result: 'EQUAL', target: 'CREATE', create_revision: '5' },
      { key: base64('/regent/armed/r1'), result: 'EQUAL', target: 'MOD', mod_revision: '12' },
    ]);
  });

  it('is disarmed while its fence is there, not after', async () => {
    const answers: object[] = [ranges([]), {}, failed([kv('/regent/armed/r1', '77')]), failed([])];
    const client = open([await gateway(() => answers.shift() ?? 500)]);
    expect(await disarm(client, 'r1', '99')).toBe(true);
    expect(asked.map(({ path }) => path)).toEqual(['/v3/kv/txn', '/v3/lease/revoke']);
    expect(await disarm(client, 'r1', '99')).toBe(false);
    expect(await disarm(client, 'r1', '99')).toBe(true);
  });

  it('revokes the very lease that was read, and only where the fence is gone in that term', async () => {
    const answers: object[] = [failed(), ranges(), {}];
    const client = open([await gateway(() => answers.shift() ?? 500)]);
    expect(await release(client, { name: 'r1', term: '5.77' })).toBe(false);
    expect(asked.map(({ path }) => path)).toEqual(['/v3/kv/txn']);
    expect(await release(client, { name: 'r1', term: '5.77' })).toBe(true);
    expect(asked.at(-1)).toMatchObject({ path: '/v3/lease/revoke', body: { ID: '77' } });
    expect(asked[0]?.body['compare']).toContainEqual({
      key: base64('/regent/fence/r1'),
      result: 'EQUAL',
      target: 'MOD',
      mod_revision: '0',
    });
  });
});

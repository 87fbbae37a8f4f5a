import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLAIM_PATH, type ClaimAnswer, reportPath } from '../../../src/contract/base/command.ts';
import { wantProbe, withoutRouters, withProbes } from '../../../src/region/networks/probe.ts';
import { secretDigest } from '../../../src/core/secret.ts';
import { createNode, setNodeCredential } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { anObservation } from '../../kit/observation.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

/** An automatic address is probed on the wire before it is given. */

const pg = usePostgres();
let site: TestRegion;
let endTasks: () => Promise<void>;
const MAC = '02:00:00:00:00:99';
const admin = (text: string) => pg.get().admin(text, site.connection.database);

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  endTasks = site.region.startTasks();
  await made('/subnets', { cidr: '10.10.10.0/24' });
  await made('/subnets', { cidr: '2001:db8:1::/64' });
  value(
    await change(site.db, async (tx) => {
      const node = await createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: [] });
      await setNodeCredential(tx, 'k1', secretDigest(NODE_SECRET));
      return node;
    }),
  );
});
afterAll(async () => {
  await endTasks();
  await site.close();
});
beforeEach(async () => {
  await admin('delete from probed_addresses; delete from commands');
  const { items } = (await site.call('GET', '/reservations?limit=1000')).body as { items: { id: number }[] };
  for (const { id } of items) await site.call('DELETE', `/reservations/${id}`);
  await report('10.10.10.1', '2001:db8:1::5');
});

async function made(path: string, body: object) {
  const answer = await site.call('POST', path, { body });
  expect(answer.status, answer.raw).toBe(201);
  return answer.body;
}
/** k1 stands there, as it reports. */
async function report(...addresses: string[]) {
  const observation = anObservation('k1', { services: [] });
  const nic = { name: 'eth1', mac: '02:00:00:00:00:01', addresses, isUp: true, hasCarrier: true };
  const facts = { ...observation.facts, hostname: 'k1', interfaces: [nic] };
  value(await site.db.repeatable((tx) => storeObservation(tx, { id: 'k1', name: 'k1' }, { ...observation, facts })));
}
async function asAgent(url: string, body: object) {
  const answer = await site.agentApi.inject({
    method: 'POST',
    url,
    headers: { authorization: `Bearer node:k1:${NODE_SECRET}`, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (answer.body === '' ? {} : JSON.parse(answer.body)) as unknown };
}
const claim = async (kinds = ['probe-free']) =>
  ((await asAgent(CLAIM_PATH, { key: realRandom.hex(16), kinds, limit: 8 })).body as ClaimAnswer).commands;
/** The agent of k1 answers the next probe: these addresses are had. */
async function answer(taken: readonly string[], mac = MAC) {
  const command = await until('a probe', async () => (await claim())[0]);
  const { addresses } = command.args as { addresses: string[] };
  const answers = addresses.map((address) => ({ address, mac: taken.includes(address) ? mac : null }));
  const done = { epoch: command.epoch, state: 'done', sentence: 'x', result: { answers } };
  expect((await asAgent(reportPath(command.id), done)).status).toBe(204);
  return addresses;
}
const reserve = (subnet = '10.10.10.0/24', more: object = {}) =>
  site.call('POST', '/reservations', { body: { address: 'auto', subnet, ...more } });
const events = async (kind: string) =>
  (
    (await site.call('GET', '/events?limit=1000')).body['items'] as { kind: string; subject: string; data: object }[]
  ).filter((event) => event.kind === kind);

describe('an automatic address', () => {
  it('that answers is not given: the next one is, and an event names who has it', async () => {
    const asked = reserve();
    expect((await answer(['10.10.10.2', '10.10.10.3'])).slice(0, 3)).toEqual([
      '10.10.10.2',
      '10.10.10.3',
      '10.10.10.4',
    ]);
    expect((await asked).body).toMatchObject({ address: '10.10.10.4' });
    expect(await events('address.conflict')).toMatchObject([
      { subject: '10.10.10.2', data: { subnet: '10.10.10.0/24', mac: MAC, node: 'k1' } },
      { subject: '10.10.10.3' },
    ]);
    // The next ones were probed with it.
    expect((await reserve()).body).toMatchObject({ address: '10.10.10.5' });
    expect(await admin('select id from commands')).toEqual([]);
  });

  it('of a machine, and of IPv6, is probed, too', async () => {
    const machine = site.call('POST', '/machines', {
      body: {
        hostname: 'm1',
        interfaces: [{ mac: '52:54:00:00:00:01', addresses: [{ address: 'auto', subnet: '10.10.10.0/24' }] }],
      },
    });
    await answer(['10.10.10.2']);
    expect((await machine).body).toMatchObject({ interfaces: [{ addresses: [{ address: '10.10.10.3' }] }] });
    await site.call('DELETE', '/machines/m1');
    const six = reserve('2001:db8:1::/64');
    // What people number by hand is left to them.
    expect((await answer(['2001:db8:1::100']))[0]).toBe('2001:db8:1::100');
    expect((await six).body).toMatchObject({ address: '2001:db8:1::101' });
  });

  it('that its own card answers at is given', async () => {
    await admin(
      `insert into probed_addresses (address, mac, node_id) values ('10.10.10.2', '52:54:00:00:00:07', 'k1')`,
    );
    expect((await reserve('10.10.10.0/24', { mac: '52:54:00:00:00:07' })).body).toMatchObject({
      address: '10.10.10.2',
    });
  });

  it('is given unprobed when nobody stands there: at once; when the agent is silent or does not know the question: in time, and an event says why', async () => {
    await report('10.77.0.1');
    const since = performance.now();
    expect((await reserve()).body).toMatchObject({ address: '10.10.10.1' });
    expect(performance.now() - since).toBeLessThan(800);
    await report('10.10.10.9');
    const later = performance.now();
    expect((await reserve()).body).toMatchObject({ address: '10.10.10.2' });
    expect(performance.now() - later).toBeLessThan(4000);
    expect(await events('address.unprobed')).toMatchObject([
      { subject: '10.10.10.0/24', data: { node: 'k1', why: 'The agent of k1 did not answer within 1 s.' } },
    ]);
    // The next ones do not wait again.
    expect((await reserve()).body).toMatchObject({ address: '10.10.10.3' });
    await admin('delete from probed_addresses');
    const asked = reserve();
    const [command] = await until('a probe', async () => {
      const found = await claim();
      return found.length > 0 ? found : null;
    });
    const failed = { epoch: command?.epoch, state: 'failed', sentence: 'This agent does not know probe-free.' };
    await asAgent(reportPath(command?.id ?? 0), failed);
    expect((await asked).body).toMatchObject({ address: '10.10.10.4' });
    expect((await events('address.unprobed')).at(-1)).toMatchObject({ data: { why: failed.sentence } });
  });

  it('is given once to each of many that ask at once, after one probe', async () => {
    const asked = Promise.all(Array.from({ length: 6 }, () => reserve()));
    await answer(['10.10.10.2']);
    const addresses = (await asked).map(({ body }) => String(body['address'])).sort();
    expect(addresses).toEqual(['10.10.10.3', '10.10.10.4', '10.10.10.5', '10.10.10.6', '10.10.10.7', '10.10.10.8']);
    expect(await claim()).toEqual([]);
  });

  it('that a host answered at after it was chosen is not given: the choice is made again', async () => {
    const probed = (address: string, mac: string | null) =>
      admin(
        `insert into probed_addresses (address, mac, node_id) values ('${address}', ${mac === null ? 'null' : `'${mac}'`}, 'k1')`,
      );
    const choices = ['10.10.10.2', '10.10.10.3'];
    const ports = { db: site.db, askAgent: () => Promise.reject(new Error('another probe')) };
    const given = await withProbes(ports, async (mark) =>
      value(
        await site.db.repeatable(async (tx) => {
          mark(tx);
          const address = choices.shift() ?? '';
          // The answer of a probe that another call asked for is stored meanwhile.
          await probed(address, address === '10.10.10.2' ? MAC : null);
          await wantProbe(tx, '10.10.10.0/24', [address], []);
          return address;
        }),
      ),
    );
    expect([given, choices]).toEqual(['10.10.10.3', []]);
  });

  it('is not probed by a dry run, which changes nothing', async () => {
    const { status } = await site.call('POST', '/reservations?dry_run=true', {
      body: { address: 'auto', subnet: '10.10.10.0/24' },
    });
    expect(status).toBe(200);
    expect(await claim()).toEqual([]);
  });
});

it('a router that answers at every address has none of them', () => {
  const all = Array.from({ length: 16 }, (_, index) => ({
    address: `10.0.0.${index}`,
    mac: index === 3 ? MAC : '02:aa',
  }));
  expect([...withoutRouters(all).taken]).toEqual([['10.0.0.3', MAC]]);
  expect(withoutRouters(all).router).toBe('02:aa');
  expect([...withoutRouters(all.slice(0, 4)).taken].length).toBe(4);
});

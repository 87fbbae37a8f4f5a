import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { gatherDesired } from '../../../src/agent/channel/gather.ts';
import { judgeDesired } from '../../../src/agent/accept.ts';
import type { Desired } from '../../../src/contract/cluster/agent.ts';
import { type DesiredParts, PARTS_PATH, PARTS_PER_QUESTION } from '../../../src/contract/cluster/desired-parts.ts';
import { createPublishTask } from '../../../src/region/site/publish.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { createNode, setNodeCredential } from '../../../src/store/queries/cluster/nodes.ts';
import { secretDigest } from '../../../src/core/secret.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { realClock, silentLog, usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

const pg = usePostgres();
let site: TestRegion;
let publish: () => Promise<unknown>;

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  value(await change(site.db, (tx) => tx.run(sql`insert into features (name) values ('parts')`)));
  value(
    await change(site.db, async (tx) => {
      await createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: [] });
      await setNodeCredential(tx, 'k1', secretDigest(NODE_SECRET));
      return null;
    }),
  );
  const ports = { db: site.db, clock: realClock, log: silentLog, services: SERVICES, compiler: '1.0.0' };
  const task = createPublishTask({ ...ports, process: 'p' });
  publish = () => {
    task.demand();
    return task.run();
  };
  for (let index = 0; index < 20; index += 1) {
    await addRecord(`zone${index}.test`, 'a', '192.0.2.1');
    for (const name of ['t1', 't2', 't3']) await addRecord(`zone${index}.test`, name, 'x'.repeat(200), 'TXT');
  }
  await publish();
}, 60_000);
afterAll(() => site.close());

async function addRecord(domain: string, name: string, data: string, type = 'A') {
  await site.call('POST', '/domains', { body: { name: domain } });
  const made = await site.call('POST', '/records', { body: { fqdn: `${name}.${domain}`, type, data } });
  expect(made.status).toBe(201);
}

async function ask(method: 'GET' | 'POST', url: string, node: string | null, body?: unknown) {
  const answer = await site.agentApi.inject({
    method,
    url,
    headers: {
      ...(node === null ? {} : { authorization: `Bearer node:${node}:${NODE_SECRET}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
  return {
    status: answer.statusCode,
    size: answer.body.length,
    body: answer.body === '' ? null : answer.json<unknown>(),
  };
}
const pull = (held: Pick<Desired, 'generation' | 'digest'>, parts = '&parts=true', node = 'r1') =>
  ask('GET', `/agent/v1/desired?generation=${held.generation}&digest=${held.digest}&wait=0${parts}`, node);
const wholeOf = async () => {
  const { body } = await pull({ generation: 0, digest: '' });
  expect(judgeDesired(body, 'r1', null)).toMatchObject({ kind: 'accepted' });
  return body as Desired;
};
const partsOf = (digests: readonly string[], node: string | null = 'r1') => ask('POST', PARTS_PATH, node, { digests });
/** The region as the agent's channel has it. */
const channel = {
  parts: async (question: { readonly digests: string[] }) => (await ask('POST', PARTS_PATH, 'r1', question)).body,
};

it('an agent that holds a generation gets parts and makes the whole of them; one that does not ask for parts gets all', async () => {
  const held = await wholeOf();
  await addRecord('zone7.test', 'b', '192.0.2.2');
  await publish();
  const whole = await pull(held, '');
  const parts = await pull(held);
  expect(parts.body).toMatchObject({ generation: held.generation + 1 });
  expect(parts.body).not.toHaveProperty('body');
  expect(parts.size).toBeLessThan(whole.size / 2);
  const gathered = await gatherDesired(parts.body, held, channel);
  expect(gathered).toEqual({ kind: 'whole', value: whole.body });
  // What is held and unknown to the database is answered whole.
  expect(await pull({ ...held, digest: 'f'.repeat(64) })).toEqual(whole);
});

it('a part that was lost on the way is had by its digest, with all that it names', async () => {
  const held = await wholeOf();
  await addRecord('zone8.test', 'b', '192.0.2.2');
  await publish();
  const answer = (await pull(held)).body as DesiredParts;
  const all = Object.keys(answer.parts);
  expect(all.length).toBeGreaterThan(1);
  for (const lost of [all, ...all.map((digest) => [digest])]) {
    const left = Object.fromEntries(Object.entries(answer.parts).filter(([digest]) => !lost.includes(digest)));
    const gathered = await gatherDesired({ ...answer, parts: left }, held, channel);
    expect(gathered).toEqual({ kind: 'whole', value: (await pull(held, '')).body });
  }
  // Nothing that is held helps: every part is had by its digest.
  const fromNothing = await gatherDesired({ ...answer, parts: {} }, null, channel);
  expect(fromNothing).toMatchObject({ kind: 'whole' });
});

it('parts are had by the node whose they are, and by nobody else', async () => {
  const held = await wholeOf();
  await addRecord('zone9.test', 'b', '192.0.2.3');
  await publish();
  const { root } = (await pull(held)).body as DesiredParts;
  expect(await partsOf([root])).toMatchObject({ status: 200, body: { parts: { [root]: expect.anything() } } });
  expect(await partsOf([root], 'k1')).toMatchObject({ status: 200, body: { parts: {} } });
  expect(await partsOf([root], null)).toMatchObject({ status: 401 });
  expect(await partsOf(['0'.repeat(64)])).toMatchObject({ status: 200, body: { parts: {} } });
});

it.each([
  ['no digests', { digests: [] }],
  ['no list', {}],
  ['what is no digest', { digests: ['../etc'] }],
  ['too many', { digests: Array.from({ length: PARTS_PER_QUESTION + 1 }, () => '0'.repeat(64)) }],
  ['nothing', undefined],
])('a question of %s is refused', async (_, body) => {
  const answer = await ask('POST', PARTS_PATH, 'r1', body);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});

it('differences, previews and taking back are as with whole bodies', async () => {
  const held = await wholeOf();
  const { generation, digest } = held;
  const services = Object.keys(held.body.services).map((name) =>
    aServiceReport(name, { wanted: generation, applied: generation }),
  );
  const report = anObservation('r1', { generation, digest, services });
  value(await site.db.repeatable((tx) => storeObservation(tx, { id: 'r1', name: 'r1' }, report)));
  const preview = await site.call('POST', '/records?dry_run=true', {
    body: { fqdn: 'later.zone3.test', type: 'A', data: '192.0.2.9' },
  });
  expect(preview.raw).toContain('later');
  expect((await wholeOf()).generation).toBe(held.generation);
  await addRecord('zone3.test', 'later', '192.0.2.9');
  await publish();
  const diff = await site.call('GET', '/config/diff');
  expect(diff.raw).toContain('later');
  const [pending] = (diff.body['nodes'] as { node: string; files: { target: string }[] }[]).filter(
    ({ node }) => node === 'r1',
  );
  expect(pending?.files.map(({ target }) => target)).toEqual(['/etc/bind/regent/zones/db.zone3.test']);
  const [last] = (await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[];
  expect((await site.call('POST', `/config/history/${last?.id}/rollback`)).status).toBe(201);
  await publish();
  const after = await wholeOf();
  expect(after.generation).toBe(held.generation + 2);
  expect(JSON.stringify(after.body)).not.toContain('later');
});

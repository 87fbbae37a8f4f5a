import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Desired } from '../../src/contract/cluster/agent.ts';
import { digestOf } from '../../src/core/stable-json.ts';
import { secretDigest } from '../../src/core/secret.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { createDomain } from '../../src/store/queries/names/domains.ts';
import { createNode, setNodeCredential } from '../../src/store/queries/cluster/nodes.ts';
import { type AgentRig, agentRig, NODE } from '../kit/agent-rig.ts';
import { fakeService } from '../kit/fake-service.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';

/** A region with its tasks and an agent with its ledger: what goes over the wire for one change of many things. */

const pg = usePostgres();
const DOMAINS = 1000;
let site: TestRegion;
let rig: AgentRig;
let endTasks: () => Promise<void>;
/** Answers of the agent's listener: path and size. */
const sent: { readonly url: string; readonly bytes: number }[] = [];

const service = {
  ...fakeService(),
  compile: (snapshot: Snapshot) => ({
    serial: 1,
    mood: 'fine' as const,
    items: snapshot.domains.map(({ name, ttl }) => `${name}-${ttl ?? 'default'}`),
  }),
};

beforeAll(async () => {
  site = await startTestRegion(pg.get(), { services: [service] });
  rig = await agentRig();
  const node = { id: NODE, name: 'n1', isRegion: false, isRack: true, addresses: [] };
  value(
    await change(site.db, async (tx) => {
      await tx.run(sql`insert into features (name) values ('parts')`);
      await createNode(tx, node);
      await setNodeCredential(tx, NODE, secretDigest('secretsecretsecret'));
      for (let index = 0; index < DOMAINS; index += 1)
        await createDomain(tx, { name: `a-domain-of-this-site-${index}.test`, ttl: null });
      return null;
    }),
  );
  site.agentApi.addHook('onSend', async (request, _reply, payload) => {
    sent.push({ url: request.url, bytes: typeof payload === 'string' ? payload.length : 0 });
  });
  await site.agentApi.listen({ path: socket() });
  endTasks = site.region.startTasks();
}, 60_000);
afterAll(async () => {
  await rig.close();
  await endTasks();
  await site.close();
});

const socket = () => join(rig.folder, 'real.sock');
const start = () => rig.start({ urls: [`unix:${socket()}`], services: [service] });
const ledger = async () => JSON.parse(await readFile(join(rig.folder, 'ledger.json'), 'utf8')) as Desired;
const set = async (index: number, ttl: number) => {
  const answer = await site.call('PATCH', `/domains/a-domain-of-this-site-${index}.test`, { body: { ttl } });
  expect(answer.status).toBe(200);
};
const hasItem = (index: number, ttl: number) =>
  until(
    `domain ${index} has ${ttl}`,
    () => rig.host.disk.has(`/etc/fake/items/a-domain-of-this-site-${index}.test-${ttl}`),
    {
      deadlineMs: 20_000,
    },
  );
/** What pulls and questions for parts brought since the last time. */
const brought = () => sent.splice(0).filter(({ url }) => /desired|parts/.test(url));

it('a change costs its own bytes, over restarts of the agent and without a loss', async () => {
  const agent = await start();
  await until('the first state is there', () =>
    rig.host.disk.has('/etc/fake/items/a-domain-of-this-site-7.test-default'),
  );
  const whole = Math.max(...brought().map(({ bytes }) => bytes));
  expect(whole).toBeGreaterThan(10_000);
  await set(7, 60);
  await hasItem(7, 60);
  const after = brought();
  const bytes = after.reduce((sum, answer) => sum + answer.bytes, 0);
  console.log(`${DOMAINS} things: whole ${whole} bytes, one of them changed ${bytes}`);
  expect(bytes).toBeLessThan(whole / 5);
  expect(after.filter(({ url }) => url.includes('/parts'))).toEqual([]);
  await agent.stop();
  // Two generations go by; the ledger is enough to take what came since.
  await set(8, 61);
  await set(9, 62);
  await until('both are published', async () => (await published()).includes('9.test-62'));
  brought();
  await start();
  await hasItem(9, 62);
  expect(brought().reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(whole / 4);
  const held = await ledger();
  expect(digestOf(held.body)).toBe(held.digest);
  expect(JSON.stringify(held.body)).toBe(await published());
});

async function published(): Promise<string> {
  const headers = { authorization: `Bearer node:${NODE}:secretsecretsecret` };
  const answer = await site.agentApi.inject({ url: '/agent/v1/desired?generation=0&digest=&wait=0', headers });
  return JSON.stringify(answer.json<Desired>().body);
}

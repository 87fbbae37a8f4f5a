import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Agent, startAgent } from '../../src/agent/agent.ts';
import { openChannel } from '../../src/agent/channel/channel.ts';
import { openRackIdentity, type RackIdentity } from '../../src/agent/self/rack-identity.ts';
import { durableText } from '../../src/host/own/durable-text.ts';
import { TIMING } from '../../src/reconcile/ports.ts';
import { FakeHost } from '../kit/fake-host.ts';
import { FAKE_TEMPLATES, fakeDaemon, fakeService } from '../kit/fake-service.ts';
import { realClock, realRandom, usePostgres } from '../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../kit/region.ts';
import { until } from '../kit/until.ts';
import { memoryLog, virtualTime } from '../kit/virtual-time.ts';

/** Real agents with real channels and keys on fake hosts, against a real region: what a rack gets before, with and after acceptance. */

/** What only racks get. */
const RACK_SERVICE = {
  ...fakeService(),
  compile: (snapshot: { racks: readonly { nodeId: string }[] }, nodeId: string) =>
    snapshot.racks.some((rack) => rack.nodeId === nodeId) ? { serial: 1, mood: 'fine' as const, items: [] } : null,
};

interface Rack {
  readonly host: FakeHost;
  readonly identity: RackIdentity;
  readonly log: ReturnType<typeof memoryLog>;
  readonly folder: string;
  readonly agent: Agent;
}

const pg = usePostgres();
let site: TestRegion;
let endTasks: () => Promise<void>;
let port = 0;
let folders: string[] = [];
let agents: Agent[] = [];

beforeEach(async () => {
  site = await startTestRegion(pg.get(), { services: [RACK_SERVICE], isOwnHost: async () => true });
  endTasks = site.region.startTasks();
  await site.api.listen({ host: '127.0.0.1', port: 0 });
  port = (site.api.server.address() as AddressInfo).port;
});
afterEach(async () => {
  await Promise.all(agents.map((agent) => agent.stop()));
  await endTasks();
  await site.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
  folders = [];
  agents = [];
});

async function start(name: string, before?: Pick<Rack, 'folder' | 'host'>, own?: { socket: string }): Promise<Rack> {
  const folder = before?.folder ?? (await mkdtemp(join(tmpdir(), 'regent-rack-')));
  folders.push(folder);
  const text = (file: string) => durableText(join(folder, file));
  const identity = await openRackIdentity(null, text);
  const host = before?.host ?? new FakeHost(virtualTime(), [fakeDaemon()]);
  const log = memoryLog();
  const agent = await startAgent({
    ports: {
      clock: realClock,
      random: realRandom,
      log,
      wait: async (ms, signal) => {
        // The pauses of minutes are seconds here.
        await delay(Math.min(ms, 1000), undefined, signal ? { signal } : {}).catch(() => {});
      },
      loop: () => Object.assign(() => {}, { end: () => {} }),
    },
    nodeId: own ? 'r1' : identity.uuid,
    version: '1.0.0',
    host,
    channel: openChannel({
      urls: [own ? `unix:${own.socket}` : `http://127.0.0.1:${port}`],
      credential: own ? `node:r1:${NODE_SECRET}` : null,
      rack: { uuid: identity.uuid, privateKey: identity.privateKey, clock: realClock },
      clock: realClock,
      random: realRandom,
    }),
    rack: { uuid: identity.uuid, name, publicKey: identity.publicKey, isNode: own !== undefined },
    services: [RACK_SERVICE],
    templates: FAKE_TEMPLATES,
    checkers: 2,
    timing: { ...TIMING, settleMs: 200, backOffFirstMs: 20, backOffMaxMs: 100, verifyMs: 200 },
    tickMs: 20,
    reportMs: 200,
    text,
  });
  agents.push(agent);
  return { host, identity, log, folder, agent };
}

const WITHIN = { deadlineMs: 30_000 };
const show = async (rack: string) => (await site.call('GET', `/racks/${rack}`)).body;
const isState = (rack: Rack, state: string) =>
  until(`the rack is ${state}`, async () => (await show(rack.identity.uuid))['state'] === state, WITHIN);
const decide = async (rack: Rack, verb: 'accept' | 'reject') => {
  const path = `/racks/${rack.identity.uuid}/${verb}`;
  expect((await site.call('POST', path, verb === 'accept' ? { body: {} } : {})).status).toBe(200);
};
const runs = (rack: Rack) => rack.host.units_.get('fake.service')?.active === 'active';
const serves = (rack: Rack) => until('it serves', () => runs(rack), WITHIN);
const isBare = (rack: Rack) => until('nothing is left', () => !runs(rack) && rack.host.disk.size === 0, WITHIN);

describe('a rack and its agent', () => {
  it('of the own host becomes the master without hands', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'regent-socket-'));
    folders.push(folder);
    const socket = join(folder, 'agent.sock');
    await site.agentApi.listen({ path: socket });
    const rack = await start('r1', undefined, { socket });
    await serves(rack);
    expect(await show('master')).toMatchObject({ uuid: rack.identity.uuid, node: 'r1', source: 'unix' });
  });

  it('from elsewhere waits and gets nothing; accepted it serves; rejected it serves nothing; and again', async () => {
    const rack = await start('k1.example.test');
    await isState(rack, 'waiting');
    expect(rack.host.effects).toEqual([]);
    await decide(rack, 'accept');
    await serves(rack);
    await until('its report', async () => (await site.call('GET', '/nodes/k1')).body['isCurrent'] === true, WITHIN);

    await decide(rack, 'reject');
    await isBare(rack);
    const { generation } = JSON.parse(await readFile(join(rack.folder, 'ledger.json'), 'utf8')) as {
      generation: number;
    };

    // Its agent starts anew: what it had does not come back from its ledger.
    await rack.agent.stop();
    const again = await start('k1.example.test', rack);
    expect(again.identity).toEqual(rack.identity);
    await until(
      'it knows its state',
      () => again.log.lines.some(({ fields }) => fields['state'] === 'rejected'),
      WITHIN,
    );
    expect(runs(again)).toBe(false);

    await decide(again, 'accept');
    await serves(again);
    const ledger = JSON.parse(await readFile(join(rack.folder, 'ledger.json'), 'utf8')) as { generation: number };
    expect(ledger.generation).toBeGreaterThan(generation);
  });

  it('goes on serving while no region answers, also after a start', async () => {
    const rack = await start('k1');
    await isState(rack, 'waiting');
    await decide(rack, 'accept');
    await serves(rack);
    await rack.agent.stop();
    const away = port;
    port = 1;
    const again = await start('k1', { folder: rack.folder, host: new FakeHost(virtualTime(), [fakeDaemon()]) });
    await serves(again);
    port = away;
  });

  it('keeps its identity, takes the UUID of rack.conf, and makes a key that only it can read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'regent-rack-'));
    folders.push(folder);
    const text = (file: string) => durableText(join(folder, file));
    const first = await openRackIdentity(null, text);
    expect(await openRackIdentity(null, text)).toEqual(first);
    const moved = await openRackIdentity('6f9619ff-8b86-d011-b42d-00cf4fc964ff', text);
    expect(moved).toMatchObject({ uuid: '6f9619ff-8b86-d011-b42d-00cf4fc964ff', publicKey: first.publicKey });
    expect((await openRackIdentity(null, text)).uuid).toBe(moved.uuid);
    for (const file of ['rack-key', 'rack-uuid']) {
      expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    }
    await writeFile(join(folder, 'rack-key'), 'SECRET nonsense');
    await expect(openRackIdentity(null, text)).rejects.toThrow(/regent rack reset-key/);
    await expect(openRackIdentity(null, text)).rejects.not.toThrow(/SECRET/);
  });
});

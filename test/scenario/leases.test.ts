import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openChannel, type RegionChannel } from '../../src/agent/channel/channel.ts';
import { openFindings } from '../../src/agent/findings.ts';
import { watchLeases } from '../../src/agent/leases/leases.ts';
import type { Desired } from '../../src/contract/cluster/agent.ts';
import type { Lease } from '../../src/contract/networks/lease.ts';
import { isQuestion } from '../../src/core/host-values.ts';
import { keaLeases as leasesOf } from '../../src/services/dhcp/leases.ts';
import { OWN_PLACES } from '../../src/services/dhcp/places.ts';
import { FakeHost } from '../kit/fake-host.ts';
import { FakeKea } from '../kit/fake-kea.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../kit/region.ts';
import { serveAllVlans } from '../kit/serving-rack.ts';
import { until } from '../kit/until.ts';
import { virtualTime } from '../kit/virtual-time.ts';

const keaLeases = leasesOf(OWN_PLACES);

/** Kea's answers → agent → region → API and DNS: two regions on one database, a real channel between agent and one of them. */

const pg = usePostgres();
const kea = new FakeKea();
const stop = new AbortController();
let folder: string;
let first: TestRegion;
let second: TestRegion;
let ends: (() => Promise<void>)[] = [];
let channel: RegionChannel;
/** Regions wait for reports a while after their start before they end leases: this one is long over. */
let offset = 0;
const clock = { now: () => realClock.now(), monotonic: () => realClock.monotonic() + offset };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-leases-'));
  first = await startTestRegion(pg.get(), { clock });
  second = await startTestRegion(pg.get(), { clock, connection: first.connection, keys: first.keys });
  ends = [first.region.startTasks(), second.region.startTasks()];
  await first.agentApi.listen({ path: join(folder, 'agent.sock') });
  await first.call('PATCH', '/domains/regent.internal', { body: { leaseNames: true } });
  await first.call('POST', '/subnets', { body: { cidr: '10.10.10.0/24' } });
  await serveAllVlans(pg.get(), first.connection.database, 'r1');
  const host = new FakeHost(virtualTime(), []);
  host.sockets.set(isQuestion(keaLeases.sign) ? keaLeases.sign.socket : '', kea.answer);
  const urls = [`unix:${join(folder, 'agent.sock')}`];
  channel = openChannel({ urls, credential: `node:r1:${NODE_SECRET}`, rack: null, clock, random: realRandom });
  const wait = async (ms: number, signal?: AbortSignal) => {
    await delay(ms / 10, undefined, signal ? { signal } : {}).catch(() => {});
  };
  const ports = {
    clock,
    random: realRandom,
    log: silentLog,
    wait,
    loop: () => Object.assign(() => {}, { end: () => {} }),
  };
  const watch = { ports, host, channel, findings: openFindings(clock, silentLog), source: keaLeases, everyMs: 1000 };
  const running = watchLeases({ ...watch, service: 'dhcp', isWanted: () => true }, stop.signal);
  ends.push(async () => {
    stop.abort();
    channel.close();
    await running;
  });
});
afterAll(async () => {
  for (const end of ends) await end();
  await second.close();
  await first.close();
  await rm(folder, { recursive: true, force: true });
});

const leases = async (query = '') => (await second.call('GET', `/leases${query}`)).body['items'] as Lease[];
const shown = (query: string, ...addresses: string[]) =>
  until(`${query || 'all leases'}: ${addresses.join(', ')}`, async () => {
    return (await leases(query)).map((lease) => lease.address).join() === addresses.join();
  });

/** What is published for r1, as soon as anything is. */
function desired(): Promise<Desired> {
  const authorization = `Bearer node:r1:${NODE_SECRET}`;
  const url = '/agent/v1/desired?generation=0&digest=&wait=0';
  return until('a publication', async () => {
    const answer = await second.agentApi.inject({ url, headers: { authorization } });
    return answer.statusCode === 200 ? answer.json<Desired>() : null;
  });
}
const dnsHas = async (name: string) =>
  JSON.stringify((await desired()).body.services['dns']).includes(`"name":"${name}"`);
const published = (name: string, isThere: boolean) =>
  until(`${name} is ${isThere ? '' : 'not '}published`, async () => (await dnsHas(name)) === isThere);

describe('a lease', () => {
  it('comes from Kea to the operator and into DNS, with machine and kind, while the revision stays', async () => {
    const before = (await desired()).revision;
    await first.call('POST', '/machines', {
      body: { hostname: 'web1', interfaces: [{ mac: '52:54:00:00:00:07', addresses: [{ address: '10.10.10.7' }] }] },
    });
    await until('the machine', () => dnsHas('web1'));
    const { revision } = await desired();
    expect(revision).toBeGreaterThan(before);
    kea.give('10.10.10.7', { hostname: 'whatever' });
    kea.give('10.10.10.100', { hostname: 'laptop' });
    await shown('', '10.10.10.7', '10.10.10.100');
    await published('laptop', true);
    expect(await desired()).toMatchObject({ revision });
    expect(JSON.stringify((await desired()).body.services['dns'])).toContain('"data":"laptop.regent.internal"');
    expect(await dnsHas('whatever')).toBe(false);
    expect((await second.call('GET', '/leases/10.10.10.7')).body).toMatchObject({
      machine: 'web1.regent.internal',
      kind: 'static',
      state: 'active',
      node: 'r1',
      subnet: '10.10.10.0/24',
      hostname: 'whatever',
    });
    expect((await second.call('GET', '/leases/10.10.10.100')).body).toMatchObject({ machine: null, kind: 'dynamic' });
  });

  it('is found by what is known of it', async () => {
    await shown('?subnet=10.10.10.0/24&sort=-address', '10.10.10.100', '10.10.10.7');
    await shown('?vlan=untagged&hostname=LAP', '10.10.10.100');
    await shown('?mac=52-54-00-00-00-07', '10.10.10.7');
    await shown('?address=10.10.10.100&node=r1&state=active', '10.10.10.100');
    await shown('?state=expired');
    for (const query of ['?subnet=nowhere', '?vlan=nothing', '?node=nobody']) {
      expect((await second.call('GET', `/leases${query}`)).status, query).toBe(404);
    }
    expect((await second.call('GET', '/leases?mac=x')).body.code).toBe('invalid_value');
    expect((await second.call('GET', '/leases?state=gone')).status).toBe(422);
    expect((await second.call('GET', '/leases/10.10.10.99')).body).toMatchObject({
      code: 'not_found',
      detail: 'There is no lease "10.10.10.99".',
    });
    expect((await second.call('GET', '/leases/pc')).body.code).toBe('invalid_value');
  });

  it('never takes a configured name, and gives its own back when somebody configures it', async () => {
    kea.give('10.10.10.101', { hostname: 'web1' });
    kea.give('10.10.10.102', { hostname: 'phone' });
    await published('phone', true);
    expect(JSON.stringify((await desired()).body.services['dns'])).not.toContain('10.10.10.101');
    await first.call('POST', '/records', {
      body: { fqdn: 'phone.regent.internal', type: 'CNAME', data: 'web1.regent.internal' },
    });
    await until('the record alone', async () => {
      const text = JSON.stringify((await desired()).body.services['dns']);
      return text.includes('"CNAME"') && !text.includes('10.10.10.102');
    });
  });

  it('does not reach a file with a hostile name', async () => {
    const names = ['*', '*.evil', 'a b', 'x'.repeat(255), '\u001b[2J', 'bücher', '$INCLUDE', 'wpad', '"; };'];
    names.forEach((hostname, index) => kea.give(`10.10.10.${110 + index}`, { hostname }));
    kea.give('10.10.10.130', { hostname: 'fine' });
    await published('fine', true);
    const text = JSON.stringify((await desired()).body.services['dns']);
    expect(text).not.toMatch(/10\.10\.10\.11\d/);
    expect((await leases('?limit=1000')).length).toBeGreaterThan(names.length);
    for (const lease of await leases('?limit=1000')) expect(lease.hostname).toMatch(/^[^\p{Cc}]*$/u);
  });

  it('goes with its name when it is given back', async () => {
    const { revision } = await desired();
    kea.release('10.10.10.100');
    await published('laptop', false);
    await shown('?state=expired', '10.10.10.100');
    const events = await first.call('GET', '/events?kind=lease.removed');
    expect(events.raw).toContain('10.10.10.100');
    expect((await desired()).revision).toBe(revision);
  });

  it('goes with its name when it runs out, without a word of anybody', async () => {
    offset = 60_000;
    kea.give('10.10.10.140', { hostname: 'guest', cltt: Math.floor(Date.now() / 1000), 'valid-lft': 3 });
    await published('guest', true);
    stop.abort();
    const { revision } = await desired();
    await published('guest', false);
    expect((await second.call('GET', '/leases/10.10.10.140')).body).toMatchObject({ state: 'expired' });
    expect(await desired()).toMatchObject({ revision });
    expect((await leases()).length).toBeGreaterThan(0);
  });
});

describe('what an agent says', () => {
  const authorization = `Bearer node:r1:${NODE_SECRET}`;
  const send = (payload: object, headers = { authorization }) =>
    first.agentApi.inject({ method: 'POST', url: '/agent/v1/leases', headers, payload });
  const report = { epoch: 'ab', sequence: 1, at: new Date().toISOString(), leases: [], gone: [], whole: null };

  it('is taken in order, and told anew after a gap', async () => {
    expect((await send(report)).statusCode).toBe(204);
    expect((await send(report)).statusCode).toBe(204);
    expect((await send({ ...report, sequence: 3 })).statusCode).toBe(409);
    expect((await send({ ...report, sequence: 2 })).statusCode).toBe(204);
  });

  it.each([
    ['nobody', report, 401, { authorization: 'Bearer node:r1:wrongwrongwrongwrong' }],
    ['a text that is no address', { ...report, gone: ["'; drop table leases"] }, 422, undefined],
    ['too much at once', { ...report, gone: Array.from({ length: 501 }, () => '10.0.0.1') }, 422, undefined],
    ['a series without a name', { ...report, epoch: '' }, 422, undefined],
    ['nothing', {}, 422, undefined],
  ])('is refused from %s', async (_what, payload, status, headers) => {
    expect((await send(payload, headers)).statusCode).toBe(status);
  });
});

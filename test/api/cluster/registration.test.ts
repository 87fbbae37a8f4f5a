import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE_CREDENTIAL_HEADER } from '../../../src/contract/cluster/registration.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { anObservation } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { aRack, type RackAnswer } from '../../kit/rack.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
let site: TestRegion;
let isOwnHost = true;
beforeEach(async () => {
  isOwnHost = true;
  site = await startTestRegion(pg.get(), { isOwnHost: async () => isOwnHost });
});
afterEach(() => site.close());

const OWN = { source: '', headers: { [NODE_CREDENTIAL_HEADER]: `node:r1:${NODE_SECRET}` } };
const show = async (rack: string) => (await site.call('GET', `/racks/${rack}`)).body;
const decide = (rack: { uuid: string }, verb: string, body?: unknown) =>
  site.call('POST', `/racks/${rack.uuid}/${verb}`, body === undefined ? {} : { body });
const accept = (rack: { uuid: string }) => decide(rack, 'accept', {});
const list = async () =>
  (await site.call('GET', '/racks')).body['items'] as { name: string; state: string; isMaster: boolean }[];
const brief = async () =>
  (await list()).map(({ name, state, isMaster }) => `${name} ${state}${isMaster ? ' master' : ''}`);
const told = ({ status, body }: RackAnswer) => `${status} ${String(body['state'] ?? body['code'])}`;
const events = async () =>
  ((await site.call('GET', '/events?after=0&limit=1000')).body['items'] as { kind: string }[])
    .map(({ kind }) => kind)
    .filter((kind) => kind.startsWith('rack.'));

describe('the first rack', () => {
  it('the placeholder is there from the first moment, and machines are put on it', async () => {
    expect(await brief()).toEqual(['master accepted master']);
    await site.call('POST', '/machines', { body: { hostname: 'm1' } });
    expect(await show('master')).toMatchObject({ uuid: null, isPlaceholder: true, machines: 1 });
    const refused = await site.call('POST', '/racks/master/reject');
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('of the own host is accepted at once, takes the region’s node and what was on the placeholder', async () => {
    await site.call('POST', '/machines', { body: { hostname: 'm1' } });
    const rack = aRack('R1.example.test');
    const answer = await rack.register(site.agentApi, OWN);
    expect(answer).toMatchObject({ status: 200, body: { state: 'accepted', nodeId: 'r1' } });
    expect(await show('master')).toMatchObject({ uuid: rack.uuid, node: 'r1', isPlaceholder: false, machines: 1 });
    expect((await site.call('GET', '/nodes/r1')).body).toMatchObject({ isRegion: true, isRack: true });
    expect(value(await site.db.read(readSnapshot)).racks).toMatchObject([{ nodeId: 'r1', isMaster: true }]);
    expect(await events()).toEqual(['rack.registered', 'rack.accepted', 'rack.master_changed']);
    expect(told(await rack.register(site.agentApi, OWN))).toBe('200 accepted');
    expect(await events()).toHaveLength(3);
  });

  it('a source address, a forwarded header or a credential on the port never makes an own host', async () => {
    const headers = {
      ...OWN.headers,
      'x-forwarded-for': '127.0.0.1',
      forwarded: 'for=127.0.0.1;by=unix',
      'x-real-ip': '127.0.0.1',
    };
    expect(told(await aRack('k1').register(site.api, { source: '127.0.0.1', headers }))).toBe('200 waiting');
    isOwnHost = false;
    expect(told(await aRack('k2').register(site.agentApi, OWN))).toBe('200 waiting');
    expect(await brief()).toEqual(['master accepted master', 'k1 waiting', 'k2 waiting']);
  });

  it('with a wrong node credential is refused', async () => {
    const wrong = { source: '', headers: { [NODE_CREDENTIAL_HEADER]: 'node:r1:wrongsecret0123456789' } };
    expect(told(await aRack('k1').register(site.agentApi, wrong))).toBe('401 unauthenticated');
  });
});

describe('a rack from elsewhere', () => {
  it('waits and gets nothing, is accepted, rejected, accepted again; machines survive all of it', async () => {
    const own = aRack('r1');
    await own.register(site.agentApi, OWN);
    await site.call('POST', '/machines', { body: { hostname: 'm1' } });
    const rack = aRack('k1');
    expect((await rack.register(site.api)).body).toEqual({
      state: 'waiting',
      nodeId: null,
      why: `An admin decides: regent rack accept ${rack.uuid}`,
    });
    const nothing = { status: 403, body: { code: 'forbidden', detail: 'This rack is waiting.' } };
    expect(await rack.pull(site.api)).toMatchObject(nothing);
    expect(await rack.observe(site.api)).toMatchObject(nothing);
    expect(await show('k1')).toMatchObject({ state: 'waiting', node: null, source: '10.77.0.21', isMaster: false });

    expect(await accept(rack)).toMatchObject({ status: 200, body: { state: 'accepted', node: 'k1', isMaster: false } });
    expect((await rack.register(site.api)).body).toMatchObject({ state: 'accepted', nodeId: rack.uuid });
    const stop = site.region.startTasks();
    await until('its desired state', async () => (await rack.pull(site.api)).status === 200, { deadlineMs: 20_000 });
    expect((await rack.pull(site.api)).body).toMatchObject({ nodeId: rack.uuid });
    expect((await rack.observe(site.api)).status).toBe(204);
    await site.call('POST', '/machines', { body: { hostname: 'm2', rack: 'k1' } });
    expect((await site.call('GET', '/machines/m2')).body).toMatchObject({ rack: 'k1' });

    expect(await decide(rack, 'reject')).toMatchObject({ status: 200, body: { state: 'rejected', node: null } });
    expect(told(await rack.register(site.api))).toBe('200 rejected');
    expect(await rack.pull(site.api)).toMatchObject({ status: 403, body: { detail: 'This rack is rejected.' } });
    expect(await rack.observe(site.api)).toMatchObject({ status: 403 });
    expect((await site.call('GET', '/nodes/k1')).status).toBe(404);
    expect((await site.call('GET', '/machines/m2')).body).toMatchObject({ rack: null });
    expect(await show('master')).toMatchObject({ uuid: own.uuid, machines: 2 });

    await accept(rack);
    await until('its desired state', async () => (await rack.pull(site.api)).status === 200, { deadlineMs: 20_000 });
    await stop();
    expect(await site.call('DELETE', `/racks/${rack.uuid}`)).toMatchObject({ status: 409, body: { code: 'in_use' } });
    await decide(rack, 'reject');
    expect(await site.call('DELETE', `/racks/${rack.uuid}`)).toMatchObject({ status: 200 });
    expect((await rack.pull(site.api)).status).toBe(401);
    expect(told(await rack.register(site.api))).toBe('200 waiting');
  });

  it('a pull that waits ends when the rack is rejected', async () => {
    const rack = aRack('k1');
    await rack.register(site.api);
    await accept(rack);
    const path = '/agent/v1/desired?generation=0&digest=&wait=20';
    const pulling = rack.call(site.api, { method: 'GET', path });
    await decide(rack, 'reject');
    expect((await pulling).status).toBe(403);
  });

  it('a node reaches only its own', async () => {
    const [one, two] = [aRack('k1'), aRack('k2')];
    for (const rack of [one, two]) {
      await rack.register(site.api);
      await accept(rack);
    }
    const foreign = { method: 'POST', path: '/agent/v1/observation', body: anObservation(two.uuid) } as const;
    expect((await one.call(site.api, foreign)).status).toBe(403);
    const bearer = { authorization: `Bearer node:r1:${NODE_SECRET}` };
    const pull = { method: 'GET', url: '/agent/v1/desired?generation=0&digest=&wait=0', headers: bearer } as const;
    expect((await site.api.inject(pull)).statusCode).toBe(401);
    expect((await site.agentApi.inject(pull)).statusCode).toBe(204);
  });

  it('succession: the oldest accepted rack, then the next, then the placeholder', async () => {
    const trio = ['k1', 'k2', 'k3'].map((name) => aRack(name));
    for (const rack of trio) {
      await rack.register(site.api);
      await accept(rack);
    }
    expect(await brief()).toEqual(['k1 accepted master', 'k2 accepted', 'k3 accepted']);
    await decide({ uuid: 'k1' }, 'reject');
    expect(await show('master')).toMatchObject({ name: 'k2' });
    await decide({ uuid: 'k2' }, 'reject');
    await site.call('DELETE', '/racks/k2');
    expect(await show('master')).toMatchObject({ name: 'k3' });
    await decide({ uuid: 'k1' }, 'accept', {});
    expect(await show('master')).toMatchObject({ name: 'k3' });
    for (const name of ['k1', 'k3']) await decide({ uuid: name }, 'reject');
    expect(await show('master')).toMatchObject({ isPlaceholder: true });
    expect((await events()).filter((kind) => kind === 'rack.master_changed')).toHaveLength(4);
  });

  it('only an admin decides; the change is in the history and can be taken back', async () => {
    const rack = aRack('k1');
    await rack.register(site.api);
    for (const role of ['operator', 'user', 'auditor'] as const) {
      for (const verb of ['accept', 'reject', 'reset-key']) {
        const path = `/racks/${rack.uuid}/${verb}`;
        const refused = await site.call('POST', path, { role, ...(verb === 'accept' ? { body: {} } : {}) });
        expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
      }
    }
    const preview = await site.call('POST', `/racks/${rack.uuid}/accept?dry_run=true`, { body: {} });
    expect(preview.body).toMatchObject({ dryRun: true, object: { state: 'accepted', node: 'k1' } });
    expect(await show('k1')).toMatchObject({ state: 'waiting' });
    await accept(rack);
    const dryReject = await site.call('POST', `/racks/${rack.uuid}/reject?dry_run=true`);
    expect(dryReject.body).toMatchObject({ dryRun: true, object: { state: 'rejected', node: null } });
    const history = (await site.call('GET', '/config/history')).body['items'] as { id: number; summary: string }[];
    expect(history[0]).toMatchObject({ summary: `rack accept ${rack.uuid}` });
    const rollback = (role: 'operator' | 'admin') =>
      site.call('POST', `/config/history/${history[0]?.id}/rollback`, { role });
    expect(await rollback('operator')).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await rollback('admin')).status).toBe(201);
    expect(await show('k1')).toMatchObject({ state: 'waiting', node: null });
    expect((await rack.pull(site.api)).status).toBe(403);

    // A rejection, too, with everything that went with it.
    await accept(rack);
    await site.call('POST', '/machines', { body: { hostname: 'm1', rack: 'k1' } });
    await decide(rack, 'reject');
    const last = (await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[];
    expect((await site.call('POST', `/config/history/${last[0]?.id}/rollback`)).status).toBe(201);
    expect(await show('master')).toMatchObject({ name: 'k1', state: 'accepted', node: 'k1', machines: 1 });
    expect((await rack.pull(site.api)).status).toBe(204);
  });

  it('is accepted under another name where its own is taken', async () => {
    const [one, two] = [aRack('k1'), aRack('k1')];
    await one.register(site.api);
    await two.register(site.api);
    expect((await site.call('GET', '/racks/k1')).body).toMatchObject({ code: 'conflict' });
    await accept(one);
    const refused = await accept(two);
    expect(refused).toMatchObject({ status: 409, body: { detail: 'A node with the name k1 exists already.' } });
    expect((await decide(two, 'accept', { name: 'k2' })).body).toMatchObject({ name: 'k2', node: 'k2' });
    expect(told(await aRack('k1').register(site.api))).toBe('409 conflict');
    expect(told(await aRack('r1').register(site.api))).toBe('409 conflict');
  });

  it('shows which VLANs it sees', async () => {
    const rack = aRack('k1');
    await rack.register(site.api);
    await accept(rack);
    await site.call('POST', '/vlans', { body: { vid: 10, name: 'vlan10' } });
    await site.call('POST', '/subnets', { body: { cidr: '10.10.10.0/24', vlan: '10' } });
    const interfaces = [{ name: 'eth1', mac: '52:54:00:00:00:01', addresses: ['10.10.10.2', 'fe80::1'] }];
    const facts = { ...anObservation('').facts, interfaces };
    expect((await rack.observe(site.api, { facts })).status).toBe(204);
    const seen = { interface: 'eth1', addresses: ['10.10.10.2/24'] };
    expect(await show('k1')).toMatchObject({ vlans: [{ ...seen, vlan: 'fabric-1/vlan10' }] });
    expect((await site.call('GET', '/vlans/vlan10')).body).toMatchObject({ racks: [{ ...seen, node: 'k1' }] });
    expect((await site.call('GET', '/nodes/k1')).body).toMatchObject({ vlans: [{ ...seen, vlan: 'fabric-1/vlan10' }] });
  });
});

describe('bad days', () => {
  it("a stranger with a rack's UUID, two racks with one UUID: the second is refused and told what to do", async () => {
    const rack = aRack('k1');
    await rack.register(site.api);
    await accept(rack);
    const stranger = aRack('k1', { uuid: rack.uuid });
    const refused = await stranger.register(site.api);
    expect(refused).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(String(refused.body['detail'])).toContain(`regent rack reset-key ${rack.uuid}`);
    expect((await stranger.pull(site.api)).status).toBe(401);
    expect(told(await rack.register(site.api))).toBe('200 accepted');
  });

  it('a rebuilt host has a new key once an admin names it, and the old key is void then', async () => {
    const rack = aRack('k1');
    await rack.register(site.api);
    await accept(rack);
    const rebuilt = aRack('k1', { uuid: rack.uuid });
    expect(String((await rebuilt.register(site.api)).body['detail'])).toContain(
      `regent rack reset-key ${rack.uuid} --key ${rebuilt.publicKey}`,
    );
    // Without a key nobody is let in by the UUID.
    expect((await decide(rack, 'reset-key')).body).toMatchObject({ mayRekey: true, state: 'accepted' });
    expect(told(await rebuilt.register(site.api))).toBe('409 conflict');
    expect((await rack.observe(site.api)).status).toBe(204);
    expect((await decide(rack, 'reset-key', { publicKey: 'x' })).status).toBe(422);
    expect((await decide(rack, 'reset-key', { publicKey: rebuilt.publicKey })).body).toMatchObject({
      mayRekey: false,
      publicKey: rebuilt.publicKey,
    });
    expect(told(await rebuilt.register(site.api))).toBe('200 accepted');
    expect((await rebuilt.observe(site.api)).status).toBe(204);
    expect((await rack.observe(site.api)).status).toBe(401);
    expect(told(await rack.register(site.api))).toBe('409 conflict');
  });

  it('a copied host: its key is known, and of two agents with one identity the older one’s reports are refused', async () => {
    const rack = aRack('k1');
    await rack.register(site.api);
    await accept(rack);
    const copy = aRack('k2', { privateKey: rack.privateKey });
    expect(told(await copy.register(site.api))).toBe('409 conflict');
    const since = (second: number) => ({ agentSince: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString() });
    expect((await rack.observe(site.api, since(2))).status).toBe(204);
    expect((await rack.observe(site.api, since(3))).status).toBe(204);
    const refused = await rack.observe(site.api, since(2));
    expect(refused).toMatchObject({ status: 409 });
    expect(String(refused.body['detail'])).toContain('Another agent');
  });

  it('a clock that is off is refused with both times, a replayed call in any case', async () => {
    const rack = aRack('k1');
    for (const offset of [-301_000, 301_000, -1e12]) {
      const refused = await rack.register(site.api, { time: Date.now() + offset });
      expect(refused).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
      expect(String(refused.body['detail'])).toMatch(
        /clock says "?\d{4}-\d\d-.*Z"?, the region's says "?\d{4}-\d\d-.*set the clock/,
      );
    }
    expect(told(await rack.register(site.api, { time: Date.now() + 290_000, nonce: 'ab'.repeat(16) }))).toBe(
      '200 waiting',
    );
    const again = { time: Date.now() + 290_000, nonce: 'cd'.repeat(16) };
    expect(told(await rack.register(site.api, again))).toBe('200 waiting');
    expect(told(await rack.register(site.api, again))).toBe('401 unauthenticated');
    await accept(rack);
    expect((await rack.observe(site.api, {}, { nonce: 'ef'.repeat(16) })).status).toBe(204);
    expect((await rack.observe(site.api, {}, { nonce: 'ef'.repeat(16) })).status).toBe(401);
    expect((await rack.observe(site.api, {}, { time: Date.now() - 400_000 })).status).toBe(401);
  });

  it('a signature counts for its own call alone', async () => {
    const [rack, other] = [aRack('k1'), aRack('k2')];
    await rack.register(site.api);
    await accept(rack);
    const forged = aRack('k1', { uuid: rack.uuid, privateKey: other.privateKey });
    expect((await forged.pull(site.api)).status).toBe(401);
    expect((await forged.observe(site.api)).status).toBe(401);
    for (const authorization of ['', 'Regent-Rack', `Regent-Rack uuid=${rack.uuid}`, 'Bearer x', 'Basic eDp5']) {
      const url = '/agent/v1/desired?generation=0&digest=&wait=0';
      expect((await site.api.inject({ url, headers: { authorization } })).statusCode).toBe(401);
    }
  });

  it.each([
    [{ uuid: 'nonsense' }, 401],
    [{ name: 'Ünicode' }, 422],
    [{ name: '-' }, 422],
    [{ publicKey: 'short' }, 422],
    [{ more: 1 }, 422],
    [{ name: 'x'.repeat(300) }, 422],
  ])('bad input %j', async (change, status) => {
    const rack = aRack('k1');
    const body = { uuid: rack.uuid, name: 'k1', publicKey: rack.publicKey, ...change };
    expect((await rack.call(site.api, { method: 'POST', path: '/agent/v1/register', body })).status).toBe(status);
    expect(await brief()).toEqual(['master accepted master']);
  });

  it('a thousand registrations in a second: a bounded list, 429 with Retry-After, known racks are not hurt', async () => {
    const rack = aRack('k0');
    await rack.register(site.api, { source: '10.77.0.99' });
    await accept(rack);
    const strangers = Array.from({ length: 1000 }, (_, index) => aRack(`s${index}`));
    const started = performance.now();
    const [answers, own] = await Promise.all([
      Promise.all(strangers.map((stranger) => stranger.register(site.api, { source: '10.77.0.66' }))),
      Promise.all([1, 2, 3].map(() => rack.observe(site.api, {}, { source: '10.77.0.99' }))),
    ]);
    const seconds = (performance.now() - started) / 1000;
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    console.log(
      `1000 registrations of one source in ${seconds.toFixed(2)} s: ${count(200)} wait, ${count(429)} refused for now`,
    );
    expect(own.map(({ status }) => status)).toEqual([204, 204, 204]);
    expect(count(200) + count(429)).toBe(1000);
    expect(count(200)).toBeLessThanOrEqual(20);
    const late = answers.find(({ status }) => status === 429);
    expect(late?.headers['retry-after']).toBeDefined();
    // The same rack behind the flood's own address, and one that waits already.
    expect((await rack.register(site.api, { source: '10.77.0.66' })).status).toBe(200);
    const waiting = strangers.find((_, index) => answers[index]?.status === 200);
    expect((await waiting?.register(site.api, { source: '10.77.0.66' }))?.status).toBe(200);

    const spread = Array.from({ length: 1000 }, (_, index) => aRack(`t${index}`));
    const many = await Promise.all(
      spread.map((stranger, n) => stranger.register(site.api, { source: `10.78.${n >> 8}.${n & 255}` })),
    );
    const let_in = many.filter(({ status }) => status === 200).length;
    console.log(`1000 registrations of 1000 sources: ${let_in} wait`);
    expect(let_in).toBeLessThanOrEqual(256);
    expect((await list()).length).toBeLessThanOrEqual(257);
    expect(told(await rack.register(site.api, { source: '10.77.0.66' }))).toBe('200 accepted');
  });
});

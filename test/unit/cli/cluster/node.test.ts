import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { FakeRegion, page, run } from '../fake-region.ts';

const K1 = {
  id: 'k1',
  name: 'k1',
  isRegion: false,
  isRack: true,
  state: 'member',
  isDrained: false,
  drain: null,
  addresses: ['10.77.0.21'],
  wanted: 7,
  applied: 7,
  isCurrent: true,
  agent: {
    version: '1.0.0',
    since: '2026-03-01T08:00:00Z',
    reportedAt: '2026-03-01T09:59:58Z',
    isStale: false,
    staleSince: null,
  },
  facts: null,
  vlans: [],
};
const vlans = ['vlan10', 'vlan20'].map((name) => ({ vlan: `fabric-1/${name}`, servedBy: 'k2' }));
const DRAINED = { ...K1, isDrained: true, drain: { since: '2026-03-01T09:57:00Z', vlans } };

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

it('says of a drained rack since when it is, and who serves its VLANs', async () => {
  region.on('GET /nodes/k1', { body: DRAINED });
  const { out } = await run(region, ['node', 'show', 'k1']);
  expect(out).toMatch(/^State:? +current$/mu);
  expect(out).toMatch(
    /^Drained:? +since 2026-03-01 09:57:00Z \(3 min ago\); k2 serves fabric-1\/vlan10, fabric-1\/vlan20$/mu,
  );
  region.on('GET /nodes', page(DRAINED, { ...K1, id: 'k2', name: 'k2' }));
  const list = (await run(region, ['node', 'list'])).out;
  expect(list).toMatch(/^k1 +rack +drained 3 min, current /mu);
  expect(list).toMatch(/^k2 +rack +current /mu);
});

it('says that nobody serves them, and nothing of a drain where there is none', async () => {
  region.on('GET /nodes/k1', {
    body: { ...DRAINED, drain: { since: null, vlans: [{ vlan: 'f/a', servedBy: null }] } },
  });
  expect((await run(region, ['node', 'show', 'k1'])).out).toMatch(
    /^Drained:? +since a time that is not known; nobody serves f\/a$/mu,
  );
  region.on('GET /nodes/k1', { body: K1 });
  expect((await run(region, ['node', 'show', 'k1'])).out).toMatch(/^Drained: +-$/mu);
});

import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Pairing } from '../../../../src/contract/networks/pairing.ts';
import { FakeRegion, run } from '../fake-region.ts';

const PLAN: Pairing = {
  digest: 'd1',
  changes: [
    {
      vlan: 'fabric-1/web',
      vlanId: 2,
      before: { primary: 'k1', secondary: 'k2' },
      after: { primary: 'k2', secondary: 'k3' },
      why: 'k1 is silent',
    },
  ],
  stays: ['fabric-1/db', 'fabric-1/lab'],
  left: [{ vlan: 'fabric-1/far', why: 'only k3 can serve it, and nobody takes over' }],
  racks: [{ name: 'k2', primary: 0, secondary: 1, primaryAfter: 1, secondaryAfter: 1 }],
  limit: 2,
};
const GOOD: Pairing = { ...PLAN, changes: [], left: [], racks: [] };

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());
const regent = (...words: string[]) => run(region, words);

it('proposes: each change with its reason, what stays, what is left and why, the share of each rack', async () => {
  region.on('GET /pairing', { body: PLAN });
  expect((await regent('pairing', 'propose')).out).toBe(
    `VLAN          PRIMARY  SECONDARY  WHY
fabric-1/web  k1 → k2  k2 → k3    k1 is silent

2 VLANs stay as they are.

LEFT AS IT IS  WHY
fabric-1/far   only k3 can serve it, and nobody takes over

RACK  PRIMARY OF  SECONDARY OF
k2    0 → 1       1
At most 2 is each rack's share and one.

The real files: regent pairing diff. Do it: regent pairing apply.
`,
  );
  expect((await regent('pairing', 'propose', '-o', 'name')).out).toBe('fabric-1/web\n');
  expect(JSON.parse((await regent('pairing', 'propose', '-o', 'json')).out)).toEqual(PLAN);
});

it('shows the files without a change, and applies what it has read', async () => {
  region.on('GET /pairing', { body: PLAN });
  region.on('POST /pairing/apply', { body: { dryRun: true, object: PLAN, nodes: [] } });
  expect((await regent('pairing', 'diff')).out).toContain('Dry run: no file of any node would change.');
  expect(region.seen.at(-1)?.query.get('dry_run')).toBe('true');

  region.on('POST /pairing/apply', { body: PLAN });
  const { code, out } = await regent('pairing', 'apply');
  expect({ code, out }).toMatchObject({ code: 0, out: expect.stringContaining('1 VLAN changed.') });
  expect(region.seen.at(-1)?.body).toEqual({ digest: 'd1' });
});

it('asks for nothing where all is good', async () => {
  region.on('GET /pairing', { body: GOOD });
  for (const verb of ['diff', 'apply']) {
    expect(await regent('pairing', verb)).toMatchObject({ code: 0, out: '', err: expect.stringContaining('nothing') });
  }
  expect((await regent('pairing', 'propose')).out).toMatch(/^Nothing is to be changed\.\n\n2 VLANs stay/);
  expect(region.seen.some(({ method }) => method === 'POST')).toBe(false);
});

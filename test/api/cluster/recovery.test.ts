import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../../src/contract/cluster/status.ts';
import type { Doctor } from '../../../src/contract/cluster/doctor.ts';
import { recoveryDatabase } from '../../../src/main/region/recovery-database.ts';
import { writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

const EPOCH = '2/4f2e90ab@1790000000123';
const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { api: { epoch: () => EPOCH } });
  value(await change(site.db, (tx) => writeCluster(tx, { id: 'regent-test', vip: null, virtualRouter: 51 })));
});
afterAll(() => site.close());
const status = async () => (await site.call('GET', '/cluster')).body as unknown as ClusterStatus;
const epochCheck = async () =>
  ((await site.call('GET', '/cluster/doctor')).body as unknown as Doctor).invariants.find(({ id }) => id === 'epoch');

describe('a cluster that was recovered', () => {
  it('says nothing of it before it was', async () => {
    expect((await status()).cluster).not.toHaveProperty('recovery');
    expect(await epochCheck()).toBeUndefined();
  });

  it('tells it in status and doctor, until it bears a loss again', async () => {
    const lost = [
      { name: 'r8', address: '10.77.0.18' },
      { name: 'r9', address: '10.77.0.19' },
    ];
    const epoch = [{ id: '4f2e90ab', at: 1_790_000_000_123 }];
    const [own] = (await status()).nodes;
    const signature = 'c2lnbmVkIGJ5IHRoZSBhdXRob3JpdHk=';
    const nodes = (await site.call('GET', '/nodes')).body as { items: { id: string; name: string }[] };
    const nodeId = nodes.items.find(({ name }) => name === own?.name)?.id ?? '';
    expect(
      await recoveryDatabase(site.db).write({ nodeId, epoch, signature, lost, sentences: ['No majority.'] }),
    ).toBeNull();
    expect((await status()).cluster?.recovery).toEqual({
      epoch: 2,
      id: '4f2e90ab',
      at: '2026-09-21T14:13:20.123Z',
      node: own?.name,
      lost: ['r8', 'r9'],
      told: ['No majority.'],
    });
    expect(await epochCheck()).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(
        /^Epoch 2 \(4f2e90ab\) began on .* r8 and r9 were lost\. It has 1 region node since\./,
      ),
      remedy: expect.stringContaining('regent join'),
    });
    for (const n of [5, 6])
      value(
        await change(site.db, (tx) =>
          createNode(tx, { id: `n${n}`, name: `r${n}`, isRegion: true, isRack: false, addresses: [`10.77.0.1${n}`] }),
        ),
      );
    expect(await epochCheck()).toMatchObject({ state: 'ok' });
  });

  it.each([
    ['GET', '/api/v1/status'],
    ['GET', '/api/v1/nothing'],
    ['GET', '/health/live'],
    ['POST', '/api/v1/domains'],
  ] as const)('tells its epoch with each answer, a refusal too: %s %s', async (method, url) => {
    const { headers } = await site.api.inject({ method, url });
    expect(headers['regent-epoch']).toBe(EPOCH);
  });
});

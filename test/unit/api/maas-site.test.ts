import { expect, it } from 'vitest';
import { createSite } from '../../../src/api/maas/site.ts';
import type { Region } from '../../../src/region/port.ts';

/** A site whose list of zones has so many items; `limits`: what its pages were asked for. */
function siteOf(count: number) {
  const limits: number[] = [];
  const call = async (_id: string, { query }: { readonly query: unknown }) => {
    const { limit, cursor = '0' } = query as { readonly limit: number; readonly cursor?: string };
    limits.push(limit);
    const [from, to] = [Number(cursor), Math.min(count, Number(cursor) + limit)];
    const items = Array.from({ length: to - from }, (_none, index) => from + index);
    return { kind: 'done', status: 200, body: { items, next: to < count ? String(to) : null }, isReplay: false };
  };
  const site = createSite({
    region: { call } as unknown as Pick<Region, 'call' | 'callTogether'>,
    random: { hex: () => '0' } as never,
    caller: { user: 'admin', role: 'admin' },
    isWanted: () => true,
  });
  return { site, limits };
}

it('reads a list by pages that grow from a short one, each item once', async () => {
  const { site, limits } = siteOf(2000);
  const items: unknown[] = [];
  for await (const page of site.pages('zone.list', { limit: 500 }, 150)) items.push(...page);
  expect(limits).toEqual([150, 300, 500, 500, 500, 500]);
  expect(items).toEqual(Array.from({ length: 2000 }, (_none, index) => index));
});

it('reads a whole list by the largest pages', async () => {
  const { site, limits } = siteOf(1500);
  expect(await site.all('zone.list')).toHaveLength(1500);
  expect(limits).toEqual([1000, 1000]);
});

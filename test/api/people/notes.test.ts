import { afterAll, beforeAll, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

it('a list of notes has the text of each, with the values of its context', async () => {
  for (const body of [
    { message: 'Hall 2 has no power', users: true },
    { message: 'Disk {disk} fails', context: { disk: 'sda' }, users: true },
  ])
    expect(await site.call('POST', '/notifications', { body })).toMatchObject({ status: 201 });
  const listed = (await site.call('GET', '/notifications', { role: 'user' })).body['items'] as { text: string }[];
  expect(listed.map(({ text }) => text)).toEqual(['Hall 2 has no power', 'Disk sda fails']);
});

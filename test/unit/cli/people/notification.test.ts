import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { FakeRegion, run } from '../fake-region.ts';

/** `regent notification`. */

const NOTE = {
  id: 7,
  ident: null,
  category: 'info',
  message: 'Hall 2',
  context: {},
  user: null,
  users: true,
  admins: false,
  dismissable: true,
  createdAt: '2026-03-01T10:00:00Z',
};

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

const regent = (...argv: readonly string[]) => run(region, ['notification', ...argv]);
const sent = () => region.seen.map(({ body }) => body);

it('is written for users, admins, one user, or some of these', async () => {
  region.on('POST /notifications', { status: 201, body: NOTE });
  await regent('create', 'Hall 2');
  await regent('create', 'Hall 2', '--for', 'admins,ann', '--category', 'error', '--dismissable', 'off');
  expect(sent()).toEqual([
    { message: 'Hall 2', users: true, admins: false, user: null },
    { message: 'Hall 2', users: false, admins: true, user: 'ann', category: 'error', dismissable: false },
  ]);
  const refused = await regent('create', 'Hall 2', '--for', 'ann,bob');
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('several users') });
});

it('is changed: what is not named stays', async () => {
  region.on('PATCH /notifications/7', { body: { ...NOTE, message: 'Hall 3' } });
  expect((await regent('set', '7', '--message', 'Hall 3')).out).toBe('notification 7 changed\n');
  await regent('set', '7', '--for', 'ann', '--ident', 'none');
  expect(sent()).toEqual([{ message: 'Hall 3' }, { users: false, admins: false, user: 'ann', ident: null }]);
  expect(await regent('set', '7')).toMatchObject({ code: 2, err: expect.stringContaining('--message') });
});

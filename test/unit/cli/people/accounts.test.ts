import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CliIo } from '../../../../src/cli/io.ts';
import { FakeRegion, page, run } from '../fake-region.ts';

/** `regent user password`, `regent session`, `regent audit`. */

const USER = { name: 'ada', role: 'operator', email: '', hasPassword: true, createdAt: '2026-03-01T10:00:00Z' };
const SESSION = {
  id: 'a1b2c3',
  user: 'ada',
  isReadOnly: false,
  isCurrent: false,
  apiKey: null,
  address: '192.0.2.7',
  agent: 'Browser\u001b[2J',
  createdAt: '2026-03-01T10:00:00Z',
  seenAt: '2026-03-01T11:00:00Z',
  expiresAt: '2026-03-08T10:00:00Z',
};
const ENTRY = {
  id: 7,
  at: '2026-03-01T10:00:00Z',
  who: 'ada',
  origin: 'ui',
  action: 'record create www.example.test A',
  outcome: 'refused: forbidden',
};
const SECRET = 'correct horse';

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

const regent = (argv: readonly string[], io: Partial<CliIo> = {}) => run(region, argv, io);
const sent = () => region.seen.map(({ body }) => body);
const answers = (...texts: string[]) => ({ askSecret: async () => texts.shift() ?? '' });

it('asks for a password twice, and prints it nowhere', async () => {
  region.on('PUT /users/ada/password', { body: USER });
  const done = await regent(['user', 'password', 'ada'], answers(SECRET, SECRET, ''));
  expect([done.code, sent()]).toEqual([0, [{ password: SECRET }]]);
  expect(done.out + done.err).not.toContain(SECRET);
  const other = await regent(['user', 'password', 'ada'], answers(SECRET, SECRET, 'the old one'));
  expect([other.code, sent()[1]]).toEqual([0, { password: SECRET, current: 'the old one' }]);
  const differs = await regent(['user', 'password', 'ada'], answers(SECRET, 'another'));
  expect([differs.code, sent().length]).toEqual([2, 2]);
  expect(differs.err).toContain('differ');
});

it('takes it from the standard input, and takes it away', async () => {
  region.on('PUT /users/ada/password', { body: USER });
  const input = { askSecret: async () => null, readInput: async () => `${SECRET}\r\nthe old one\n` };
  await regent(['user', 'password', 'ada'], input);
  await regent(['user', 'password', 'ada', '--remove'], input);
  expect(sent()).toEqual([{ password: SECRET, current: 'the old one' }, { password: null }]);
});

it('changes what is given of a user, and refuses nothing at all', async () => {
  region.on('PATCH /users/ada', { body: USER });
  expect((await regent(['user', 'set', 'ada', '--email', 'ada@example.test'])).code).toBe(0);
  expect(sent()).toEqual([{ email: 'ada@example.test' }]);
  expect(await regent(['user', 'set', 'ada'])).toMatchObject({
    code: 2,
    err: expect.stringContaining('--role or --email'),
  });
});

it('lists and ends sessions, with nothing that a terminal acts on', async () => {
  region.on('GET /sessions', page(SESSION));
  region.on('DELETE /sessions/a1b2c3', { body: SESSION });
  const { out } = await regent(['session', 'list', '-o', 'wide']);
  expect(out).toContain('password');
  expect(out).not.toContain('\u001b');
  expect((await regent(['session', 'end', 'a1b2c3'])).out).toBe('session a1b2c3 ended\n');
});

it('lists the audit trail by what is asked for', async () => {
  region.on('GET /audit', page(ENTRY));
  const now = () => Date.parse('2026-03-02T00:00:00Z');
  const { code, out } = await regent(['audit', 'list', '--who', 'ada', '--from', 'ui', '--refused', '--since', '2h'], {
    now,
  });
  expect([code, Object.fromEntries(region.seen[0]?.query ?? [])]).toEqual([
    0,
    { limit: '100', who: 'ada', origin: 'ui', refused: 'true', since: '2026-03-01T22:00:00.000Z' },
  ]);
  expect(out).toContain('record create www.example.test A');
  expect((await regent(['audit', 'list', '--since', 'yesterday'])).code).toBe(2);
});

it('gives a key another title by its public part alone', async () => {
  const key = {
    user: 'ada',
    label: 'new',
    consumer: 'c',
    token: 't',
    createdAt: ENTRY.at,
    expiresAt: null,
    usedAt: null,
  };
  region.on('PATCH /api-keys/t', { body: key });
  expect((await regent(['key', 'set', 'c:t:secret', '--title', 'new'])).code).toBe(0);
  expect(region.seen.map(({ path, body }) => [path, body])).toEqual([['/api-keys/t', { label: 'new' }]]);
});

it('finds objects, and shows events newest first', async () => {
  region.on('GET /search', {
    body: { items: [{ kind: 'machine', ref: 'abc', name: 'm1.example.test', detail: '52:54' }] },
  });
  region.on('GET /events', page());
  expect((await regent(['search', 'm1'])).out).toContain('m1.example.test');
  await regent(['events', '--newest', '--subject', 'm1', '--since', '2030-01-01']);
  expect(region.seen.map(({ query }) => Object.fromEntries(query))).toEqual([
    { q: 'm1', limit: '5' },
    { limit: '100', sort: '-id', subject: 'm1', since: '2030-01-01T00:00:00.000Z' },
  ]);
});

it('names the caller and the region that answered', async () => {
  region.on('GET /me', { body: { user: 'ada', role: 'auditor', email: '' } });
  const { code, out } = await regent(['whoami']);
  expect(code).toBe(0);
  expect(out).toMatch(/^user: +ada\nrole: +auditor\nemail: +-\nregion: +http:\/\/127\.0\.0\.1:\d+\n$/);
  expect((await regent(['whoami', '-o', 'name'])).out).toBe('ada\n');
});

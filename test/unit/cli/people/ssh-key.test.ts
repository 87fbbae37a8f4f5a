import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CliIo } from '../../../../src/cli/io.ts';
import { FakeRegion, page, run } from '../fake-region.ts';

/** `regent ssh-key`. */

const LINE = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILQ+OqcnvRyfz8Fxz81OskkE7ws6PtJvzD927o1bKB9s ada@laptop';
const KEY = {
  id: 3,
  user: 'ada',
  type: 'ssh-ed25519',
  bits: 256,
  fingerprint: 'SHA256:1OyKvJKO5xOH6d7zkoVhmGG3A5/2072lPZ8ydEytM44',
  comment: 'ada@laptop \u001b[2J',
  key: LINE,
  createdAt: '2026-03-01T10:00:00Z',
};

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

const regent = (argv: readonly string[], io: Partial<CliIo> = {}) => run(region, ['ssh-key', ...argv], io);
const sent = () => region.seen.map(({ body }) => body);

it('lists keys by their fingerprints, with nothing that a terminal acts on', async () => {
  region.on('GET /ssh-keys', page(KEY));
  const { out } = await regent(['list', '--user', 'ada']);
  expect(out).toContain(KEY.fingerprint);
  expect(out).not.toContain('\u001b');
});

it('adds the line of a file, of standard input, or of the argument itself', async () => {
  region.on('POST /ssh-keys', { status: 201, body: KEY });
  const files: Readonly<Record<string, string>> = { '/home/ada/.ssh/id.pub': `${LINE}\n` };
  const io = {
    home: '/home/ada',
    readFile: async (path: string) => files[path] ?? null,
    readInput: async () => `${LINE}\r\n`,
  };
  for (const given of ['@~/.ssh/id.pub', '-', LINE]) {
    const { code, out } = await regent(['add', given, '--user', 'ada'], io);
    expect([code, out]).toEqual([0, `SSH key 3 of ada added: ssh-ed25519 ${KEY.fingerprint}\n`]);
  }
  expect(sent()).toEqual(Array(3).fill({ key: LINE, user: 'ada' }));
  expect(await regent(['add', '@/nowhere'], io)).toMatchObject({ code: 2, err: expect.stringContaining('no file') });
});

it('sends no private key anywhere', async () => {
  const readFile = async () => '-----BEGIN OPENSSH PRIVATE KEY-----\nSECRET\n';
  const { code, err } = await regent(['add', '@/root/.ssh/id_ed25519'], { readFile });
  expect([code, region.seen]).toEqual([2, []]);
  expect(err).toContain('ends with .pub');
  expect(err).not.toContain('SECRET');
});

it('deletes by id or fingerprint', async () => {
  region.on(`DELETE /ssh-keys/${KEY.fingerprint}`, { body: KEY });
  expect((await regent(['delete', KEY.fingerprint])).code).toBe(0);
});

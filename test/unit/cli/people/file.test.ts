import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CliIo } from '../../../../src/cli/io.ts';
import { FakeRegion, page, run } from '../fake-region.ts';

/** `regent file`. */

const FILE = { name: 'notes', key: 'a'.repeat(32), size: 3, updatedAt: '2026-03-01T10:00:00Z' };
let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

const regent = (argv: readonly string[], io: Partial<CliIo> = {}) => run(region, ['file', ...argv], io);
const bytes = Buffer.from([0, 255, 10]);
const openFile = async (path: string) =>
  path === '/tmp/a'
    ? {
        size: 3,
        readAt: async () => bytes,
        open: async function* () {
          yield bytes;
        },
      }
    : path === '/tmp/long'
      ? {
          size: 4 * 1024 * 1024,
          readAt: async () => bytes,
          open: async function* () {
            yield bytes;
          },
        }
      : null;

it('lists files, and keeps one from a file or from standard input', async () => {
  region.on('GET /files', page(FILE));
  region.on('PUT /files/notes', { status: 200, body: FILE });
  expect((await regent(['list', '--prefix', 'no'])).out).toContain('notes');
  expect((await regent(['put', 'notes', '@/tmp/a'], { openFile })).code).toBe(0);
  expect((await regent(['put', 'notes', '-'], { readInput: async () => 'abc' })).code).toBe(0);
  expect(region.seen.flatMap(({ body }) => (body === undefined || body === null ? [] : [body]))).toEqual([
    { content: bytes.toString('base64') },
    { content: Buffer.from('abc').toString('base64') },
  ]);
});

it('refuses what is no file, and what is too long', async () => {
  for (const [given, why] of [
    ['@/nowhere', 'no file'],
    ['text', '@FILE'],
    ['@/tmp/long', 'at most'],
  ] as const)
    expect(await regent(['put', 'notes', given], { openFile })).toMatchObject({
      code: 2,
      err: expect.stringContaining(why),
    });
});

it('prints a text, and nothing that is none', async () => {
  region.on('GET /files/notes', { status: 200, body: { ...FILE, content: Buffer.from('abc').toString('base64') } });
  expect(await regent(['download', 'notes'])).toMatchObject({ code: 0, out: 'abc' });
  region.on('GET /files/notes', { status: 200, body: { ...FILE, content: bytes.toString('base64') } });
  expect((await regent(['download', 'notes'])).code).toBe(2);
});

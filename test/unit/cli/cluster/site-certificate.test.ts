import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { FakeRegion, run } from '../fake-region.ts';

/** `regent site-certificate`. */

const SITE = {
  isOwn: true,
  subject: 'CN=regent.example.test',
  issuer: 'CN=Operators authority',
  serial: '0a',
  fingerprint: 'ab'.repeat(32),
  notBefore: '2026-03-01T10:00:00Z',
  notAfter: '2026-06-01T10:00:00Z',
  names: ['regent.example.test'],
  certificate: 'PEM',
  warnings: ['The certificate does not cover the floating address.'],
  changedAt: '2026-03-01T10:00:00Z',
};
const FILES: Readonly<Record<string, string>> = {
  'leaf.pem': 'LEAF\r\n',
  '/home/ada/chain.pem': 'CHAIN\n',
  'key.pem': 'PRIVATE\r\nKEY\n',
};

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

const regent = (...argv: readonly string[]) =>
  run(region, ['site-certificate', ...argv], {
    home: '/home/ada',
    readFile: async (path: string) => FILES[path] ?? null,
    readInput: async () => 'PRIVATE\nKEY\n',
  });
const sent = () => region.seen.map(({ body }) => body);

it('sends what is in the files, the key also from standard input, and tells what is doubtful', async () => {
  region.on('PUT /site-certificate', { status: 200, body: SITE });
  const { code, out } = await regent('set', '--cert', 'leaf.pem', '--chain', '~/chain.pem', '--key', 'key.pem');
  expect(code).toBe(0);
  expect(out).toContain('All region nodes show an own certificate within seconds: CN=regent.example.test');
  expect(out).toContain('warning: The certificate does not cover the floating address.');
  await regent('set', '--cert', 'leaf.pem', '--key', '-');
  expect(sent()).toEqual([
    { certificate: 'LEAF\nCHAIN\n', privateKey: 'PRIVATE\nKEY\n' },
    { certificate: 'LEAF\n', privateKey: 'PRIVATE\nKEY\n' },
  ]);
});

it('sends nothing where a file is missing or not named', async () => {
  expect(await regent('set', '--cert', 'leaf.pem')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--key FILE is missing'),
  });
  expect(await regent('set', '--cert', 'gone', '--key', 'key.pem')).toMatchObject({
    code: 2,
    err: expect.stringContaining('no file "gone"'),
  });
  expect(sent()).toEqual([]);
});

it('shows it, and takes an own one back', async () => {
  region.on('GET /site-certificate', { status: 200, body: SITE });
  region.on('DELETE /site-certificate', { status: 200, body: { ...SITE, isOwn: false, warnings: [] } });
  expect((await regent('show')).out).toContain(SITE.fingerprint);
  expect((await regent('unset')).out).toContain("show the certificate of the cluster's authority within seconds");
});

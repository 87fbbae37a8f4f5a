import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readUiAssets } from '../../../src/main/region/ui-assets.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** How the user interface is served: what is kept where, what is packed, what a page may do. */

const pg = usePostgres();
const INDEX = '<!doctype html><script type="module" src="/ui/assets/main-1a2b.js"></script>';
const MAIN = `console.log(${JSON.stringify('x'.repeat(400))})`;
let folder = '';
let site: TestRegion;
let bare: TestRegion;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ui-'));
  const [now, before] = ['now', 'before'].map((name) => join(folder, name)) as [string, string];
  for (const path of [now, before]) await mkdir(join(path, 'assets'), { recursive: true });
  await writeFile(join(now, 'index.html'), INDEX);
  await writeFile(join(now, 'assets/main-1a2b.js'), MAIN);
  await writeFile(join(now, 'assets/main-1a2b.js.br'), brotliCompressSync(MAIN));
  await writeFile(join(now, 'assets/main-1a2b.js.gz'), gzipSync(MAIN));
  await writeFile(join(now, 'assets/notes.unknown'), 'not for anybody');
  await writeFile(join(before, 'index.html'), 'old');
  await writeFile(join(before, 'assets/main-0000.js'), 'old()');
  const ui = await readUiAssets([now, before, join(folder, 'nowhere')]);
  site = await startTestRegion(pg.get(), { api: { ui, transport: { isBehindProxy: true } } });
  bare = await startTestRegion(pg.get(), { api: { isPlainUi: true } });
});
afterAll(async () => {
  await site.close();
  await bare.close();
  await rm(folder, { recursive: true });
});

const get = (url: string, headers: Record<string, string> = {}, region = site) =>
  region.api.inject({ url, headers: { host: 'r.example.test:5443', 'x-forwarded-proto': 'https', ...headers } });

describe('the user interface', () => {
  it.each(['/ui', '/ui/', '/ui/index.html', '/ui/?1'])('is one page at %s', async (url) => {
    const answer = await get(url);
    expect([answer.statusCode, answer.body, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      200,
      INDEX,
      'text/html; charset=utf-8',
      'no-cache',
    ]);
    const csp = String(answer.headers['content-security-policy']);
    expect(csp).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(csp).toContain("frame-ancestors 'none'");
    expect(csp).not.toMatch(/unsafe|\*|http/);
    expect(answer.headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    const again = await get(url, { 'if-none-match': String(answer.headers['etag']) });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  it('keeps hashed files for ever, packed as the browser takes them', async () => {
    const path = '/ui/assets/main-1a2b.js';
    const plain = await get(path);
    expect([plain.body, plain.headers['content-encoding']]).toEqual([MAIN, undefined]);
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    const br = await get(path, { 'accept-encoding': 'gzip, deflate, br' });
    expect(br.headers).toMatchObject({ 'content-encoding': 'br', vary: 'Accept-Encoding' });
    expect(brotliDecompressSync(br.rawPayload).toString()).toBe(MAIN);
    const gz = await get(path, { 'accept-encoding': 'gzip, br;q=0' });
    expect(gunzipSync(gz.rawPayload).toString()).toBe(MAIN);
    expect(new Set([plain, br, gz].map(({ headers }) => headers['etag'])).size).toBe(3);
    const head = await site.api.inject({ method: 'HEAD', url: path, headers: { 'x-forwarded-proto': 'https' } });
    expect([head.statusCode, head.body]).toEqual([200, '']);
  });

  it('has the files of the release before, and no others', async () => {
    expect((await get('/ui/assets/main-0000.js')).body).toBe('old()');
    for (const path of ['main-9999.js', '../nodes/r1', 'notes.unknown', 'main-1a2b.js.br', '..%2f..%2fetc%2fpasswd'])
      expect((await get(`/ui/assets/${path}`)).statusCode, path).not.toBe(200);
  });

  it('leads to TLS at the site itself, and from the root to itself', async () => {
    const to = async (host: string, path = '/ui/nodes?sort=name') => {
      const { statusCode, headers } = await get(path, { 'x-forwarded-proto': 'http', host });
      return `${statusCode} ${String(headers['location'])}`;
    };
    expect(await to('r1:5240')).toBe('308 https://r1:5443/ui/nodes?sort=name');
    expect(await to('R1.regent.internal:5240')).toBe('308 https://r1.regent.internal:5443/ui/nodes?sort=name');
    expect(await to('10.77.0.11:5240')).toBe('308 https://10.77.0.11:5443/ui/nodes?sort=name');
    expect(await to('[::1]:5240', '/ui/')).toBe('308 https://[::1]:5443/ui/');
    // A name that is not the site's is whoever's that sent the browser here.
    for (const host of ['evil.example.test:5240', '[2001:db8::1]:5240', '192.0.2.66', 'r1.evil.test'])
      expect(await to(host, '/ui/')).toBe('307 https://10.77.0.11:5443/ui/');
    expect((await get('/ui/', { 'x-forwarded-proto': 'http', host: 'a"b' })).statusCode).toBe(400);
    // A page whose path was typed without the # (F8).
    expect((await get('/ui/nodes/r2')).headers['location']).toBe('/ui/#/nodes/r2');
    expect((await get('/ui/none.js')).statusCode).toBe(404);
    const root = await get('/');
    expect([root.statusCode, root.headers['location']]).toEqual([307, '/ui/']);
  });

  it('is refused with a sentence where the release has none', async () => {
    const answer = await get('/ui/', {}, bare);
    expect([answer.statusCode, answer.json().code]).toEqual([404, 'not_found']);
    expect(answer.json().detail).toContain('no user interface');
  });
});

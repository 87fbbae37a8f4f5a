import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { complete } from '../../../../src/cli/completion.ts';
import { NOUNS } from '../../../../src/cli/nouns.ts';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

/** Who else may copy a domain, on the command line. */

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

const DOMAIN = {
  id: 2,
  name: 'a.test',
  ttl: null,
  leaseNames: false,
  transferTo: ['192.0.2.5', '192.0.2.6'],
  transferKey: 'ns-partner',
  authoritative: false,
  forwardTo: ['192.0.2.53', '192.0.2.54:5353'],
  isDefault: false,
};
const set = (...words: string[]) => run(region, ['domain', 'set', 'a.test', ...words]);

describe('domain', () => {
  it('is told who may copy it, and that nobody may any more', async () => {
    region.on('PATCH /domains/a.test', { body: DOMAIN });
    const words = ['--transfer-to', '192.0.2.5, 192.0.2.6', '--transfer-key', 'ns-partner'];
    expect(await set(...words)).toMatchObject({ code: 0, out: 'domain a.test changed\n' });
    await set('--transfer-to', 'none', '--transfer-key', 'none');
    await set('--transfer-key', '7');
    region.on('POST /domains', { body: DOMAIN });
    await run(region, ['domain', 'create', 'a.test', ...words]);
    const wanted = { transferTo: DOMAIN.transferTo, transferKey: 'ns-partner' };
    expect(region.seen.map(({ body }) => body)).toEqual([
      wanted,
      { transferTo: [], transferKey: null },
      { transferKey: '7' },
      { name: 'a.test', ...wanted },
    ]);
  });

  it('is told who else answers for it, and that the site does', async () => {
    region.on('PATCH /domains/a.test', { body: DOMAIN });
    await set('--authoritative', 'off', '--forward-to', '192.0.2.53, 192.0.2.54:5353');
    await set('--authoritative', 'on', '--forward-to', 'none');
    expect(region.seen.map(({ body }) => body)).toEqual([
      { authoritative: false, forwardTo: DOMAIN.forwardTo },
      { authoritative: true, forwardTo: [] },
    ]);
    region.on('GET /domains', page(DOMAIN));
    expect((await run(region, ['domain', 'list', '-o', 'wide'])).out).toContain('192.0.2.53, 192.0.2.54:5353');
  });

  it('shows them where there is room, and the region’s words where it refuses', async () => {
    region.on('GET /domains', page(DOMAIN));
    expect((await run(region, ['domain', 'list', '-o', 'wide'])).out).toMatch(/192\.0\.2\.5, 192\.0\.2\.6 +ns-partner/);
    expect((await run(region, ['domain', 'list'])).out).not.toContain('192.0.2.5');
    region.on('PATCH /domains/a.test', problem(404, 'not_found', 'There is no tsig-key "gone".'));
    expect(await set('--transfer-key', 'gone')).toMatchObject({ code: 3, err: expect.stringContaining('"gone"') });
    expect((await set()).err).toContain('--transfer-to, --transfer-key');
  });

  it('offers names of keys', () => {
    expect(complete('domain set a.test --transfer-key '.split(' '), NOUNS).kind).toBe('tsig-key');
  });
});

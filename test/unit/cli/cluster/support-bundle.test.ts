import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { BundleContents } from '../../../../src/core/support-bundle.ts';
import { isRejected } from '../../../../src/core/errors.ts';
import { parseSupportOptions } from '../../../../src/main/calls/local-bundle.ts';
import { filesOfTar } from '../../../kit/tar.ts';
import { FakeRegion, problem, run } from '../fake-region.ts';

let region: FakeRegion;
beforeAll(async () => {
  region = await FakeRegion.start();
});
beforeEach(() => region.clear());
afterAll(() => region.stop());

const AWAY = problem(503, 'unavailable', 'The database does not answer.');
/** Time passes by itself, so that the client gives up soon. */
function clock() {
  let now = 0;
  return { monotonic: () => now, sleep: async (ms: number) => void (now += ms) };
}

describe('a bundle while the database is away', () => {
  it('has what the region of this host remembers, for root, and names the command for each node', async () => {
    region.on('POST /support-bundle', AWAY);
    let content = Buffer.alloc(0);
    const { code, out } = await run(region, ['support-bundle'], {
      ...clock(),
      askHost: async (path) => ({ status: path.includes('doctor') ? 500 : 200, text: '{"state":"degraded"}' }),
      createFile: async (_, bytes) => {
        content = Buffer.from(bytes);
        return true;
      },
    });

    expect(code).toBe(0);
    expect(out).toContain('On each node: sudo regent support-bundle --local');
    const files = filesOfTar(gunzipSync(content));
    const contents = JSON.parse(files['contents.json']?.toString() ?? '') as BundleContents;
    expect(contents.files.map(({ path }) => path)).toEqual(['site/cluster.show.json']);
    expect(contents.missing).toEqual([
      { path: 'site/cluster.doctor.json', why: 'the region of this host does not answer' },
    ]);
  });

  it('is no bundle for others: the message says what helps, and no file is made', async () => {
    region.on('POST /support-bundle', AWAY);
    const made: string[] = [];
    const { code, err } = await run(region, ['support-bundle'], {
      ...clock(),
      createFile: async (path) => made.push(path) > 0,
    });

    expect(code).toBe(1);
    expect(err).toContain('On each node: sudo regent support-bundle --local');
    expect(made).toEqual([]);
  });
});

describe('the command of a host', () => {
  const NOW = Date.parse('2026-03-01T10:00:00Z');

  it.each([
    [[], '2026-02-28T10:00:00.000Z'],
    [['--since', '2h'], '2026-03-01T08:00:00.000Z'],
    [['--since=2026-01-01T00:00:00Z', '--out', 'x'], '2026-01-01T00:00:00.000Z'],
  ] as const)('takes %s', (argv, since) => {
    expect(parseSupportOptions(['--local', ...argv], NOW)).toMatchObject({ since });
  });

  it.each([['--since', 'soon'], ['--nonsense'], ['more']])('refuses %s', (...argv) => {
    expect(isRejected(parseSupportOptions(['--local', ...argv], NOW))).toBe(true);
  });
});

import { chmod, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Log } from '../../../src/core/ports.ts';
import { type FolderWatch, watchFolders } from '../../../src/host/observe/watched-folders.ts';
import { realFiles } from '../../../src/host/files.ts';
import { pause } from '../../kit/until.ts';

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => quiet };
/** What an operator may wait for the word that he has changed something, ms. */
const PROMPT_MS = 1500;

/** The real inotify on real folders: what somebody else does to a generated file is told at once, what we do ourselves is not. */
describe('a hand edit of a generated file', () => {
  let top = '';
  let dns = '';
  let proxy = '';
  let watch: FolderWatch;
  const table: string[] = [];
  const conf = () => join(dns, 'named.conf');

  beforeAll(async () => {
    top = await mkdtemp(join(tmpdir(), 'regent-drift-'));
    [dns, proxy] = [join(top, 'dns'), join(top, 'proxy')];
    await mkdir(join(dns, 'zones'), { recursive: true });
    await writeFile(conf(), 'ours');
    await writeFile(join(dns, 'zones', 'a.zone'), 'ours');
    watch = watchFolders([dns, proxy], quiet);
  });
  afterAll(async () => {
    console.log(['what somebody does → told after', ...table].join('\n'));
    watch.close();
    await rm(top, { recursive: true, force: true });
  });

  /** What is told of an act, and after how many ms; '' when nothing is told within 1.5 s. */
  async function toldOf(name: string, act: () => Promise<unknown>): Promise<string> {
    // What was before is over.
    await pause(700);
    const { seen } = await watch.changes((await watch.changes('', 1)).seen, 1);
    const start = performance.now();
    const waiting = watch.changes(seen, PROMPT_MS);
    await act();
    const { folders } = await waiting;
    const took = Math.round(performance.now() - start);
    table.push(`  ${name.padEnd(44)} ${folders.length === 0 ? 'nothing' : `${took} ms`}`);
    return folders.map((folder) => folder.slice(top.length + 1)).join(' ');
  }

  it.each([
    ['written in place', () => writeFile(conf(), 'theirs')],
    [
      'replaced by a rename, as editors do',
      async () => {
        await writeFile(join(top, 'swap'), 'theirs');
        await rename(join(top, 'swap'), conf());
      },
    ],
    ['rights changed', () => chmod(conf(), 0o600)],
    ['in a folder below', () => writeFile(join(dns, 'zones', 'a.zone'), 'theirs')],
    ['a file of their own added', () => writeFile(join(dns, 'local.conf'), 'theirs')],
    ['a link instead', () => unlink(conf()).then(() => symlink('/etc/hostname', conf()))],
    ['removed', () => unlink(conf())],
  ])('%s', async (name, act) => {
    expect(await toldOf(name, act)).toBe('dns');
  });

  it('is told in a folder that came later, and in one that was made anew', async () => {
    expect(await toldOf('a folder that is new', () => mkdir(join(dns, 'new')))).toBe('dns');
    await pause(300);
    expect(await toldOf('in it', () => writeFile(join(dns, 'new', 'b.zone'), 'x'))).toBe('dns');
    await rm(join(dns, 'new'), { recursive: true });
    await pause(300);
    await mkdir(join(dns, 'new'));
    await pause(300);
    expect(await toldOf('in one that was made anew', () => writeFile(join(dns, 'new', 'b.zone'), 'x'))).toBe('dns');
  });

  it('is told once for a hundred saves', async () => {
    const { seen } = await watch.changes('', 1);
    const start = performance.now();
    let count = 0;
    let last = seen;
    const saving = (async () => {
      for (let turn = 0; turn < 100; turn += 1) {
        await writeFile(conf(), `theirs ${turn}`);
        await pause(5);
      }
    })();
    const over = saving.then(() => pause(400)).then(() => true);
    for (let isOver = false; !isOver; ) {
      const next = watch.changes(last, 300);
      isOver = await Promise.race([over, next.then(() => false)]);
      const answer = await next;
      if (answer.folders.length > 0) count += 1;
      last = answer.seen;
    }
    table.push(`  ${'saved a hundred times in half a second'.padEnd(44)} ${count} times`);
    expect(count).toBeGreaterThan(0);
    // At most once in each 150 ms, however long a busy machine takes for a hundred.
    expect(count).toBeLessThan((performance.now() - start) / 150 + 2);
  });

  // Each quiet answer takes its time.
  it('is not what we do ourselves', { timeout: 30_000 }, async () => {
    const ours = watch.ours(realFiles());
    const user = { owner: 'root', group: 'root', mode: 0o644 };
    expect(await toldOf('installed by us', () => ours.install({ path: conf(), content: 'ours', ...user }))).toBe('');
    expect(await toldOf('moved by us', () => ours.move(conf(), join(dns, 'moved.conf')))).toBe('');
    expect(await toldOf('removed by us', () => ours.remove(join(dns, 'moved.conf')))).toBe('');
    expect(await toldOf('staged by somebody', () => mkdir(join(dns, '.stage'), { recursive: true }))).toBe('');
    // And what comes after is seen again.
    expect(await toldOf('written after us', () => writeFile(conf(), 'theirs'))).toBe('dns');
  });

  it('may be anything for who has not heard of this watch', async () => {
    expect((await watch.changes('', 700)).folders).toEqual([dns, proxy]);
    expect((await watch.changes('another:7', 700)).folders).toEqual([dns, proxy]);
  });
});

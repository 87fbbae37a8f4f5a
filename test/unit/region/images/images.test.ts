import { describe, expect, it } from 'vitest';
import { createChecker } from '../../../../src/region/images/checker.ts';
import { createFetcher } from '../../../../src/region/images/fetcher.ts';
import { planImages, toFetch, type WantedFile, type WantedHere } from '../../../../src/region/images/plan.ts';
import type { Bytes, ImageDisk } from '../../../../src/region/images/port.ts';
import { silentLog } from '../../../kit/postgres.ts';

const wanted = (name: string, changes: Partial<WantedFile> = {}): WantedFile => ({
  image: 'a'.repeat(64),
  name,
  size: 10,
  sha256: 'b'.repeat(64),
  state: null,
  sources: ['10.77.0.12'],
  ...changes,
});
const onDisk = (name: string, size = 10, image = 'a'.repeat(64)) => ({ image, name, size, stamp: '1' });
const names = (files: readonly { readonly name: string }[]) => files.map(({ name }) => name);
const NONE: ReadonlySet<string> = new Set();

describe('what a round finds', () => {
  it('is told where it is new', () => {
    const plan = planImages({
      wanted: [
        wanted('there'),
        wanted('known', { state: 'there' }),
        wanted('missing'),
        wanted('cut', { state: 'there' }),
        wanted('rotten'),
        wanted('coming', { state: 'missing' }),
      ],
      disk: [
        onDisk('there'),
        onDisk('known'),
        onDisk('cut', 3),
        onDisk('stray'),
        onDisk('manifest.json'),
        onDisk('manifest.json', 10, 'c'.repeat(64)),
        onDisk('there', 10, 'c'.repeat(64)),
      ],
      fetching: new Set([`${'a'.repeat(64)}/coming`]),
      damaged: new Set([`${'a'.repeat(64)}/rotten`]),
    });
    expect(plan.states.map(({ file, state }) => [file, state])).toEqual([
      ['there', 'there'],
      ['missing', 'missing'],
      ['cut', 'damaged'],
      ['rotten', 'damaged'],
      ['coming', 'fetching'],
    ]);
    expect(names(plan.absent)).toEqual(['missing', 'cut', 'rotten']);
    expect(names(plan.there)).toEqual(['there', 'known']);
    expect(names(plan.cut)).toEqual(['cut']);
    expect(plan.strays.map(({ image, name }) => [image[0], name])).toEqual([
      ['a', 'stray'],
      ['c', 'manifest.json'],
      ['c', 'there'],
    ]);
  });

  it('is fetched from whoever has it, the smallest first, a few at a time, after its pause', () => {
    const files = [wanted('large', { size: 99 }), wanted('nobody', { sources: [] }), wanted('late'), wanted('small')];
    const tries = new Map([[`${'a'.repeat(64)}/late`, { failures: 1, notBefore: 50 }]]);
    expect(names(toFetch(files, tries, { now: 49, most: 9 }))).toEqual(['small', 'large']);
    expect(names(toFetch(files, tries, { now: 50, most: 2 }))).toEqual(['late', 'small']);
    expect(toFetch(files, tries, { now: 50, most: -1 })).toEqual([]);
    expect(planImages({ wanted: [], disk: [], fetching: NONE, damaged: NONE }).states).toEqual([]);
  });
});

describe('reading again', () => {
  const DAY_MS = 86_400_000;
  function checker(digests: Readonly<Record<string, string>>) {
    const time = { now: 0 };
    const [reads, right, wrong]: [string[], string[], string[]] = [[], [], []];
    const made = createChecker({
      disk: {
        digest: async ({ name }: { readonly name: string }, { isGentle }: { readonly isGentle: boolean }) => {
          reads.push(`${name} ${isGentle ? 'slowly' : 'at once'}`);
          return digests[name] ?? null;
        },
      } as unknown as ImageDisk,
      clock: { now: () => 0, monotonic: () => time.now },
      log: silentLog,
      signal: new AbortController().signal,
      onRight: ({ name, stamp }) => right.push(`${name} ${stamp}`),
      onDamage: async ({ name }) => void wrong.push(name),
      onEnd: () => {},
    });
    const round = async (...files: readonly WantedHere[]) => {
      made.begin(files);
      await made.ended();
    };
    return { round, made, reads, right, wrong, time };
  }
  const here = (name: string, stamp: string): WantedHere => ({ ...wanted(name), stamp });

  it('once a day, slowly; at once where somebody has written to a file', async () => {
    const { round, reads, right, wrong, time } = checker({ a: 'b'.repeat(64), b: 'other' });
    await round(here('a', '1'));
    await round(here('a', '1'));
    time.now = DAY_MS - 1;
    await round(here('a', '1'));
    expect(reads.splice(0)).toEqual(['a slowly']);
    await round(here('a', '2'));
    await round(here('a', '2'));
    expect(reads.splice(0)).toEqual(['a at once']);
    time.now = 2 * DAY_MS;
    await round(here('a', '2'), here('b', '1'));
    await round(here('a', '2'), here('b', '1'));
    expect(reads).toEqual(['a slowly', 'b slowly']);
    expect(right).toEqual(['a 1', 'a 2', 'a 2']);
    expect(wrong).toEqual(['b']);
  });

  it('not where the file has just come', async () => {
    const { round, made, reads } = checker({});
    made.note(here('a', '1'), '1');
    await round(here('a', '1'));
    expect(reads).toEqual([]);
  });
});

describe('fetching', () => {
  const none: Bytes = (async function* () {})();
  function fetcher(answers: Readonly<Record<string, 'well' | 'wrong' | 'away'>>, free = 1000) {
    const time = { now: 0 };
    const asked: string[] = [];
    const arrived: string[] = [];
    const end = new AbortController();
    let last = '';
    const disk = {
      free: async () => free,
      received: async () => 0,
      write: async () =>
        answers[last] === 'well'
          ? null
          : { kind: 'rejected' as const, code: 'invalid_value' as const, message: 'wrong' },
    } as unknown as ImageDisk;
    const peers = {
      fetch: async (address: string) => {
        asked.push(address);
        last = address;
        if (answers[address] === 'away') throw new Error('ECONNREFUSED');
        return none;
      },
      received: async () => 0,
      fetchPart: async () => none,
    };
    const made = createFetcher({
      access: { disk, peers },
      clock: { now: () => 0, monotonic: () => time.now },
      random: { fraction: () => 0.5, hex: () => '' },
      log: silentLog,
      signal: end.signal,
      onArrival: ({ name }) => arrived.push(name),
      onEnd: () => {},
    });
    return { made, asked, arrived, time };
  }
  const file = wanted('x', { sources: ['1', '2', '3'] });

  it('asks the next one where one is away or gives something else', async () => {
    const { made, asked, arrived } = fetcher({ '1': 'away', '2': 'wrong', '3': 'well' });
    made.begin([file]);
    expect([...made.keys()]).toHaveLength(1);
    await made.ended();
    expect(asked).toEqual(['1', '2', '3']);
    expect(arrived).toEqual(['x']);
    expect([...made.keys()]).toEqual([]);
  });

  it('waits longer after each failure, and for ever where nobody has it', async () => {
    const { made, asked, time } = fetcher({ '1': 'away', '2': 'away', '3': 'away' });
    const round = async () => {
      const before = asked.length;
      made.begin([file]);
      await made.ended();
      return asked.length - before;
    };
    expect(await round()).toBe(3);
    expect(await round()).toBe(0);
    time.now = 2000;
    expect(await round()).toBe(3);
    time.now = 4000;
    expect(await round()).toBe(0);
    time.now = 10_000;
    expect(await round()).toBe(3);
  });

  it('asks nobody where the disk has too little room', async () => {
    const { made, asked } = fetcher({ '1': 'well', '2': 'well', '3': 'well' }, 9);
    made.begin([file]);
    await made.ended();
    expect(asked).toEqual([]);
  });
});

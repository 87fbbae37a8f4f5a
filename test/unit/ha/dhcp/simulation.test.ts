import { describe, expect, it } from 'vitest';
import { dice } from '../../../kit/dice.ts';
import type { Reach } from '../../../../ha/dhcp/reach.ts';
import { type Flaw, PairWorld, WELL } from '../../../kit/dhcp/pair-world.ts';

/**
 * The same runs each time: a suite that draws others would fail for a change that is right. `REGENT_PAIR_SEED` and `REGENT_PAIR_RUNS` play others; README.md
 * of ha/dhcp names the seeds that are known to fail.
 */
const FIRST = Number(process.env['REGENT_PAIR_SEED'] ?? 1);
const RUNS = Number(process.env['REGENT_PAIR_RUNS'] ?? 1000);
/** Seen: found in run 1, 11 to 34, 60, 97. */
const BROKEN_RUNS = 2000;
/**
 * Known: a primary that follows loses its partner's program and its partner's clock within the same tenth of a second. Its Kea leaves the pair and gives
 * leases alone until it is ended: the partner never gets the leases of some 80 ms. Seed 522072392; one run in some 10,000.
 */
const NEARLY_STALE_IN_1000 = 3;
const CALM_MS = 10_000;
const NAMES = ['k1', 'k2', 'r1', 'r2', 'r3'] as const;

const LACKS: readonly Partial<Reach>[] = [
  { missing: ['eth1'] },
  { missing: ['eth1', 'eth2'], isCut: true },
  { isFull: true },
  { isDrained: true },
];

/** It lacks something for a while. */
function lack(world: PairWorld, name: 'k1' | 'k2', what: Partial<Reach>, forMs: number): void {
  const rack = world.racks.get(name);
  if (!rack) return;
  rack.reach = { ...rack.reach, ...what };
  world.after(forMs, () => (rack.reach = WELL));
}

/** Its clock jumps, and back. */
function setClock(world: PairWorld, name: 'k1' | 'k2', ms: number, forMs: number): void {
  const kea = world.racks.get(name)?.kea;
  if (!kea) return;
  kea.aheadMs = ms;
  world.after(forMs, () => (kea.aheadMs = 0));
}

/** One fault, drawn. */
function disturb(world: PairWorld): void {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(world.random() * items.length)] as T;
  const rack = pick(['k1', 'k2'] as const);
  const region = pick(['r1', 'r2', 'r3'] as const);
  const forMs = world.between(100, 6000);
  const cut = (...ways: readonly string[]) => {
    for (const way of ways) world.cuts.add(way);
    world.after(forMs, () => ways.forEach((way) => world.cuts.delete(way)));
  };
  const both = (a: string, b: string) => [`${a}>${b}`, `${b}>${a}`];
  const faults: Record<string, () => void> = {
    oneWay: () => cut(`${rack}>${pick(NAMES.filter((name) => name !== rack))}`),
    fromAll: () => cut(...NAMES.filter((name) => name !== rack).flatMap((name) => both(rack, name))),
    fromPartner: () => cut(...both('k1', 'k2')),
    fromRegions: () => cut(...['r1', 'r2', 'r3'].flatMap((name) => both(rack, name))),
    fromSome: () => cut(...['r1', 'r2'].flatMap((name) => both(rack, name))),
    crashRack: () => world.crashHost(rack, forMs),
    crashRegion: () => world.crashHost(region, forMs),
    crashRegions: () => ['r1', 'r2', 'r3'].forEach((name) => world.crashHost(name, forMs)),
    loseFile: () => {
      world.crashHost(region, forMs);
      world.regions.get(region)?.lose();
    },
    crashProgram: () => world.crashProgram(rack),
    freezeProgram: () => world.freezeProgram(rack, world.between(100, 2500)),
    freezeHost: () => world.freezeHost(rack, forMs),
    freezeRegion: () => world.freezeHost(region, forMs),
    leave: () => world.leave(rack),
    lacks: () => lack(world, rack, pick(LACKS), forMs),
    // It counts as right 10 s later, and all is to be well then.
    clock: () => setClock(world, rack, pick([3_600_000, -3_600_000, 90_000, -45_000]), Math.min(forMs, 4000)),
    killKea: () => world.racks.get(rack)?.kea.end(),
    lossy: () => {
      world.isLossy = true;
      world.after(forMs, () => (world.isLossy = false));
    },
  };
  const name = pick(Object.keys(faults));
  world.told.push(`${Math.round(world.now)} ${name} ${rack} ${region} ${Math.round(forMs)}`);
  faults[name]?.();
}

/** Faults for a while, then none. Gives the run's story where the law was broken. */
function run(seed: number, flaw: Flaw | null = null, world = new PairWorld(dice(seed).next, flaw)): string | null {
  world.play(4000);
  const end = world.between(6000, 16_000);
  while (world.now < end) {
    disturb(world);
    world.play(world.now + world.between(20, 2500));
  }
  world.play(world.now + 6000);
  const bad = (what: string) => {
    const racks = [...world.racks.values()].map(({ name, verdict, kea, memory }) =>
      [name, verdict?.state, verdict?.why, kea.state, JSON.stringify(kea.scopes), JSON.stringify(memory.record)].join(
        ' ',
      ),
    );
    const regions = [...world.regions.values()].map(({ votes }) => JSON.stringify(votes.record));
    return [`seed ${seed}: ${what} at ${world.now}`, ...world.told, ...racks, ...regions].join('\n');
  };
  if (world.doubleAt !== null) return bad(`two served at ${world.doubleAt}`);
  if (world.staleAt !== null) return bad(`one served without all leases at ${world.staleAt}`);
  world.play(world.now + CALM_MS);
  for (const until = world.now + 2000; world.now < until; ) {
    world.play(world.now + 50);
    if (world.serving().length !== 1) return bad(`${world.serving().length} serve, and all is well`);
  }
  if (world.racks.get('k1')?.memory.record.isWhole !== true) return bad('the standby does not get all leases');
  const lacking = LACKS[seed % 16];
  if (lacking) {
    // Whoever lacks something serves no more, and serves again.
    const name = seed % 32 < 16 ? 'k1' : 'k2';
    lack(world, name, lacking, 5000);
    world.play(world.now + 4000);
    const [one, ...more] = world.serving().map((rack) => rack.name);
    if (one === undefined || one === name || more.length > 0) return bad(`${name} lacks something, ${one} serves`);
    world.play(world.now + 6000);
    if (world.serving()[0]?.name !== 'k1') return bad(`${name} lacks nothing more, and k1 does not serve`);
  }
  return world.doubleAt === null && world.staleAt === null ? null : bad('two served, or stale, late');
}

describe('a pair in a thousand bad days', () => {
  it(`has never two servers, none without the leases, and one when all is well (${RUNS} runs)`, () => {
    const from = performance.now();
    const broken: string[] = [];
    const nearlyStale: number[] = [];
    for (let turn = 0; turn < RUNS && broken.length < 5; turn += 1) {
      const seed = FIRST + turn;
      const world = new PairWorld(dice(seed).next);
      const story = run(seed, null, world);
      if (story !== null) broken.push(story);
      if (world.nearlyStaleAt !== null) nearlyStale.push(seed);
    }
    console.log(`${RUNS} runs in ${Math.round(performance.now() - from)} ms; nearly stale: ${nearlyStale.join(' ')}`);
    expect(broken.join('\n\n')).toBe('');
    expect(nearlyStale.length).toBeLessThanOrEqual(NEARLY_STALE_IN_1000 * Math.ceil(RUNS / 1000));
  }, 120_000);

  it.each<Flaw>(['never fences', 'takes over too soon', 'takes over without leases', 'knows no clock'])(
    'broken on purpose: one that %s is found out',
    (flaw) => {
      let turn = 0;
      while (turn < BROKEN_RUNS && run(FIRST + turn, flaw) === null) turn += 1;
      console.log(`${flaw}: found in run ${turn + 1}`);
      expect(turn).toBeLessThan(BROKEN_RUNS);
    },
    60_000,
  );
});

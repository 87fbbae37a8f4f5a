import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CATALOGUE, hazardOf, shortSelection } from '../../../src/drills/hazards/catalogue.ts';
import { COMPARED, forStock } from '../../../src/drills/hazards/compared.ts';
import { usualLengthMs } from '../../../src/drills/hazards/length.ts';
import { drawHazard } from '../../../src/drills/hazards/random.ts';
import { PHASE_MS } from '../../../src/drills/hazards/draw.ts';
import type { Hazard, HazardGroup } from '../../../src/drills/hazards/hazard.ts';
import { HEADLINES } from '../../../src/drills/hazards/headlines.ts';
import { UNITS } from '../../../src/drills/hazards/units.ts';
import type { Cast } from '../../../src/judge/timeline.ts';
import { CLUSTER } from '../../../src/lab/topologies.ts';
import { dice } from '../../kit/dice.ts';
import { hostsIn, isFault, newWorld, withRoles } from './hazard-world.ts';

/** Hazards that are about the loss of the majority. */
const WITHOUT_MAJORITY = [
  'host-kill-all',
  'host-kill-regions-then-rack',
  'double-two-primaries',
  'double-lost-majority',
];
/** What stands before a fault and is no phase: a scene that needs its time. */
const SCENE_MS = 2_000;
const PREFIXES: Readonly<Record<HazardGroup, string>> = {
  host: 'host-',
  process: 'process-',
  hang: 'hang-',
  network: 'net-',
  disk: 'disk-',
  planned: 'planned-',
  double: 'double-',
  noise: 'noise-',
};
const LANES = ['write', 'read', 'vip', 'dns', 'lookup', 'proxy', 'dhcp'];

const REGIONS = ['r1', 'r2', 'r3'];
const CASTS = fc
  .record({
    primary: fc.constantFrom(...REGIONS),
    holder: fc.constantFrom(...REGIONS),
    etcdLeader: fc.constantFrom(...REGIONS),
    racks: fc.constantFrom(['k1'], ['k1', 'k2']),
  })
  .map((drawn): Cast => ({ ...drawn, regions: REGIONS, standbys: REGIONS.filter((host) => host !== drawn.primary) }));
const CAST: Cast = {
  regions: REGIONS,
  racks: ['k1', 'k2'],
  primary: 'r1',
  standbys: ['r2', 'r3'],
  holder: 'r1',
  etcdLeader: 'r2',
};
const stepsOf = (hazard: Hazard, cast: Cast, seed: number) => hazard.steps(cast, dice(seed).next);
/** Of a rolling restart, and of a join: each is done when its command is. */
const [RESTART_MS, JOIN_MS] = [240_000, 60_000];
const lengthOf = (hazard: Hazard, seed: number) =>
  stepsOf(hazard, CAST, seed).reduce((sum, { afterMs, act }) => {
    const isRestart = act.do === 'regent' && act.argv.includes('restart');
    return sum + afterMs + (isRestart ? RESTART_MS : 0) + (act.do === 'rejoin' ? JOIN_MS : 0);
  }, 0);
const each = CATALOGUE.map((hazard) => [hazard.id, hazard] as const);

describe.each(each)('%s', (_, hazard) => {
  it('names hosts of its cast, at whole times, the same for the same seed', () => {
    fc.assert(
      fc.property(CASTS, fc.nat(), (cast, seed) => {
        const steps = stepsOf(hazard, cast, seed);
        expect(stepsOf(hazard, cast, seed)).toEqual(steps);
        const known = [...cast.regions, ...cast.racks, '@primary', '@holder', '@worker'];
        for (const { afterMs, act } of steps) {
          expect(known).toEqual(expect.arrayContaining(hostsIn(act)));
          expect(Number.isInteger(afterMs) && afterMs >= 0).toBe(true);
          expect(new Set(hostsIn(act)).size).toBe(hostsIn(act).length);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('takes away whatever it makes, and ends with that', () => {
    fc.assert(
      fc.property(CASTS, fc.nat(), (cast, seed) => {
        const steps = withRoles(stepsOf(hazard, cast, seed), cast);
        const world = newWorld(cast);
        for (const { act } of steps) world.apply(act);
        expect(world.wrongs()).toEqual([]);
        expect(steps.some(({ act }) => isFault(act))).toBe(true);
        const last = steps.at(-1);
        // A pause ends by itself.
        expect(last && isFault(last.act) && last.act.do !== 'pause').toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it(`${WITHOUT_MAJORITY.includes(hazard.id) ? 'takes' : 'leaves'} the majority`, () => {
    const fewest = (cast: Cast, seed: number) => {
      const world = newWorld(cast);
      const counts = withRoles(stepsOf(hazard, cast, seed), cast).map(({ act }) => {
        world.apply(act);
        return world.together();
      });
      return Math.min(...counts);
    };
    fc.assert(
      fc.property(CASTS, fc.nat(), (cast, seed) => {
        expect(fewest(cast, seed) >= 2).toBe(!WITHOUT_MAJORITY.includes(hazard.id));
      }),
      { numRuns: 30 },
    );
  });

  it('begins at any moment of a phase', () => {
    const starts = Array.from({ length: 40 }, (_none, seed) => {
      const steps = stepsOf(hazard, CAST, seed);
      const first = steps.findIndex(({ act }) => isFault(act) && act.do !== 'unit' && act.do !== 'block');
      const until = first < 0 ? steps.findIndex(({ act }) => isFault(act)) : first;
      return steps.slice(0, until + 1).reduce((sum, { afterMs }) => sum + afterMs, 0);
    });
    expect(Math.max(...starts)).toBeLessThan(PHASE_MS + SCENE_MS);
    expect(Math.max(...starts) - Math.min(...starts)).toBeGreaterThan(PHASE_MS / 2);
  });

  it('expects what its headline promises, of lanes that there are', () => {
    const headline = Object.values(HEADLINES).find(({ name }) => name === hazard.headline);
    expect(headline === undefined).toBe(hazard.headline === null);
    const promised = headline && 'withinMs' in headline ? [headline] : [];
    expect(hazard.expects).toEqual(
      expect.arrayContaining(promised.map(({ probe, withinMs }) => expect.objectContaining({ probe, withinMs }))),
    );
    expect(hazard.headline === HEADLINES.calm.name ? hazard.failovers : 0).toBe(0);
    for (const { probe, withinMs, failures } of hazard.expects) {
      expect(LANES).toContain(probe);
      expect(withinMs ?? failures).toBeDefined();
      expect(withinMs ?? 1).toBeGreaterThan(0);
    }
    expect(new Set(hazard.expects.map(({ probe }) => probe)).size).toBe(hazard.expects.length);
    expect(hazard.redundantMs).toBeGreaterThan(0);
  });

  it('is long when it says so', () => {
    const longest = Math.max(...Array.from({ length: 20 }, (_none, seed) => lengthOf(hazard, seed)));
    expect(longest > 60_000).toBe(hazard.isLong ?? false);
  });
});

describe('the catalogue', () => {
  it('has ids that are unique and name their group', () => {
    const ids = CATALOGUE.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, group } of CATALOGUE) expect(id).toMatch(new RegExp(`^${PREFIXES[group]}[a-z0-9-]+$`));
    expect(new Set(CATALOGUE.map(({ title }) => title)).size).toBe(ids.length);
    expect(new Set(CATALOGUE.map(({ group }) => group))).toEqual(new Set(Object.keys(PREFIXES)));
  });

  it('finds a hazard by its id', () => {
    for (const hazard of CATALOGUE) expect(hazardOf(hazard.id)).toBe(hazard);
    expect(hazardOf('host-kill')).toBeUndefined();
  });

  it('kills and hangs every unit, each for three times', () => {
    for (const name of Object.keys(UNITS)) {
      expect(hazardOf(`process-kill-${name}`)).toBeDefined();
      for (const seconds of [3, 15, 60]) expect(hazardOf(`hang-${name}-${seconds}`)).toBeDefined();
    }
  });

  it('has a hazard for every row of the headlines', () => {
    const rows = new Set(CATALOGUE.map(({ headline }) => headline));
    for (const { name } of Object.values(HEADLINES)) expect(rows).toContain(name);
  });

  it('brings nothing back before the others must have taken over', () => {
    const lonely = CATALOGUE.filter(({ group }) => group === 'host' || group === 'network');
    for (const hazard of lonely.filter(({ id }) => !['host-kill-all', 'host-kill-racks'].includes(id))) {
      const steps = stepsOf(hazard, CAST, 1);
      const back = steps.find(({ act }) => !isFault(act) && act.do !== 'lead');
      expect(back?.afterMs, hazard.id).toBeGreaterThanOrEqual(15_000);
    }
  });

  it('fills what the lab has bounded', () => {
    const disks = CLUSTER.hosts.flatMap((host) => (host.disks ?? []).map(({ path }) => path));
    const filled = CATALOGUE.flatMap((hazard) =>
      stepsOf(hazard, CAST, 1).flatMap(({ act }) => (act.do === 'fill' ? [act.path] : [])),
    );
    expect(disks).toEqual(expect.arrayContaining(filled));
    expect(new Set(filled).size).toBe(4);
  });

  it('asks no host for a daemon that it does not have: racks have the agent, and those of their pairs', () => {
    const ofRacks = /^(?:kea-dhcp4@(?:k1_k2|k2_k1)|regent-pairs)\.service$/;
    const others = CATALOGUE.flatMap((hazard) =>
      Array.from({ length: 20 }, (_none, seed) => stepsOf(hazard, CAST, seed)).flat(),
    ).flatMap(({ act }) =>
      'unit' in act && act.unit !== UNITS.agent.unit && !ofRacks.test(act.unit) ? [act.host] : [],
    );
    expect(new Set(others)).toEqual(new Set([...REGIONS, '@primary', '@worker']));
  });

  it('keeps the known killers as they killed', () => {
    const acts = (id: string) => hazardOf(id)?.steps(CAST, dice(1).next) ?? [];
    const frozen = acts('double-frozen-and-blind').map(({ act }) => act);
    const blind = frozen.find((act) => act.do === 'block');
    expect(CAST.standbys).toContain(blind?.host);
    expect(frozen.slice(0, 4)).toEqual([
      { do: 'unit', host: blind?.host, unit: 'regent-agent.service', verb: 'stop' },
      { do: 'unit', host: blind?.host, unit: 'etcd.service', verb: 'stop' },
      { do: 'block', host: blind?.host, port: 2379 },
      { do: 'signal', host: CAST.primary, unit: 'patroni.service', signal: 'STOP' },
    ]);
    const [first, second, back, end] = acts('double-two-primaries');
    expect([first?.act, second?.act, back?.act, end?.act]).toEqual([
      { do: 'kill', host: CAST.primary },
      { do: 'kill', host: '@primary' },
      { do: 'start', host: CAST.primary },
      { do: 'heal' },
    ]);
    expect(second?.afterMs).toBeGreaterThanOrEqual(3_000);
  });

  it('says that a drill needs a rack when there is none', () => {
    const steps = () => hazardOf('host-kill-rack')?.steps({ ...CAST, racks: [] }, dice(1).next);
    expect(steps).toThrowError(/no host for the role/);
  });

  it('draws one short hazard of each group, and more than one sooner or later', () => {
    const drawn = new Set<string>();
    for (let seed = 0; seed < 1_000; seed += 1) {
      const selection = shortSelection(dice(seed).next);
      expect(selection.map(({ group }) => group)).toEqual(Object.keys(PREFIXES));
      for (const { id } of selection) drawn.add(id);
    }
    const able = CATALOGUE.filter(({ id }) => drawn.has(id));
    expect(able.some(({ isLong }) => isLong)).toBe(false);
    for (const group of Object.keys(PREFIXES)) {
      const own = able.filter((hazard) => hazard.group === group);
      expect(own.length, group).toBeGreaterThan(1);
      const shortest = Math.min(...CATALOGUE.filter((hazard) => hazard.group === group).map(usualLengthMs));
      for (const hazard of own) expect(usualLengthMs(hazard), hazard.id).toBeLessThanOrEqual(shortest * 1.5);
    }
  });

  it('has a short selection whose steps are over within four minutes, whatever the seed', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const total = shortSelection(dice(seed).next).reduce((sum, hazard) => sum + usualLengthMs(hazard), 0);
      expect(total).toBeLessThan(240_000);
    }
  });

  it('can be played with stock settings: what was held until ours had taken over is held until theirs must have', () => {
    for (const id of COMPARED) {
      const hazard = hazardOf(id);
      if (hazard === undefined) throw new Error(`${id} is not in the catalogue`);
      const stock = forStock(hazard);
      const [ours, theirs] = [hazard.steps(CAST, dice(1).next), stock.steps(CAST, dice(1).next)];
      expect(theirs.map(({ act }) => act)).toEqual(ours.map(({ act }) => act));
      for (const [index, step] of theirs.entries()) {
        const before = ours[index]?.afterMs ?? 0;
        expect(step.afterMs, id).toBe(before >= 15_000 ? Math.max(75_000, before) : before);
      }
      // Nothing of it is judged but that the probes were there.
      expect(stock.expects.map(({ probe }) => probe)).toEqual(hazard.expects.map(({ probe }) => probe));
      expect(stock.expects.every(({ withinMs, failures }) => withinMs === undefined && failures === undefined)).toBe(
        true,
      );
    }
    const groups = new Set(COMPARED.map((id) => hazardOf(id)?.group));
    expect(groups).toEqual(new Set(['host', 'network', 'process', 'hang', 'planned']));
  });

  it('draws random faults of all groups, none of the long ones, the same for the same seed', () => {
    const draw = (seed: number) => {
      const { next } = dice(seed);
      return Array.from({ length: 300 }, () => drawHazard(next));
    };
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    expect(draw(5).some(({ isLong }) => isLong)).toBe(false);
    expect(new Set(draw(5).map(({ group }) => group)).size).toBe(Object.keys(PREFIXES).length);
  });
});

import type { Cast } from '../../judge/timeline.ts';
import { between, type Chance, held, pick, PHASE_MS, together } from './draw.ts';
import { type Bounds, boundsOf, expecting, REDUNDANT_MS } from './expect.ts';
import type { Act, Hazard, HazardStep } from './hazard.ts';
import { HEADLINES } from './headlines.ts';
import { hostAt, UNIT_NAMES, type UnitName, UNITS } from './units.ts';

const SHORT_MS = 800;
const LONG_MS = 2_000;
const BUSY_S = 20;
/** What was late because of it. */
const CALMED_MS = 5_000;
const CROWD = 600;
/** Those of the crowd that wait yet, and what repeats meanwhile. */
const AFTER_MS = 10_000;
const PAUSES = 5;
/** Between two pauses: 2 s to 5 s, so that the first is over. */
const APART_MS = 2_000;

/** Whose pause of 2 s is no reason for a failover. The keeper is ended after one: nobody else would see that its primary hangs. */
const PATIENT = UNIT_NAMES.filter((name) => !['postgres', 'patroni', 'keeper'].includes(name));

/** Slow is no outage; this is where slow begins to be one. */
const SLOW: Bounds = { write: 5_000, read: 5_000, vip: 2_000, dns: 5_000 };

/** What happens every day, and must have no consequence: above all no failover. */
export const NOISE: readonly Hazard[] = [
  noise({
    id: 'noise-pause-process',
    title: `${PAUSES} pauses of ${SHORT_MS / 1000} s, each of a random process of a random host`,
    row: 'short pauses, busy processors',
    // The pause, and what waited behind it.
    bounds: { write: 3_000, read: 3_000, vip: 2_000, dns: 3_000 },
    steps: pauses((cast, chance) => paused(pick(UNIT_NAMES, chance), SHORT_MS, cast, chance)),
  }),
  noise({
    id: 'noise-pause-host',
    title: `${PAUSES} pauses of ${SHORT_MS / 1000} s, each of a random host as a whole`,
    row: 'short pauses, busy processors',
    bounds: { write: 3_000, read: 3_000, vip: 2_000, dns: 3_000 },
    steps: pauses((cast, chance) => {
      const host = hostAt('any', cast, chance);
      return together(0, [{ do: 'pause', host, ms: SHORT_MS }]);
    }),
  }),
  noise({
    id: 'noise-pause-long',
    title: `${PAUSES} pauses of ${LONG_MS / 1000} s, each of a random process but PostgreSQL, Patroni and the keeper`,
    row: 'short pauses, busy processors',
    bounds: { write: 4_000, read: 4_000, vip: 3_000, dns: 4_000 },
    steps: pauses((cast, chance) => paused(pick(PATIENT, chance), LONG_MS, cast, chance)),
  }),
  noise({
    id: 'noise-busy',
    title: `all processors busy for ${BUSY_S} s`,
    row: 'short pauses, busy processors',
    bounds: SLOW,
    // Lookups and DHCP too may be late, as long as they are not away.
    expects: [...boundsOf(SLOW), { probe: 'lookup', withinMs: 5_000 }, { probe: 'dhcp', withinMs: 5_000 }],
    steps: (_, chance) => held(chance, [{ do: 'burn', seconds: BUSY_S }], CALMED_MS, [{ do: 'heal' }]),
  }),
  noise({
    id: 'noise-crowd',
    title: `${CROWD} callers of the API for ${BUSY_S} s, each of whom asks again at once`,
    row: 'a crowd of callers',
    // As long as the crowd is there nobody else is promised an answer; soon after it everybody is.
    bounds: { write: BUSY_S * 1_000 + AFTER_MS, read: BUSY_S * 1_000 + AFTER_MS, vip: 5_000, dns: 5_000 },
    steps: (_, chance) => held(chance, [{ do: 'crowd', callers: CROWD, seconds: BUSY_S }], CALMED_MS, [{ do: 'heal' }]),
  }),
];

type Noise = Pick<Hazard, 'id' | 'title' | 'row' | 'steps'> & Partial<Pick<Hazard, 'expects'>> & { bounds: Bounds };

function noise({ bounds, ...own }: Noise): Hazard {
  return {
    expects: expecting(bounds),
    ...own,
    group: 'noise',
    headline: HEADLINES.calm.name,
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  };
}

type Pause = (cast: Cast, chance: Chance) => readonly HazardStep[];

/** One after the other, each at a random moment. */
function pauses(pauseOf: Pause): Hazard['steps'] {
  return (cast, chance) =>
    Array.from({ length: PAUSES }, (_, index) => {
      const afterMs = between(0, PHASE_MS, chance) + (index === 0 ? 0 : APART_MS);
      return pauseOf(cast, chance).map((step, at) => (at === 0 ? { ...step, afterMs } : step));
    }).flat();
}

/** Pauses a process on any host that runs it. Racks run only the agent of these processes. */
function paused(name: UnitName, pauseMs: number, cast: Cast, chance: Chance): HazardStep[] {
  const host = hostAt(name === 'agent' ? 'any' : 'region', cast, chance);
  const target = { do: 'signal' as const, host, unit: UNITS[name].unit };
  const [stop, go]: [Act, Act] = [
    { ...target, signal: 'STOP' },
    { ...target, signal: 'CONT' },
  ];
  return [...together(0, [stop]), ...together(pauseMs, [go])];
}

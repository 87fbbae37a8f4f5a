import type { Cast } from '../../judge/timeline.ts';
import { between, type Chance, held, PHASE_MS, shuffled, together } from './draw.ts';
import { boundsOf, DHCP, expecting, LOOKUP, REBOOTED_MS, REDUNDANT_MS, UNFELT } from './expect.ts';
import type { Act, Hazard } from './hazard.ts';
import { hostAt, keaOf } from './units.ts';

const HOLD_MS = 15_000;
const DARK_MS = 5_000;
const SECONDS = [3, 15, 60] as const;
/** Both racks are off for up to 10 s, then they boot, find the record of their pair and each other. */
const BOTH_MS = 60_000;
const KILLED = 'DHCP of a rack pair killed or hung';
const UNHEARD = 'racks do not hear each other, or the regions';

/** What racks lose, and how their partners make up for it. */
export const RACK: readonly Hazard[] = [
  { ...killed('kea', 'Kea of the primary rack of a VLAN', (host, cast) => keaOf(host, cast).unit), row: KILLED },
  { ...killed('pairs', 'the controller of rack pairs', () => 'regent-pairs.service'), row: KILLED },
  ...SECONDS.map(hungKea),
  {
    id: 'net-racks-apart',
    title: 'two racks cannot reach each other; the regions reach both',
    row: UNHEARD,
    group: 'network',
    headline: null,
    steps: (cast, chance) => {
      const [one = '', ...others] = shuffled(cast.racks, chance);
      const sides = others.length === 0 ? [[one], cast.regions.slice(0, 1)] : [[one], others];
      return held(chance, [{ do: 'partition', sides }], HOLD_MS, [{ do: 'heal' }]);
    },
    expects: expecting(UNFELT),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
  {
    id: 'net-rack-unheard',
    title: 'a rack that no region reaches; its partner reaches it',
    row: UNHEARD,
    group: 'network',
    headline: null,
    steps: (cast, chance) => {
      const rack = hostAt('rack', cast, chance);
      return held(chance, [{ do: 'partition', sides: [[rack], [...cast.regions]] }], HOLD_MS, [{ do: 'heal' }]);
    },
    expects: expecting(UNFELT),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
  {
    id: 'host-kill-racks',
    title: 'power cut of all racks, back in a random order',
    row: 'all racks lose power',
    group: 'host',
    headline: null,
    steps: bothKilled,
    expects: [...boundsOf(UNFELT), LOOKUP, { ...DHCP, withinMs: BOTH_MS }],
    redundantMs: REBOOTED_MS,
    failovers: 0,
  },
];

function killed(name: string, text: string, unitOf: (host: string, cast: Cast) => string): Omit<Hazard, 'row'> {
  return {
    id: `process-kill-${name}`,
    title: `${text} killed`,
    group: 'process',
    headline: null,
    steps: (cast, chance) => {
      const host = hostAt('rack', cast, chance);
      const fault: Act = { do: 'signal', host, unit: unitOf(host, cast), signal: 'KILL' };
      return held(chance, [fault], HOLD_MS, [{ do: 'heal', host }]);
    },
    expects: expecting(UNFELT),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  };
}

function hungKea(seconds: (typeof SECONDS)[number]): Hazard {
  return {
    id: `hang-kea-${seconds}`,
    title: `Kea of the primary rack of a VLAN stopped for ${seconds} s`,
    row: KILLED,
    group: 'hang',
    headline: null,
    steps: (cast, chance) => {
      const host = hostAt('rack', cast, chance);
      const target = { do: 'signal' as const, host, unit: keaOf(host, cast).unit };
      return held(chance, [{ ...target, signal: 'STOP' }], seconds * 1000, [{ ...target, signal: 'CONT' }]);
    },
    expects: expecting(UNFELT),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
    ...(seconds === 60 ? { isLong: true } : {}),
  };
}

function bothKilled(cast: Cast, chance: Chance) {
  const dark = cast.racks.map((host) => ({ do: 'kill' as const, host }));
  const back = shuffled(cast.racks, chance).map((host, index) => ({
    afterMs: between(0, PHASE_MS, chance) + (index === 0 ? DARK_MS : 0),
    act: { do: 'start' as const, host },
  }));
  return [...together(between(0, PHASE_MS, chance), dark), ...back];
}

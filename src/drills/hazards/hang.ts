import { held } from './draw.ts';
import type { Bounds } from './expect.ts';
import { CALM_MS, expecting, REBOOTED_MS, REDUNDANT_MS, STANDBY_GONE_MS, UNFELT, VIP_MS } from './expect.ts';
import type { Hazard } from './hazard.ts';
import { HEADLINES } from './headlines.ts';
import { hostAt, PARTS, UNIT_NAMES, type UnitName, UNITS, WHERE } from './units.ts';

/** Shorter than most patience, longer than most, and longer than Patroni's lease of 20 s by far. */
const SECONDS = [3, 15, 60] as const;
const FROZEN_MS = 20_000;

interface Hanging {
  readonly row: string;
  readonly bounds: Bounds;
  readonly failovers?: number;
  readonly headline?: string;
}

const { primaryUnreachable } = HEADLINES;
const UNREACHABLE: Bounds = { write: primaryUnreachable.withinMs, read: primaryUnreachable.withinMs, vip: VIP_MS };

/** What a process that hangs may cost, however long it hangs. */
const HANGINGS: Readonly<Record<UnitName, Hanging>> = {
  postgres: {
    row: 'PostgreSQL hangs',
    bounds: { ...UNREACHABLE, dns: CALM_MS },
    failovers: 1,
    headline: primaryUnreachable.name,
  },
  patroni: {
    row: 'Patroni hangs',
    bounds: { ...UNREACHABLE, dns: CALM_MS },
    failovers: 1,
    headline: primaryUnreachable.name,
  },
  // An election, and Patroni's patience with the silent etcd (3 s) before it asks the next one.
  etcd: { row: 'etcd hangs', bounds: { ...UNFELT, write: 4_000, read: 4_000 } },
  keeper: { row: 'the keeper killed or hung', bounds: UNREACHABLE, failovers: 1 },
  // Its watchdog ends it after a second.
  way: { row: "Patroni's way to etcd killed or hung", bounds: UNFELT },
  // Silent for 2 s before its host is unfit for the VIP, which moves then.
  haproxy: { row: 'haproxy hangs', bounds: { ...UNFELT, write: 4_000, read: 4_000, vip: 4_000 } },
  keepalived: { row: 'keepalived hangs', bounds: UNFELT },
  // Two checks of a second each that are not answered, half a second apart; then calls go elsewhere.
  regiond: { row: 'regiond hangs', bounds: { ...UNFELT, write: 4_000, read: 4_000 } },
  // The agent asks three times before it ends what is silent: 13.6 s at worst.
  named: { row: 'named killed or hung', bounds: { ...UNFELT, dns: 15_000 } },
  // As above; 12.1 s, and its start.
  squid: { row: 'Squid killed or hung', bounds: { ...UNFELT, proxy: 15_000 } },
  agent: { row: 'the agent killed or hung', bounds: UNFELT },
};

/** Processes and hosts that stop answering, and wake with old thoughts. */
export const HANG: readonly Hazard[] = [
  ...UNIT_NAMES.flatMap((name) => SECONDS.map((seconds) => hung(name, seconds))),
  frozen('primary', UNREACHABLE),
  frozen('standby', { write: STANDBY_GONE_MS, read: CALM_MS, vip: VIP_MS }),
  // It may be the primary's host.
  frozen('holder', { write: STANDBY_GONE_MS, read: primaryUnreachable.withinMs, vip: VIP_MS }),
];

function hung(name: UnitName, seconds: (typeof SECONDS)[number]): Hazard {
  const { unit, text, where } = UNITS[name];
  const { row, bounds, failovers = 0, headline } = HANGINGS[name];
  const [shortest] = SECONDS;
  return {
    id: `hang-${name}-${seconds}`,
    title: `${text} ${WHERE[where]} stopped for ${seconds} s`,
    row,
    group: 'hang',
    // The shortest may be over before anybody has to act: its rounds would flatter.
    headline: seconds === shortest ? null : (headline ?? null),
    steps: (cast, chance) => {
      const target = { do: 'signal' as const, host: hostAt(where, cast, chance), unit };
      return held(chance, [{ ...target, signal: 'STOP' }], seconds * 1000, [{ ...target, signal: 'CONT' }]);
    },
    expects: expecting(bounds),
    redundantMs: REDUNDANT_MS,
    failovers,
    ...(seconds === 60 ? { isLong: true } : {}),
  };
}

function frozen(place: keyof typeof PARTS, bounds: Bounds): Hazard {
  return {
    id: `hang-host-${place}`,
    title: `${PARTS[place]} frozen for ${FROZEN_MS / 1000} s`,
    row: 'a host hangs as a whole',
    group: 'hang',
    headline: place === 'primary' ? primaryUnreachable.name : null,
    steps: (cast, chance) => {
      const host = hostAt(place, cast, chance);
      return held(chance, [{ do: 'freeze', host }], FROZEN_MS, [{ do: 'thaw', host }]);
    },
    expects: expecting(bounds),
    redundantMs: REBOOTED_MS,
    failovers: place === 'standby' ? 0 : 1,
  };
}

import { held } from './draw.ts';
import { type Bounds, expecting, REDUNDANT_MS, UNFELT, withoutFailures } from './expect.ts';
import type { Hazard } from './hazard.ts';
import { HEADLINES } from './headlines.ts';
import { hostAt, UNIT_NAMES, type UnitName, UNITS, WHERE } from './units.ts';

/** systemd starts again what was killed, most after a second; a daemon that needs longer, and a promotion elsewhere, are seen too. */
const HOLD_MS = 15_000;

interface Killing {
  readonly row: string;
  readonly bounds: Bounds;
  /** 1: another host's PostgreSQL is promoted. */
  readonly failovers?: number;
  readonly headline?: string;
}

/** What the death of each process may cost. */
const KILLINGS: Readonly<Record<UnitName, Killing>> = {
  postgres: {
    row: 'PostgreSQL killed',
    bounds: { ...UNFELT, write: HEADLINES.postgresKilled.withinMs, read: HEADLINES.postgresKilled.withinMs },
    failovers: 1,
    headline: HEADLINES.postgresKilled.name,
  },
  // It takes the running PostgreSQL over. Until it is back haproxy may see two refusals.
  patroni: { row: 'Patroni killed', bounds: { ...UNFELT, write: 3_000, read: 3_000 } },
  // An election, and Patroni's question to the next etcd.
  etcd: { row: 'etcd killed', bounds: { ...UNFELT, write: 3_000, read: 3_000 } },
  // Whoever vouched for the primary is gone: it is ended too, and another one promoted.
  keeper: {
    row: 'the keeper killed or hung',
    bounds: { ...UNFELT, write: HEADLINES.primaryUnreachable.withinMs, read: HEADLINES.primaryUnreachable.withinMs },
    failovers: 1,
  },
  way: { row: "Patroni's way to etcd killed or hung", bounds: UNFELT },
  haproxy: { row: 'haproxy killed', bounds: UNFELT },
  keepalived: { row: 'keepalived killed', bounds: UNFELT },
  regiond: { row: 'regiond killed or restarted', bounds: UNFELT, headline: HEADLINES.regiondKilled.name },
  // Back after 2.9 s on a busy machine.
  named: { row: 'named killed or hung', bounds: { ...UNFELT, dns: 5_000 } },
  // Back after 3.5 s, 6.1 s at load 19.
  squid: { row: 'Squid killed or hung', bounds: { ...UNFELT, proxy: 7_000 } },
  agent: { row: 'the agent killed or hung', bounds: UNFELT },
};

/** Processes are killed where they matter; nobody helps. */
export const PROCESS: readonly Hazard[] = [
  ...UNIT_NAMES.map((name): Hazard => {
    const { unit, text, where } = UNITS[name];
    const { row, bounds, failovers = 0, headline = null } = KILLINGS[name];
    return {
      id: `process-kill-${name}`,
      title: `${text} ${WHERE[where]} killed`,
      row,
      group: 'process',
      headline,
      steps: (cast, chance) => {
        const host = hostAt(where, cast, chance);
        return held(chance, [{ do: 'signal', host, unit, signal: 'KILL' }], HOLD_MS, [{ do: 'heal', host }]);
      },
      expects: name === 'regiond' ? withoutFailures(expecting(bounds)) : expecting(bounds),
      redundantMs: REDUNDANT_MS,
      failovers,
    };
  }),
  {
    id: 'process-end-sessions',
    title: "every client session of the primary's PostgreSQL terminated",
    row: 'all sessions of the database terminated',
    group: 'process',
    headline: null,
    steps: ({ primary }, chance) =>
      held(chance, [{ do: 'terminate', host: primary }], HOLD_MS, [{ do: 'heal', host: primary }]),
    // A call that was under way is done again, or found by its key: no client notices.
    expects: withoutFailures(expecting(UNFELT)),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
];

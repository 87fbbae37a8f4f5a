import type { Act } from '../hazards/hazard.ts';
import type { Cast, ClusterEvent, Mark, HostSpan } from '../../judge/timeline.ts';
import type { Environment } from './environment.ts';
import { watchClusterEvents } from './watch/cluster-events.ts';
import { watchHoldings } from './watch/holdings.ts';
import { openSpanBook } from './watch/spans.ts';
import { watchWritables } from './watch/writables.ts';

/** Everything that is watched beside the probes, in absolute times. */
export interface Recorder {
  /** Called before something is done, and when it is done: hosts that are off get no questions. */
  before(act: Act): void;
  after(act: Act): void;
  stop(): void;
  /** What was seen; what is open ends at `end`. */
  seen(end: number): {
    readonly holdings: readonly HostSpan[];
    readonly writables: readonly HostSpan[];
    readonly absences: readonly HostSpan[];
    readonly deeds: readonly ClusterEvent[];
    readonly roles: readonly Mark[];
    readonly local: Readonly<Record<string, readonly number[]>>;
  };
}

/** Begins to watch. `round`: a UUID for the writes on the hosts themselves. */
export function startRecorder(environment: Environment, cast: Cast, round: string): Recorder {
  const [holdings, writables, events] = [
    watchHoldings(environment),
    watchWritables(environment, round),
    watchClusterEvents(environment),
  ];
  const watches = [holdings, writables, events].flatMap((watch) => [...watch.watches]);
  const absences = openSpanBook();
  const off = new Set<string>();
  const all = [...new Set([...cast.regions, ...cast.racks])];
  const turn = (host: string, what: 'on' | 'off') => {
    for (const [name, watch] of watches) if (name === host) watch[what]();
  };
  return {
    before: (act) => {
      // Clients may reach a host again from the moment that it is being brought back.
      if (act.do !== 'thaw') for (const host of comingBack(act, all)) absences.close(host, environment.now());
      const lost = lostHost(act);
      if (lost !== null) absences.open(lost, environment.now());
    },
    after: (act) => {
      if (act.do === 'kill' || act.do === 'stop') {
        off.add(act.host);
        turn(act.host, 'off');
      }
      if (act.do === 'stop') absences.open(act.host, environment.now());
      // Its cable comes back last.
      if (act.do === 'thaw' || act.do === 'pause') absences.close(act.host, environment.now());
      for (const host of comingBack(act, all)) {
        if (act.do === 'reboot' || off.delete(host)) turn(host, 'on');
      }
    },
    stop: () => {
      writables.stop();
      for (const [, watch] of watches) watch.stop();
    },
    seen: (end) => ({
      holdings: holdings.book.all(end),
      writables: writables.spans(),
      absences: absences.all(end),
      deeds: events.events,
      roles: events.events
        .filter(({ kind }) => ROLES.includes(kind))
        .map(({ at, host, text }) => ({ at, kind: 'role', host, text })),
      local: writables.acknowledged(),
    }),
  };
}

const ROLES: readonly ClusterEvent['kind'][] = ['promotion', 'demotion', 'vip', 'fencing'];

/**
 * The hosts that no client can reach from the start of this act: its cable goes first, and the rest may take longer
 * than the floating address needs to move. Clients are on the management network. An orderly stop hands over first.
 */
function lostHost(act: Act): string | null {
  if (act.do === 'cut') return (act.network ?? 'mgmt') === 'mgmt' ? act.host : null;
  return act.do === 'kill' || act.do === 'freeze' || act.do === 'pause' ? act.host : null;
}

function comingBack(act: Act, all: readonly string[]): readonly string[] {
  if (act.do === 'heal') return act.host === undefined ? all : [act.host];
  return act.do === 'start' || act.do === 'thaw' || act.do === 'reboot' ? [act.host] : [];
}

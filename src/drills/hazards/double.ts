import type { Cast } from '../../judge/timeline.ts';
import { afterScene, between, type Chance, held, pick, PHASE_MS, together } from './draw.ts';
import { boundsOf, DHCP, expecting, REBOOTED_MS, VIP_MS } from './expect.ts';
import type { Act, Hazard, HazardStep } from './hazard.ts';
import { hostAt, UNIT_NAMES, UNITS } from './units.ts';

const ETCD_CLIENT_PORT = 2379;
/** Both known killers lost rows after 22 s when nothing but the lease fenced: longer than that, with room. */
const BLIND_MS = 40_000;
const BLINDED_MS = 1_000;
const SECOND_HOLD_MS = 25_000;

/** How long a cluster of one may take, with what an operator needs to see that the others are gone. */
const RECOVERED_MS = 180_000;

/** Two faults at once: the known causes of a lost acknowledged write, and random pairs. */
export const DOUBLE: readonly Hazard[] = [
  {
    id: 'double-second-fault',
    title: "power cut of the primary's host, and another fault while that is got over",
    row: 'a second fault during the recovery of the first',
    group: 'double',
    headline: null,
    steps: (cast, chance) => duringRecovery(cast, chance, pick(SECONDS, chance)(cast, chance)),
    // One recovery after the other; a promoted PostgreSQL that is killed at once may need Patroni's patience as well. Both resolvers
    // may be hit: the agent helps a named that hangs within 15 s.
    expects: [...boundsOf({ write: 15_000, read: 15_000, vip: 4_000, lookup: 20_000 }), DHCP],
    redundantMs: REBOOTED_MS,
    failovers: 2,
  },
  {
    id: 'double-hung-survivor',
    title: "power cut of the primary's host, and a survivor's Patroni stops while that is got over",
    row: 'a second fault during the recovery of the first',
    group: 'double',
    headline: null,
    steps: (cast, chance) => duringRecovery(cast, chance, hungPatroni(cast, chance)),
    // Its PostgreSQL does not follow the new primary by itself, and no write may be acknowledged by only one node:
    // writes wait for it.
    expects: expecting({ write: SECOND_HOLD_MS + 10_000, read: SECOND_HOLD_MS + 10_000, vip: VIP_MS }),
    redundantMs: REBOOTED_MS,
    // The survivor may be the new primary already.
    failovers: 2,
  },
  {
    id: 'double-frozen-and-blind',
    title: "Patroni of the primary stopped while another node's Patroni cannot reach etcd",
    row: 'known killer: Patroni frozen on the primary, another one blind',
    group: 'double',
    headline: null,
    steps: frozenAndBlind,
    // Perhaps nobody may be promoted: then writes wait until the fault is over. They must not be lost.
    expects: expecting({ write: BLIND_MS + 10_000, read: BLIND_MS + 10_000, vip: VIP_MS }),
    redundantMs: REBOOTED_MS,
    failovers: 1,
  },
  {
    id: 'double-two-primaries',
    title: 'two primaries lose their hosts one after the other, and the first returns',
    row: 'known killer: two primaries die, the first returns',
    group: 'double',
    headline: null,
    steps: twoPrimaries,
    // The first must not be promoted: writes wait for the second host. 35 to 39 s in measurements, and its later boot.
    expects: boundsOf({ write: 75_000 }),
    // By then clients repeat a thousand calls: what serves them all again is well, and soon.
    redundantMs: REBOOTED_MS,
    failovers: 2,
  },
  {
    id: 'double-lost-majority',
    title: 'power cut of two hosts, a cluster made of the third, and both return with what they had',
    row: 'two of three hosts are lost for good',
    group: 'double',
    headline: null,
    steps: lostMajority,
    // Nobody serves until an operator has acted. Whoever returns must not take a write, nor the floating address.
    expects: boundsOf({ write: RECOVERED_MS }),
    redundantMs: REBOOTED_MS,
    failovers: 1,
    isLong: true,
  },
];

/** Two of three hosts are gone for good, so it seems; they come back together, as the old majority. */
function lostMajority({ regions }: Cast, chance: Chance): readonly HazardStep[] {
  const survivor = pick(regions, chance);
  const lost = regions.filter((host) => host !== survivor);
  const each = (act: 'kill' | 'start') => lost.map((host): Act => ({ do: act, host }));
  return [
    ...together(between(0, PHASE_MS, chance), each('kill')),
    ...together(15_000, [{ do: 'recover', host: survivor }]),
    ...together(20_000, each('start')),
    ...together(
      30_000,
      lost.map((host): Act => ({ do: 'rejoin', host, after: 'loss' })),
    ),
    ...together(0, [{ do: 'heal' }]),
  ];
}

/** What goes wrong beside the dead host, and how it is undone. */
type Second = { readonly fault: Act; readonly undo: Act };

/** None takes the majority of etcd away. */
const SECONDS: readonly ((cast: Cast, chance: Chance) => Second)[] = [
  (cast, chance) => {
    const [host, { unit }] = [hostAt('standby', cast, chance), UNITS[pick(KILLABLE, chance)]];
    return { fault: { do: 'signal', host, unit, signal: 'KILL' }, undo: { do: 'heal', host } };
  },
  (cast, chance) => stopped(hostAt('standby', cast, chance), UNITS[pick(STOPPABLE, chance)].unit),
  (cast, chance) => {
    const host = hostAt('standby', cast, chance);
    return { fault: { do: 'loss', host, percent: 5 }, undo: { do: 'heal', host } };
  },
  (cast, chance) => {
    const target = { host: hostAt('standby', cast, chance), path: '/var/log' };
    return { fault: { do: 'fill', ...target }, undo: { do: 'empty', ...target } };
  },
  () => ({
    fault: { do: 'signal', host: '@primary', unit: UNITS.postgres.unit, signal: 'KILL' },
    undo: { do: 'heal' },
  }),
];

/** Two nodes are left, and etcd needs both. */
const KILLABLE = UNIT_NAMES.filter((name) => name !== 'etcd');
/** Patroni is a hazard of its own. */
const STOPPABLE = KILLABLE.filter((name) => name !== 'patroni');

function stopped(host: string, unit: string): Second {
  const target = { do: 'signal' as const, host, unit };
  return { fault: { ...target, signal: 'STOP' }, undo: { ...target, signal: 'CONT' } };
}

function hungPatroni(cast: Cast, chance: Chance): Second {
  return stopped(hostAt('standby', cast, chance), UNITS.patroni.unit);
}

function duringRecovery({ primary }: Cast, chance: Chance, { fault, undo }: Second): HazardStep[] {
  return [
    ...together(between(0, PHASE_MS, chance), [{ do: 'kill', host: primary }]),
    ...together(between(1_000, 6_000, chance), [fault]),
    ...together(SECOND_HOLD_MS, [undo]),
    ...together(1_000, [{ do: 'start', host: primary }]),
  ];
}

/**
 * The blind node's PostgreSQL streams on, and its Patroni answers the others. Only etcd is out of its reach: its own is stopped (the
 * agent, which would start it again, before it), the path to the others' is blocked.
 */
function frozenAndBlind(cast: Cast, chance: Chance): HazardStep[] {
  const host = hostAt('standby', cast, chance);
  const patroni = { do: 'signal' as const, host: cast.primary, unit: UNITS.patroni.unit };
  const units = [UNITS.agent.unit, UNITS.etcd.unit];
  const blinding: Act[] = [
    ...units.map((unit): Act => ({ do: 'unit', host, unit, verb: 'stop' })),
    { do: 'block', host, port: ETCD_CLIENT_PORT },
  ];
  const seeing: Act[] = [
    { do: 'heal', host },
    ...units.toReversed().map((unit): Act => ({ do: 'unit', host, unit, verb: 'start' })),
  ];
  const frozen = held(chance, [{ ...patroni, signal: 'STOP' }], BLIND_MS, [{ ...patroni, signal: 'CONT' }, ...seeing]);
  return afterScene(blinding, BLINDED_MS, frozen);
}

function twoPrimaries({ primary }: Cast, chance: Chance): HazardStep[] {
  return [
    ...together(between(0, PHASE_MS, chance), [{ do: 'kill', host: primary }]),
    // The primary at that moment, or a moment later if the election takes longer.
    ...together(between(3_000, 4_000, chance), [{ do: 'kill', host: '@primary' }]),
    ...together(between(3_000, 6_000, chance), [{ do: 'start', host: primary }]),
    // Alone with the third node, long enough to be tempted.
    ...together(15_000, [{ do: 'heal' }]),
  ];
}

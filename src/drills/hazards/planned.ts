import { between, held, PHASE_MS, pick, together } from './draw.ts';
import {
  type Bounds,
  boundsOf,
  CALM_MS,
  LOOKUP,
  REBOOTED_MS,
  REDUNDANT_MS,
  STANDBY_GONE_MS,
  VIP_MS,
  withoutFailures,
} from './expect.ts';
import type { Hazard } from './hazard.ts';
import { HEADLINES } from './headlines.ts';
import { hostAt, PARTS, regent, UNITS } from './units.ts';

const { switchover, vipMove } = HEADLINES;
const AFTER_MS = 10_000;
/** From the end of a boot. */
const REBOOTED_HOLD_MS = 15_000;
/** Until nothing of the last host is felt any more. */
const HOST_MS = 20_000;

/** What an operator does on a working day. Its calls wait instead of failing. */
export const PLANNED: readonly Hazard[] = [
  planned({
    id: 'planned-switchover',
    title: 'switchover of the database',
    row: 'switchover',
    headline: switchover.name,
    bounds: { write: switchover.withinMs, read: switchover.withinMs, vip: VIP_MS, dns: CALM_MS },
    failovers: 1,
    steps: (_, chance) => held(chance, [{ do: 'switchover' }], AFTER_MS, [{ do: 'heal' }]),
  }),
  planned({
    id: 'planned-switchover-twice',
    title: 'two switchovers: sessions with who was primary stay open, and meet a standby',
    row: 'switchover',
    bounds: { write: switchover.withinMs, read: switchover.withinMs, vip: VIP_MS, dns: CALM_MS },
    failovers: 2,
    steps: (_, chance) => [
      ...held(chance, [{ do: 'switchover' }], AFTER_MS, [{ do: 'switchover' }]),
      ...together(AFTER_MS, [{ do: 'heal' }]),
    ],
  }),
  planned({
    id: 'planned-vip-move',
    title: 'the VIP handed on by its holder',
    row: 'the VIP is moved',
    headline: vipMove.name,
    bounds: { write: CALM_MS, read: CALM_MS, vip: vipMove.withinMs, dns: CALM_MS },
    steps: ({ holder: host }, chance) => {
      const { unit } = UNITS.keepalived;
      return held(chance, [{ do: 'unit', host, unit, verb: 'stop' }], AFTER_MS, [
        { do: 'unit', host, unit, verb: 'start' },
      ]);
    },
  }),
  planned({
    id: 'planned-restart-regiond',
    title: 'regiond of the VIP holder restarted',
    row: 'regiond killed or restarted',
    bounds: { write: CALM_MS, read: CALM_MS, vip: VIP_MS, dns: CALM_MS },
    steps: ({ holder: host }, chance) =>
      held(chance, [{ do: 'unit', host, unit: UNITS.regiond.unit, verb: 'restart' }], AFTER_MS, [{ do: 'heal', host }]),
  }),
  planned({
    id: 'planned-drain',
    title: "the primary's host drained",
    row: 'a host is drained or rebooted',
    // Address, calls and database are handed on in this order; the host goes on running everything.
    bounds: { write: switchover.withinMs, read: switchover.withinMs, vip: VIP_MS, dns: CALM_MS },
    failovers: 1,
    steps: (cast, chance) =>
      held(chance, [regent(cast, 'node', 'drain', cast.primary)], AFTER_MS, [
        regent(cast, 'node', 'undrain', cast.primary),
      ]),
  }),
  ...(['primary', 'holder'] as const).map((place) =>
    planned({
      id: `planned-reboot-${place}`,
      title: `${PARTS[place]} rebooted in order`,
      row: 'a host is drained or rebooted',
      // A drain, and the host is away for longer: a standby that is missed may follow.
      bounds: { write: STANDBY_GONE_MS, read: STANDBY_GONE_MS, vip: VIP_MS },
      failovers: 1,
      redundantMs: REBOOTED_MS,
      steps: (cast, chance) => {
        const host = hostAt(place, cast, chance);
        return held(chance, [{ do: 'reboot', host }], REBOOTED_HOLD_MS, [{ do: 'heal', host }]);
      },
    }),
  ),
  planned({
    id: 'planned-rolling',
    title: 'everything on every region node restarted by one command, the primary last',
    row: 'everything is restarted, host by host',
    bounds: { write: STANDBY_GONE_MS, read: STANDBY_GONE_MS, vip: VIP_MS, dns: 5_000 },
    failovers: 1,
    steps: (cast, chance) => held(chance, [regent(cast, 'cluster', 'restart', '--rolling')], HOST_MS, [{ do: 'heal' }]),
    isLong: true,
  }),
  planned({
    id: 'planned-rolling-orphaned',
    title: 'everything restarted host by host, and the regiond that is at it killed in the middle',
    row: 'everything is restarted, host by host',
    bounds: { write: STANDBY_GONE_MS, read: STANDBY_GONE_MS, vip: VIP_MS, dns: 5_000 },
    failovers: 1,
    steps: (cast, chance) => [
      ...together(between(0, PHASE_MS, chance), [regent(cast, 'cluster', 'restart', '--rolling', '--no-wait')]),
      // Within the work at the first two of three hosts.
      ...together(between(1_000, 40_000, chance), [
        { do: 'signal', host: '@worker', unit: UNITS.regiond.unit, signal: 'KILL' },
      ]),
      ...together(0, [{ do: 'jobs' }]),
      ...together(HOST_MS, [{ do: 'heal' }]),
    ],
    isLong: true,
  }),
  planned({
    id: 'planned-remove-join',
    title: 'a region node removed for good, and its host joined as a new one',
    row: 'a region node is removed, and a host joins',
    // Every haproxy and keepalived reloads, twice; a standby that its primary waits for may be the one that goes.
    bounds: { write: STANDBY_GONE_MS, read: STANDBY_GONE_MS, vip: VIP_MS },
    redundantMs: REBOOTED_MS,
    steps: (cast, chance) => {
      // Not the host that commands.
      const host = pick(
        cast.standbys.filter((name) => name !== cast.regions[0]),
        chance,
      );
      return [
        ...held(chance, [regent(cast, 'node', 'remove', host, '--force')], HOST_MS, [
          { do: 'rejoin', host, after: 'removal' },
        ]),
        ...together(HOST_MS, [{ do: 'heal' }]),
      ];
    },
    isLong: true,
  }),
];

/** What is particular to something planned. */
interface Plan extends Pick<Hazard, 'id' | 'title' | 'row' | 'steps' | 'isLong'> {
  readonly bounds: Bounds;
  readonly headline?: string;
  readonly failovers?: number;
  readonly redundantMs?: number;
}

/** DHCP has no bounds: a cluster without racks, and one that serves customers, does these too. */
function planned({ bounds, headline, failovers, redundantMs, ...own }: Plan): Hazard {
  return {
    ...own,
    group: 'planned',
    headline: headline ?? null,
    expects: withoutFailures([...boundsOf(bounds), LOOKUP]),
    redundantMs: redundantMs ?? REDUNDANT_MS,
    failovers: failovers ?? 0,
  };
}

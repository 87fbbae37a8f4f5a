import type { Cast } from '../../judge/timeline.ts';
import { type Chance, held, pick } from './draw.ts';
import { type Bounds, CALM_MS, expecting, REDUNDANT_MS, STANDBY_GONE_MS, UNFELT, VIP_MS } from './expect.ts';
import type { Act, Hazard } from './hazard.ts';
import { HEADLINES } from './headlines.ts';
import { HOLD_MS } from './host.ts';
import { hostAt, PARTS, type TargetRole } from './units.ts';

const { primaryUnreachable } = HEADLINES;
type IsolatedPart = keyof typeof PARTS;

/** The others receive nothing, or nearly nothing, from the primary. */
const UNREACHABLE: Bounds = { write: primaryUnreachable.withinMs, read: primaryUnreachable.withinMs, vip: VIP_MS };
const DEAF_MS = 5_000;
const STANDBY_GONE: Bounds = { write: STANDBY_GONE_MS, read: CALM_MS, vip: VIP_MS };
/** What the loss of a region node's network costs, by its part; the VIP's holder may also be the primary. */
const COSTS: Readonly<Record<IsolatedPart, Bounds>> = {
  primary: UNREACHABLE,
  standby: STANDBY_GONE,
  holder: { ...UNREACHABLE, write: STANDBY_GONE_MS },
};

/** How a region node can be alone. */
const ISOLATIONS: readonly Isolation[] = [
  { how: 'cut', text: 'cut off', row: 'a link is cut', acts: (host) => [{ do: 'cut', host }] },
  {
    how: 'mute',
    text: 'sends nothing to other region nodes',
    row: 'a link works one way',
    acts: (host, others) => [{ do: 'oneway', from: [host], to: others }],
  },
  {
    how: 'deaf',
    text: 'receives nothing from other region nodes',
    row: 'a link works one way',
    acts: (host, others) => [{ do: 'oneway', from: others, to: [host] }],
    // What a deaf host sends arrives: the renewals in flight hold its lease for up to half a second more.
    costs: { primary: { ...UNREACHABLE, write: DEAF_MS } },
  },
];

/** Hosts that cannot reach each other. A host on no side, above all a client, reaches every host: the harshest case for the VIP. */
export const NETWORK: readonly Hazard[] = [
  ...(Object.keys(PARTS) as IsolatedPart[]).flatMap((part) => ISOLATIONS.map((isolation) => lonely(part, isolation))),
  fault({
    id: 'net-cut-rack',
    title: 'a rack cut off from the management network',
    row: 'a rack is cut off from the regions',
    headline: HEADLINES.rackLost.name,
    bounds: UNFELT,
    acts: (cast, chance) => [{ do: 'cut', host: hostAt('rack', cast, chance), network: 'mgmt' }],
  }),
  fault({
    id: 'net-partition-primary',
    title: 'partition 1|2, the primary alone',
    row: 'a partition leaves the primary in the minority',
    headline: primaryUnreachable.name,
    bounds: UNREACHABLE,
    failovers: 1,
    acts: ({ primary, standbys }) => [{ do: 'partition', sides: [[primary], standbys] }],
  }),
  fault({
    id: 'net-partition-standby',
    title: 'partition 1|2, a standby alone',
    row: 'a partition leaves the primary in the majority',
    bounds: STANDBY_GONE,
    acts: (cast, chance) => {
      const alone = hostAt('standby', cast, chance);
      return [{ do: 'partition', sides: [[alone], cast.regions.filter((host) => host !== alone)] }];
    },
  }),
  // With three nodes a ring of overlapping majorities is a bridge: one link is missing, and the third node sees both ends.
  fault({
    id: 'net-bridge-primary',
    title: 'the primary and a standby cannot reach each other, the third node reaches both',
    row: 'a bridge: one link between region nodes is missing',
    bounds: STANDBY_GONE,
    acts: (cast, chance) => [{ do: 'partition', sides: [[cast.primary], [hostAt('standby', cast, chance)]] }],
  }),
  fault({
    id: 'net-bridge-standbys',
    title: 'the standbys cannot reach each other, the primary reaches both',
    row: 'a bridge: one link between region nodes is missing',
    bounds: { ...UNFELT, dns: CALM_MS },
    acts: ({ standbys }) => [{ do: 'partition', sides: standbys.map((host) => [host]) }],
  }),
  ...(['primary', 'standby'] as const).flatMap((role) => [
    // No worse than a failover, and none: what is lost is sent again after 0.2 s, 0.4 s, 0.8 s.
    lossy(role, 5, { write: primaryUnreachable.withinMs, read: primaryUnreachable.withinMs, vip: VIP_MS }),
    // At first 36 of 100 questions get no answer. Now and then five tries in a row are lost; they take 6 s.
    lossy(role, 20, { write: 10_000, read: 10_000, vip: 3_000 }),
  ]),
  fault({
    id: 'net-halfopen',
    title: 'connections between the VIP holder and the primary silently dead, new ones work',
    row: 'half-open connections',
    // haproxy and PostgreSQL close a connection that is silent for 3 to 4 s, and connect again.
    bounds: { ...UNFELT, write: 5_000, read: 5_000 },
    acts: ({ primary, holder, standbys }, chance) => [
      { do: 'halfopen', from: holder === primary ? pick(standbys, chance) : holder, to: primary },
    ],
  }),
];

/** What is particular to a fault of the network. */
interface NetworkHazardFacts extends Pick<Hazard, 'id' | 'title' | 'row'> {
  readonly bounds: Bounds;
  readonly acts: (cast: Cast, chance: Chance) => readonly Act[];
  readonly headline?: string;
  readonly failovers?: number;
}

function fault({ bounds, acts, headline, failovers, ...own }: NetworkHazardFacts): Hazard {
  return {
    ...own,
    group: 'network',
    headline: headline ?? null,
    steps: (cast, chance) => held(chance, acts(cast, chance), HOLD_MS, [{ do: 'heal' }]),
    expects: expecting(bounds),
    redundantMs: REDUNDANT_MS,
    failovers: failovers ?? 0,
  };
}

interface Isolation {
  readonly how: string;
  readonly text: string;
  readonly row: string;
  readonly acts: (host: string, others: readonly string[]) => readonly Act[];
  /** Only if they differ from those of the other isolations. */
  readonly costs?: Partial<Record<IsolatedPart, Bounds>>;
}

function lonely(part: IsolatedPart, { how, text, row, acts, costs }: Isolation): Hazard {
  return fault({
    id: `net-${how}-${part}`,
    title: `${PARTS[part]} ${text}`,
    row,
    bounds: costs?.[part] ?? COSTS[part],
    ...(how === 'cut' && part === 'primary' ? { headline: primaryUnreachable.name } : {}),
    failovers: part === 'standby' ? 0 : 1,
    acts: (cast, chance) => {
      const host = hostAt(part, cast, chance);
      return acts(
        host,
        cast.regions.filter((other) => other !== host),
      );
    },
  });
}

function lossy(role: TargetRole & IsolatedPart, percent: number, bounds: Bounds): Hazard {
  return fault({
    id: `net-loss-${percent}-${role}`,
    title: `${PARTS[role]} loses ${percent} % of all packets`,
    row: 'packets are lost',
    bounds,
    ...(percent === 5 ? { headline: HEADLINES.calm.name } : { failovers: 1 }),
    acts: (cast, chance) => [{ do: 'loss', host: hostAt(role, cast, chance), percent }],
  });
}

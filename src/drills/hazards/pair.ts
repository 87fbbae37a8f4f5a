import type { Cast } from '../../judge/timeline.ts';
import { afterScene, between, type Chance, held, PHASE_MS, together } from './draw.ts';
import { boundsOf, DHCP, expecting, LOOKUP, REBOOTED_MS, REDUNDANT_MS, UNFELT, withoutFailures } from './expect.ts';
import type { Act, Hazard, HazardStep } from './hazard.ts';
import { hostAt, keaOf, partnerOf, regent } from './units.ts';

const LEASES = "a rack's leases: the disk is full, the file is damaged";
const CLOCK = 'the clock of a rack jumps by an hour';
const WORK = 'a rack is drained, a pair is swapped';
const HOLD_MS = 15_000;
const FULL_MS = 20_000;
const HOUR_S = 3600;
/** The host's programs have been restarted to get a clock of their own. */
const SETTLED_MS = 1_500;
const [FULL_DHCP_MS, SWAPPED_MS] = [5_000, 10_000];
const DARK_MS = 20_000;
/** A whole site boots, and its database with it. */
const SITE_MS = 120_000;

/** What happens to a pair of racks beside deaths and cuts: its files, its connections, what operators do with it. In the lab each rack's partner is the next one. */
export const PAIR: readonly Hazard[] = [
  {
    id: 'net-halfopen-racks',
    title: 'connections between two racks silently dead, new ones work',
    row: 'racks do not hear each other, or the regions',
    group: 'network',
    headline: null,
    steps: ({ racks, regions }, chance) => {
      const [from = '', to = regions[0] ?? ''] = racks;
      return held(chance, [{ do: 'halfopen', from, to }], HOLD_MS, [{ do: 'heal' }]);
    },
    expects: expecting(UNFELT),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
  {
    id: 'disk-leases-rack',
    title: `the disk for leases of a rack full for ${FULL_MS / 1000} s`,
    row: LEASES,
    group: 'disk',
    headline: null,
    steps: (cast, chance) => {
      const place = { host: hostAt('rack', cast, chance), path: '/var/lib/kea' };
      return held(chance, [{ do: 'fill', ...place }], FULL_MS, [{ do: 'empty', ...place }]);
    },
    // Kea refuses what it cannot write, renewals too, until its controller has seen for a second that there is no room.
    expects: [...boundsOf(UNFELT), LOOKUP, { ...DHCP, withinMs: FULL_DHCP_MS }],
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
  {
    id: 'disk-leases-cut',
    title: 'the lease file of the primary rack of a VLAN cut in half, and its Kea killed',
    row: LEASES,
    group: 'disk',
    headline: null,
    steps: (cast, chance) => {
      const host = hostAt('rack', cast, chance);
      const { unit, leases } = keaOf(host, cast);
      const faults: Act[] = [
        { do: 'halve', host, path: leases },
        { do: 'signal', host, unit, signal: 'KILL' },
      ];
      return held(chance, faults, HOLD_MS, [{ do: 'heal', host }]);
    },
    expects: expecting(UNFELT),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
  {
    id: 'process-clock-rack',
    title: 'the clock of a rack an hour ahead, or behind, and right again',
    row: CLOCK,
    group: 'process',
    headline: null,
    steps: (cast, chance) => {
      const host = hostAt('rack', cast, chance);
      const clock = (aheadS: number): Act => ({ do: 'clock', host, aheadS });
      const jump = clock(chance() < 0.5 ? HOUR_S : -HOUR_S);
      const jumps = held(chance, [jump], HOLD_MS, [clock(0)]);
      // Its clock counts as right after 10 s; then it takes its VLANs back.
      return [...afterScene([clock(0)], SETTLED_MS, jumps), ...together(HOLD_MS, [{ do: 'heal', host }])];
    },
    expects: expecting(UNFELT),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
  {
    id: 'planned-drain-rack',
    title: 'a rack drained',
    row: WORK,
    group: 'planned',
    headline: null,
    steps: (cast, chance) => {
      const rack = hostAt('rack', cast, chance);
      const drain = (verb: string) => regent(cast, 'node', verb, rack);
      return held(chance, [drain('drain')], HOLD_MS, [drain('undrain')]);
    },
    expects: withoutFailures(expecting(UNFELT)),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
  {
    id: 'planned-swap-pair',
    title: 'primary and secondary rack of a VLAN swapped, and back',
    row: WORK,
    group: 'planned',
    headline: null,
    steps: (cast, chance) => {
      const host = hostAt('rack', cast, chance);
      const partner = partnerOf(host, cast);
      const vlan = `vlan${(cast.racks.indexOf(host) + 1) * 10}`;
      const pair = (primary: string, secondary: string) =>
        regent(cast, 'vlan', 'set', vlan, '--primary-rack', primary, '--secondary-rack', secondary, '--wait');
      return [
        ...held(chance, [pair(partner, host)], HOLD_MS, [pair(host, partner)]),
        ...together(HOLD_MS, [{ do: 'heal' }]),
      ];
    },
    // The new pair waits until both racks have reported that the old one has stopped.
    expects: withoutFailures([...boundsOf(UNFELT), LOOKUP, { ...DHCP, withinMs: SWAPPED_MS }]),
    redundantMs: REDUNDANT_MS,
    failovers: 0,
  },
  {
    id: 'host-kill-regions-then-rack',
    title: 'power cut of all regions, then of a rack; regions return first',
    row: 'all regions are dead, then a rack dies',
    group: 'host',
    headline: null,
    steps: withoutRegions,
    // Nobody may take over without the regions: the VLANs of the dead rack wait for them.
    expects: [{ ...DHCP, withinMs: SITE_MS }, ...boundsOf({ write: SITE_MS })],
    redundantMs: REBOOTED_MS,
    failovers: 1,
    isLong: true,
  },
];

function withoutRegions(cast: Cast, chance: Chance): HazardStep[] {
  const rack = hostAt('rack', cast, chance);
  const all = (verb: 'kill' | 'start') => cast.regions.map((host): Act => ({ do: verb, host }));
  return [
    ...together(between(0, PHASE_MS, chance), all('kill')),
    ...together(DARK_MS, [{ do: 'kill', host: rack }]),
    ...together(DARK_MS, all('start')),
    ...together(DARK_MS, [{ do: 'start', host: rack }]),
  ];
}

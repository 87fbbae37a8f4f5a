import type { Cast } from '../../judge/timeline.ts';
import { afterScene, between, type Chance, held, PHASE_MS, shuffled, together } from './draw.ts';
import { boundsOf, CALM_MS, expecting, REBOOTED_MS, STANDBY_GONE_MS, VIP_MS } from './expect.ts';
import type { Hazard, HazardStep } from './hazard.ts';
import { HEADLINES } from './headlines.ts';
import { hostAt, type TargetRole } from './units.ts';

/** Three times what a takeover may last. One that lasts longer has failed already, and who is started again meanwhile changes nothing of that. */
export const HOLD_MS = 15_000;
const DARK_MS = 10_000;
/** A new leader of etcd renews all leases: that is to be over. */
const LED_MS = 2_000;

/** The power of hosts is cut, and back after a time in which the others must have taken over. */
export const HOST: readonly Hazard[] = [
  {
    ...killed('primary', (cast) => ({ host: cast.primary, leads: cast.standbys[0] })),
    title: "power cut of the primary's host, etcd led elsewhere",
    row: "the primary's host dies",
    headline: HEADLINES.primaryHost.name,
    // The VIP too, where the primary's host holds it.
    expects: expecting({ write: HEADLINES.primaryHost.withinMs, read: HEADLINES.primaryHost.withinMs, vip: VIP_MS }),
    failovers: 1,
  },
  {
    ...killed('primary-leader', (cast) => ({ host: cast.primary, leads: cast.primary })),
    title: "power cut of the primary's host, which leads etcd too",
    row: "the primary's host dies",
    headline: HEADLINES.primaryHostWithLeader.name,
    expects: expecting({
      write: HEADLINES.primaryHostWithLeader.withinMs,
      read: HEADLINES.primaryHostWithLeader.withinMs,
      vip: VIP_MS,
    }),
    failovers: 1,
  },
  {
    ...killed('standby', (cast, chance) => ({ host: hostAt('standby', cast, chance) })),
    title: "power cut of a standby's host",
    row: "a standby's host dies",
    headline: null,
    expects: expecting({ write: STANDBY_GONE_MS, read: CALM_MS, vip: VIP_MS }),
    failovers: 0,
  },
  {
    ...killed('leader', (cast, chance) => {
      const host = hostAt('standby', cast, chance);
      return { host, leads: host };
    }),
    title: "power cut of a standby's host that leads etcd",
    row: "a standby's host dies",
    headline: null,
    expects: expecting({ write: STANDBY_GONE_MS, read: CALM_MS, vip: VIP_MS }),
    failovers: 0,
  },
  {
    ...killed('holder', (cast) => ({ host: cast.holder })),
    title: "power cut of the VIP holder's host",
    row: "the VIP holder's host dies",
    headline: HEADLINES.vipHost.name,
    // It may be the primary's, and lead etcd: the worst of them.
    expects: expecting({
      write: HEADLINES.primaryHostWithLeader.withinMs,
      read: HEADLINES.primaryHostWithLeader.withinMs,
      vip: HEADLINES.vipHost.withinMs,
    }),
    failovers: 1,
  },
  {
    ...killed('rack', (cast, chance) => ({ host: hostAt('rack', cast, chance) })),
    title: 'power cut of a rack',
    row: "a rack's host dies",
    headline: HEADLINES.rackLost.name,
    // Its partner takes its VLANs over.
    expects: expecting({ write: CALM_MS, read: CALM_MS, vip: VIP_MS, dns: CALM_MS }),
    failovers: 0,
  },
  {
    id: 'host-kill-all',
    title: 'power cut of all hosts, back in a random order',
    row: 'all hosts lose power',
    group: 'host',
    headline: null,
    steps: allKilled,
    // Off for up to 25 s, then a boot, and the lease of the primary that was: 20 s from the moment that etcd is back.
    expects: boundsOf({ write: 90_000, read: 90_000, vip: 60_000 }),
    redundantMs: 120_000,
    failovers: 1,
  },
];

/** Whose power is cut, and who is to lead etcd before. */
type Victim = { readonly host: string; readonly leads?: string | undefined };

function killed(
  whose: TargetRole | 'primary-leader',
  victimOf: (cast: Cast, chance: Chance) => Victim,
): Pick<Hazard, 'id' | 'group' | 'steps' | 'redundantMs'> {
  return {
    id: `host-kill-${whose}`,
    group: 'host',
    steps: (cast, chance) => {
      const { host, leads } = victimOf(cast, chance);
      const fault = held(chance, [{ do: 'kill', host }], HOLD_MS, [{ do: 'start', host }]);
      return leads === undefined ? fault : afterScene([{ do: 'lead', host: leads }], LED_MS, fault);
    },
    redundantMs: REBOOTED_MS,
  };
}

function allKilled(cast: Cast, chance: Chance): HazardStep[] {
  const hosts = [...cast.regions, ...cast.racks];
  const back = shuffled(hosts, chance).map((host, index) => ({
    afterMs: between(0, PHASE_MS, chance) + (index === 0 ? DARK_MS : 0),
    act: { do: 'start' as const, host },
  }));
  const dark = hosts.map((host) => ({ do: 'kill' as const, host }));
  return [...together(between(0, PHASE_MS, chance), dark), ...back];
}

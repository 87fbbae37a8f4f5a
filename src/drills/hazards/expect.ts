import type { Hazard } from './hazard.ts';
import type { Expectation } from '../../judge/rules.ts';

/** The longest outages that pass, ms by probe. */
export type Bounds = Readonly<Partial<Record<'write' | 'read' | 'vip' | 'dns' | 'proxy' | 'lookup', number>>>;

/** Where nothing should be felt: the time that a busy machine which the hosts share may cost all the same. */
export const CALM_MS = 2_000;

/** A standby is gone: its primary waits for both until Patroni no longer names it. Measured 3.3 to 4.5 s; nothing better is promised yet. */
export const STANDBY_GONE_MS = 5_000;

/** Another takes the floating address: nine adverts of 0.1 s, the promise of the VIP's headline. */
export const VIP_MS = 1_000;

/** The bounds of a fault that nobody should feel: others do the work, or nobody asks for it. */
export const UNFELT: Bounds = { write: CALM_MS, read: CALM_MS, vip: VIP_MS, dns: CALM_MS };

/** How long redundancy may take when no host has to boot: all three were healthy after 6 to 10 s in measurements. */
export const REDUNDANT_MS = 30_000;

/** The same when a host has to boot, to catch up, and to be rewound. */
export const REBOOTED_MS = 60_000;

/** One name server of two is enough for a lookup, whatever region node is ill. */
export const LOOKUP: Expectation = { probe: 'lookup', failures: 0 };

/** Racks serve without the regions. A client asks again after 4 s, so less than this costs it one question. */
export const DHCP: Expectation = { probe: 'dhcp', withinMs: 3_000 };

/** A machine of the population asks again after so long (`probes/lanes/population.ts`): an outage that ends right after a question lasts so much longer for it. */
const RETRY_MS = 500;

/** All machines of a rack that are switched on together have their leases. */
const ARRIVED_MS = 15_000;

/** A fault in a region node has these bounds. Lookups and DHCP go on. */
export const expecting = (bounds: Bounds): Expectation[] => [...boundsOf(bounds), LOOKUP, DHCP];

/** Only these bounds. */
export function boundsOf(bounds: Bounds): Expectation[] {
  return Object.entries(bounds).map(([probe, withinMs]) => ({ probe, withinMs }));
}

/**
 * What a hazard that promises DHCP also promises to many machines: who has a lease goes on with the same address, and 150 machines that are switched on
 * together have theirs within 15 s. A hazard that promises DHCP only after some time promises them nothing more.
 */
export function withPopulation(hazard: Hazard): Hazard {
  const dhcp = hazard.expects.find(({ probe }) => probe === DHCP.probe)?.withinMs;
  if (dhcp === undefined || dhcp > (DHCP.withinMs ?? 0)) return hazard;
  const more: Expectation[] = [
    { probe: 'hold', failures: 0, answeredMs: dhcp + RETRY_MS },
    { probe: 'arrive', failures: 0, answeredMs: ARRIVED_MS },
    { probe: 'real', failures: 0 },
  ];
  return { ...hazard, expects: [...hazard.expects, ...more] };
}

/** What a hazard promises callers of the API it promises callers of the MAAS API: reads, changes as writes. */
export function withMaas(hazard: Hazard): Hazard {
  const names: Readonly<Record<string, string>> = { read: 'maas read', write: 'maas change' };
  const more = hazard.expects.flatMap((item) => {
    const probe = names[item.probe];
    return probe === undefined ? [] : [{ ...item, probe }];
  });
  return { ...hazard, expects: [...hazard.expects, ...more] };
}

/** The same, and no call fails for good. */
export function withoutFailures(expects: readonly Expectation[]): Expectation[] {
  return expects.map((item) => (item.probe === 'write' || item.probe === 'read' ? { ...item, failures: 0 } : item));
}

import type { Doctor, Invariant } from '../../contract/cluster/doctor.ts';
import { BACKUP_CHECKS } from './invariants/backups.ts';
import { BMC_CHECKS } from './invariants/bmcs.ts';
import { BOUNDED_CHECKS } from './invariants/bounded.ts';
import type { InvariantCheck } from './invariants/check.ts';
import { CLOCK_CHECKS } from './invariants/clocks.ts';
import { DATABASE_CHECKS } from './invariants/database.ts';
import { DCS_CHECKS } from './invariants/dcs.ts';
import { EPOCH_CHECKS } from './invariants/epoch.ts';
import { IMAGE_CHECKS } from './invariants/images.ts';
import { JOB_CHECKS } from './invariants/jobs.ts';
import { LEASE_CHECKS } from './invariants/leases.ts';
import { MACHINE_CHECKS } from './invariants/machines.ts';
import { NODE_CHECKS } from './invariants/nodes.ts';
import { PAIR_CHECKS } from './invariants/pairs.ts';
import { SERVER_CHECKS } from './invariants/servers.ts';
import { SITE_CERTIFICATE_CHECKS } from './invariants/site-certificate.ts';
import { UPSTREAM_CHECKS } from './invariants/upstreams.ts';
import { VIP_CHECKS } from './invariants/vip.ts';
import { ACCESS_CHECKS } from './invariants/access.ts';
import { nodesIn, viewMute } from './findings/covers.ts';
import { asOf, reportAge } from './losses.ts';
import type { ClusterSite } from './site.ts';

/** Every standing invariant, in the order in which one repairs: what others rest on comes first. */
export const CHECKS: readonly InvariantCheck[] = [
  ...DCS_CHECKS,
  ...EPOCH_CHECKS,
  ...DATABASE_CHECKS,
  ...SERVER_CHECKS,
  ...BACKUP_CHECKS,
  ...ACCESS_CHECKS,
  ...VIP_CHECKS,
  ...NODE_CHECKS,
  ...BOUNDED_CHECKS,
  ...SITE_CERTIFICATE_CHECKS,
  ...PAIR_CHECKS,
  ...CLOCK_CHECKS,
  ...UPSTREAM_CHECKS,
  ...JOB_CHECKS,
  ...LEASE_CHECKS,
  ...IMAGE_CHECKS,
  ...BMC_CHECKS,
  ...MACHINE_CHECKS,
];

/** Judges all invariants that concern the site. Pure. */
export function judge(site: ClusterSite): Invariant[] {
  return CHECKS.filter((check) => check.concerns(site)).map((check) => judged(check, site));
}

/** Judges one of them; undefined if it does not concern the site. */
export function judgeOne(site: ClusterSite, id: string): Invariant | undefined {
  const check = CHECKS.find((one) => one.id === id);
  return check?.concerns(site) ? judged(check, site) : undefined;
}

function judged(check: InvariantCheck, site: ClusterSite): Invariant {
  const { state, detail, remedy } = check.judge(site);
  const shown = { id: check.id, title: check.title, state, detail, explanation: check.explanation, remedy };
  if (site.notes === undefined) return shown;
  const { since = null, mute = null } = site.notes.get(check.id) ?? {};
  const names = site.nodes.map(({ name }) => name);
  const compared = state === 'ok' ? null : { state, nodes: nodesIn(detail, names) };
  const from = since ?? new Date(site.now).toISOString();
  return { ...shown, since: state === 'ok' ? null : from, mute: mute === null ? null : viewMute(mute, compared) };
}

/** Does it not hold, and nobody muted that? */
export const isAlarming = ({ state, mute }: Invariant): boolean => state !== 'ok' && mute?.isInForce !== true;

/** The doctor's whole answer. Degraded if an invariant is broken, or no fresh report shows that it holds, unless that is muted. */
export function diagnose(site: ClusterSite): Doctor {
  const invariants = judge(site);
  const count = (state: Invariant['state']) =>
    invariants.filter((row) => isAlarming(row) && row.state === state).length;
  const muted = invariants.filter((row) => row.state !== 'ok' && !isAlarming(row)).length;
  const bad = [
    [count('broken'), 'broken'],
    [count('unknown'), 'unknown'],
    [count('warning'), count('warning') === 1 ? 'a warning' : 'warnings'],
    [muted, 'muted'],
  ] as const;
  const counts = bad.flatMap(([number, label]) =>
    number === 0 ? [] : [label === 'a warning' ? label : `${number} ${label}`],
  );
  const age = site.cluster === null ? '' : asOf(reportAge(site));
  return {
    state: count('broken') + count('unknown') === 0 ? 'ok' : 'degraded',
    summary:
      counts.length === 0
        ? `All ${invariants.length} invariants hold${age}.`
        : `Of ${invariants.length} invariants: ${counts.join(', ')}${age}.`,
    source: site.source,
    time: new Date(site.now).toISOString(),
    invariants,
  };
}

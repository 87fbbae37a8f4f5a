import { kindOf } from '../../judge/rules.ts';
import type { HostSpan, Timeline } from '../../judge/timeline.ts';
import type { LedgerFindings } from '../../judge/verdict.ts';
import type { ReportedRound } from './round.ts';

/** The figures of one round that tables over rounds are made of. Durations in ms; null: not measured. */
export interface Figures {
  readonly writeMs: number | null;
  /** The longest time in which no host held the floating address, or the outage of a lane of kind `vip`. */
  readonly vipMs: number | null;
  /** The longest outage of DHCP on any VLAN, by new machines and renewals. */
  readonly dhcpMs: number | null;
  /** Writes that were acknowledged and are missing on a node, or on several. */
  readonly lost: number;
  /** Writes and reads through the floating address that were given up. */
  readonly failedCalls: number;
  readonly redundantMs: number | null;
}

/** Figures of a round. */
export function figures(round: ReportedRound): Figures {
  const { verdict, timeline } = round;
  const worst = (kind: string): number | null => {
    const lanes = verdict.outages.filter((lane) => kindOf(lane.probe) === kind);
    return lanes.length === 0 ? null : Math.max(...lanes.map((lane) => lane.ms));
  };
  return {
    writeMs: worst('write'),
    vipMs: worst('vip') ?? (timeline === null ? null : unheldMs(timeline)),
    dhcpMs: worst('dhcp'),
    lost: writesLost(verdict.ledger),
    failedCalls: verdict.outages
      .filter((lane) => ['write', 'read'].includes(kindOf(lane.probe)))
      .reduce((sum, lane) => sum + lane.failed, 0),
    redundantMs: verdict.redundantMs,
  };
}

/** Writes that a node lacks, each once: the ledger has a finding for each node that lacks it, `17 on r1`, `17 on r2`. */
export function writesLost({ lost }: LedgerFindings): number {
  return new Set(lost.map((text) => text.slice(0, text.lastIndexOf(' on ')))).size;
}

/** The limit of a probe's outage, ms: of the lane itself before that of its kind; null: none. */
export function limitMs(round: ReportedRound, probe: string): number | null {
  const { expects } = round.hazard;
  const own = expects.find((item) => item.probe === probe && item.withinMs !== undefined);
  const kind = expects.find((item) => item.probe === kindOf(probe) && item.withinMs !== undefined);
  return (own ?? kind)?.withinMs ?? null;
}

/** The longest gap between holders; null: nobody was ever seen to hold it. What is before the first and after the last span is not known. */
function unheldMs(timeline: Timeline): number | null {
  const spans: readonly HostSpan[] = timeline.holdings.toSorted((a, b) => a.from - b.from);
  const first = spans[0];
  if (first === undefined) return null;
  let heldTo = first.to;
  let longest = 0;
  for (const span of spans) {
    longest = Math.max(longest, span.from - heldTo);
    heldTo = Math.max(heldTo, span.to);
  }
  return longest;
}

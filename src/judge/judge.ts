import { findingsOf } from './findings.ts';
import { outageOf } from './outage.ts';
import { type Overlap, overlapsOf } from './overlap.ts';
import { firstFault, unfitnessOf } from './recording.ts';
import { ANY_FAILOVERS, type HazardRules, lanesOf } from './rules.ts';
import type { Timeline } from './timeline.ts';
import type { RoundCheck, LedgerFindings, Outage, RoundVerdict } from './verdict.ts';
import { firstFew, seconds } from './formats.ts';

/**
 * Judges one round. Pure: the same timeline and rules give the same verdict, whenever and wherever it was recorded. A round passes when every
 * check holds; a recording that is not fit to be judged is a check that failed, never a round that passed.
 */
export function judge(timeline: Timeline, rules: HazardRules): RoundVerdict {
  const { hazard, round, seed, startedAt, healedAt, redundantAt, endedAt } = timeline;
  const faultAt = firstFault(timeline);
  const outages = timeline.lanes.map((lane) => outageOf(lane, { faultAt, endedAt }));
  const ledger = findingsOf(timeline.ledger);
  const redundantMs = healedAt === null || redundantAt === null ? null : redundantAt - healedAt;
  const promotions = timeline.deeds.filter((event) => event.kind === 'promotion' && event.at >= (faultAt ?? event.at));
  const checks = [
    ledgerCheck(ledger),
    ...(rules.isUnwatched ? [] : watchedChecks(timeline)),
    ...addressChecks(timeline),
    ...expectationChecks(outages, rules),
    redundancyCheck(redundantMs, timeline, rules.redundantMs),
    {
      what: 'failovers',
      isHeld: promotions.length <= rules.failovers,
      limit: rules.failovers === ANY_FAILOVERS ? '' : String(rules.failovers),
      measured: [String(promotions.length), firstFew(promotions.map(({ host }) => host))].filter(Boolean).join(': '),
    },
    recordingCheck(unfitnessOf(timeline, rules)),
  ] satisfies RoundCheck[];
  return {
    hazard,
    round,
    seed,
    startedAt,
    isPassed: checks.every((check) => check.isHeld),
    checks,
    outages,
    ledger,
    redundantMs,
    failovers: promotions.length,
    ...(timeline.busy && { busy: timeline.busy }),
  };
}

function ledgerCheck(findings: LedgerFindings): RoundCheck {
  const breaches = (['lost', 'unexpected', 'twice', 'unequal'] as const)
    .filter((kind) => findings[kind].length > 0)
    .map((kind) => `${findings[kind].length} ${kind}: ${firstFew(findings[kind])}`);
  return { what: 'ledger', isHeld: breaches.length === 0, limit: '0', measured: breaches.join('; ') || '0' };
}

/**
 * A host that no client can reach may keep the address: no call arrives there. Two hosts that acknowledge writes at
 * once are never excused: a client on the host itself would lose what it was promised.
 */
function watchedChecks({ holdings, writables, absences }: Timeline): RoundCheck[] {
  return [
    overlapCheck('holders', overlapsOf(holdings, absences)),
    overlapCheck('primaries', overlapsOf(writables, [])),
  ];
}

function overlapCheck(what: 'holders' | 'primaries', overlaps: readonly Overlap[]): RoundCheck {
  const breaches = overlaps.map(
    ({ hosts, ms }) => `2 ${what} for ${ms > 0 ? seconds(ms) : 'an instant'}: ${hosts.join(', ')}`,
  );
  return {
    what,
    isHeld: breaches.length === 0,
    limit: 'never 2 at once',
    measured: firstFew(breaches, '; ') || 'never 2 at once',
  };
}

function expectationChecks(outages: readonly Outage[], rules: HazardRules): RoundCheck[] {
  return rules.expects.flatMap(({ probe, withinMs, failures, failedShare, answeredMs }) =>
    lanesOf(outages, probe).flatMap((outage): RoundCheck[] => [
      ...(withinMs === undefined ? [] : [outageCheck(outage, withinMs)]),
      ...(failures === undefined ? [] : [failuresCheck(outage, failures, String(failures))]),
      ...(failedShare === undefined
        ? []
        : [failuresCheck(outage, failedShare * outage.asked, `${failedShare * 100} %`)]),
      ...(answeredMs === undefined ? [] : [answersCheck(outage, answeredMs)]),
    ]),
  );
}

function outageCheck({ probe, ms }: Outage, withinMs: number): RoundCheck {
  return { what: 'outage', probe, isHeld: ms <= withinMs, limit: seconds(withinMs), measured: seconds(ms) };
}

function addressChecks({ sharedAddresses }: Timeline): RoundCheck[] {
  if (sharedAddresses === undefined) return [];
  const breaches = sharedAddresses.map(
    ({ address, first, second, network }) => `${address} (${network}): ${first}, ${second}`,
  );
  return [
    {
      what: 'addresses',
      isHeld: breaches.length === 0,
      limit: 'never of 2 machines at once',
      measured:
        breaches.length === 0 ? 'never of 2 machines at once' : `${breaches.length}: ${firstFew(breaches, '; ')}`,
    },
  ];
}

function answersCheck({ probe, slowestMs }: Outage, answeredMs: number): RoundCheck {
  return {
    what: 'answers',
    probe,
    isHeld: slowestMs <= answeredMs,
    limit: seconds(answeredMs),
    measured: seconds(slowestMs),
  };
}

function failuresCheck({ probe, failed, asked: questions }: Outage, most: number, limit: string): RoundCheck {
  return {
    what: 'failures',
    probe,
    isHeld: failed <= most,
    limit,
    measured: `${failed} of ${questions}`,
  };
}

function redundancyCheck(measuredMs: number | null, { healedAt, endedAt }: Timeline, limitMs: number): RoundCheck {
  const missing = healedAt === null ? 'never healed' : `not in the ${seconds(endedAt - healedAt)} to the end`;
  return {
    what: 'redundancy',
    isHeld: measuredMs !== null && measuredMs <= limitMs,
    limit: seconds(limitMs),
    measured: measuredMs === null ? missing : seconds(measuredMs),
  };
}

function recordingCheck(faults: readonly string[]): RoundCheck {
  return {
    what: 'recording',
    isHeld: faults.length === 0,
    limit: 'fit to be judged',
    measured: firstFew(faults, '; ') || 'fit',
  };
}

import { answersOf, distances, isGood, usualDistance } from './outage.ts';
import { type HazardRules, lanesOf } from './rules.ts';
import { nearestRank } from './statistics.ts';
import type { Lane, Timeline } from './timeline.ts';
import { seconds } from './formats.ts';

/** How long before the first fault every lane must have been answered, and never badly; twice its usual distance where that is longer. */
export const STEADY_MS = 2_000;

/** How many good answers a lane must have had before the first fault, so that it is known what is usual: two distances at least. */
export const STEADY_ANSWERS = 3;

/** A probe that sent nothing for longer, against its habit, was starved: the measuring machine stalled, or the probe had died. */
export const STARVED_MS = 500;

/** The slowest lane that asks often, ms from question to question: so slow that one late question is not yet a stall. */
export const OFTEN_MS = 200;

/** Why a recording is not fit to be judged, one clause each; empty: it is. What nobody observed must not count as success. */
export function unfitnessOf(timeline: Timeline, rules: HazardRules): string[] {
  const faultAt = firstFault(timeline);
  const missing = rules.expects.filter(({ probe }) => lanesOf(timeline.lanes, probe).length === 0);
  return [
    ...(isInOrder(timeline) ? [] : ['times that run backwards']),
    ...(timeline.lanes.length === 0 ? ['no lanes'] : []),
    ...missing.map(({ probe }) => `no lane of ${probe}`),
    ...(faultAt === null ? ['no fault was made'] : unsteadiness(timeline, faultAt, rules)),
    ...(faultAt !== null && timeline.healedAt === null ? ['the fault was not removed'] : []),
    ...unread(timeline),
  ];
}

/** When the first fault was made, ms of the marks' clock; null: none was. */
export function firstFault({ marks }: Pick<Timeline, 'marks'>): number | null {
  const moments = marks.filter((mark) => mark.kind === 'fault').map((mark) => mark.at);
  return moments.length === 0 ? null : Math.min(...moments);
}

function unsteadiness(
  timeline: Timeline,
  faultAt: number,
  { starvedMs = STARVED_MS, isUnwatched }: HazardRules,
): string[] {
  const hasBefore = (spans: Timeline['holdings']) => spans.some((span) => span.from <= faultAt);
  return [
    ...timeline.lanes
      .filter(({ isBurst }) => !isBurst)
      .flatMap((lane) => [
        ...unready(lane, faultAt),
        ...starved(lane, { faultAt, endedAt: timeline.endedAt, starvedMs }),
      ]),
    ...(isUnwatched || hasBefore(timeline.holdings) ? [] : ['no host was seen to hold the address before the fault']),
    ...(isUnwatched || hasBefore(timeline.writables)
      ? []
      : ['no host was seen to accept local writes before the fault']),
  ];
}

function unready(lane: Lane, faultAt: number): string[] {
  const answers = answersOf(lane).filter((at) => at <= faultAt);
  const steadyMs = Math.max(STEADY_MS, 2 * usualDistance(lane, faultAt));
  const isSteady = (at: number) => at > faultAt - steadyMs && at <= faultAt;
  const failed = lane.samples.filter((sample) => !isGood(sample) && isSteady(sample.endedAt)).length;
  const before = `in the ${seconds(steadyMs)} before the fault`;
  if (answers.length < STEADY_ANSWERS)
    return [`${lane.probe}: ${answers.length} good answers before the fault, ${STEADY_ANSWERS} are needed`];
  if (!answers.some(isSteady)) return [`${lane.probe}: no good answer ${before}`];
  return failed === 0 ? [] : [`${lane.probe}: ${failed} failed ${before}`];
}

type Paced = { readonly faultAt: number; readonly endedAt: number; readonly starvedMs: number };

/**
 * The longest time of silence that the prober owns up to (`late`), or that is seen in a lane that asks often: a probe asks on, whether its
 * earlier questions were answered or not, so an outage of what it asks does not silence it. What was over before the steady time is past.
 */
function starved(lane: Lane, { faultAt, endedAt, starvedMs }: Paced): string[] {
  const sent = lane.samples.map((sample) => sample.sentAt).toSorted((a, b) => a - b);
  const pace = nearestRank(distances(sent.filter((at) => at <= faultAt)), 50);
  const isJudged = (at: number) => at > faultAt - STEADY_MS;
  const late = lane.samples.filter(({ sentAt }) => isJudged(sentAt)).map((sample) => sample.late ?? 0);
  const moments = [...sent, endedAt];
  const gaps = distances(moments).filter((_, index) => isJudged(moments[index + 1] ?? endedAt));
  const longest = nearestRank(pace === null || pace > OFTEN_MS ? late : [...late, ...gaps], 100) ?? 0;
  return longest > starvedMs ? [`${lane.probe}: no question was sent for ${seconds(longest)}`] : [];
}

/** What the ledger cannot show, because nobody wrote or nobody read it back. */
function unread({ ledger, cast }: Timeline): string[] {
  const isLocal = Object.values(ledger.local).some((numbers) => numbers.length > 0);
  const books = isLocal ? [ledger.found, ledger.foundLocal] : [ledger.found];
  const hosts = cast.regions.filter((host) => !books.every((found) => Object.hasOwn(found, host)));
  return [
    ...(ledger.acknowledged.length === 0 ? ['no write was acknowledged'] : []),
    ...hosts.map((host) => `the writes on ${host} were not read`),
  ];
}

/** All moments are numbers, nothing ends before it began, and fault, heal, redundancy and end come in this order. */
function isInOrder(timeline: Timeline): boolean {
  const { lanes, holdings, writables, absences, marks, deeds, healedAt, redundantAt, endedAt } = timeline;
  const isRight = (from: number, to: number) => Number.isFinite(from) && Number.isFinite(to) && from <= to;
  const course = [firstFault(timeline), healedAt, redundantAt, endedAt].filter((at) => at !== null);
  return (
    lanes.every(({ samples }) => samples.every((sample) => isRight(sample.sentAt, sample.endedAt))) &&
    [...holdings, ...writables, ...absences].every(({ from, to }) => isRight(from, to)) &&
    [...marks, ...deeds].every(({ at }) => Number.isFinite(at)) &&
    course.every((at, index) => isRight(course[index - 1] ?? at, at))
  );
}

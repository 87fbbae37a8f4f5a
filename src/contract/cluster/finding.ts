import Type, { type Static } from 'typebox';
import { nullable, oneOf, strict, text, Time } from '../base/common.ts';
import { del, get, OPERATORS, put, WATCHERS } from '../base/route-spec.ts';

/** How grave a finding is. warning: works, and will not for ever; unknown: no fresh report; broken: not as it must be. */
export const FINDING_STATES = ['warning', 'unknown', 'broken'] as const;
export type FindingState = (typeof FINDING_STATES)[number];

/** Characters of the reason of a mute. */
const REASON_MAX = 500;
/** Days that a mute may last: nothing is muted for ever. */
export const MUTE_DAYS_MAX = 366;
/** Past findings that one call lists. */
export const PAST_FINDINGS = 1000;

/** Who wants no alarm of a finding, until when and why. */
export const StandingMute = strict({
  until: Time,
  reason: Type.String(),
  by: Type.String({ description: 'user' }),
  at: Time,
  covers: nullable(
    strict({
      state: oneOf(FINDING_STATES, 'a worse state is not muted'),
      nodes: Type.Array(Type.String(), { description: 'that the finding named; others are not muted' }),
    }),
  ),
  isInForce: Type.Boolean({ description: 'false: the finding is worse than what was muted, or names another node' }),
});
export type StandingMute = Static<typeof StandingMute>;

/** An invariant that does not hold. `risk`: what is at risk. */
export const StandingFinding = strict({
  id: Type.String({ description: 'stable: the id of the invariant, such as vip-holder' }),
  title: Type.String({ description: 'what must be true' }),
  state: oneOf(FINDING_STATES),
  detail: Type.String({ description: 'what was found' }),
  risk: Type.String({ description: 'what is at risk' }),
  remedy: Type.String({ description: 'what to do, with the commands' }),
  since: Time,
  mute: nullable(StandingMute),
});
export type StandingFinding = Static<typeof StandingFinding>;

/** All findings that stand, and mutes of those that do not. */
export const FindingList = strict({
  items: Type.Array(StandingFinding),
  mutes: Type.Array(strict({ id: Type.String(), mute: StandingMute }), {
    description: 'of invariants that hold at present',
  }),
});

/** A finding that no longer stands, or that was muted. */
export const EndedFinding = strict({
  id: Type.String(),
  state: oneOf(FINDING_STATES, 'the last one'),
  detail: Type.String({ description: 'the last one' }),
  since: Time,
  announcedAt: nullable(Time),
  endedAt: Time,
  endReason: oneOf(['holds', 'muted'], 'holds: the invariant held for a minute'),
});
export type EndedFinding = Static<typeof EndedFinding>;
export const EndedFindingList = strict({ items: Type.Array(EndedFinding) });

const FindingParams = strict({ finding: text(64, 'its id') });
const MuteSet = strict({
  until: Type.String({ format: 'date-time', description: `when it returns, at most ${MUTE_DAYS_MAX} days ahead` }),
  reason: text(REASON_MAX, 'why; everybody reads it'),
});
const MutedFinding = strict({ id: Type.String(), mute: StandingMute });

/** Calls about findings. */
export const FINDING_ROUTES = {
  'finding.list': get('/findings', 'List the findings that stand, the worst first, and all mutes', {
    roles: WATCHERS,
    response: FindingList,
  }),
  'finding.past': get('/findings/past', 'List findings that have ended, the newest first', {
    roles: WATCHERS,
    response: EndedFindingList,
  }),
  'finding.mute': put('/findings/{finding}/mute', 'Raise no alarm of a finding until a date; it stays visible', {
    roles: OPERATORS,
    params: FindingParams,
    body: MuteSet,
    response: MutedFinding,
    hasEtag: false,
  }),
  'finding.unmute': del('/findings/{finding}/mute', 'End the mute of a finding', {
    roles: OPERATORS,
    params: FindingParams,
    response: MutedFinding,
    hasEtag: false,
  }),
} as const;

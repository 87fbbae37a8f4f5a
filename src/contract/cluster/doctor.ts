import Type, { type Static } from 'typebox';
import { nullable, oneOf, strict, Time } from '../base/common.ts';
import { StandingMute } from './finding.ts';
import { ClusterSource } from './status.ts';

/** ok; warning: works, and will not for ever; broken: not as it must be; unknown: no fresh report, which is never ok. */
export const INVARIANT_STATES = ['ok', 'warning', 'broken', 'unknown'] as const;
export type InvariantState = (typeof INVARIANT_STATES)[number];

/** Something that always has to be true. */
export const Invariant = strict({
  id: Type.String({ description: 'stable, such as vip-holder' }),
  title: Type.String(),
  state: oneOf(INVARIANT_STATES),
  detail: Type.String({ description: 'what was found' }),
  explanation: Type.String({ description: 'why it matters' }),
  remedy: Type.String({ description: 'what to do, with the commands; empty when it is ok' }),
  since: Type.Optional(nullable(Type.String({ format: 'date-time', description: 'first found; null: it is ok' }))),
  mute: Type.Optional(nullable(StandingMute)),
});
export type Invariant = Static<typeof Invariant>;

/** The standing invariants of the site. `degraded`: one of them is broken or unknown. */
export const Doctor = strict({
  state: oneOf(['ok', 'degraded']),
  summary: Type.String(),
  source: ClusterSource,
  time: Time,
  invariants: Type.Array(Invariant),
});
export type Doctor = Static<typeof Doctor>;

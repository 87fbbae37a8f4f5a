import Type, { type Static } from 'typebox';
import { RUN_PURPOSES } from '../../model/machines/machine-run.ts';
import { MACHINE_STATES } from '../../model/machines/machine-states.ts';
import { STEP_OUTCOMES, STEP_SOURCES, STEP_WHATS } from '../../model/machines/timeline/step.ts';
import { STAGES } from '../../model/machines/timeline/stage.ts';
import { Id, nullable, oneOf, strict, Time } from '../base/common.ts';
import { MACHINE } from './machine.ts';
import { EVERYBODY, get } from '../base/route-spec.ts';

const TimelineStep = strict({
  id: Type.String({ description: 'stays the same while the step is stored' }),
  at: Time,
  source: oneOf(STEP_SOURCES, 'who saw it'),
  node: Type.String({ description: 'the rack that saw it; empty: none' }),
  what: oneOf(STEP_WHATS),
  outcome: oneOf(STEP_OUTCOMES),
  address: Type.String({ description: 'of the machine; empty: not known' }),
  detail: Type.String({ description: 'a text; firmware or the machine itself may have written it' }),
  afterMs: nullable(Type.Integer({ description: 'since the step before' })),
});
export type TimelineStep = Static<typeof TimelineStep>;

/** What is expected next, and why it may be late. */
const TimelineNext = strict({
  stage: oneOf(STAGES, 'how far it is by what was seen'),
  since: Time,
  next: Type.String({ description: 'what comes next, as a text' }),
  deadline: Time,
  isLate: Type.Boolean(),
  sentence: Type.String(),
});

const TimelineCause = strict({
  code: Type.String(),
  sentence: Type.String(),
  remedy: Type.String({ description: 'what mends it, with a command where there is one' }),
});

/** What was seen of a machine, in its order over all racks. */
export const MachineTimeline = strict({
  machine: Type.String({ description: 'id of the machine' }),
  name: Type.String(),
  state: oneOf(MACHINE_STATES),
  now: Time,
  run: nullable(strict({ id: Id, purpose: oneOf(RUN_PURPOSES), startedAt: Time, endedAt: nullable(Time) })),
  runs: Type.Array(Id, { description: 'numbers of its runs, the newest first' }),
  steps: Type.Array(TimelineStep),
  isCut: Type.Boolean({ description: 'there were more: these are the newest' }),
  deadline: nullable(Time),
  next: nullable(TimelineNext),
  causes: Type.Array(TimelineCause, { description: 'likely ones, where it is late or has failed' }),
});
export type MachineTimeline = Static<typeof MachineTimeline>;

/** Calls about the timeline of a machine. */
export const MACHINE_TIMELINE_ROUTES = {
  'machine.timeline': get(
    '/machines/{machine}/timeline',
    'What was seen of a machine step by step, what comes next, and why it is late',
    {
      roles: EVERYBODY,
      params: MACHINE.schemas.params,
      query: strict({
        run: Type.Optional(Type.Integer({ minimum: 1, description: 'of this run; the newest one when left out' })),
        all: Type.Optional(Type.Boolean({ description: 'all that is stored' })),
      }),
      response: MachineTimeline,
    },
  ),
} as const;

import Type, { type Static } from 'typebox';
import { listQuery, nullable, oneOf, page, strict, text, Time } from './common.ts';

/**
 * waiting: nobody is at it, or nobody any more; running: a region holds its lease; the others are its end: done, failed (it could not be done
 * in time), aborted (an operator ended it).
 */
export const JOB_STATES = ['waiting', 'running', 'done', 'failed', 'aborted'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** Target of what moves the database, the floating address or regions: one such job at a time. */
export const CLUSTER_TARGET = 'cluster';

/** Work that outlives its request: another region continues it when the one that runs it dies. */
export const Job = strict({
  id: Type.Integer({ minimum: 1 }),
  kind: Type.String({ description: 'such as node-drain' }),
  target: Type.String({ description: 'what it is about, such as the name of a node' }),
  targets: Type.Array(Type.String(), {
    description: 'what it holds alone while it is unfinished: cluster, machine:ID, bmc:ID',
  }),
  state: oneOf(JOB_STATES),
  progress: Type.String({ description: 'how far it is; empty before anything is done' }),
  result: nullable(Type.String({ description: 'how it ended; null while it is unfinished' })),
  caller: Type.String({ description: 'who requested it' }),
  abortBy: nullable(Type.String({ description: 'who ended it' })),
  holder: nullable(Type.String({ description: 'process of a region that is at it' })),
  epoch: Type.Integer({ description: 'how often a region has taken it up' }),
  attempts: Type.Integer({ description: 'how often without handing it on in good order' }),
  createdAt: Time,
  updatedAt: Time,
  deadline: Time,
  endedAt: nullable(Time),
});
export type Job = Static<typeof Job>;

export const JobParams = strict({ job: text(12, 'its id') });
export const JobListQuery = listQuery(
  {
    kind: Type.Optional(text(64)),
    target: Type.Optional(text(200, 'what it is about, or one of its targets')),
    state: Type.Optional(oneOf(JOB_STATES)),
    unfinished: Type.Optional(
      Type.Boolean({ description: 'true: only those that wait or run; false: only the others' }),
    ),
  },
  ['id'],
);
export const JobPage = page(Job);

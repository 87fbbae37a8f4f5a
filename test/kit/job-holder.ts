import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { sentenceOf } from '../../src/core/errors.ts';
import type { Log, LogFields } from '../../src/core/ports.ts';
import { openRenewalThread } from '../../src/main/region/renewal/thread.ts';
import { systemClock, systemRandom } from '../../src/main/process.ts';
import { type JobRepository, openJobRepository } from '../../src/region/base/jobs/job-repository.ts';
import type { JobKind } from '../../src/region/base/jobs/kind.ts';
import { startJobRunner } from '../../src/region/base/jobs/runner.ts';
import { Database } from '../../src/store/database.ts';
import { listen } from '../../src/store/listen.ts';
import { write } from '../../src/store/write.ts';

/**
 * A process that runs jobs as regiond does, with kinds of its own: HOLDER, DATABASE, SOCKET, PORT name it and its database. With BROKEN=no-epoch-check its
 * saves leave out the one condition that tells an earlier holder's word.
 */

interface Walk {
  readonly steps: number;
  readonly stepMs: number;
  /** Does it leave off at its signal? */
  readonly isCareful: boolean;
  /** The first holder freezes itself when this step is saved, and so never in a query of the job; 0: it does not. */
  readonly freezeAfter: number;
}

const env = (name: string) => process.env[name] ?? '';
const holder = env('HOLDER');
const clock = systemClock();
const random = systemRandom();
const line = (message: string, fields: LogFields = {}) =>
  void process.stdout.write(`${JSON.stringify({ message, ...fields })}\n`);
const log: Log = { debug() {}, info: line, warn: line, error: line, with: () => log };
const connection = {
  host: env('SOCKET'),
  port: Number(env('PORT')),
  user: env('USER_NAME'),
  database: env('DATABASE'),
};
const db = new Database({ connection, name: holder, clock, random, log });

/** Counts its steps in the database. A careless one never looks at its signal: what a late step is worth is for the row to say. */
const walk: JobKind<Walk> = {
  name: 'walk',
  parse: (payload) => payload as Walk,
  async run(job) {
    const { steps, stepMs, isCareful, freezeAfter } = job.payload;
    const first = ((job.checkpoint as { step: number } | null)?.step ?? 0) + 1;
    for (let step = first; step <= steps; step += 1) {
      await sleep(stepMs, undefined, isCareful ? { signal: job.signal } : {});
      await job.save(`Step ${step} of ${steps}.`, { step }, async (tx) => {
        await tx.run(sql`insert into walked (step, epoch, holder) values (${step}, ${job.epoch}, ${holder})`);
      });
      if (step === freezeAfter && job.epoch === 1) process.kill(process.pid, 'SIGSTOP');
    }
    return { state: 'done', result: `${steps} steps.` };
  },
};

/** Computes for longer than a lease without ever giving the thread away. */
const ponder: JobKind<{ readonly ms: number }> = {
  name: 'ponder',
  parse: (payload) => payload as { ms: number },
  async run(job) {
    const end = clock.monotonic() + job.payload.ms;
    while (clock.monotonic() < end);
    await sleep(50);
    job.mustHold();
    await job.save('Pondered.', null);
    return { state: 'done', result: 'Pondered.' };
  },
};

/** Acts on the world outside until somebody wants its end, and tells when, by the clock that all processes of this host share. */
const act: JobKind = {
  name: 'act',
  parse: (payload) => payload,
  async run(job) {
    while (!job.isAbortWanted()) {
      await sleep(50);
      job.mustHold();
      line('acted', { at: Number(process.hrtime.bigint() / 1000n) });
    }
    return { state: 'aborted', result: 'It was asked for.' };
  },
};

function withoutEpochCheck(book: JobRepository): JobRepository {
  return {
    ...book,
    save: async ({ id }, { progress, checkpoint, change }) => {
      const key = random.hex(16);
      const operation = { key, requestDigest: key, actor: 'system:jobs', origin: holder, summary: 'a broken save' };
      await write(db, operation, async (tx) => {
        await tx.run(
          sql`update jobs set progress = ${progress}, checkpoint = ${JSON.stringify(checkpoint)}::jsonb where id = ${id}`,
        );
        await change?.(tx);
        return { status: 200, body: null };
      });
    },
  };
}

const book = openJobRepository(db, holder);
const runner = startJobRunner({
  repository: env('BROKEN') === 'no-epoch-check' ? withoutEpochCheck(book) : book,
  kinds: [walk, ponder, act],
  renewer: openRenewalThread({ connection, name: `${holder} leases`, clock, log }),
  clock,
  random,
  log,
});
const listener = listen({ connection, name: `${holder} listen`, clock, random, log, onWake: () => runner.wake() });
line('ready');

process.once('SIGTERM', () => {
  void runner
    .stop()
    .then(() => listener.close())
    .then(() => db.close(500))
    .catch((error: unknown) => line('stopping failed', { error: sentenceOf(error) }))
    .finally(() => process.exit(0));
});

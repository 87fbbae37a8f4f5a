import { backOffMs } from '../../core/back-off.ts';
import { AppError, isRejected, type Rejected, sentenceOf } from '../../core/errors.ts';
import type { Clock, Log, Random } from '../../core/ports.ts';

/** A reconciler: takes no input, re-reads everything, may run at any time. */
export interface Task {
  readonly name: string;
  /** Does one round; gives a sentence for the log if it did something, else null. */
  run(): Promise<string | null>;
  /** How long the next round waits for another process to do its work, ms; absent: not at all. */
  yieldMs?(): number;
}

/** What running a task needs. Times in ms. `beat` is called each round, also after failures. */
export interface TaskPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly everyMs: number;
  readonly beat: () => void;
}

/** A task that runs. */
export interface RunningTask {
  /** Asks for a round soon; any number of calls during a round make one more round. */
  wake(): void;
  /** Ends after the round that runs. */
  stop(): Promise<void>;
}

const BACK_OFF = { firstMs: 250, mostMs: 5000 } as const;
/** A round that did something is followed by a rest of this many times its length, within bounds: steady changes are batched, and cost a bounded share of a core. */
const REST = { factor: 3, mostMs: 1000 } as const;

/**
 * Runs a task now, after each wake and at least every `everyMs`, never twice at once. It never dies: a round that throws is logged when
 * its sentence is a new one, and tried again with growing, jittered pauses.
 */
export function startTask(task: Task, ports: TaskPorts): RunningTask {
  const log = ports.log.with({ task: task.name });
  let isStopping = false;
  let isWanted = true;
  let rouse = () => {};
  let failures = 0;
  let lastFailure: string | null = null;
  let restMs = 0;

  const round = async () => {
    const started = ports.clock.monotonic();
    restMs = 0;
    try {
      const summary = await task.run();
      if (summary !== null) restMs = Math.min(REST.factor * (ports.clock.monotonic() - started), REST.mostMs);
      if (summary !== null) log.info('task did something', { what: summary });
      if (lastFailure !== null) log.info('task succeeds again', { failures });
      failures = 0;
      lastFailure = null;
    } catch (error) {
      const sentence = sentenceOf(error);
      failures += 1;
      if (sentence !== lastFailure) log.warn('task failed, it will be tried again', { error: sentence });
      lastFailure = sentence;
    }
  };
  const pause = () => (failures === 0 ? ports.everyMs : backOffMs(failures - 1, BACK_OFF, ports.random));

  /** Waits; a stop ends it at once, a wake only if `mayWake`. */
  const pauseFor = (ms: number, mayWake: () => boolean = () => false) =>
    new Promise<void>((done) => {
      const timer = setTimeout(done, ms);
      rouse = () => {
        if (!isStopping && !mayWake()) return;
        clearTimeout(timer);
        done();
      };
    });

  const loop = async () => {
    while (!isStopping) {
      const yieldMs = task.yieldMs?.() ?? 0;
      if (yieldMs > 0) await pauseFor(yieldMs);
      if (isStopping) break;
      isWanted = false;
      ports.beat();
      await round();
      ports.beat();
      if (!isStopping && restMs > 0) await pauseFor(restMs);
      // A wake does not cut a back-off short: what woke it may be what fails.
      if (!isStopping && (!isWanted || failures > 0)) await pauseFor(pause(), () => failures === 0);
    }
  };
  const running = loop();
  return {
    wake: () => {
      isWanted = true;
      rouse();
    },
    stop: () => {
      isStopping = true;
      rouse();
      return running;
    },
  };
}

/** The value; a refusal of the store (it is away) as a fault, so that the task backs off. */
export async function reached<T>(result: Promise<T | Rejected>): Promise<T> {
  const value = await result;
  if (isRejected(value)) throw new AppError('database_unavailable', value.message);
  return value;
}

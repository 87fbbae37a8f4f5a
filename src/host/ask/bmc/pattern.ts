import { Worker } from 'node:worker_threads';
import { deadline } from '../deadline.ts';
import type { PatternQuestion } from './interface.ts';

/** Runs in a thread of its own: a pattern with repeats inside of repeats takes a time that doubles with each character (27 characters: 10.9 s). */
const PROGRAM = `const { parentPort, workerData } = require('node:worker_threads');
parentPort.postMessage(workerData.patterns.map((pattern) => new RegExp(pattern).test(workerData.text)));`;
/** A compiled pattern may also need much memory. */
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 } as const;

/** See `BmcAccess.match`. The thread is ended at the deadline, whatever it does. */
export function matchPatterns({ patterns, text, timeoutMs }: PatternQuestion): Promise<readonly boolean[] | 'late'> {
  const worker = new Worker(PROGRAM, {
    eval: true,
    workerData: { patterns, text },
    resourceLimits: LIMITS,
    env: {},
    stdin: false,
    stdout: true,
    stderr: true,
  });
  return new Promise((resolve) => {
    const settle = (result: readonly boolean[] | 'late') => {
      cancel();
      void worker.terminate();
      resolve(result);
    };
    const cancel = deadline(timeoutMs, () => settle('late'));
    worker.on('message', settle);
    worker.on('error', () => settle('late'));
    worker.on('exit', () => settle('late'));
  });
}

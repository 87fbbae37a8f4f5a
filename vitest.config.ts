import { defineConfig } from 'vitest/config';
import { NOT_DRAWN } from './test/kit/drawn.ts';
import { LongestFirst } from './test/kit/longest-first.ts';

/** Files of whole hosts that have the machine for themselves. */
const JUDGED_BY_TIME = ['bad-days', 'cluster', 'faults', 'lab', 'restore'];

interface ProjectOptions {
  readonly timeout?: number;
  /** Of a hook, ms. */
  readonly hooks?: number;
  /** One file after the other. */
  readonly serial?: boolean;
  /** It draws cases. */
  readonly random?: boolean;
  /** What is made once for all its files. */
  readonly once?: string;
  /** Files of one process share the loaded modules, which have no state of their own. */
  readonly shared?: boolean;
  /** Its folder below `test`; left out: its name. */
  readonly folder?: string;
  /** These files alone, or all but these. */
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  /** Files at once; left out: as many as for all. */
  readonly workers?: number;
  /** Projects of one order run together, before those of the next one; those of one order have the same `workers`. */
  readonly order?: number;
}

/** One project per test folder (architecture.md §6): what a folder needs is written there, not discovered. */
const project = (name: string, options: ProjectOptions = {}) => {
  const { timeout = 10_000, hooks = Math.max(timeout, 60_000), folder = name } = options;
  const pathOf = (file: string) => `test/${folder}/${file}.test.ts`;
  return {
    test: {
      name,
      include: (options.only ?? ['**/*']).map(pathOf),
      ...(options.except ? { exclude: options.except.map(pathOf) } : {}),
      ...(options.once ? { globalSetup: [options.once] } : {}),
      ...(options.random ? { setupFiles: ['test/kit/seed.ts'] } : {}),
      testTimeout: timeout,
      hookTimeout: hooks,
      ...(options.serial ? { fileParallelism: false } : {}),
      ...(options.shared ? { isolate: false } : {}),
      ...(options.workers === undefined ? {} : { maxWorkers: options.workers }),
      ...(options.order === undefined ? {} : { sequence: { groupOrder: options.order } }),
    },
  };
};

export default defineConfig({
  test: {
    // Tests wait more than they compute: two processors have room for three files.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'architecture',
          include: ['test/architecture*.test.ts', 'test/architecture/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      project('unit', { random: true, shared: true }),
      project('golden', { shared: true }),
      project('agent', { timeout: 20_000, random: true, shared: true }),
      project('store', { timeout: 60_000, random: true, shared: true }),
      project('api', { timeout: 60_000, random: true, shared: true }),
      // Whole processes, with leases of seconds.
      project('scenario', { timeout: 120_000, shared: true, workers: 2, order: 1 }),
      // A browser over a real region.
      project('ui', { timeout: 60_000, once: 'test/kit/ui/once.ts', shared: true, order: 2 }),
      // The first hook on a new machine builds the Debian root, beside all else.
      project('check', { timeout: 120_000, hooks: 900_000, order: 2 }),
      // Whole hosts: what is judged by the clock has the machine for itself, the rest comes before it.
      project('hosts', { timeout: 900_000, folder: 'lab', except: [...JUDGED_BY_TIME, ...NOT_DRAWN], order: 3 }),
      project('lab', {
        timeout: 900_000,
        serial: true,
        only: JUDGED_BY_TIME.filter((file) => !NOT_DRAWN.includes(file)),
        order: 4,
      }),
      // Long stories on whole hosts: commands of their own, `scripts/test --only cluster-bad-days`.
      project('story', { timeout: 900_000, serial: true, order: 5 }),
    ],
  },
});

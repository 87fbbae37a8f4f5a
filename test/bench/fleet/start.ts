import { join } from 'node:path';
import { startLineAsker } from '../../../src/drills/probes/child/line-asker.ts';
import type { KnownFile } from './files.ts';
import type { MachineResult } from './result.ts';
import type { FleetMachine } from './way.ts';

/** What the program of a network is asked. `learn`: what files are, read from `address`; `leave`: all leases are given back. */
export type FleetWish =
  | { readonly kind: 'learn'; readonly files: readonly KnownFile[]; readonly address: string }
  | { readonly kind: 'boot'; readonly machine: FleetMachine }
  | { readonly kind: 'leave' };

/** `why`: what went wrong, but for a machine's own way; else empty. */
export interface FleetAnswer {
  readonly result: MachineResult | null;
  readonly why: string;
}

/** Machines of one network. */
export interface Fleet {
  /** Throws when a file is not the one that the region knows. */
  learn(files: readonly KnownFile[], address: string): Promise<void>;
  /** A machine is switched on; back when its inventory was taken, or it gave up. */
  boot(machine: FleetMachine): Promise<MachineResult>;
  leave(): Promise<void>;
  close(): void;
}

/** Longer than a machine's own patience. */
const BOOT_MS = 400_000;
const OTHER_MS = 300_000;

/** Starts the program of a network in a network namespace; it ends with `close` or with this process. */
export function startFleet(netns: string): Fleet {
  const none: FleetAnswer = { result: null, why: 'its program did not answer' };
  const asker = startLineAsker<FleetWish, FleetAnswer>(
    { netns, program: join(import.meta.dirname, 'program.ts') },
    none,
  );
  const must = async (wish: FleetWish) => {
    const { why } = await asker.ask(wish, OTHER_MS);
    if (why !== '') throw new Error(`machines in ${netns}: ${why}`);
  };
  return {
    learn: (files, address) => must({ kind: 'learn', files, address }),
    boot: async (machine) => {
      const { result, why } = await asker.ask({ kind: 'boot', machine }, BOOT_MS);
      return result ?? { steps: {}, totalMs: BOOT_MS, bytes: 0, failed: { step: 'start', why } };
    },
    leave: () => must({ kind: 'leave' }),
    close: () => asker.close(),
  };
}

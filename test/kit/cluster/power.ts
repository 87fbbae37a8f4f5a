import { kill, up } from '../../../src/lab/lab.ts';
import type { Layout } from '../../../src/lab/layout.ts';
import { needState } from '../../../src/lab/state.ts';
import { LAB_PROGRAM, PACKAGES_FILE } from '../lab.ts';

/** The power of a lab's hosts: cut without a shutdown, and on again. */
export interface Power {
  kill(host: string): Promise<void>;
  /** Back when its systemd has booted. */
  start(host: string): Promise<void>;
}

/** The switches of a lab. */
export function powerOf(layout: Layout): Power {
  return {
    kill: (host) => kill(layout, host),
    start: async (only) => {
      const { topology } = needState(layout);
      await up({ layout, topology, packagesFile: PACKAGES_FILE, program: LAB_PROGRAM, progress: () => {}, only });
    },
  };
}

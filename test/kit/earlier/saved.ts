import { rmSync } from 'node:fs';
import { must } from '../../../src/lab/command.ts';
import { down, stop, up } from '../../../src/lab/lab.ts';
import type { Topology } from '../../../src/lab/topology.ts';
import { LAB_PROGRAM, PACKAGES_FILE, type TestLab } from '../lab.ts';

const COPY_MS = 120_000;

/** A lab's state on disk, to begin from more than once. */
export interface Saved {
  /** Cuts the power of what runs and boots every host with the files of then. */
  restore(): Promise<void>;
}

/** Powers the lab's hosts off, keeps their files, and boots them again. The copies lie in the lab's folder and go with it. */
export async function saveLab(lab: TestLab, topology: Topology): Promise<Saved> {
  const { layout } = lab;
  const folders = topology.hosts.map(({ name }) => layout.memberFolder(name));
  const off = async () => await down({ layout, isPurge: false, progress: () => {} });
  const on = async () =>
    void (await up({ layout, topology, packagesFile: PACKAGES_FILE, program: LAB_PROGRAM, progress: () => {} }));
  const copy = async (from: string, to: string) => {
    rmSync(to, { recursive: true, force: true });
    await must(['cp', '--archive', '--reflink=auto', from, to], { timeoutMs: COPY_MS });
  };
  for (const { name } of topology.hosts) await stop(layout, name);
  await off();
  for (const folder of folders) await copy(`${folder}/upper`, `${folder}/saved`);
  await on();
  return {
    restore: async () => {
      await off();
      for (const folder of folders) {
        rmSync(`${folder}/work`, { recursive: true, force: true });
        await copy(`${folder}/saved`, `${folder}/upper`);
      }
      await on();
    },
  };
}

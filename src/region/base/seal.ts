import type { Database } from '../../store/database.ts';
import { hasPlainTsig, sealPlainTsig } from '../../store/queries/names/tsig-keys.ts';
import { reached, type Task } from './task.ts';

const SHORT = { deadlineMs: 5000 } as const;

/** Seals what earlier releases stored in clear, as soon as every region node can open it. Any region may do it; who comes second finds nothing to do. */
export function createSealTask(db: Database): Task {
  return {
    name: 'seal',
    async run() {
      const { has } = await reached(db.autocommitRead(async (tx) => ({ has: await hasPlainTsig(tx) }), SHORT));
      if (!has) return null;
      const { sealed } = await reached(db.repeatable(async (tx) => ({ sealed: await sealPlainTsig(tx) }), SHORT));
      return sealed === 0 ? null : `${sealed} secrets of earlier releases are sealed now`;
    },
  };
}

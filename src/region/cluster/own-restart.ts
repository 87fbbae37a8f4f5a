import { OWN_PROCESSES } from '../../model/cluster/node.ts';
import type { Database } from '../../store/database.ts';
import { readRestartNonce } from '../../store/queries/cluster/restarts.ts';
import { reached, type Task } from '../base/task.ts';

/**
 * Ends this process when an operator requests its restart by a row of its node. A request that the first round finds was
 * for the process before this one; no clock is compared.
 */
export function createOwnRestartTask(db: Database, node: string, end: () => void): Task {
  let known: { readonly nonce: string | null } | null = null;
  return {
    name: 'own restart',
    async run() {
      const seen = await reached(
        db.autocommitRead(async (tx) => ({ nonce: await readRestartNonce(tx, node, OWN_PROCESSES.region) })),
      );
      const isNew = known !== null && seen.nonce !== null && seen.nonce !== known.nonce;
      known = seen;
      if (!isNew) return null;
      end();
      return `an operator requested a restart of this process (${seen.nonce})`;
    },
  };
}

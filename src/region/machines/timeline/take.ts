import type { BootStepReport } from '../../../contract/machines/boot-steps.ts';
import { refuse, type Rejected } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { withEvents } from '../../../store/queries/base/events.ts';
import { storeBootSteps } from '../../../store/queries/machines/machine-steps.ts';
import { findNode } from '../../../store/queries/cluster/nodes.ts';
import type { Tx } from '../../../store/tx.ts';
import { readServed } from '../../cluster/trust/served.ts';
import { machineEvent } from '../lifecycle/event.ts';

/**
 * Stores what a rack saw of machines that boot. The first boot script of a start is an event of the machine's lifecycle, in the same transaction: so a report
 * that comes twice counts once.
 */
export function takeBootSteps(db: Database, nodeId: string, report: BootStepReport): Promise<Rejected | null> {
  return db.repeatable(async (tx) => {
    const node = await findNode(tx, { id: nodeId });
    if (!node) refuse('not_found', `There is no node ${nodeId}.`);
    const { booted } = await storeBootSteps(tx, node, report, await readForeign(tx, nodeId));
    if (booted.length === 0) return null;
    await withEvents(tx, `node:${nodeId}`, async (writing) => {
      // The lifecycle refuses it for a machine that went on meanwhile: the step is stored all the same.
      for (const { machineId, epoch } of booted)
        await machineEvent(writing, { machineId, event: 'boot-seen', by: `rack ${node.name}`, epoch });
    });
    return null;
  });
}

/** VLANs that other racks serve: what this node says of their machines does not count. */
async function readForeign(tx: Tx, nodeId: string): Promise<number[]> {
  const { foreign } = await readServed(tx, nodeId);
  return [...foreign];
}

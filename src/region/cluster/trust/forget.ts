import { accept, type Rejected, rejected } from '../../../core/errors.ts';
import { revokeCertificatesOf } from '../../../store/queries/cluster/certificates.ts';
import { deleteNode, type NodeRow } from '../../../store/queries/cluster/nodes.ts';
import * as racks from '../../../store/queries/cluster/racks.ts';
import type { WriteTx } from '../../../store/write.ts';

/** Null, or why this node cannot be forgotten: a region node that carries data is not taken out by deleting its row. */
export function checkForgettable(node: Pick<NodeRow, 'name' | 'isRegion' | 'state'>): Rejected | null {
  if (!node.isRegion || node.state === 'joining') return null;
  return rejected(
    'in_use',
    `${node.name} is a region node with a copy of the database. Rule: only racks and region nodes that never finished joining are ` +
      'forgotten like this. To shut a lost one out, revoke its certificates: regent certificate list.',
  );
}

/**
 * Forgets a node: its rack, its machines' tie to that rack, its certificates, its row. Gives how many certificates were revoked. Inside
 * `changingRacks`.
 */
export async function forgetNode(tx: WriteTx, node: NodeRow, why: string): Promise<number> {
  accept(checkForgettable(node));
  const rack = (await racks.listRacks(tx)).find((row) => row.nodeId === node.id);
  if (rack) {
    const released = await racks.releaseMachines(tx, rack.uuid);
    accept(await racks.deleteRack(tx, { key: rack.uuid }));
    tx.emit({ kind: 'rack.deleted', subject: rack.name, data: { uuid: rack.uuid, before: rack.state, released } });
  }
  const revoked = await revokeCertificatesOf(tx, node.id, why);
  accept(await deleteNode(tx, { key: node.id }));
  tx.emit({ kind: 'node.deleted', subject: node.name, data: { id: node.id, why, revoked } });
  return revoked;
}

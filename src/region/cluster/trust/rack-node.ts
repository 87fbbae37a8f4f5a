import { accept, isRejected, type Rejected } from '../../../core/errors.ts';
import { parseAddress } from '../../../core/ip.ts';
import { masterOf } from '../../../model/cluster/rack.ts';
import { createNode, deleteNode, findNode, updateNode } from '../../../store/queries/cluster/nodes.ts';
import * as racks from '../../../store/queries/cluster/racks.ts';
import type { WriteTx } from '../../../store/write.ts';

/**
 * Runs a change of the racks' states: one at a time on the whole site; when the master is another one afterwards, an event says so.
 */
export async function changingRacks<T>(tx: WriteTx, change: () => Promise<T>): Promise<T> {
  await racks.lockRacks(tx);
  const before = masterOf(await racks.listRacks(tx));
  const result = await change();
  const after = masterOf(await racks.listRacks(tx));
  if (!isRejected(result) && before?.uuid !== after?.uuid) {
    const data = { before: before?.uuid ?? null, after: after?.uuid ?? null };
    tx.emit({ kind: 'rack.master_changed', subject: after?.name ?? 'master', data });
  }
  return result;
}

/** Accepts a rack: its host is a node from now on, or the region node that it stands on is a rack too. Inside `changingRacks`. */
export async function admitRack(
  tx: WriteTx,
  rack: racks.RackRow,
  how: { readonly name: string; readonly why: string; readonly ifVersion?: number | null },
): Promise<racks.RackRow> {
  const known = rack.nodeId === null ? null : await findNode(tx, { id: rack.nodeId });
  const id = known?.id ?? rack.uuid;
  const node = accept(
    known
      ? await updateNode(tx, { key: id }, { isRack: true })
      : await createNode(tx, {
          id,
          name: how.name,
          isRegion: false,
          isRack: true,
          addresses: addressesOf(rack.source),
        }),
  );
  if (!known) tx.emit({ kind: 'node.created', subject: node.name, data: { id } });
  const target = { key: rack.uuid, ifVersion: how.ifVersion ?? null };
  const row = accept(await racks.acceptRack(tx, target, { nodeId: id, name: node.name }));
  tx.emit({ kind: 'rack.accepted', subject: row.name, data: { uuid: row.uuid, node: node.name, why: how.why } });
  return row;
}

/**
 * Takes from a rack what it has: its machines are the master's, and its host is no node any more unless it is a region node, too. The
 * rack's own row must not name the node by then.
 */
export async function withdrawRack(tx: WriteTx, rack: racks.RackRow): Promise<Rejected | null> {
  const node = rack.nodeId === null ? null : await findNode(tx, { id: rack.nodeId });
  if (!node) return null;
  accept(
    node.isRegion ? await updateNode(tx, { key: node.id }, { isRack: false }) : await deleteNode(tx, { key: node.id }),
  );
  if (!node.isRegion) tx.emit({ kind: 'node.deleted', subject: node.name, data: { id: node.id } });
  return null;
}

/** A source that is an address is where the node is reached; the local socket is not. */
function addressesOf(source: string | null): string[] {
  return source === null || isRejected(parseAddress(source)) ? [] : [source];
}

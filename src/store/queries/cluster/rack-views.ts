import { sql } from 'kysely';
import type { VlanAttachment } from '../../../model/networks/vlan-attachments.ts';
import type { Tx } from '../../tx.ts';
import { readAttachments } from './racks.ts';

/** An attachment with names: of the node, and of the VLAN as FABRIC/NAME. */
export interface NamedAttachment extends VlanAttachment {
  readonly node: string;
  readonly vlan: string;
  /** Is the node an accepted rack? */
  readonly isRack: boolean;
}

/** Which nodes are on which VLAN, in the order of `attachmentsOf`. */
export async function readNamedAttachments(tx: Tx): Promise<NamedAttachment[]> {
  const nodes = await tx.all(sql<{ id: string; name: string; isRack: boolean }>`
    select id, name, exists (select from racks r where r.node_id = nodes.id and r.state = 'accepted') as "isRack" from nodes`);
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const labelOf = await readVlanLabels(tx);
  return (await readAttachments(tx)).flatMap((attachment) => {
    const node = nodeOf.get(attachment.nodeId);
    const vlan = labelOf.get(attachment.vlanId);
    return node && vlan !== undefined ? [{ ...attachment, node: node.name, vlan, isRack: node.isRack }] : [];
  });
}

/** All VLANs as FABRIC/NAME, by id. */
export async function readVlanLabels(tx: Tx): Promise<Map<number, string>> {
  const rows = await tx.all(sql<{ id: number; label: string }>`
    select v.id, f.name || '/' || v.name as label from vlans v join fabrics f on f.id = v.fabric_id`);
  return new Map(rows.map(({ id, label }) => [id, label]));
}

/** Machines that name no rack: the master's. */
export async function countMasterMachines(tx: Tx): Promise<number> {
  const row = await tx.one(sql<{ count: number }>`select count(*) as count from machines where rack_id is null`);
  return Number(row?.count ?? 0);
}

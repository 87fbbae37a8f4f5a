import { accept, type Rejected, rejected } from '../../../core/errors.ts';
import { allRows } from '../../../store/page.ts';
import { shutNodeOut } from '../../../store/queries/cluster/certificates.ts';
import { closePlace, openPlace } from '../../../store/queries/cluster/places.ts';
import { listVlans, updateVlan, type VlanRow } from '../../../store/queries/networks/vlans.ts';
import { deleteNode, type NodeRow, updateNode } from '../../../store/queries/cluster/nodes.ts';
import * as racks from '../../../store/queries/cluster/racks.ts';
import type { WriteTx } from '../../../store/write.ts';
import { vlanLabel } from '../../networks/network-refs.ts';
import { viewVlan } from '../../networks/vlan.ts';

/**
 * How a node goes: whether its place is reserved for another host; `by`: who removes it; `why`: the reason in its
 * revoked certificates.
 */
export type Vacation = { readonly isPlaceReserved: boolean; readonly by: string; readonly why: string };

/**
 * Takes a node out for good, whatever it carries. Its certificates are revoked. A rack whose place is reserved keeps its row, so that its VLANs stay its own
 * and its successor is the same rack; every other row goes. Gives how many certificates were revoked. Inside `changingRacks`; that etcd and the
 * database can spare the node is the caller's affair.
 */
export async function vacateNode(tx: WriteTx, node: NodeRow, how: Vacation): Promise<number> {
  const { id, name, isRegion, isRack } = node;
  if (how.isPlaceReserved)
    await openPlace(tx, { name, isRegion, isRack, nodeId: isRack ? id : null, openedBy: how.by });
  else await closePlace(tx, name);
  const revoked = await shutNodeOut(tx, id, how.why);
  await (how.isPlaceReserved && isRack ? keepRack(tx, node) : dropNode(tx, node));
  tx.emit({
    kind: how.isPlaceReserved ? 'node.vacated' : 'node.removed',
    subject: name,
    data: { id, why: how.why, revoked },
  });
  return revoked;
}

/** It is a rack that is silent, and no region node any more. */
async function keepRack(tx: WriteTx, { id }: NodeRow): Promise<NodeRow> {
  return accept(await updateNode(tx, { key: id }, { isRegion: false, state: 'member', isDrained: false }));
}

async function dropNode(tx: WriteTx, node: NodeRow): Promise<NodeRow> {
  const rack = (await racks.listRacks(tx)).find((row) => row.nodeId === node.id);
  if (rack) {
    accept(await handVlansOn(tx, rack));
    const released = await racks.releaseMachines(tx, rack.uuid);
    accept(await racks.deleteRack(tx, { key: rack.uuid }));
    tx.emit({ kind: 'rack.deleted', subject: rack.name, data: { uuid: rack.uuid, before: rack.state, released } });
  }
  return accept(await deleteNode(tx, { key: node.id }));
}

/** Each VLAN of the rack belongs only to its partner; a VLAN without another rack blocks the removal. */
async function handVlansOn(tx: WriteTx, { uuid, name }: racks.RackRow): Promise<Rejected | null> {
  const all = await allRows((page) => listVlans(tx, page));
  for (const vlan of all.filter((row) => row.primaryRackId === uuid || row.secondaryRackId === uuid)) {
    const heir = vlan.primaryRackId === uuid ? (vlan.secondaryRackId ?? null) : (vlan.primaryRackId ?? null);
    if (heir === null && vlan.dhcpOn) return onlyRack(name, vlan);
    const row = accept(await updateVlan(tx, { key: vlan.id }, { primaryRackId: heir, secondaryRackId: null }));
    tx.emit({ kind: 'vlan.changed', subject: vlanLabel(row), data: { ...viewVlan(row) } });
  }
  return null;
}

function onlyRack(name: string, vlan: VlanRow): Rejected {
  const label = vlanLabel(vlan);
  return rejected(
    'in_use',
    `${name} is the only rack of the VLAN ${label}, which has DHCP. First: regent vlan set ${label} --primary-rack RACK.`,
  );
}

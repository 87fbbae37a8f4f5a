import type { Fabric } from '../../contract/network/fabric.ts';
import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { parseTitle } from '../../model/names.ts';
import * as fabrics from '../../store/queries/network/fabrics.ts';
import { createVlan, deleteVlan, listVlans, usersOfVlan } from '../../store/queries/network/vlans.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../paging.ts';
import { glancing, reading, target, writing } from '../use-case.ts';
import { fabricByRef, some, vlanLabel } from './network-refs.ts';
import { viewVlan } from './vlan.ts';

type Row = fabrics.FabricRow;

function view({ id, name, vlans }: Row): Fabric {
  return { id, name, vlans };
}

export const fabricCases = {
  'fabric.list': glancing('fabric.list', async (tx, { query }) =>
    pageBody(await fabrics.listFabrics(tx, { ...query }), view, query),
  ),

  'fabric.show': reading('fabric.show', async (tx, { params }) => {
    const row = await fabricByRef(tx, params.fabric);
    return isRejected(row) ? row : { body: view(row), version: row.version };
  }),

  'fabric.create': writing(
    'fabric.create',
    ({ body }) => `fabric create ${body.name}`,
    async (tx, { body }) => {
      const name = parseTitle(body.name);
      if (isRejected(name)) return name;
      const row = await fabrics.createFabric(tx, { name });
      const vlan = await createVlan(tx, { fabricId: row.id, name: 'untagged', vid: 0 });
      const shown = { ...view(row), vlans: 1 };
      tx.emit({ kind: 'fabric.created', subject: row.name, data: shown });
      tx.emit({ kind: 'vlan.created', subject: vlanLabel(vlan), data: { ...viewVlan(vlan) } });
      return { body: shown, version: row.version };
    },
  ),

  'fabric.set': writing(
    'fabric.set',
    ({ params }) => `fabric set ${params.fabric}`,
    async (tx, { params, body }, context) => {
      const old = await fabricByRef(tx, params.fabric);
      if (isRejected(old)) return old;
      const name = body.name === undefined ? undefined : parseTitle(body.name);
      if (isRejected(name)) return name;
      const row = await fabrics.updateFabric(tx, target(old.id, context), name === undefined ? {} : { name });
      if (isRejected(row)) return row;
      tx.emit({ kind: 'fabric.changed', subject: row.name, data: view(row) });
      return { body: view(row), version: row.version };
    },
  ),

  'fabric.delete': writing(
    'fabric.delete',
    ({ params }) => `fabric delete ${params.fabric}`,
    async (tx, { params }, context) => {
      const number = await fabrics.lockFabrics(tx);
      const old = await fabricByRef(tx, params.fabric);
      if (isRejected(old)) return old;
      if (number === 1) {
        return rejected('in_use', `${old.name} is the last fabric. Rule: there is one, so that VLANs have a place.`);
      }
      const vlans = (await listVlans(tx, { fabricId: old.id, limit: 11 })).items;
      const refusal = await contentsOf(tx, old, vlans);
      if (refusal) return refusal;
      for (const vlan of vlans) {
        const gone = await deleteVlan(tx, { key: vlan.id });
        if (isRejected(gone)) return gone;
        tx.emit({ kind: 'vlan.deleted', subject: vlanLabel(gone), data: { ...viewVlan(gone) } });
      }
      const row = await fabrics.deleteFabric(tx, target(old.id, context));
      if (isRejected(row)) return row;
      tx.emit({ kind: 'fabric.deleted', subject: row.name, data: view(old) });
      return { body: view(old) };
    },
  ),
};

/** The database refuses as well; this says what is in the way. */
async function contentsOf(
  tx: Tx,
  fabric: Row,
  vlans: readonly { readonly id: number; readonly name: string; readonly vid: number }[],
): Promise<Rejected | null> {
  const others = vlans.filter((vlan) => vlan.vid !== 0).map((vlan) => vlan.name);
  if (others.length > 0) {
    return rejected('in_use', `${fabric.name} has the VLANs ${some(others)}. Delete them first.`);
  }
  for (const vlan of vlans) {
    const users = await usersOfVlan(tx, vlan.id, 6);
    if (users.length > 0)
      return rejected('in_use', `${fabric.name} is used by ${some(users)}. Move or delete these first.`);
  }
  return null;
}

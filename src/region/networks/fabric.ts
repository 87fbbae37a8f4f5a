import { FABRIC } from '../../contract/networks/fabric.ts';
import { accept, refuse, type Rejected, rejected } from '../../core/errors.ts';
import { createDeclared, type DeclaredRow, deleteDeclared, lockAll } from '../../store/declared/rows.ts';
import { createVlan, deleteVlan, listVlans, usersOfVlan } from '../../store/queries/networks/vlans.ts';
import type { Tx } from '../../store/tx.ts';
import { target, writing } from '../base/use-case.ts';
import { declaredByRef, readFields, viewDeclared } from '../base/declared.ts';
import { vlanLabel } from './network-refs.ts';
import { viewVlan } from './vlan.ts';
import { some } from '../base/refs.ts';

type FabricRow = DeclaredRow<'fabric'>;

/** What is special about fabrics: a new one has its untagged VLAN, which goes with it; and there is always one. */
export const fabricCases = {
  'fabric.create': writing(
    'fabric.create',
    ({ body }) => `fabric create ${body.name}`,
    async (tx, { body }) => {
      const values = await readFields(tx, FABRIC.fields, body);
      const row = await createDeclared(tx, 'fabric', values);
      const vlan = await createVlan(tx, { fabricId: row.id, name: 'untagged', vid: 0 });
      const shown = { ...viewDeclared<'fabric'>(row), vlans: 1 };
      tx.emit({ kind: 'fabric.created', subject: row.name, data: shown });
      tx.emit({ kind: 'vlan.created', subject: vlanLabel(vlan), data: { ...viewVlan(vlan) } });
      return { body: shown, version: row.version };
    },
  ),

  'fabric.delete': writing(
    'fabric.delete',
    ({ params }) => `fabric delete ${params.fabric}`,
    async (tx, { params }, context) => {
      const number = await lockAll(tx, 'fabric');
      const old = await declaredByRef(tx, 'fabric', params.fabric);
      if (number === 1) {
        refuse('in_use', `${old.name} is the last fabric. Rule: there is one, so that VLANs have a place.`);
      }
      const vlans = (await listVlans(tx, { fabricId: old.id, limit: 11 })).items;
      accept(await contentsOf(tx, old, vlans));
      for (const vlan of vlans) {
        const gone = accept(await deleteVlan(tx, { key: vlan.id }));
        tx.emit({ kind: 'vlan.deleted', subject: vlanLabel(gone), data: { ...viewVlan(gone) } });
      }
      const row = accept(await deleteDeclared(tx, 'fabric', target(old.id, context)));
      const shown = viewDeclared<'fabric'>(old);
      tx.emit({ kind: 'fabric.deleted', subject: row.name, data: shown });
      return { body: shown };
    },
  ),
};

/** The database refuses as well; this names the objects that block the deletion. */
async function contentsOf(
  tx: Tx,
  fabric: FabricRow,
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

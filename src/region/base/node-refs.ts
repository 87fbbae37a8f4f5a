import { isRejected, refuse } from '../../core/errors.ts';
import * as racks from '../../store/queries/cluster/racks.ts';
import { findNode, listNodes, type NodeRow } from '../../store/queries/cluster/nodes.ts';
import type { Tx } from '../../store/tx.ts';
import { noSuch } from './refs.ts';
import { MASTER, masterOf, parseRackUuid } from '../../model/cluster/rack.ts';

/** The node that an operator names by id or name. */
export async function nodeByRef(tx: Tx, text: string): Promise<NodeRow> {
  const name = text.toLowerCase();
  const row = (await findNode(tx, { id: name })) ?? (await findNode(tx, { name }));
  return (
    row ??
    refuse(
      noSuch(
        'node',
        text,
        (await listNodes(tx, { limit: 11 })).items.map((node) => node.name),
      ),
    )
  );
}

/** The rack that an operator names by UUID, by name, or as "master". Null: the placeholder. */
export async function rackByRef(tx: Tx, text: string): Promise<racks.RackRow | null> {
  const rows = await racks.listRacks(tx);
  const name = text.toLowerCase();
  if (name === MASTER) return masterOf(rows);
  const uuid = parseRackUuid(text);
  const byUuid = isRejected(uuid) ? undefined : rows.find((row) => row.uuid === uuid);
  if (byUuid) return byUuid;
  const named = rows.filter((row) => row.name === name);
  // Only those that wait or were rejected may share a name.
  const [first, second] = named.some((row) => row.state === 'accepted')
    ? named.filter((row) => row.state === 'accepted')
    : named;
  if (!first)
    refuse(
      noSuch(
        'rack',
        text,
        rows.slice(0, 11).map((row) => row.name),
      ),
    );
  if (!second) return first;
  const uuids = named.slice(0, 10).map((row) => row.uuid);
  refuse('conflict', `Several racks are called ${name}. Give the UUID: ${uuids.join(', ')}.`);
}

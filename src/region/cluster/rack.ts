import type { Rack } from '../../contract/cluster/rack.ts';
import { accept, refuse } from '../../core/errors.ts';
import { parseHostLabel } from '../../model/names/names.ts';
import { MASTER, masterOf, parseRackKey } from '../../model/cluster/rack.ts';
import { revokeCertificatesOf } from '../../store/queries/cluster/certificates.ts';
import { findNode } from '../../store/queries/cluster/nodes.ts';
import { countMasterMachines, readNamedAttachments } from '../../store/queries/cluster/rack-views.ts';
import { vlansOfRack } from '../../store/queries/networks/vlans.ts';
import * as racks from '../../store/queries/cluster/racks.ts';
import type { Tx } from '../../store/tx.ts';
import type { WriteTx } from '../../store/write.ts';
import { pageBody, pageInMemory } from '../base/paging.ts';
import { admitRack, changingRacks, withdrawRack } from './trust/rack-node.ts';
import { some } from '../base/refs.ts';
import { type CaseContext, reading, target, writing } from '../base/use-case.ts';
import { rackByRef } from '../base/node-refs.ts';

type RackRow = racks.RackRow;

/** For so many minutes after `reset-key` without a key the rack's own node may bring one. */
const REKEY_MINUTES = 15;

const PLACEHOLDER: Omit<Rack, 'machines'> = {
  uuid: null,
  name: MASTER,
  state: 'accepted',
  isMaster: true,
  isPlaceholder: true,
  node: null,
  publicKey: null,
  mayRekey: false,
  registeredAt: null,
  acceptedAt: null,
  seenAt: null,
  source: null,
  vlans: [],
};

/** All racks; the placeholder first while nobody is accepted. */
async function viewAll(tx: Tx): Promise<Rack[]> {
  const rows = await racks.listRacks(tx);
  const master = masterOf(rows);
  const ofMaster = await countMasterMachines(tx);
  const vlans = Map.groupBy(await readNamedAttachments(tx), (attachment) => attachment.nodeId);
  const views = rows.map((row): Rack => {
    const isMaster = row.uuid === master?.uuid;
    const seen = row.state === 'accepted' && row.nodeId !== null ? (vlans.get(row.nodeId) ?? []) : [];
    return {
      uuid: row.uuid,
      name: row.name,
      state: row.state,
      isMaster,
      isPlaceholder: false,
      node: row.state === 'accepted' ? row.node : null,
      publicKey: row.publicKey,
      mayRekey: row.mayRekey,
      registeredAt: row.registeredAt,
      acceptedAt: row.acceptedAt,
      seenAt: row.seenAt,
      source: row.source,
      machines: Number(row.machines) + (isMaster ? ofMaster : 0),
      vlans: seen.map(({ vlan, interface: nic, addresses }) => ({ vlan, interface: nic, addresses: [...addresses] })),
    };
  });
  return master ? views : [{ ...PLACEHOLDER, machines: ofMaster }, ...views];
}

async function view(tx: Tx, uuid: string | null): Promise<Rack> {
  const found = (await viewAll(tx)).find((rack) => rack.uuid === uuid);
  if (!found) throw new Error('the rack that was just read is not there');
  return found;
}

/** As `rackByRef`, but a real rack: nothing is decided about the placeholder. */
async function realRack(tx: Tx, text: string): Promise<RackRow> {
  const row = await rackByRef(tx, text);
  if (row !== null) return row;
  refuse('conflict', 'The master is a placeholder and not a host: it stands in until a rack is accepted.');
}

export const rackCases = {
  'rack.list': reading('rack.list', async (tx, { query }) => {
    const wanted = (await viewAll(tx)).filter(
      (rack) =>
        (query?.state === undefined || rack.state === query.state) &&
        (query?.is_master === undefined || rack.isMaster === query.is_master) &&
        (query?.name === undefined || rack.name.includes(query.name.toLowerCase())),
    );
    const order = {
      sorts: {
        name: (rack: Rack) => rack.name,
        state: (rack: Rack) => rack.state,
        registered: (rack: Rack) => rack.registeredAt ?? '',
      },
      defaultSort: 'registered',
      key: (rack: Rack) => rack.uuid ?? '',
    };
    const page = accept(pageInMemory(wanted, order, query));
    return pageBody(page, (rack) => rack, query);
  }),

  'rack.show': reading('rack.show', async (tx, { params }) => {
    const row = await rackByRef(tx, params.rack);
    const body = await view(tx, row?.uuid ?? null);
    return row ? { body, version: row.version } : { body };
  }),

  'rack.accept': writing(
    'rack.accept',
    ({ params }) => `rack accept ${params.rack}`,
    (tx, { params, body }, context) =>
      changingRacks(tx, async () => {
        const old = await realRack(tx, params.rack);
        const name = accept(body.name === undefined ? old.name : parseHostLabel(body.name, 'name'));
        if (old.nodeId !== null && body.name !== undefined && name !== old.node)
          refuse('conflict', `The rack ${old.uuid} is the node ${old.node ?? old.name}; that name stays.`);
        if (old.state === 'accepted') return result(tx, old);
        const why = `${context.caller.user} accepted it.`;
        const row = await admitRack(tx, old, { name, why, ifVersion: context.ifMatch });
        return result(tx, row);
      }),
  ),

  'rack.reject': writing(
    'rack.reject',
    ({ params }) => `rack reject ${params.rack}`,
    (tx, { params }, context) =>
      changingRacks(tx, async () => {
        const old = await realRack(tx, params.rack);
        if (old.state === 'rejected') return result(tx, old);
        const vlans = await vlansOfRack(tx, old.uuid, 6);
        if (vlans.length > 0) {
          const why = 'Give them another rack first: regent vlan set VLAN --primary-rack RACK --secondary-rack RACK.';
          refuse('in_use', `The rack ${old.name} serves DHCP on ${some(vlans)}. ${why}`);
        }
        const row = accept(await racks.rejectRack(tx, target(old.uuid, context), await findRemainingNode(tx, old)));
        const released = await racks.releaseMachines(tx, old.uuid);
        accept(old.state === 'accepted' ? await withdrawRack(tx, old) : null);
        tx.emit({ kind: 'rack.rejected', subject: row.name, data: { uuid: row.uuid, before: old.state, released } });
        return result(tx, row);
      }),
  ),

  'rack.reset-key': writing(
    'rack.reset-key',
    ({ params, body }) => `rack reset-key ${params.rack}${body.publicKey === undefined ? '' : ` ${body.publicKey}`}`,
    (tx, { params, body }, context) =>
      changingRacks(tx, async () => {
        const old = await realRack(tx, params.rack);
        if (body.publicKey !== undefined) {
          const rekeyed = await giveKey(tx, old, body.publicKey, context);
          return result(tx, rekeyed);
        }
        const row = accept(await racks.allowRekey(tx, target(old.uuid, context), REKEY_MINUTES));
        tx.emit({ kind: 'rack.key_reset', subject: row.name, data: { uuid: row.uuid, minutes: REKEY_MINUTES } });
        return result(tx, row);
      }),
  ),

  'rack.delete': writing(
    'rack.delete',
    ({ params }) => `rack delete ${params.rack}`,
    (tx, { params }, context) =>
      changingRacks(tx, async () => {
        const old = await realRack(tx, params.rack);
        if (old.state === 'accepted') {
          const why = 'Reject it first: then its host stops what it serves.';
          refuse('in_use', `The rack ${old.name} (${old.uuid}) is accepted. ${why}`);
        }
        const body = await view(tx, old.uuid);
        const released = await racks.releaseMachines(tx, old.uuid);
        const row = accept(await racks.deleteRack(tx, target(old.uuid, context)));
        // Its UUID is free from now on: what its host shows must not count for the next one that has it.
        if (!(await findNode(tx, { id: old.uuid }))) await revokeCertificatesOf(tx, old.uuid, 'its rack was deleted');
        tx.emit({ kind: 'rack.deleted', subject: row.name, data: { uuid: row.uuid, before: old.state, released } });
        return { body };
      }),
  ),
};

/** The key that an admin names is the rack's at once. What the host of the old key shows counts no more. */
async function giveKey(tx: WriteTx, old: RackRow, text: string, context: CaseContext): Promise<RackRow> {
  const publicKey = accept(parseRackKey(text));
  const other = (await racks.listRacks(tx)).find((rack) => rack.publicKey === publicKey && rack.uuid !== old.uuid);
  if (other) refuse('conflict', `The rack ${other.name} (${other.uuid}) has this key. Rule: each rack has its own.`);
  if (old.publicKey === publicKey) return old;
  const row = accept(await racks.setRackKey(tx, target(old.uuid, context), publicKey));
  // The certificate of a region node is not that of its rack.
  if (row.nodeId === row.uuid) await revokeCertificatesOf(tx, row.uuid, 'an admin gave the rack another key');
  tx.emit({ kind: 'rack.rekeyed', subject: row.name, data: { uuid: row.uuid, source: context.caller.user } });
  return row;
}

/** A region node stays a node, and the rack on it is found again by it; of other racks no node remains. */
async function findRemainingNode(tx: Tx, rack: RackRow): Promise<string | null> {
  const node = rack.nodeId === null ? null : await findNode(tx, { id: rack.nodeId });
  return node?.isRegion ? node.id : null;
}

async function result(tx: Tx, row: RackRow) {
  return { body: await view(tx, row.uuid), version: row.version };
}

import type { Vlan, VlanServer } from '../../contract/networks/vlan.ts';
import { accept, invalid, refuse } from '../../core/errors.ts';
import { parseMtu } from '../../model/machines/interfaces/settings.ts';
import { parseTitle } from '../../model/names/names.ts';
import { checkRelay, parseVid } from '../../model/networks/vlan.ts';
import { findFirst } from '../../store/declared/rows.ts';
import { readPools } from '../../store/queries/networks/pool-use.ts';
import { listSubnets } from '../../store/queries/networks/subnets.ts';
import * as vlans from '../../store/queries/networks/vlans.ts';
import { type NamedAttachment, readNamedAttachments } from '../../store/queries/cluster/rack-views.ts';
import { readServingSite } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';
import { readSeenNodes } from '../base/seen.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch, some } from '../base/refs.ts';
import { type CasePorts, reading, target, writing } from '../base/use-case.ts';
import { checkLeasesStay, pairColumns, readServing } from './dhcp/pair-rules.ts';
import { lockAll, readProposal, viewProposal } from './dhcp/pairing.ts';
import { viewPools } from './dhcp/pool-use.ts';
import { checkVlanCanServe } from './dhcp/range-rules.ts';
import { vlanServers } from './dhcp/servers.ts';
import { declaredByRef } from '../base/declared.ts';
import { vlanByRef, vlanLabel } from './network-refs.ts';

type VlanRow = vlans.VlanRow;

/** Where racks stand, and who serves, of VLANs, this one or others. */
interface VlanServing {
  readonly attachments: readonly NamedAttachment[];
  readonly servers: ReadonlyMap<number, VlanServer>;
}

/** A VLAN as the wire shows it. */
export function viewVlan(
  row: VlanRow,
  { attachments, servers }: VlanServing = { attachments: [], servers: new Map() },
): Vlan {
  const racks = attachments
    .filter((attachment) => attachment.isRack && attachment.vlanId === row.id)
    .map(({ node, interface: card, addresses }) => ({ node, interface: card, addresses: [...addresses] }));
  const { id, name, vid, fabric, fabricId, space, spaceId, dhcpOn, dnsOn, relayVlan, primaryRack, secondaryRack } = row;
  const plain = { id, name, vid, fabric, fabricId, space, spaceId, dhcpOn, dnsOn, relayVlan };
  return {
    ...plain,
    primaryRack,
    secondaryRack,
    server: servers.get(id) ?? null,
    racks,
    enlistOn: row.enlistOn,
    mtu: row.mtu,
  };
}

/** Where racks stand and who serves now, of all VLANs. */
async function readVlanServing(tx: Tx, context: CasePorts): Promise<VlanServing> {
  const site = await readServingSite(tx);
  const known = site.vlans.some((vlan) => vlan.dhcpOn) ? await readSeenNodes(tx, context) : [];
  return { attachments: await readNamedAttachments(tx), servers: vlanServers(site, known, context.clock.now()) };
}

/** The relay VLAN that is meant, as a column; undefined stays as it is. */
async function relayOf(tx: Tx, vlan: VlanRow, text: string | null | undefined): Promise<number | null | undefined> {
  if (text === undefined || text === null) return text;
  const relay = await vlanByRef(tx, text);
  const refusal = checkRelay(
    { id: vlan.id, name: vlanLabel(vlan) },
    { ...relay, name: vlanLabel(relay) },
    {
      subnets: (await listSubnets(tx, { vlanId: relay.id, limit: 1000 })).items,
      relayed: await vlans.relayedTo(tx, vlan.id, 3),
    },
  );
  return accept(refusal ?? relay.id);
}

export const vlanCases = {
  'vlan.list': reading('vlan.list', async (tx, { query }, context) => {
    const fabric = query?.fabric === undefined ? undefined : await declaredByRef(tx, 'fabric', query.fabric);
    const space = query?.space === undefined ? undefined : await declaredByRef(tx, 'space', query.space);
    const page = await vlans.listVlans(tx, {
      limit: query?.limit,
      cursor: query?.cursor,
      sort: query?.sort,
      name: query?.name,
      fabricId: fabric?.id,
      spaceId: space?.id,
      dhcpOn: query?.dhcp_on,
    });
    const serving = await readVlanServing(tx, context);
    return pageBody(page, (row) => viewVlan(row, serving), query);
  }),

  'vlan.show': reading('vlan.show', async (tx, { params }, context) => {
    const row = await vlanByRef(tx, params.vlan);
    const pools = viewPools(await readPools(tx, { vlanId: row.id }), context.clock.now());
    return { body: { ...viewVlan(row, await readVlanServing(tx, context)), pools }, version: row.version };
  }),

  'vlan.create': writing(
    'vlan.create',
    ({ body }) => `vlan create ${body.vid}`,
    async (tx, { body }) => {
      const vid = accept(parseVid(body.vid));
      const name = accept(parseTitle(body.name ?? `vlan-${vid}`));
      const fabric = accept(
        body.fabric === undefined
          ? ((await findFirst(tx, 'fabric')) ?? noSuch('fabric', 'first'))
          : await declaredByRef(tx, 'fabric', body.fabric),
      );
      const space = body.space === undefined ? null : await declaredByRef(tx, 'space', body.space);
      const mtu = accept(body.mtu === undefined ? undefined : parseMtu(body.mtu));
      const wanted = { fabricId: fabric.id, name, vid, spaceId: space?.id ?? null, dnsOn: body.dnsOn, mtu };
      const row = await vlans.createVlan(tx, wanted);
      tx.emit({ kind: 'vlan.created', subject: vlanLabel(row), data: { ...viewVlan(row) } });
      return { body: viewVlan(row), version: row.version };
    },
  ),

  'vlan.set': writing(
    'vlan.set',
    ({ params }) => `vlan set ${params.vlan}`,
    async (tx, { params, body }, context) => {
      const old = await vlanByRef(tx, params.vlan);
      const name = accept(body.name === undefined ? undefined : parseTitle(body.name));
      const vid = accept(body.vid === undefined ? undefined : parseVid(body.vid));
      if (vid !== undefined && vid !== old.vid && old.vid === 0) {
        refuse(invalid('vid', `${vlanLabel(old)} is the untagged VLAN of its fabric`, 'it keeps the VID 0'));
      }
      const mtu = accept(body.mtu === undefined ? undefined : parseMtu(body.mtu));
      const space = typeof body.space === 'string' ? await declaredByRef(tx, 'space', body.space) : body.space;
      accept(await vlans.lockVlan(tx, target(old.id, context)));
      const relayVlanId = await relayOf(tx, old, body.relayVlan);
      const pair = await pairColumns(tx, old, body);
      const serving = await readServing(tx, context);
      accept(body.dhcpOn === true && !old.dhcpOn ? await checkVlanCanServe(tx, old.id) : null);
      const row = accept(
        await vlans.updateVlan(
          tx,
          { key: old.id },
          {
            name,
            vid,
            spaceId: space === null ? null : space?.id,
            dhcpOn: body.dhcpOn,
            dnsOn: body.dnsOn,
            enlistOn: body.enlistOn,
            mtu,
            relayVlanId,
            ...pair,
          },
        ),
      );
      accept(
        row.dhcpOn && old.dhcpOn
          ? await checkLeasesStay(tx, row, { before: serving, after: await readServing(tx, context) })
          : null,
      );
      const shown = viewVlan(row, await readVlanServing(tx, context));
      tx.emit({ kind: 'vlan.changed', subject: vlanLabel(row), data: { ...shown } });
      return { body: shown, version: row.version };
    },
  ),

  'vlan.delete': writing(
    'vlan.delete',
    ({ params }) => `vlan delete ${params.vlan}`,
    async (tx, { params }, context) => {
      const old = await vlanByRef(tx, params.vlan);
      if (old.vid === 0) {
        refuse('in_use', `${vlanLabel(old)} is the untagged VLAN of its fabric. Rule: it lives as long as the fabric.`);
      }
      const users = await vlans.usersOfVlan(tx, old.id, 6);
      if (users.length > 0) {
        refuse('in_use', `${vlanLabel(old)} is used by ${some(users)}. Move or delete these first.`);
      }
      const row = accept(await vlans.deleteVlan(tx, target(old.id, context)));
      tx.emit({ kind: 'vlan.deleted', subject: vlanLabel(row), data: { ...viewVlan(row) } });
      return { body: viewVlan(row) };
    },
  ),
};

/** Pairs of racks for all VLANs at once. */
export const pairingCases = {
  'pairing.propose': reading('pairing.propose', async (tx, _input, context) => ({
    body: viewProposal(await readProposal(tx, context)),
  })),

  'pairing.apply': writing(
    'pairing.apply',
    () => 'pairing apply',
    async (tx, { body }, context) => {
      accept(await lockAll(tx));
      const proposal = await readProposal(tx, context);
      const shown = viewProposal(proposal);
      if (body.digest !== undefined && body.digest !== shown.digest) {
        refuse(
          'conflict',
          'The proposal has changed, because racks, VLANs or leases have changed. Rule: only the current proposal can be applied. See regent pairing propose.',
        );
      }
      const before = await readServing(tx, context);
      const rows: VlanRow[] = [];
      for (const { vlan, after } of proposal.plan.changes) {
        const pair = { primaryRackId: after.primary, secondaryRackId: after.secondary };
        const row = accept(await vlans.updateVlan(tx, { key: vlan }, pair));
        rows.push(row);
      }
      const after = await readServing(tx, context);
      for (const row of proposal.vlans.values()) {
        accept(row.dhcpOn ? await checkLeasesStay(tx, row, { before, after }) : null);
      }
      const serving = await readVlanServing(tx, context);
      for (const row of rows) {
        tx.emit({ kind: 'vlan.changed', subject: vlanLabel(row), data: { ...viewVlan(row, serving) } });
      }
      return { body: shown };
    },
  ),
};

import type { Lease } from '../../contract/networks/lease.ts';
import type { VlanServer } from '../../contract/networks/vlan.ts';
import { accept, refuse } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { parseMac } from '../../model/machines/machine.ts';
import { dropHeld, findHeld, type HeldAddress } from '../../store/queries/networks/held-addresses.ts';
import { requestLeaseEnd } from '../../store/queries/networks/lease-ends.ts';
import * as leases from '../../store/queries/networks/leases.ts';
import { raiseObserved } from '../../store/queries/base/watermark.ts';
import { readServingSite } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';
import { readSeenNodes } from '../base/seen.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch } from '../base/refs.ts';
import { type CasePorts, reading, writing } from '../base/use-case.ts';
import { vlanServers } from './dhcp/servers.ts';
import { subnetByRef, vlanByRef } from './network-refs.ts';
import { nodeByRef } from '../base/node-refs.ts';

type Servers = ReadonlyMap<number, VlanServer>;

function view({ isStatic, ...row }: leases.LeaseRow, servers: Servers): Lease {
  const { address, subnet, subnetId, vlan, vlanId, mac, clientId, hostname, machine, state } = row;
  const kind = isStatic ? 'static' : 'dynamic';
  const where = { address, subnet, subnetId, vlan, vlanId, ...sidesOf(row, servers.get(vlanId ?? -1)) };
  return { ...where, mac, clientId, hostname, machine, kind, state, startsAt: row.startsAt, expiresAt: row.expiresAt };
}

/** Who has a lease: of a pair the side that serves counts, when it has it, and the other one is its partner. */
function sidesOf({ node, heldBy }: Pick<leases.LeaseRow, 'node' | 'heldBy'>, server: VlanServer | undefined) {
  const sides = server ? [server.servedBy, server.primary, server.secondary] : [];
  const serving = sides.find((side) => side !== null && heldBy.includes(side)) ?? node;
  const partner = [server?.primary, server?.secondary].find((side) => side != null && side !== serving) ?? null;
  return { node: serving, heldBy: [...heldBy], partner: server?.secondary == null ? null : partner };
}

/** An address that the system on a machine still has, although its record does not: nobody serves it, and nobody else gets it. */
function heldLease({ address, machine, since }: HeldAddress, state: Lease['state']): Lease {
  const nowhere = { subnet: null, subnetId: null, vlan: null, vlanId: null, node: '', heldBy: [], partner: null };
  const client = { mac: null, clientId: null, hostname: '', machine };
  return { address, ...nowhere, ...client, kind: 'static', state, startsAt: since, expiresAt: since };
}

/** Who serves the VLANs now. */
async function readServers(tx: Tx, context: CasePorts): Promise<Servers> {
  const site = await readServingSite(tx);
  const known = site.vlans.some((vlan) => vlan.dhcpOn) ? await readSeenNodes(tx, context) : [];
  return vlanServers(site, known, context.clock.now());
}

export const leaseCases = {
  'lease.list': reading('lease.list', async (tx, { query }, context) => {
    const subnet = query?.subnet === undefined ? undefined : await subnetByRef(tx, query.subnet);
    const vlan = query?.vlan === undefined ? undefined : await vlanByRef(tx, query.vlan);
    const node = query?.node === undefined ? undefined : await nodeByRef(tx, query.node);
    const mac = accept(query?.mac === undefined ? undefined : parseMac(query.mac));
    const address = accept(query?.address === undefined ? undefined : parseAddress(query.address));
    const page = await leases.listLeases(tx, {
      limit: query?.limit,
      cursor: query?.cursor,
      sort: query?.sort,
      subnetId: subnet?.id,
      vlanId: vlan?.id,
      node: node?.name,
      mac,
      address: address && formatAddress(address),
      hostname: query?.hostname,
      state: query?.state,
    });
    const servers = await readServers(tx, context);
    return pageBody(page, (row) => view(row, servers), query);
  }),

  'lease.show': reading('lease.show', async (tx, { params }, context) => {
    const address = accept(parseAddress(params.address, 'address'));
    const held = await findHeld(tx, formatAddress(address));
    if (held !== null) return { body: heldLease(held, 'active') };
    const row = await leases.findLease(tx, formatAddress(address));
    return row ? { body: view(row, await readServers(tx, context)) } : refuse(noSuch('lease', params.address));
  }),

  'lease.release': writing(
    'lease.release',
    ({ params }) => `lease release ${params.address}`,
    async (tx, { params }, context) => {
      const address = accept(parseAddress(params.address, 'address'));
      const held = await dropHeld(tx, formatAddress(address));
      if (held !== null)
        tx.emit({ kind: 'address.freed', subject: held.address, data: { machine: held.machine, since: held.since } });
      const row = await leases.findLease(tx, formatAddress(address));
      if (held !== null && (row === null || row.state === 'expired')) return { body: heldLease(held, 'expired') };
      if (!row) refuse(noSuch('lease', params.address));
      // The newest report may come from a rack that has ended the lease already, while its partner still has it.
      if (row.state === 'expired' && row.heldBy.length === 0) {
        refuse('not_found', `The lease of ${row.address} has ended already (${row.expiresAt}).`);
      }
      await requestLeaseEnd(tx, row);
      await raiseObserved(tx);
      tx.emit({ kind: 'lease.released', subject: row.address, data: { mac: row.mac, node: row.node } });
      return { body: view(row, await readServers(tx, context)) };
    },
  ),
};

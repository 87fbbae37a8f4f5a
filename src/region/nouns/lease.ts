import type { Lease } from '../../contract/network/lease.ts';
import { isRejected, rejected } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { parseMac } from '../../model/machine.ts';
import { requestLeaseEnd } from '../../store/queries/network/lease-ends.ts';
import * as leases from '../../store/queries/leases.ts';
import { raiseObserved } from '../../store/queries/place.ts';
import { pageBody } from '../paging.ts';
import { noSuch } from '../refs.ts';
import { glancing, writing } from '../use-case.ts';
import { subnetByRef, vlanByRef } from './network-refs.ts';
import { nodeByRef } from './node.ts';

function view({ isStatic, ...row }: leases.LeaseRow): Lease {
  const { address, subnet, subnetId, vlan, vlanId, node, mac, clientId, hostname, machine, state } = row;
  const kind = isStatic ? 'static' : 'dynamic';
  const where = { address, subnet, subnetId, vlan, vlanId, node };
  return { ...where, mac, clientId, hostname, machine, kind, state, startsAt: row.startsAt, expiresAt: row.expiresAt };
}

export const leaseCases = {
  'lease.list': glancing('lease.list', async (tx, { query }) => {
    const subnet = query?.subnet === undefined ? undefined : await subnetByRef(tx, query.subnet);
    if (isRejected(subnet)) return subnet;
    const vlan = query?.vlan === undefined ? undefined : await vlanByRef(tx, query.vlan);
    if (isRejected(vlan)) return vlan;
    const node = query?.node === undefined ? undefined : await nodeByRef(tx, query.node);
    if (isRejected(node)) return node;
    const mac = query?.mac === undefined ? undefined : parseMac(query.mac);
    if (isRejected(mac)) return mac;
    const address = query?.address === undefined ? undefined : parseAddress(query.address);
    if (isRejected(address)) return address;
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
    return pageBody(page, view, query);
  }),

  'lease.show': glancing('lease.show', async (tx, { params }) => {
    const address = parseAddress(params.address, 'address');
    if (isRejected(address)) return address;
    const row = await leases.findLease(tx, formatAddress(address));
    return row ? { body: view(row) } : noSuch('lease', params.address);
  }),

  'lease.release': writing(
    'lease.release',
    ({ params }) => `lease release ${params.address}`,
    async (tx, { params }) => {
      const address = parseAddress(params.address, 'address');
      if (isRejected(address)) return address;
      const row = await leases.findLease(tx, formatAddress(address));
      if (!row) return noSuch('lease', params.address);
      if (row.state === 'expired') {
        return rejected('not_found', `The lease of ${row.address} has ended already (${row.expiresAt}).`);
      }
      await requestLeaseEnd(tx, row);
      await raiseObserved(tx);
      tx.emit({ kind: 'lease.released', subject: row.address, data: { mac: row.mac, node: row.node } });
      return { body: view(row) };
    },
  ),
};

import type { Subnet, Vlan } from '../../contract/subnet.ts';
import { isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { formatNetwork } from '../../core/ip.ts';
import { parseTitle } from '../../model/names.ts';
import { checkNoOverlap, parseSubnetCidr } from '../../model/subnet.ts';
import { listMachines } from '../../store/queries/machines.ts';
import * as subnets from '../../store/queries/subnets.ts';
import * as vlans from '../../store/queries/vlans.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../paging.ts';
import { networkText, noSuch, parseRef } from '../refs.ts';
import { glancing, reading, target, writing } from '../use-case.ts';

type Row = subnets.SubnetRow;

function view({ id, name, cidr, vlan, vlanId, dnsOn, used }: Row): Subnet {
  return { id, name, cidr, vlan, vlanId, dnsOn, used };
}

function viewVlan({ id, name, vid }: vlans.VlanRow): Vlan {
  return { id, name, vid };
}

/** The subnet that an operator names by id, CIDR or name. */
export async function subnetByRef(tx: Tx, text: string): Promise<Row | Rejected> {
  const ref = parseRef(text);
  const cidr = networkText(text);
  const row = await subnets.findSubnet(tx, 'id' in ref ? ref : cidr === null ? { name: text } : { cidr });
  return row ?? noSuch('subnet', text, await subnetCidrs(tx));
}

/** Some subnets that exist, for error texts. */
export async function subnetCidrs(tx: Tx): Promise<string[]> {
  return (await subnets.listSubnets(tx, { limit: 11, sort: 'cidr' })).items.map((subnet) => subnet.cidr);
}

/** The VLAN that an operator names: a number is first a VID, then an id; anything else is a name. */
export async function vlanByRef(tx: Tx, text: string): Promise<vlans.VlanRow | Rejected> {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : null;
  const row =
    number === null
      ? await vlans.findVlan(tx, { name: text })
      : ((await vlans.findVlan(tx, { vid: number })) ?? (await vlans.findVlan(tx, { id: number })));
  return (
    row ??
    noSuch(
      'VLAN',
      text,
      (await vlans.listVlans(tx, { limit: 11 })).items.map((vlan) => vlan.name),
    )
  );
}

export const subnetCases = {
  'vlan.list': glancing('vlan.list', async (tx, { query }) =>
    pageBody(await vlans.listVlans(tx, { ...query }), viewVlan, query),
  ),

  'subnet.list': reading('subnet.list', async (tx, { query }) => {
    const vlan = query?.vlan === undefined ? undefined : await vlanByRef(tx, query.vlan);
    if (isRejected(vlan)) return vlan;
    const network = query?.cidr === undefined ? undefined : parseSubnetCidr(query.cidr);
    if (isRejected(network)) return network;
    const page = await subnets.listSubnets(tx, {
      limit: query?.limit,
      cursor: query?.cursor,
      sort: query?.sort,
      name: query?.name,
      cidr: network ? formatNetwork(network) : undefined,
      vlanId: vlan?.id,
      dnsOn: query?.dns_on,
    });
    return pageBody(page, view, query);
  }),

  'subnet.show': glancing('subnet.show', async (tx, { params }) => {
    const row = await subnetByRef(tx, params.subnet);
    return isRejected(row) ? row : { body: view(row), version: row.version };
  }),

  'subnet.create': writing(
    'subnet.create',
    ({ body }) => `subnet create ${body.cidr}`,
    async (tx, { body }) => {
      const network = parseSubnetCidr(body.cidr);
      if (isRejected(network)) return network;
      const cidr = formatNetwork(network);
      const name = parseTitle(body.name ?? cidr);
      if (isRejected(name)) return name;
      const vlan = await vlanByRef(tx, body.vlan ?? '0');
      if (isRejected(vlan)) return vlan;
      const refusal = checkNoOverlap(network, await allSubnets(tx));
      if (refusal) return refusal;
      const row = await subnets.createSubnet(tx, { vlanId: vlan.id, name, cidr, dnsOn: body.dnsOn ?? true });
      tx.emit({ kind: 'subnet.created', subject: row.cidr, data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'subnet.set': writing(
    'subnet.set',
    ({ params }) => `subnet set ${params.subnet}`,
    async (tx, { params, body }, context) => {
      const old = await subnetByRef(tx, params.subnet);
      if (isRejected(old)) return old;
      const name = body.name === undefined ? old.name : parseTitle(body.name);
      if (isRejected(name)) return name;
      const vlan = body.vlan === undefined ? null : await vlanByRef(tx, body.vlan);
      if (isRejected(vlan)) return vlan;
      if (vlan && vlan.id !== old.vlanId && old.used > 0) {
        return rejected(
          'in_use',
          `${old.cidr} has ${old.used} addresses of machines on ${old.vlan}. Move them before the subnet changes its VLAN.`,
        );
      }
      const row = await subnets.updateSubnet(tx, target(old.id, context), {
        name,
        vlanId: vlan?.id ?? old.vlanId,
        dnsOn: body.dnsOn ?? old.dnsOn,
      });
      if (isRejected(row)) return row;
      tx.emit({ kind: 'subnet.changed', subject: row.cidr, data: { ...view(row) } });
      return { body: view(row), version: row.version };
    },
  ),

  'subnet.delete': writing(
    'subnet.delete',
    ({ params }) => `subnet delete ${params.subnet}`,
    async (tx, { params }, context) => {
      const old = await subnetByRef(tx, params.subnet);
      if (isRejected(old)) return old;
      const user = (await listMachines(tx, { subnetId: old.id, limit: 1 })).items[0];
      if (user) {
        return rejected(
          'in_use',
          `${old.cidr} has ${old.used} addresses of machines, such as ${user.fqdn}. Take them away first.`,
        );
      }
      const row = await subnets.deleteSubnet(tx, target(old.id, context));
      if (isRejected(row)) return row;
      tx.emit({ kind: 'subnet.deleted', subject: row.cidr, data: { ...view(row) } });
      return { body: view(row) };
    },
  ),
};

async function allSubnets(tx: Tx): Promise<Row[]> {
  const all: Row[] = [];
  let cursor: string | undefined;
  do {
    const page = await subnets.listSubnets(tx, { limit: 1000, ...(cursor ? { cursor } : {}) });
    all.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return all;
}

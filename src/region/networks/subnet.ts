import type { Subnet, SubnetCreate, SubnetSet } from '../../contract/networks/subnet.ts';
import { accept, invalid, isRejected, refuse, type Rejected, rejected } from '../../core/errors.ts';
import { contains, formatAddress, formatNetwork, type Network, parseAddress, parseNetwork } from '../../core/ip.ts';
import { parseTitle } from '../../model/names/names.ts';
import type { Settings } from '../../model/site/settings.ts';
import { describeReverseZones } from '../../model/names/reverse.ts';
import { parseDhcpOptions } from '../../model/networks/dhcp/dhcp-option.ts';
import { parseLeaseTime } from '../../model/site/settings.ts';
import {
  checkNoOverlap,
  parseBootFile,
  parseBootServer,
  parseGateway,
  parseResolvers,
  parseSubnetCidr,
} from '../../model/networks/subnet.ts';
import { allRows } from '../../store/page.ts';
import { liveLeases } from '../../store/queries/networks/leases.ts';
import { listMachines } from '../../store/queries/machines/machines.ts';
import { countLeasesBySubnet } from '../../store/queries/networks/address-users.ts';
import { readPools } from '../../store/queries/networks/pool-use.ts';
import { rangesOf } from '../../store/queries/networks/ranges.ts';
import { listReservations } from '../../store/queries/networks/reservations.ts';
import * as subnets from '../../store/queries/networks/subnets.ts';
import { lockVlan, type VlanRow } from '../../store/queries/networks/vlans.ts';
import { readSettings } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody } from '../base/paging.ts';
import { reading, target, writing } from '../base/use-case.ts';
import { checkNotFloating, checkUnclaimed, describeLease } from './address-rules.ts';
import { viewPools } from './dhcp/pool-use.ts';
import { checkVlanKeepsRange } from './dhcp/range-rules.ts';
import { firstVlan, subnetByRef, vlanByRef, vlanLabel } from './network-refs.ts';

type SubnetRow = subnets.SubnetRow;

function view(row: SubnetRow, settings: Settings): Subnet {
  const network = parseNetwork(row.cidr);
  const reverse = isRejected(network) ? network.message : describeReverseZones(network, settings);
  const { id, name, cidr, vlan, vlanId, gateway, resolvers, isManaged, dnsOn, proxyOn, used, dynamic } = row;
  const { dhcpOptions, leaseTime, bootServer, bootFile, ignoreUnknown } = row;
  return {
    id,
    name,
    cidr,
    vlan,
    vlanId,
    gateway,
    resolvers: [...resolvers],
    managed: isManaged,
    dnsOn,
    proxyOn,
    dhcpOptions: [...dhcpOptions],
    leaseTime,
    bootServer,
    bootFile,
    ignoreUnknown,
    used,
    dynamic,
    reverse,
  };
}

/** What may be set of a subnet, read; missing members stay missing. */
function readOffer(body: SubnetCreate | SubnetSet, cidr: string) {
  const name = accept(body.name === undefined ? undefined : parseTitle(body.name));
  const gateway = accept(typeof body.gateway === 'string' ? parseGateway(body.gateway, { cidr }) : body.gateway);
  const resolvers = accept(body.resolvers === undefined ? undefined : parseResolvers(body.resolvers, { cidr }));
  const options = readDhcpFields(body, cidr);
  return { ...options, name, gateway, resolvers, isManaged: body.managed, dnsOn: body.dnsOn, proxyOn: body.proxyOn };
}

/** The DHCP fields of the body, read. */
function readDhcpFields(body: SubnetCreate | SubnetSet, cidr: string) {
  const { ignoreUnknown } = body;
  const dhcpOptions = accept(body.dhcpOptions === undefined ? undefined : parseDhcpOptions(body.dhcpOptions));
  const leaseTime = accept(
    typeof body.leaseTime === 'number' ? parseLeaseTime(body.leaseTime, 'leaseTime') : body.leaseTime,
  );
  const bootServer = accept(typeof body.bootServer === 'string' ? parseBootServer(body.bootServer) : body.bootServer);
  const bootFile = accept(typeof body.bootFile === 'string' ? parseBootFile(body.bootFile) : body.bootFile);
  const options = { dhcpOptions, leaseTime, bootServer, bootFile, ignoreUnknown };
  const hasOptions = [leaseTime, bootServer, bootFile].some((value) => value !== undefined && value !== null);
  if ((hasOptions || ignoreUnknown === true || (dhcpOptions ?? []).length > 0) && cidr.includes(':')) {
    refuse(invalid('dhcpOptions', `${cidr} is an IPv6 subnet`, 'DHCP serves IPv4 subnets'));
  }
  return options;
}

export const subnetCases = {
  'subnet.list': reading('subnet.list', async (tx, { query }) => {
    const vlan = query?.vlan === undefined ? undefined : await vlanByRef(tx, query.vlan);
    const network = accept(query?.cidr === undefined ? undefined : parseNetwork(query.cidr));
    const page = await subnets.listSubnets(tx, {
      limit: query?.limit,
      cursor: query?.cursor,
      sort: query?.sort,
      name: query?.name,
      cidr: network ? formatNetwork(network) : undefined,
      vlanId: vlan?.id,
      dnsOn: query?.dns_on,
    });
    const settings = await readSettings(tx);
    const leased = await countLeasesBySubnet(tx);
    return pageBody(page, (row) => ({ ...view(row, settings), leased: leased.get(row.id) ?? 0 }), query);
  }),

  'subnet.show': reading('subnet.show', async (tx, { params }, context) => {
    const row = await subnetByRef(tx, params.subnet);
    const [pools] = viewPools(await readPools(tx, { subnetId: row.id }), context.clock.now());
    return { body: { ...view(row, await readSettings(tx)), ...(pools ? { pools } : {}) }, version: row.version };
  }),

  'subnet.create': writing(
    'subnet.create',
    ({ body }) => `subnet create ${body.cidr}`,
    async (tx, { body }) => {
      const network = accept(parseSubnetCidr(body.cidr));
      const cidr = formatNetwork(network);
      const offer = readOffer(body, cidr);
      const vlan = await (body.vlan === undefined ? firstVlan(tx) : vlanByRef(tx, body.vlan));
      accept(
        checkNoOverlap(network, await allRows((page) => subnets.listSubnets(tx, page))) ??
          (typeof offer.gateway === 'string' ? await checkNotFloating(tx, offer.gateway) : null),
      );
      const row = await subnets.createSubnet(tx, { ...offer, vlanId: vlan.id, name: offer.name ?? cidr, cidr });
      const shown = view(row, await readSettings(tx));
      tx.emit({ kind: 'subnet.created', subject: row.cidr, data: { ...shown } });
      return { body: shown, version: row.version };
    },
  ),

  'subnet.set': writing(
    'subnet.set',
    ({ params }) => `subnet set ${params.subnet}`,
    async (tx, { params, body }, context) => {
      const old = await subnetByRef(tx, params.subnet);
      const network = accept(body.cidr === undefined ? null : parseSubnetCidr(body.cidr));
      const cidr = network ? formatNetwork(network) : old.cidr;
      const isResized = cidr !== old.cidr;
      const offer = readOffer(body, cidr);
      const vlan = body.vlan === undefined ? null : await vlanByRef(tx, body.vlan);
      accept(
        (vlan && vlan.id !== old.vlanId ? await checkMove(tx, old, vlan) : null) ??
          (await subnets.lockSubnet(tx, target(old.id, context))) ??
          (network && isResized ? await checkResize(tx, old, network, offer.gateway) : null) ??
          (await checkGateway(tx, { ...old, cidr }, offer.gateway)),
      );
      // A subnet that nobody gave a name is called what it is.
      const name = offer.name ?? (old.name === old.cidr ? cidr : undefined);
      // A write of the size checks the contents again, so the size is written only if it changed.
      const resized = isResized ? { cidr, name } : {};
      const row = accept(await subnets.updateSubnet(tx, { key: old.id }, { ...offer, ...resized, vlanId: vlan?.id }));
      const shown = view(row, await readSettings(tx));
      tx.emit({ kind: 'subnet.changed', subject: row.cidr, data: { ...shown } });
      return { body: shown, version: row.version };
    },
  ),

  'subnet.delete': writing(
    'subnet.delete',
    ({ params }) => `subnet delete ${params.subnet}`,
    async (tx, { params }, context) => {
      const old = await subnetByRef(tx, params.subnet);
      accept(await contentsOf(tx, old));
      const row = accept(await subnets.deleteSubnet(tx, target(old.id, context)));
      const shown = view(row, await readSettings(tx));
      tx.emit({ kind: 'subnet.deleted', subject: row.cidr, data: { ...shown } });
      return { body: shown };
    },
  ),
};

/** A machine's interface is on the VLAN of its addresses, and a client keeps its lease where it got it: neither may be left behind. */
async function checkMove(tx: Tx, subnet: SubnetRow, to: VlanRow): Promise<Rejected | null> {
  const from = vlanLabel({ fabric: subnet.fabric, name: subnet.vlan });
  const refusal = (await lockVlan(tx, { key: subnet.vlanId })) ?? (await subnets.lockSubnet(tx, { key: subnet.id }));
  if (refusal) return refusal;
  const user = (await listMachines(tx, { subnetId: subnet.id, limit: 1 })).items[0];
  if (user) {
    return rejected(
      'in_use',
      `${subnet.cidr} has addresses of machines, such as ${user.fqdn}, on ${from}. Move them before the subnet goes to ${vlanLabel(to)}.`,
    );
  }
  const leased = await describeLeases(tx, subnet);
  if (leased) {
    return rejected(
      'in_use',
      `${subnet.cidr} is leased on ${from}: ${leased.who}. Switch DHCP off there. ${leased.rule}`,
    );
  }
  return checkVlanKeepsRange(tx, subnet.vlanId, (range) => range.subnetId === subnet.id);
}

/** What a subnet holds stays in it: this checks gateway and leases, the database checks addresses and ranges. */
async function checkResize(
  tx: Tx,
  subnet: SubnetRow,
  network: Network,
  gateway: string | null | undefined,
): Promise<Rejected | null> {
  const all = await allRows((page) => subnets.listSubnets(tx, page));
  const overlap = checkNoOverlap(
    network,
    all.filter(({ id }) => id !== subnet.id),
  );
  if (overlap) return overlap;
  const cidr = formatNetwork(network);
  const isOutside = (text: string) => {
    const address = parseAddress(text, 'address');
    return isRejected(address) || !contains(network, address);
  };
  if (gateway === undefined && subnet.gateway !== null && isOutside(subnet.gateway))
    return invalid('gateway', `the gateway ${subnet.gateway} lies outside of ${cidr}`, 'name the new one as well');
  const left = (await liveLeases(tx, subnet.id)).find(({ address }) => isOutside(address));
  if (!left) return null;
  const rule = `Rule: an address is given up when its lease has ended (${left.expiresAt}).`;
  return rejected('in_use', `${describeLease(left)} lies outside of ${cidr}. ${rule}`);
}

async function checkGateway(tx: Tx, subnet: SubnetRow, text: string | null | undefined): Promise<Rejected | null> {
  const address = typeof text === 'string' && text !== subnet.gateway ? parseAddress(text, 'gateway') : null;
  if (address === null || isRejected(address)) return address;
  return (
    (await checkUnclaimed(tx, subnet, address, (claim) => claim.source === 'subnets' && claim.id === subnet.id)) ??
    (await checkNotFloating(tx, formatAddress(address)))
  );
}

/** The database refuses as well; this names the objects that block the deletion. */
async function contentsOf(tx: Tx, subnet: SubnetRow): Promise<Rejected | null> {
  const inUse = (what: string) => rejected('in_use', `${subnet.cidr} has ${what}. Take them away first.`);
  const user = (await listMachines(tx, { subnetId: subnet.id, limit: 1 })).items[0];
  if (user) return inUse(`addresses of machines, such as ${user.fqdn}`);
  const range = (await rangesOf(tx, subnet.id))[0];
  if (range) return inUse(`ranges, such as the ${range.kind} ${range.first}-${range.last}`);
  const reservation = (await listReservations(tx, { subnetId: subnet.id, limit: 1 })).items[0];
  if (reservation) return inUse(`reservations, such as ${reservation.address}`);
  const leased = await describeLeases(tx, subnet);
  return leased && rejected('in_use', `${subnet.cidr} is leased: ${leased.who}. ${leased.rule}`);
}

/** Who has leases of a subnet, and until when: nothing else ends them. Null: nobody. */
async function describeLeases(
  tx: Tx,
  subnet: SubnetRow,
): Promise<{ readonly who: string; readonly rule: string } | null> {
  const [lease, ...more] = await liveLeases(tx, subnet.id);
  if (!lease) return null;
  const others = more.length > 0 ? ` and ${more.length} more` : '';
  const last = [lease, ...more].reduce((end, { expiresAt }) => (expiresAt > end ? expiresAt : end), '');
  return { who: describeLease(lease) + others, rule: `Rule: it is free when its leases have ended (${last}).` };
}

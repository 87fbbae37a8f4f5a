import type { Reservation } from '../../../../contract/networks/reservation.ts';
import { isRejected, RejectedError } from '../../../../core/errors.ts';
import { type Address, compareAddresses, formatAddress, parseAddress } from '../../../../core/ip.ts';
import { parseMac } from '../../../../model/machines/machine.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { viewMe, viewUser } from '../../objects/base/groups.ts';
import { viewUnknown } from '../../objects/networks/unknown-interface.ts';
import { isAddress } from '../../objects/names/names.ts';
import { type Birth, momentOfBirth, readBirths } from '../base/births.ts';
import { type Networks, readNetworks } from '../../objects/networks/networks.ts';
import { uriOf } from '../../objects/base/uri.ts';
import { type Site, step } from '../../site.ts';
import { domainIn, domainName, nameOf } from '../names/host-names.ts';
import { badValue, refuse } from '../base/refusals.ts';
import { meantId } from './meant.ts';
import { ALLOCATION } from './subnet-uses.ts';

/** Addresses that users reserve for themselves, outside of all machines. */
export const RESERVED_ADDRESS_HANDLERS: Handlers = {
  'IPAddresses.read': read,
  'IPAddresses.reserve': reserve,
  'IPAddresses.release': release,
};

/** An address of a parameter in its canonical form; undefined: none is given. */
function addressOf(args: Args, name: string): string | undefined {
  const text = args.text(name);
  if (!text) return undefined;
  const address = parseAddress(text);
  return isRejected(address)
    ? badValue(name, `${text} is no address`, 'an IPv4 or IPv6 address')
    : formatAddress(address);
}

async function read({ site, lists, args }: MaasCall) {
  const { role, user } = site.caller;
  const [isAll, owner, ip] = [args.flag('all') === true, args.text('owner'), addressOf(args, 'ip')];
  if (role !== 'admin' && isAll) refuse('forbidden', 'Listing all IP addresses requires admin privileges.');
  if (role !== 'admin' && owner) refuse('forbidden', "Listing another user's IP addresses requires admin privileges.");
  const networks = await readNetworks(lists);
  const births = await readBirths(site, 'reservation');
  const wanted = owner || user;
  const own = (await site.all('reservation.list')).filter(({ address }) => {
    const who = births.get(address)?.who || user;
    return (!ip || address === ip) && (isAll || who === wanted);
  });
  const owners = await readOwners(site);
  return json(own.map((one) => viewReservedAddress(one, networks, births.get(one.address), owners)));
}

async function reserve({ site, lists, args }: MaasCall) {
  const given = addressOf(args, 'ip') ?? addressOf(args, 'ip_address');
  const subnet = args.text('subnet');
  if (!given && !subnet) refuse('bad_request', "Must supply either the 'subnet' or the 'ip' parameter.");
  const networks = await readNetworks(lists);
  const subnetId = given ? networks.holderOf(given)?.id : await meantId(lists, 'subnet', subnet ?? '');
  if (subnetId === undefined) refuse('bad_request', `No known subnet for IP address: ${given}.`);
  if (subnetId === null) refuse('bad_request', `Unable to identify subnet: ${subnet}.`);
  if (given) await checkRanges({ lists }, given);
  const mac = await macOf(site, args);
  const fqdn = await fqdnOf(lists, args);
  const body = { address: given ?? 'auto', subnet: String(subnetId), mac };
  const reserved = await site.call('reservation.create', { body, query: { dry_run: true } }).catch(unavailable(given));
  const { address } = (reserved as unknown as { readonly object: Reservation }).object;
  const type = address.includes(':') ? 'AAAA' : 'A';
  const made = await site.together([
    step('reservation.create', { body: { ...body, address } }),
    ...(fqdn === null ? [] : [step('record.create', { body: { fqdn, type, data: address } })]),
  ]);
  const birth = (await readBirths(site, 'reservation')).get(address);
  return json(viewReservedAddress(made[0] as Reservation, networks, birth, await readOwners(site)));
}

/** An address that somebody has is not found, and a subnet without any serves none: by MAAS's statuses. */
function unavailable(given: string | undefined): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof RejectedError)) throw error;
    const { code, message, fields } = error.rejected;
    if (code !== 'conflict' || fields?.some(({ field }) => field !== 'address')) throw error;
    return refuse(given ? 'not_found' : 'unavailable', message);
  };
}

async function checkRanges({ lists }: Pick<MaasCall, 'lists'>, ip: string): Promise<void> {
  const dynamic = (await lists.ranges()).filter(({ kind }) => kind === 'dynamic');
  const own = parsed(ip);
  for (const { first, last } of dynamic) {
    const [from, to] = [parsed(first), parsed(last)];
    if (own && from && to && compareAddresses(from, own) <= 0 && compareAddresses(own, to) <= 0)
      refuse(
        'forbidden',
        `IP address ${ip} belongs to an existing dynamic range. To reserve this IP address, a MAC address is required. (Create a device instead.)`,
      );
  }
}

function parsed(text: string): Address | null {
  const address = parseAddress(text);
  return isRejected(address) ? null : address;
}

/** The MAC address of who is to have it: not of a machine or a device, whose interfaces are linked to subnets. */
async function macOf(site: Site, args: Args): Promise<string | undefined> {
  const text = args.text('mac') || args.text('mac_address');
  if (!text) return undefined;
  const mac = parseMac(text);
  if (isRejected(mac)) return badValue('mac', `${text} is no MAC address`, 'six pairs of hexadecimal digits');
  const [machine] = await site.all('machine.list', { mac });
  const [device] = await site.all('device.list', { mac });
  const holder = machine ?? device;
  if (holder)
    refuse(
      'bad_request',
      `MAC address ${mac} already belongs to ${holder.hostname}. Use of the interface API is required, for an interface that belongs to a node.`,
    );
  return mac;
}

/** The full name that the address is to have; null: none. */
async function fqdnOf(lists: MaasCall['lists'], args: Args): Promise<string | null> {
  const hostname = args.text('hostname');
  if (!hostname) return null;
  const domain = domainIn(hostname);
  const isKnown = domain === undefined || (await lists.domains()).some(({ name }) => name === domain.toLowerCase());
  if (!isKnown) refuse('not_found', `There is no domain "${domain}".`);
  return `${nameOf(hostname)}.${await domainName(lists, domain)}`.toLowerCase();
}

async function release({ site, lists, args }: MaasCall) {
  const isForced = args.flag('force') === true;
  if (isForced && site.caller.role !== 'admin')
    refuse('forbidden', 'Force-releasing an IP address requires admin privileges.');
  const ip = addressOf(args, 'ip') ?? '';
  const [reservation] = await site.all('reservation.list', { address: ip });
  // In MAAS the address of a name is one that a user reserved: it goes with its records, and the name with its last address.
  const named = (await lists.records()).filter((record) => isAddress(record) && record.data === ip);
  const steps = [
    ...named.map(({ id }) => step('record.delete', { params: { record: String(id) } })),
    ...(reservation ? [step('reservation.delete', { params: { reservation: String(reservation.id) } })] : []),
  ];
  if (steps.length > 0) await site.together(steps);
  // Terraform deletes a name, and releases its addresses afterwards.
  else if (!(await wasNamed(site, ip)))
    refuse(
      'bad_request',
      isForced
        ? `IP address ${ip} does not exist.`
        : `IP address ${ip} does not exist, is not the correct type of address, or does not belong to the requesting user.\nIf you are sure you want to release this address, use force=true as a MAAS administrator.`,
    );
  return nothing();
}

/** So many deletions of records are searched. */
const DELETED_MAX = 200;

/** Was it the address of a name that is gone? */
async function wasNamed(site: Site, ip: string): Promise<boolean> {
  const query = { kind: 'record.deleted', sort: '-id', limit: DELETED_MAX } as const;
  const { items } = await site.call('event.list', { query });
  return items.some(({ data }) => (data as { readonly data?: unknown }).data === ip);
}

/** Users by their names: all for those who may list them, else the caller. */
async function readOwners(site: Site): Promise<(name: string) => object> {
  const me = viewMe(await site.call('me.show', {}));
  const { user, role } = site.caller;
  const all = role === 'admin' ? await site.all('user.list') : [];
  return (name) => {
    if (name === '' || name === user) return me;
    const found = all.find((one) => one.name === name);
    return viewUser(found ?? { name, role: 'user', email: '' });
  };
}

/** A reserved address. With a MAC address it has the interface that will request it, of no known machine. */
function viewReservedAddress(
  { address, subnetId, mac }: Reservation,
  { subnet }: Networks,
  birth: Birth | undefined,
  ownerOf: (name: string) => object,
) {
  return {
    alloc_type: ALLOCATION.reserved,
    alloc_type_name: 'User reserved',
    created: momentOfBirth(birth),
    ip: address,
    owner: ownerOf(birth?.who ?? ''),
    interface_set: mac === null ? [] : [viewUnknown(mac, address, subnet(subnetId))],
    subnet: subnet(subnetId),
    resource_uri: uriOf('ipaddresses'),
  };
}

import type { Machine } from '../../../../contract/machines/machine.ts';
import type { AddressInput } from '../../../../contract/machines/machine-interface.ts';
import type { BondMode } from '../../../../model/machines/interfaces/settings.ts';
import { BOND_MODES, HASH_POLICIES, LACP_RATES, usesOf } from '../../../../model/machines/interfaces/settings.ts';
import { isTagged } from '../../../../model/machines/interfaces/topology.ts';
import { type MaasAnswer, json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall, PathValues } from '../../handler.ts';
import { createSiteLists } from '../../site-lists.ts';
import { type MachineLink, viewInterface, viewInterfaces } from '../../objects/machines/interfaces.ts';
import { readInventory, showMachine } from '../../objects/machines/machines.ts';
import { readNetworks } from '../../objects/networks/networks.ts';
import { type Site, step } from '../../site.ts';
import { machineOf, ref } from './machines.ts';
import { badValue, calling, notFound } from '../base/refusals.ts';
import { vlanMeant } from '../networks/meant.ts';
import { meantSubnet } from '../networks/subnets.ts';
import { vlanOfId } from '../networks/vlans.ts';

/** Interfaces of machines, and their links to subnets. */
export const INTERFACE_HANDLERS: Handlers = {
  'Interfaces.read': async ({ site, lists, path }) => {
    const machine = await hostOf(site, path);
    const cards = (await readInventory(site, machine.id))?.interfaces ?? [];
    const { id, interfaces } = machine;
    return json(viewInterfaces({ machine: id, interfaces, cards }, await readNetworks(lists)));
  },
  'Interface.read': async ({ site, path }) => show(site, path, (await meant(site, path)).one.id),
  'Interfaces.create_physical': async (call) =>
    create(call, { kind: 'physical', name: call.args.text('name') || undefined }),
  'Interfaces.create_vlan': async (call) => {
    const parents = await parentsOf(call, ['parent', 'parents']);
    if (parents.length === 0) badValue('parent', 'it is missing', 'the interface that it stands on');
    return create(call, { kind: 'vlan', name: call.args.text('name') || undefined, parents });
  },
  'Interfaces.create_bond': async (call) =>
    create(call, {
      kind: 'bond',
      name: call.args.text('name'),
      parents: await parentsOf(call, ['parents']),
      bond: bondOf(call.args, 'active-backup'),
    }),
  'Interfaces.create_bridge': async (call) => {
    refuseOvs(call.args);
    return create(call, {
      kind: 'bridge',
      name: call.args.text('name') || undefined,
      parents: await parentsOf(call, ['parent', 'parents']),
      bridge: bridgeOf(call.args),
    });
  },
  'Interface.update': update,
  'Interface.add_tag': async (call) => setTags(call, (tags, tag) => [...new Set([...tags, tag])]),
  'Interface.remove_tag': async (call) => setTags(call, (tags, tag) => tags.filter((one) => one !== tag)),
  'Interface.delete': async ({ site, path }) => {
    await site.call('interface.delete', { params: at(path) });
    return nothing();
  },
  'Interface.link_subnet': link,
  'Interface.unlink_subnet': unlink,
  'Interface.disconnect': async ({ site, path }) => {
    const { machine, one } = await meant(site, path);
    // What speaks in a tagged VLAN stays in it: it has no other one to go to.
    const body = { addresses: [], ...(isTagged(machine.interfaces, one) ? {} : { vlan: null }) };
    const { id } = await site.call('interface.set', { params: at(path), body });
    return show(site, path, id);
  },
  'Interface.set_default_gateway': setGateway,
  'Machine.clear_default_gateways': clearGateways,
};

const at = (path: PathValues) => ({ ...ref(path), interface: path['id'] ?? '' });

/** The machine or the device of a path. */
async function hostOf(site: Site, path: PathValues): Promise<Pick<Machine, 'id' | 'interfaces'>> {
  const device = await site.find('device.show', { params: { device: path['system_id'] ?? '' } });
  return device ?? (await machineOf(site, path));
}

async function meant(site: Site, path: PathValues) {
  const machine = await hostOf(site, path);
  const one = machine.interfaces.find(({ id, name }) => String(id) === path['id'] || name === path['id']);
  return { machine, one: one ?? notFound('interface', path['id']) };
}

async function show(site: Site, path: PathValues, id: number): Promise<MaasAnswer> {
  const machine = await hostOf(site, path);
  const one = machine.interfaces.find((found) => found.id === id) ?? notFound('interface', id);
  const cards = (await readInventory(site, machine.id))?.interfaces ?? [];
  const set = { machine: machine.id, interfaces: machine.interfaces, cards };
  return json(viewInterface(one, set, await readNetworks(createSiteLists(site))));
}

/** What a kind of interface has besides. */
interface KindFields {
  readonly kind: 'physical' | 'bond' | 'bridge' | 'vlan';
  readonly name?: string | undefined;
  readonly parents?: string[];
  readonly bond?: ReturnType<typeof bondOf>;
  readonly bridge?: ReturnType<typeof bridgeOf>;
}

async function create({ site, lists, path, args }: MaasCall, own: KindFields): Promise<MaasAnswer> {
  const body = {
    ...own,
    mac: args.text('mac_address') || undefined,
    vlan: (await vlanOf(lists, args)) ?? undefined,
    mtu: args.number('mtu'),
    acceptRa: args.flag('accept_ra'),
    tags: tagsOf(args),
  };
  // What is wrong with the interfaces as a whole is wrong with those that it is made of.
  const names = { interfaces: own.parents === undefined ? '__all__' : 'parents' };
  const { id } = await site.call('interface.create', { params: ref(path), body }).catch(calling(names));
  return show(site, path, id);
}

async function update(call: MaasCall): Promise<MaasAnswer> {
  const { site, lists, path, args } = call;
  const { one } = await meant(site, path);
  const hasParents = args.has('parents') || args.has('parent');
  const body = {
    name: args.text('name') || undefined,
    mac: args.text('mac_address') || undefined,
    vlan: await vlanOf(lists, args),
    mtu: args.has('mtu') ? (args.number('mtu') ?? null) : undefined,
    // An empty text takes it away.
    acceptRa: args.has('accept_ra') ? (args.flag('accept_ra') ?? null) : undefined,
    tags: tagsOf(args),
    ...(hasParents ? { parents: await parentsOf(call, ['parent', 'parents']) } : {}),
    ...(one.kind === 'bond' ? { bond: bondOf(args, one.bond?.mode ?? 'active-backup') } : {}),
    ...(one.kind === 'bridge' ? { bridge: bridgeOf(args) } : {}),
  };
  const { id } = await site.call('interface.set', { params: at(path), body });
  return show(site, path, id);
}

function tagsOf(args: Args): string[] | undefined {
  return args.has('tags') ? [...args.list('tags')] : undefined;
}

async function setTags({ site, path, args }: MaasCall, change: (tags: readonly string[], tag: string) => string[]) {
  const { one } = await meant(site, path);
  const body = { tags: change(one.tags ?? [], args.text('tag') ?? '') };
  const { id } = await site.call('interface.set', { params: at(path), body });
  return show(site, path, id);
}

/** The VLAN that is meant by its id; null: none. */
async function vlanOf(lists: MaasCall['lists'], args: Args): Promise<string | null | undefined> {
  const text = args.clearable('vlan');
  if (!text) return text;
  const vlan = await vlanMeant(lists, text);
  return vlan ? vlanOfId(vlan.id) : badValue('vlan', `there is no VLAN ${text}`, 'the id of a VLAN');
}

/** Names of the interfaces that are meant by ids or names. */
async function parentsOf({ site, path, args }: MaasCall, names: readonly string[]): Promise<string[]> {
  const texts = names.flatMap((name) => args.list(name));
  const { interfaces } = await hostOf(site, path);
  const parents = texts.map((text) => {
    const found = interfaces.find(({ id, name }) => String(id) === text || name === text);
    return found?.name ?? badValue('parents', `the machine has no interface ${text}`, 'ids of its interfaces');
  });
  // Some clients say one parent by both names.
  return [...new Set(parents)];
}

/** Settings of a bond. `mode`: what it has if none is given. Clients say again what each bond shows, LACP and hash included: modes that have none of these do without. */
function bondOf(args: Args, mode: BondMode) {
  const one = (name: string, known: readonly string[]) => {
    const text = args.text(name) || undefined;
    return text === undefined || known.includes(text) ? text : badValue(name, `${text} is not known`, known.join(', '));
  };
  const wanted = one('bond_mode', BOND_MODES);
  const { hasLacp, hasHash } = usesOf((wanted ?? mode) as BondMode);
  const [lacpRate, hashPolicy] = [one('bond_lacp_rate', LACP_RATES), one('bond_xmit_hash_policy', HASH_POLICIES)];
  return {
    mode: wanted,
    miimon: args.number('bond_miimon'),
    downDelay: args.number('bond_downdelay'),
    upDelay: args.number('bond_updelay'),
    gratuitousArps: args.number('bond_num_grat_arp'),
    lacpRate: hasLacp ? lacpRate : undefined,
    hashPolicy: hasHash ? hashPolicy : undefined,
  };
}

function bridgeOf(args: Args) {
  refuseOvs(args);
  return { stp: args.flag('bridge_stp'), forwardDelay: args.number('bridge_fd') };
}

function refuseOvs(args: Args): void {
  const type = args.text('bridge_type');
  if (type && type !== 'standard')
    badValue('bridge_type', `${type} cannot be made`, 'standard: bridges are those of the Linux kernel');
}

/** A link as API v1 asks for it. */
function inputOf({ mode, address, subnetId, gateway }: MachineLink): AddressInput {
  const subnet = subnetId === null ? {} : { subnet: String(subnetId) };
  const route = gateway ? { gateway: true } : {};
  if (mode === 'static' && address !== null) return { address, ...subnet, ...route };
  if (mode === 'auto' && address !== null) return { address: 'auto', ...subnet, ...route };
  return { address: mode === 'dhcp' ? 'dhcp' : 'link', ...subnet, ...route };
}

const MODES: Readonly<Record<string, string>> = { auto: 'auto', dhcp: 'dhcp', static: 'static', link_up: 'link' };

async function link({ site, lists, path, args }: MaasCall): Promise<MaasAnswer> {
  const { one } = await meant(site, path);
  const mode = MODES[(args.text('mode') ?? '').toLowerCase()];
  if (mode === undefined) return badValue('mode', 'it is not known', 'AUTO, DHCP, STATIC or LINK_UP');
  const text = args.text('subnet');
  if (!text && mode !== 'link') return badValue('subnet', 'it is missing', 'this mode needs a subnet');
  const subnet = text ? await meantSubnet(lists, text) : null;
  const address = args.text('ip_address');
  const isGateway = args.flag('default_gateway') === true;
  const wanted: AddressInput = {
    // Without an address of its own, a static link has the lowest free one, and keeps it.
    address: mode === 'static' ? address || 'auto' : mode,
    ...(subnet ? { subnet: String(subnet.id) } : {}),
    ...(isGateway ? { gateway: true } : {}),
  };
  const links = args.flag('force') ? [] : (one.links ?? []);
  // The link replaces one that only keeps the interface up, or has DHCP.
  const remaining = links.filter((old) => old.mode !== 'link' && !(old.mode === 'dhcp' && mode === 'dhcp'));
  const vlan = subnet && one.vlanId !== subnet.vlanId ? vlanOfId(subnet.vlanId) : undefined;
  const body = { addresses: [...remaining.map(inputOf), wanted], ...(vlan === undefined ? {} : { vlan }) };
  const { id } = await site
    .call('interface.set', { params: at(path), body })
    .catch(
      calling(
        { address: 'ip_address', addresses: 'ip_address', gateway: 'default_gateway' },
        `addresses/${remaining.length}/`,
      ),
    );
  if (mode === 'static' && !address) await keepStatic(site, path, id);
  return show(site, path, id);
}

/** The address that was found for the newest link is its own from now on, whatever mode found it. */
async function keepStatic(site: Site, path: PathValues, id: number): Promise<void> {
  const { interfaces } = await hostOf(site, path);
  const links = interfaces.find((found) => found.id === id)?.links ?? [];
  const newest = links.reduce<MachineLink | null>(
    (last, one) => (last === null || one.id > last.id ? one : last),
    null,
  );
  if (newest === null || newest.mode !== 'auto') return;
  const addresses = links.map((one) => inputOf(one === newest ? { ...one, mode: 'static' } : one));
  await site.call('interface.set', { params: at(path), body: { addresses } });
}

async function unlink({ site, path, args }: MaasCall): Promise<MaasAnswer> {
  const { one } = await meant(site, path);
  const links = one.links ?? [];
  const wanted = args.text('id') ?? '';
  if (!links.some(({ id }) => String(id) === wanted)) badValue('id', `there is no link ${wanted}`, 'the id of a link');
  const rest = links.filter(({ id }) => String(id) !== wanted).map(inputOf);
  const { id } = await site.call('interface.set', { params: at(path), body: { addresses: rest } });
  return show(site, path, id);
}

async function setGateway({ site, path, args }: MaasCall): Promise<MaasAnswer> {
  const { one } = await meant(site, path);
  const wanted = args.text('link_id');
  const links = one.links ?? [];
  const chosen = links.find(({ id, subnetId }) => (wanted ? String(id) === wanted : subnetId !== null));
  if (!chosen) return badValue('link_id', 'there is no such link', 'the id of a link with a subnet that has a router');
  const addresses = links.map((old) => ({ ...inputOf(old), gateway: old.id === chosen.id }));
  const { id } = await site.call('interface.set', { params: at(path), body: { addresses } });
  return show(site, path, id);
}

async function clearGateways({ site, path }: MaasCall): Promise<MaasAnswer> {
  const machine = await machineOf(site, path);
  const changed = machine.interfaces.filter(({ links = [] }) => links.some(({ gateway }) => gateway));
  if (changed.length > 0)
    await site.together(
      changed.map(({ id, links = [] }) =>
        step('interface.set', {
          params: { ...ref(path), interface: String(id) },
          body: { addresses: links.map((old) => ({ ...inputOf(old), gateway: false })) },
        }),
      ),
    );
  return json(await showMachine(site, await machineOf(site, path)));
}

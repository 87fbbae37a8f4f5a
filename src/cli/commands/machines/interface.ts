import type { AddressInput, InterfaceInput, MachineInterface } from '../../../contract/machines/machine-interface.ts';
import { BOND_MODES, HASH_POLICIES, LACP_RATES } from '../../../model/machines/interfaces/settings.ts';
import { INTERFACE_KINDS } from '../../../model/machines/machine.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, CommandSpec, NounSpec, OptionSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { flag, forceOf, integer, need, nothingToSet, option, options, text, textOrNone } from '../../values.ts';

type NicLink = NonNullable<MachineInterface['links']>[number];

const SHAPE: Shape<MachineInterface> = {
  kind: 'interface',
  name: (nic) => nic.name,
  columns: [
    { header: 'name', value: (nic) => nic.name },
    { header: 'id', wide: true, value: (nic) => String(nic.id) },
    { header: 'kind', value: (nic) => nic.kind },
    { header: 'mac', value: (nic) => nic.mac },
    { header: 'on', value: (nic) => nic.parents?.join(', ') ?? '' },
    { header: 'vlan', value: (nic) => nic.vlan ?? '' },
    { header: 'addresses', value: (nic) => linksOf(nic).map(describeLink).join(', ') },
    { header: 'mtu', wide: true, value: (nic) => (nic.mtu === undefined ? '' : String(nic.mtu)) },
  ],
  details: (nic) => [
    ['Name', nic.name],
    ['Id', String(nic.id)],
    ['Kind', nic.kind],
    ['MAC', nic.mac],
    ...(nic.parents?.length ? [['Stands on', nic.parents] as const] : []),
    ['VLAN', nic.vlan ?? 'not known'],
    ['MTU', nic.mtu === undefined ? 'as usual there' : String(nic.mtu)],
    ...(nic.acceptRa === undefined ? [] : [['Advertised by routers', nic.acceptRa ? 'taken' : 'not taken'] as const]),
    ...(nic.tags?.length ? [['Tags', nic.tags.join(', ')] as const] : []),
    ...(nic.bond ? [['Bond', settingsOf(nic.bond)] as const] : []),
    ...(nic.bridge ? [['Bridge', settingsOf(nic.bridge)] as const] : []),
    ['Addresses', linksOf(nic).map((link) => `${link.id}  ${describeLink(link)}`)],
  ],
};

/** An interface on one line, as `machine show` has it. */
export function interfaceLine(nic: MachineInterface): string {
  const addresses = linksOf(nic).map(describeLink).join(', ');
  const parents = nic.parents?.length ? ` on ${nic.parents.join(', ')}` : '';
  const mtu = nic.mtu === undefined ? '' : `  MTU ${nic.mtu}`;
  return `${nic.name}  ${nic.mac}  ${nic.kind}${parents}  VLAN ${nic.vlan ?? '-'}${mtu}  ${addresses || 'no address'}`;
}

/** A region of an older release reports only addresses. */
function linksOf({ links, addresses }: MachineInterface): readonly NicLink[] {
  return links ?? addresses.map((entry) => ({ ...entry, id: 0, mode: 'static', gateway: false }));
}

function describeLink({ mode, address, subnet, gateway }: NicLink): string {
  const what = address ?? (mode === 'dhcp' ? 'DHCP' : 'up, no address');
  return `${what}${subnet === null ? '' : ` (${subnet})`}${gateway ? ', default route' : ''}`;
}

function settingsOf(settings: object): string[] {
  return Object.entries(settings).map(([name, value]) => `${name}  ${String(value)}`);
}

const MACHINE = { name: '<machine>', help: 'host name, full name or id', complete: 'machine' } as const;
const WHICH = { name: '<interface>', help: 'name, id, or MAC address of a card' } as const;
const COMMON: readonly OptionSpec[] = [
  { flags: '--mac <mac>', help: 'MAC address; of a bond or bridge that of its first port when left out' },
  { flags: '--parents <names>', help: 'the interfaces that it stands on, joined by ","' },
  { flags: '--mtu <octets|default>', help: 'longest packet' },
  {
    flags: '--accept-ra <on|off|default>',
    help: 'take what routers advertise in IPv6; default: where it has addresses',
    values: ['on', 'off', 'default'],
  },
  { flags: '--tags <names>', help: 'its tags from then on, joined by ","; none: it has none' },
  {
    flags: '--address <fields>',
    help: 'IP|auto|dhcp|link[,subnet=S][,gateway]; gateway: the default route goes by the router there; may be repeated. none: no address',
    repeat: true,
  },
  { flags: '--bond-mode <mode>', help: 'of a bond; active-backup when left out', values: BOND_MODES },
  { flags: '--miimon <ms>', help: 'of a bond: the interval between two checks of its links' },
  { flags: '--down-delay <ms>', help: 'of a bond: before a link counts as gone' },
  { flags: '--up-delay <ms>', help: 'of a bond: before a link counts as back' },
  { flags: '--gratuitous-arps <n>', help: 'of a bond: how many announce a failover' },
  { flags: '--lacp-rate <rate>', help: 'of an 802.3ad bond', values: LACP_RATES },
  { flags: '--hash-policy <policy>', help: 'of a bond: what chooses the card of a frame', values: HASH_POLICIES },
  { flags: '--stp <on|off>', help: 'of a bridge: spanning tree', values: ['on', 'off'] },
  { flags: '--forward-delay <s>', help: 'of a bridge: before a port forwards' },
];
const FORCE: OptionSpec = {
  flags: '--force',
  help: 'also while the machine is deployed: its system keeps its network, and its addresses stay occupied',
};

const LIST: CommandSpec = {
  verb: 'list',
  summary: 'list the interfaces of a machine; the first has its name',
  args: [MACHINE],
  run: async (call) => {
    const { client } = await call.region();
    const { body } = await client.call('interface.list', { params: { machine: need(call, 0) } });
    await printList(printerOf(call), SHAPE, body.items);
  },
};

const SHOW: CommandSpec = {
  verb: 'show',
  summary: 'show an interface of a machine',
  args: [MACHINE, WHICH],
  run: async (call) => {
    const { client } = await call.region();
    const { body } = await client.call('interface.show', { params: paramsOf(call) });
    await printOne(printerOf(call), SHAPE, body);
  },
};

const CREATE: CommandSpec = {
  verb: 'create',
  summary: 'create an interface; a bond or bridge takes the addresses of its ports, unless it is given some',
  args: [MACHINE],
  options: [
    { flags: '--kind <kind>', help: 'physical when left out', values: INTERFACE_KINDS },
    { flags: '--name <name>', help: 'its name; eth1, bond0, br0 or PARENT.VID when left out' },
    { flags: '--vlan <vlan>', help: 'its VLAN, if no address determines it; of a VLAN interface, the VLAN of its tag' },
    ...COMMON,
    FORCE,
  ],
  isChange: true,
  examples: [
    'regent interface create web1 --kind bond --parents eth0,eth1 --bond-mode 802.3ad --lacp-rate fast',
    'regent interface create web1 --kind vlan --parents bond0 --vlan storage --address auto --mtu 9000',
    'regent interface create web1 --kind bridge --parents bond0-100 --address 10.10.100.20,gateway',
  ],
  run: (call) =>
    runChange(call, {
      route: 'interface.create',
      input: {
        params: { machine: need(call, 0) },
        query: forceOf(call),
        body: { ...text(call, 'kind'), ...text(call, 'name'), ...text(call, 'vlan'), ...membersOf(call) },
      },
      shape: SHAPE,
      done: 'created',
      describe: (nic) => `interface ${interfaceLine(nic)}: created`,
    }),
};

const SET: CommandSpec = {
  verb: 'set',
  summary: 'change an interface; --address replaces all its addresses',
  args: [MACHINE, WHICH],
  options: [
    { flags: '--name <name>', help: 'new name' },
    { flags: '--vlan <vlan|none>', help: 'its VLAN; none: not known' },
    ...COMMON,
    FORCE,
  ],
  isChange: true,
  examples: [
    'regent interface set web1 eth0 --address dhcp',
    'regent interface set web1 bond0 --address 10.10.0.20,gateway --mtu 9000',
  ],
  run: (call) => {
    const body = { ...text(call, 'name'), ...textOrNone(call, 'vlan'), ...membersOf(call) };
    nothingToSet(
      body,
      '--name, --vlan, --mac, --parents, --mtu, --accept-ra, --address, or a setting of a bond or bridge',
    );
    return runChange(call, {
      route: 'interface.set',
      input: { params: paramsOf(call), query: forceOf(call), body },
      shape: SHAPE,
      done: 'changed',
      describe: (nic) => `interface ${interfaceLine(nic)}: changed`,
    });
  },
};

const DELETE: CommandSpec = {
  verb: 'delete',
  summary: 'delete an interface with its addresses; no other one may stand on it',
  args: [MACHINE, WHICH],
  options: [FORCE],
  isChange: true,
  run: (call) =>
    runChange(call, {
      route: 'interface.delete',
      input: { params: paramsOf(call), query: forceOf(call) },
      shape: SHAPE,
      done: 'deleted',
    }),
};

/** `regent interface`. */
export const INTERFACE: NounSpec = {
  noun: 'interface',
  summary: 'interfaces of a machine: cards, bonds, bridges, VLAN interfaces',
  commands: [LIST, SHOW, CREATE, SET, DELETE],
};

const paramsOf = (call: Call) => ({ machine: need(call, 0), interface: need(call, 1) });

type Members = Pick<InterfaceInput, 'mac' | 'parents' | 'mtu' | 'acceptRa' | 'bond' | 'bridge' | 'tags' | 'addresses'>;

function membersOf(call: Call): Members {
  const parents = option(call, 'parents');
  const mtu = option(call, 'mtu');
  const acceptRa = option(call, 'acceptRa');
  const tags = option(call, 'tags');
  const bond = {
    ...renamed(call, 'bondMode', 'mode'),
    ...numbers(call, {
      miimon: 'miimon',
      downDelay: 'downDelay',
      upDelay: 'upDelay',
      gratuitousArps: 'gratuitousArps',
    }),
    ...text(call, 'lacpRate'),
    ...text(call, 'hashPolicy'),
  };
  const bridge = { ...flag(call, 'stp', 'stp'), ...numbers(call, { forwardDelay: 'forwardDelay' }) };
  return {
    ...text(call, 'mac'),
    ...(parents === undefined ? {} : { parents: parents.split(',').map((name) => name.trim()) }),
    ...(mtu === undefined ? {} : { mtu: mtu === 'default' ? null : integer(mtu, '--mtu', 'octets, or default') }),
    ...(acceptRa === undefined ? {} : { acceptRa: acceptRa === 'default' ? null : acceptRa === 'on' }),
    ...(tags === undefined ? {} : { tags: tags === 'none' ? [] : tags.split(',').map((name) => name.trim()) }),
    ...(Object.keys(bond).length === 0 ? {} : { bond }),
    ...(Object.keys(bridge).length === 0 ? {} : { bridge }),
    ...addressesOf(call),
  };
}

function renamed<K extends string>(call: Call, name: string, member: K): { [P in K]?: string } {
  const value = option(call, name);
  return (value === undefined ? {} : { [member]: value }) as { [P in K]?: string };
}

function numbers<K extends string>(call: Call, names: Readonly<Record<K, string>>): { [P in K]?: number } {
  const found = Object.entries<string>(names).flatMap(([member, name]) => {
    const value = option(call, name);
    return value === undefined ? [] : [[member, integer(value, name)]];
  });
  return Object.fromEntries(found) as { [P in K]?: number };
}

function addressesOf(call: Call): { addresses?: AddressInput[] } {
  const given = options(call, 'address');
  if (given.length === 1 && given[0] === 'none') return { addresses: [] };
  return given.length === 0 ? {} : { addresses: given.map(parseAddress) };
}

function parseAddress(fields: string): AddressInput {
  const [address = '', ...rest] = fields.split(',').map((part) => part.trim());
  const found: AddressInput = { address };
  for (const part of rest) {
    const subnet = /^subnet=(.+)$/.exec(part)?.[1];
    if (subnet !== undefined) found.subnet = subnet;
    else if (part === 'gateway') found.gateway = true;
    else throw usageError(`--address: "${part}" is not usable. Rule: IP|auto|dhcp|link[,subnet=S][,gateway].`);
  }
  return found;
}

import Type, { type Static } from 'typebox';
import { Flag, Id, listQuery, nullable, strict, Time, text } from '../base/common.ts';
import { onOff, orNone, whole, textOption } from '../base/command-texts.ts';
import { entry } from '../base/entry.ts';
import { PoolUse } from './pool.ts';

/** A rack that stands on a VLAN, by its own report. */
const VlanRack = strict({
  node: Type.String({ description: 'name of the node' }),
  interface: Type.String(),
  addresses: Type.Array(Type.String({ description: 'ADDRESS/PREFIX' })),
});

/** Who is to serve DHCP on a VLAN, and who does by the racks' own reports. */
const VlanServer = strict({
  primary: Type.String({ description: 'name of the rack' }),
  secondary: nullable(Type.String({ description: 'null: nobody takes over' })),
  isChosen: Type.Boolean({ description: 'nobody named a rack: this one was taken of those that stand on the VLAN' }),
  servedBy: nullable(Type.String({ description: 'the rack that answers clients now; null: none says that it does' })),
  since: nullable(Time),
  isWhole: Type.Boolean({ description: 'there are two racks, and either can go on without the other' }),
  why: Type.String(),
});
export type VlanServer = Static<typeof VlanServer>;

/** A VLAN of a fabric: a broadcast domain; VID 0 is untagged. */
export const Vlan = strict({
  id: Id,
  name: Type.String(),
  vid: Type.Integer({ minimum: 0, maximum: 4094 }),
  fabric: Type.String(),
  fabricId: Id,
  space: nullable(Type.String()),
  spaceId: nullable(Id),
  dhcpOn: Type.Boolean({ description: 'racks that see it serve DHCP on it' }),
  dnsOn: Type.Boolean({ description: 'hosts of its subnets may ask our resolvers and are given them' }),
  relayVlan: nullable(
    Type.String({
      description: 'FABRIC/NAME of the VLAN to whose racks a relay hands requests, while no rack stands here',
    }),
  ),
  primaryRack: nullable(
    Type.String({ description: 'serves DHCP; null: one of the racks that stand on the VLAN does' }),
  ),
  secondaryRack: nullable(Type.String({ description: 'takes over when the primary rack is gone; null: nobody does' })),
  server: nullable(VlanServer),
  racks: Type.Array(VlanRack),
  // A region of an earlier release leaves it out.
  mtu: Type.Optional(
    Type.Integer({ description: 'octets of the largest packet: of interfaces on it that have no MTU of their own' }),
  ),
  enlistOn: Type.Optional(
    Type.Boolean({ description: 'machines that nobody knows are enlisted when they boot on it' }),
  ),
  // In the answer for one VLAN; a region of an earlier release leaves it out.
  pools: Type.Optional(Type.Array(PoolUse)),
});
export type Vlan = Static<typeof Vlan>;

const VlanCreate = strict({
  name: Type.Optional(text(64, 'vlan-VID when left out')),
  vid: Type.Integer(),
  fabric: Type.Optional(text(64, 'id or name; the first fabric when left out')),
  space: Type.Optional(text(64, 'id or name')),
  dnsOn: Type.Optional(Type.Boolean()),
  mtu: Type.Optional(Type.Integer()),
});
export type VlanCreate = Static<typeof VlanCreate>;

const VlanSet = strict({
  name: Type.Optional(text(64)),
  vid: Type.Optional(Type.Integer()),
  space: Type.Optional(nullable(text(64, 'id or name; null: none'))),
  dhcpOn: Type.Optional(Type.Boolean()),
  dnsOn: Type.Optional(Type.Boolean()),
  mtu: Type.Optional(Type.Integer()),
  enlistOn: Type.Optional(Type.Boolean()),
  relayVlan: Type.Optional(
    nullable(
      text(140, 'FABRIC/NAME, FABRIC/VID; name, VID or id: the VLAN to whose racks a relay hands requests; null: none'),
    ),
  ),
  primaryRack: Type.Optional(nullable(text(64, 'name or UUID of an accepted rack; null: none is named'))),
  secondaryRack: Type.Optional(nullable(text(64, 'name or UUID of another accepted rack; null: none'))),
});
export type VlanSet = Static<typeof VlanSet>;

const VlanParams = strict({
  vlan: text(140, 'FABRIC/NAME or FABRIC/VID (with "/" written %2F); name, VID or id if only one VLAN has it'),
});
const VlanListQuery = listQuery(
  {
    name: Type.Optional(text(64, 'part of the name')),
    fabric: Type.Optional(text(64, 'id or name')),
    space: Type.Optional(text(64, 'id or name')),
    dhcp_on: Type.Optional(Flag),
  },
  ['id', 'name', 'vid'],
);

const dnsOn = onOff('hosts of its subnets may ask our resolvers, and DHCP names these', 'dns');
const mtu = whole(
  'octets',
  'the largest packet, of interfaces on it that have no MTU of their own',
  '576 to 65535 octets',
);
const vid = {
  ...whole('number', 'VLAN number, 1 to 4094; 0 is untagged', '1 to 4094, or 0 for untagged'),
  missing: 'the number of the VLAN, 1 to 4094, or 0 for untagged',
};

/** The noun, its calls and its tables. */
export const VLAN = entry({
  noun: 'vlan',
  plural: 'vlans',
  one: 'a VLAN',
  many: 'VLANs',
  tables: ['vlans'],
  file: {
    identity: ['fabric', 'name'],
    refersTo: { fabric: 'fabric', space: 'space', relayVlan: 'vlan' },
    // DHCP needs a dynamic range, and a rack stands in a subnet.
    late: ['dhcpOn', 'primaryRack', 'secondaryRack'],
  },
  schemas: { answer: Vlan, params: VlanParams, query: VlanListQuery, create: VlanCreate, set: VlanSet },
  commands: {
    summary: 'VLANs of a fabric, and whether DHCP and DNS serve them',
    kind: 'VLAN',
    which: 'FABRIC/NAME or FABRIC/VID; name, VID or id',
    example: 'web',
    title: ({ fabric, name }) => `${fabric}/${name}`,
    columns: ['name', 'vid', 'fabric', 'space', 'dhcpOn', 'dnsOn', 'served by'],
    wide: ['racks', 'interfaces', 'id'],
    headers: { dhcpOn: 'dhcp', dnsOn: 'dns' },
    cells: {
      vid: (vlan) => (vlan.vid === 0 ? 'untagged' : vlan.vid),
      'served by': ({ server }) => server?.servedBy,
      racks: ({ racks }) => [...new Set(racks.map(({ node }) => node))],
      interfaces: ({ racks }) => racks.map((rack) => `${rack.node} ${rack.interface}`),
    },
    list: {
      options: {
        name: textOption('text', 'only those whose name holds this'),
        fabric: textOption('fabric', 'only those of this fabric'),
        space: textOption('space', 'only those in this space'),
        dhcp_on: onOff('only those with DHCP on, or off', 'dhcp'),
      },
      examples: ['regent vlan list --dhcp on', 'regent vlan list -o wide'],
    },
    show: {
      summary: 'show a VLAN, its subnets and the racks that stand on it',
      examples: ['regent vlan show web', 'regent vlan show fabric-1/10'],
    },
    create: {
      args: {},
      options: {
        vid,
        name: textOption('name', 'a name; vlan-VID when left out'),
        fabric: textOption('fabric', 'its fabric; the first one when left out'),
        space: textOption('space', 'its space'),
        dnsOn,
        mtu,
      },
      examples: ['regent vlan create --vid 10 --name web'],
      next: () => ({ conflict: ['The VLANs that there are: regent vlan list'] }),
    },
    set: {
      summary: 'change a VLAN; --dhcp on starts DHCP on the racks that stand on it',
      options: {
        dhcpOn: onOff('racks on it serve DHCP; needs a dynamic range (regent range create)', 'dhcp'),
        dnsOn,
        enlistOn: onOff('machines that nobody knows are enlisted when they boot on it', 'enlist'),
        mtu,
        name: textOption('name', 'new name'),
        vid,
        space: orNone('space', 'its space; "none" removes it from its space'),
        primaryRack: orNone('rack', 'the rack that serves DHCP; "none" leaves the choice to Regent'),
        secondaryRack: orNone('rack', 'the rack that takes over when the primary one is gone'),
        relayVlan: orNone(
          'vlan',
          'no rack stands on it: its router hands requests (DHCP relay) to the racks of that VLAN',
        ),
      },
      examples: [
        'regent vlan set web --dhcp on --dry-run',
        'regent vlan set web --dhcp on --wait',
        'regent vlan set web --primary-rack k1 --secondary-rack k2 --wait',
        'regent vlan set branch --relay-vlan web --dhcp on --wait',
      ],
    },
    delete: {
      summary: 'delete a VLAN that has no subnet and no interface',
      next: (vlan) => ({ in_use: [`What is on it: regent vlan show ${vlan}`] }),
    },
  },
  names: vlanNames,
});

/** The short name of a VLAN if no other VLAN has it, and always the one with the fabric. */
function vlanNames(vlans: readonly Pick<Vlan, 'name' | 'fabric'>[]): string[] {
  const isAlone = (name: string) => vlans.filter((vlan) => vlan.name === name).length === 1;
  return vlans.flatMap(({ name, fabric }) => [...(isAlone(name) ? [name] : []), `${fabric}/${name}`]);
}

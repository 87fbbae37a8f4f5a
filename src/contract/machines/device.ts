import Type, { type Static } from 'typebox';
import { DhcpOptions, listQuery, nullable, strict, text } from '../base/common.ts';
import { carriedAnswers, carriedFilters, carriedInputs } from './carried.ts';
import { orNone, textOption } from '../base/command-texts.ts';
import { entry } from '../base/entry.ts';
import { InterfaceInput, MachineInterface } from './machine-interface.ts';
import { USER_NAME_MOST } from '../base/role.ts';

/** A host with a name and addresses of the site that nobody commissions: a printer, a switch, a container on a machine. */
export const Device = strict({
  id: Type.String({ description: 'six characters, stable for life' }),
  hostname: Type.String(),
  domain: Type.String(),
  fqdn: Type.String(),
  parent: nullable(Type.String({ description: 'id of the machine that it is a part of, and goes with; null: none' })),
  owner: nullable(Type.String({ description: 'who made it' })),
  zone: Type.String({ description: 'name of its zone' }),
  pool: Type.String({ description: 'name of its resource pool' }),
  description: Type.String(),
  annotations: Type.Record(Type.String(), Type.String(), { description: 'texts of tools, by name' }),
  interfaces: Type.Array(MachineInterface),
  dhcpOptions: Type.Array(Type.String({ description: 'more DHCP options for its interfaces' })),
  ...carriedAnswers('machine'),
});
export type Device = Static<typeof Device>;

const PARENT = 'id or name of the machine that it is a part of: it goes when the machine is released or deleted';
const Inputs = {
  domain: Type.Optional(text(254, 'id or name; the default domain when left out')),
  parent: Type.Optional(nullable(text(254, PARENT))),
  zone: Type.Optional(text(64, 'id or name of its zone; the default one when left out')),
  description: Type.Optional(Type.String({ maxLength: 2000, description: 'what people say of it' })),
  annotations: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 1024 }), {
      maxProperties: 64,
      description: 'texts of tools, by name; they replace all that it has',
    }),
  ),
  interfaces: Type.Optional(Type.Array(InterfaceInput, { maxItems: 32 })),
  dhcpOptions: Type.Optional(DhcpOptions),
  ...carriedInputs('machine'),
};

const DeviceCreate = strict({ hostname: text(63), ...Inputs });

/** `interfaces` replaces the whole list; cards keep their id by MAC, others by name. */
const DeviceSet = strict({ hostname: Type.Optional(text(63)), ...Inputs });
export type DeviceSet = Static<typeof DeviceSet>;

const DeviceParams = strict({ device: text(254, 'id, host name (when it is unique) or full name') });
const DeviceListQuery = listQuery(
  {
    hostname: Type.Optional(text(63, 'part of the host name')),
    domain: Type.Optional(text(254, 'id or name of the domain')),
    mac: Type.Optional(text(17)),
    parent: Type.Optional(text(254, 'id or name of the machine that they are parts of')),
    owner: Type.Optional(text(USER_NAME_MOST, "user's name")),
    zone: Type.Optional(text(64, 'id or name of their zone')),
    ...carriedFilters('machine'),
  },
  ['id', 'hostname'],
);

const options = {
  domain: textOption('domain', 'its domain; the default one when left out'),
  parent: orNone('machine', 'the machine that it is a part of: it goes when that is released or deleted'),
  zone: textOption('zone', 'the zone that it is in'),
};

/** The noun, its calls and its tables, which are those of machines. */
export const DEVICE = entry({
  noun: 'device',
  plural: 'devices',
  one: 'a device',
  many: 'devices',
  tables: [],
  file: {
    identity: ['hostname', 'domain'],
    refersTo: { domain: 'domain', parent: 'machine', zone: 'zone', tags: 'tag' },
    after: ['vlan', 'subnet', 'range'],
  },
  schemas: { answer: Device, params: DeviceParams, query: DeviceListQuery, create: DeviceCreate, set: DeviceSet },
  commands: {
    summary: 'hosts with names and addresses that nobody commissions: printers, switches, containers',
    which: 'host name, full name or id',
    example: 'printer1',
    title: ({ fqdn }) => fqdn,
    columns: ['fqdn', 'id', 'addresses', 'macs', 'owner'],
    wide: ['parent', 'zone'],
    headers: { fqdn: 'name' },
    cells: {
      addresses: ({ interfaces }) => interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address)),
      macs: ({ interfaces }) => interfaces.map(({ mac }) => mac),
    },
    list: {
      options: {
        hostname: textOption('text', 'only those whose host name holds this'),
        domain: textOption('domain', 'only those of this domain'),
        mac: textOption('mac', 'only the one with this MAC address'),
        parent: textOption('machine', 'only the parts of this machine'),
        owner: textOption('user', 'only those of this user'),
        zone: textOption('zone', 'only those of this zone'),
      },
    },
    create: {
      summary: 'create a device; its name and addresses are in DNS, and by its MAC in DHCP, from then on',
      args: { hostname: { help: 'host name without domain, such as printer1' } },
      options,
      examples: ['regent device create printer1 --mac 52:54:00:00:00:09 --address 10.10.10.9'],
    },
    set: {
      summary: 'change a device; --mac and --nic replace all its interfaces',
      options: { hostname: textOption('name', 'new host name'), ...options },
    },
  },
  names: (items) => items.map(({ hostname }) => hostname),
});

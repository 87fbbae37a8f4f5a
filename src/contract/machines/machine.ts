import Type, { type Static } from 'typebox';
import { BMC_TYPES } from '../../model/machines/enlistment.ts';
import { BOOT_MEDIA } from '../../model/images/boot-media.ts';
import { MACHINE_STATES } from '../../model/machines/machine-states.ts';
import { POWER_STATES } from '../../model/machines/power.ts';
import { carriedAnswers, carriedFilters, carriedInputs } from './carried.ts';
import { InterfaceInput, MachineInterface } from './machine-interface.ts';
import { DhcpOptions, Id, listQuery, nullable, oneOf, strict, text, Time, WriteQuery } from '../base/common.ts';
import { switchOf, textOption } from '../base/command-texts.ts';
import { entry } from '../base/entry.ts';
import { textMap } from '../base/text-map.ts';
import { USER_NAME_MOST } from '../base/role.ts';

const OWN_PARAMETERS = "its own parameters at the BMC, such as power_id; a machine's own come before the BMC's";

/** What switches a machine; left out of an answer: nothing does. */
const PowerAnswers = {
  bmc: Type.Optional(Type.String({ description: 'name of the BMC that switches it' })),
  powerType: Type.Optional(Type.String({ description: 'of its BMC' })),
  powerParameters: Type.Optional(textMap(OWN_PARAMETERS)),
  powerState: Type.Optional(oneOf(POWER_STATES, 'its power, as it was seen last')),
  powerStateAt: Type.Optional(nullable(Time)),
  powerSeenBy: Type.Optional(nullable(Type.String({ description: 'name of the node that queried the BMC' }))),
  powerWhy: Type.Optional(Type.String({ description: 'why the power is not known; empty otherwise' })),
  powerRemedy: Type.Optional(Type.String({ description: 'what helps then' })),
  suggestedBmc: Type.Optional(
    strict({
      type: oneOf(BMC_TYPES, 'as the machine itself reports it; nobody has confirmed it'),
      address: Type.String(),
      mac: nullable(Type.String()),
    }),
  ),
};
const PowerInputs = {
  bmc: Type.Optional(nullable(text(64, 'id or name of the BMC that switches it; null: none'))),
  powerParameters: Type.Optional(textMap(OWN_PARAMETERS)),
};

const bootMedia = oneOf(
  BOOT_MEDIA,
  'by what it gets the root of an image: http, into its memory; iscsi, as a disk of its rack that can only be read',
);

const MIN_HWE_KERNEL = 'the least kernel, as tools of MAAS request it; nothing follows from it';
const ARCHITECTURE =
  'its architecture as given before it reports itself, such as arm64/generic; nothing follows from it';

/** Where a machine is, what people and tools say of it, and by what it boots. A region of an older release leaves it out. */
const PlaceAnswers = {
  zone: Type.Optional(Type.String({ description: 'name of its zone' })),
  pool: Type.Optional(Type.String({ description: 'name of its resource pool' })),
  description: Type.Optional(Type.String()),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'texts of tools, by name' })),
  bootMedia: Type.Optional(bootMedia),
  minHweKernel: Type.Optional(Type.String({ description: `${MIN_HWE_KERNEL}; left out: none` })),
  expectedArchitecture: Type.Optional(Type.String({ description: `${ARCHITECTURE}; left out: none` })),
};
const PlaceInputs = {
  zone: Type.Optional(text(64, 'id or name of its zone; the default one when left out')),
  pool: Type.Optional(text(64, 'id or name of its resource pool; the default one when left out')),
  description: Type.Optional(Type.String({ maxLength: 2000, description: 'what people say of it' })),
  annotations: Type.Optional(
    Type.Record(Type.String(), Type.String({ maxLength: 1024 }), {
      maxProperties: 64,
      description: 'texts of tools, by name; they replace all that it has',
    }),
  ),
  bootMedia: Type.Optional(bootMedia),
  minHweKernel: Type.Optional(Type.String({ maxLength: 64, description: MIN_HWE_KERNEL })),
  expectedArchitecture: Type.Optional(Type.String({ maxLength: 81, description: ARCHITECTURE })),
};

/** Where a machine is in its lifecycle. A region of an older release leaves it out. */
const StateAnswers = {
  state: Type.Optional(oneOf(MACHINE_STATES, 'where it is in its lifecycle')),
  stateSince: Type.Optional(Time),
  owner: Type.Optional(nullable(Type.String({ description: "user's name; null: nobody's" }))),
  locked: Type.Optional(Type.Boolean({ description: 'it is not changed before it is unlocked' })),
  error: Type.Optional(Type.String({ description: 'why somebody has to check it; empty otherwise' })),
  message: Type.Optional(Type.String({ description: 'what it waits for; empty otherwise' })),
  deadline: Type.Optional(
    nullable({ ...Time, description: 'of a state that leads to another one: after it the state has failed' }),
  ),
  job: Type.Optional(nullable({ ...Id, description: 'id of the job that switches it' })),
  deployment: Type.Optional(
    strict(
      {
        image: nullable(Type.String({ description: 'name of the image; null: a system in memory' })),
        digest: nullable(Type.String()),
        startedAt: Time,
        deployedAt: nullable({ ...Time, description: 'since when its own system runs; null: not yet' }),
      },
      'what it is deployed with, until it is released',
    ),
  ),
  busy: Type.Optional(Type.Boolean({ description: 'it changes to another state, or is about to be switched' })),
};

/** A bare-metal machine. The first interface carries the machine's own name. */
export const Machine = strict({
  id: Type.String({ description: 'six characters, stable for life' }),
  hostname: Type.String(),
  domain: Type.String(),
  fqdn: Type.String(),
  rack: nullable(Type.String({ description: 'name of the rack that it belongs to; null: the master, whoever it is' })),
  interfaces: Type.Array(MachineInterface),
  dhcpOptions: Type.Optional(Type.Array(Type.String({ description: 'more DHCP options for its interfaces' }))),
  held: Type.Optional(
    Type.Array(Type.String({ description: 'addresses that its system still has, although its record changed' })),
  ),
  ...StateAnswers,
  ...PlaceAnswers,
  ...PowerAnswers,
  ...carriedAnswers('machine'),
});
export type Machine = Static<typeof Machine>;

/** A machine that another system has deployed: Regent takes it over as it is. */
export const DeployedElsewhere = strict(
  {
    owner: Type.Optional(nullable(text(USER_NAME_MOST, "user's name; null: nobody's"))),
    locked: Type.Optional(Type.Boolean({ description: 'it is not changed before it is unlocked' })),
  },
  'it runs a system already: it is made in the state deployed, and neither switched nor installed; for admins',
);

const MachineCreate = strict({
  hostname: text(63),
  deployed: Type.Optional(DeployedElsewhere),
  domain: Type.Optional(text(254, 'id or name; the default domain when left out')),
  rack: Type.Optional(nullable(text(64, 'UUID or name of an accepted rack; null: the master, whoever it is'))),
  interfaces: Type.Optional(Type.Array(InterfaceInput, { maxItems: 32 })),
  dhcpOptions: Type.Optional(DhcpOptions),
  ...PlaceInputs,
  ...PowerInputs,
  ...carriedInputs('machine'),
});
export type MachineCreate = Static<typeof MachineCreate>;

/** `interfaces` replaces the whole list; cards keep their id by MAC, others by name. */
const MachineSet = strict({
  hostname: Type.Optional(text(63)),
  domain: Type.Optional(text(254)),
  rack: Type.Optional(nullable(text(64, 'UUID or name of an accepted rack; null: the master, whoever it is'))),
  interfaces: Type.Optional(Type.Array(InterfaceInput, { maxItems: 32 })),
  dhcpOptions: Type.Optional(DhcpOptions),
  force: Type.Optional(
    Type.Boolean({
      description: 'other interfaces also while it is deployed: its system keeps its network and addresses',
    }),
  ),
  ...PlaceInputs,
  ...PowerInputs,
  ...carriedInputs('machine'),
});
export type MachineSet = Static<typeof MachineSet>;

const MachineParams = strict({ machine: text(254, 'id, host name (when it is unique) or full name') });
const MachineDeleteQuery = strict({
  ...WriteQuery.properties,
  force: Type.Optional(
    Type.Boolean({ description: 'also one that is deployed: its system goes on, and its addresses stay occupied' }),
  ),
});
const MachineListQuery = listQuery(
  {
    hostname: Type.Optional(text(63, 'part of the host name')),
    domain: Type.Optional(text(254, 'id or name of the domain')),
    mac: Type.Optional(text(17)),
    address: Type.Optional(text(64)),
    subnet: Type.Optional(text(64, 'id, CIDR or name')),
    rack: Type.Optional(text(64, 'UUID or name; "master": those that name no rack')),
    state: Type.Optional(oneOf(MACHINE_STATES)),
    owner: Type.Optional(text(USER_NAME_MOST, "user's name")),
    zone: Type.Optional(text(64, 'id or name of its zone')),
    pool: Type.Optional(text(64, 'id or name of its resource pool')),
    ...carriedFilters('machine'),
  },
  ['id', 'hostname'],
);

/** Members of a machine that long lists are read for. A call for only these (`fields`) is answered sooner. */
export const MACHINE_IN_SHORT = [
  'id',
  'hostname',
  'domain',
  'fqdn',
  'interfaces',
  'state',
  'owner',
  'locked',
  'error',
  'message',
  'deployment',
  'zone',
  'pool',
  'description',
  'annotations',
  'minHweKernel',
  'expectedArchitecture',
  'powerType',
  'powerState',
  'tags',
] as const satisfies readonly (keyof Machine)[];

/** The noun, its calls and its tables. */
export const MACHINE = entry({
  noun: 'machine',
  plural: 'machines',
  one: 'a machine',
  many: 'machines',
  tables: ['machines', 'interfaces', 'interface_addresses', 'interface_parents', 'interface_links'],
  file: {
    identity: ['hostname', 'domain'],
    refersTo: { domain: 'domain', zone: 'zone', pool: 'resource-pool', bmc: 'bmc', tags: 'tag' },
    after: ['vlan', 'subnet', 'range', 'user'],
    once: ['deployed'],
  },
  schemas: {
    answer: Machine,
    params: MachineParams,
    query: MachineListQuery,
    create: MachineCreate,
    set: MachineSet,
    remove: MachineDeleteQuery,
  },
  commands: {
    summary: 'bare-metal machines and their interfaces',
    which: 'host name, full name or id',
    example: 'web1',
    title: ({ fqdn }) => fqdn,
    columns: [],
    list: {
      options: {
        hostname: textOption('text', 'only those whose host name holds this'),
        domain: textOption('domain', 'only those of this domain'),
        mac: textOption('mac', 'only the one with this MAC address'),
        address: textOption('ip', 'only the one with this address'),
        subnet: textOption('subnet', 'only those with an address of this subnet'),
        rack: textOption('rack', 'only those of this rack; master: those that name none'),
      },
    },
    create: {
      summary: 'create a machine; its name and addresses are in DNS, and by its MAC in DHCP, from then on',
      args: { hostname: { help: 'host name without domain, such as web1' } },
      options: {
        domain: textOption('domain', 'its domain; the default one when left out'),
        rack: textOption('rack', 'its rack; the present master when left out'),
      },
      examples: [
        'regent machine create web1 --mac 52:54:00:00:00:01 --address 10.10.10.20',
        'regent machine create web2 --mac 52:54:00:00:00:02 --address auto --subnet 10.10.10.0/24 --wait',
      ],
    },
    set: {
      summary: 'change a machine; --mac and --nic replace all its interfaces',
      options: {
        hostname: textOption('name', 'new host name'),
        domain: textOption('domain', 'new domain'),
        rack: textOption('rack', 'another rack; master: the present master'),
        force: switchOf('other interfaces also while it is deployed; its system keeps its network'),
      },
    },
    delete: {
      summary: 'delete a machine that is not deployed',
      options: { force: switchOf('also one that is deployed: its system goes on, its addresses stay occupied') },
    },
  },
  names: (items) => items.map(({ hostname }) => hostname),
});

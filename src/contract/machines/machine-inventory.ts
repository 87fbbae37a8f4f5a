import Type, { type Static } from 'typebox';
import { Id, listQuery, nullable, oneOf, page, strict, Time } from '../base/common.ts';
import { EVERYBODY, get } from '../base/route-spec.ts';
import { MACHINE } from './machine.ts';
import { OUTPUT_KINDS, RESULT_STATES, RUN_PURPOSES } from '../../model/machines/machine-run.ts';

/** A text of firmware or of a device: printable ASCII, so that it can be shown as it is. */
const printable = (maxLength: number) => Type.Optional(Type.String({ maxLength, pattern: '^[ -~]*$' }));
const of = (pattern: string, maxLength: number) => Type.String({ pattern, maxLength });
const hex = (digits: number) => Type.Optional(of(`^[0-9a-f]{${digits}}$`, digits));
const count = (maximum: number) => Type.Optional(Type.Integer({ minimum: 0, maximum }));
const Flag = Type.Optional(Type.Boolean());
const list = <const S extends Parameters<typeof Type.Array>[0]>(schema: S, maxItems: number) =>
  Type.Optional(Type.Array(schema, { maxItems }));
const part = <const P extends Parameters<typeof Type.Object>[0]>(properties: P) => Type.Optional(strict(properties));

const Mac = of('^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$', 17);
const DeviceName = of('^[A-Za-z0-9][A-Za-z0-9!_.:@-]{0,31}$', 32);
const Kilobytes = count(2 ** 50);

/** A switch's port at the other end of a cable, as the switch announces it by LLDP (IEEE 802.1AB). */
const Neighbour = strict({
  chassis: printable(128),
  port: printable(128),
  portDescription: printable(128),
  system: printable(128),
  vlan: count(4094),
});

/**
 * The hardware of a machine, as its own system reports it: the body of `POST /MAAS/metadata/inventory/{machine}`. What is not known is left out. Every member
 * is bounded and of a tight grammar, because the machine may be anybody's: see `base/wire/cut.ts`.
 */
export const Inventory = strict({
  /** The program that reports it, such as `micro 1.0`, and how long after its start, seconds. */
  teller: printable(64),
  kernel: printable(64),
  uptime: count(2 ** 31),
  /** The interface that it booted from. */
  bootMac: Type.Optional(Mac),
  cpu: part({
    count: count(65_536),
    cores: count(65_536),
    sockets: count(1024),
    mhz: count(100_000),
    model: printable(128),
    architecture: Type.Optional(of('^[a-z0-9_]{1,16}$', 16)),
    /** Features of the processor by the kernel's names, such as vmx. */
    flags: list(of('^[a-z0-9_]{1,32}$', 32), 512),
  }),
  memory: part({ kb: Kilobytes }),
  numa: list(
    strict({
      node: Type.Integer({ minimum: 0, maximum: 4095 }),
      cpus: Type.Optional(of('^[0-9,-]{0,512}$', 512)),
      memoryKb: Kilobytes,
    }),
    128,
  ),
  disks: list(
    strict({
      name: DeviceName,
      bytes: count(2 ** 53 - 1),
      serial: printable(128),
      model: printable(128),
      firmware: printable(64),
      bus: Type.Optional(of('^[a-z0-9-]{1,16}$', 16)),
      rotational: Flag,
      removable: Flag,
      /** A name that stays over restarts, such as /dev/disk/by-id/… */
      path: Type.Optional(of('^/dev/[A-Za-z0-9][A-Za-z0-9_.:/@+=-]{0,250}$', 256)),
      blockBytes: count(2 ** 24),
    }),
    256,
  ),
  interfaces: list(
    strict({
      name: DeviceName,
      mac: Mac,
      link: Flag,
      speedMbps: count(10_000_000),
      driver: printable(64),
      product: printable(128),
      vendor: printable(128),
      firmware: printable(64),
      pci: Type.Optional(of('^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$', 17)),
      lldp: list(Neighbour, 8),
    }),
    64,
  ),
  pci: list(
    strict({
      address: of('^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]$', 17),
      vendor: hex(4),
      device: hex(4),
      class: hex(6),
      driver: printable(64),
      name: printable(128),
    }),
    1024,
  ),
  usb: list(
    strict({ address: of('^[0-9.:-]{1,32}$', 32), vendor: hex(4), product: hex(4), name: printable(128) }),
    256,
  ),
  bmc: part({
    kind: Type.Optional(of('^[a-z0-9-]{1,16}$', 16)),
    address: Type.Optional(of('^[0-9a-f.:]{2,45}$', 45)),
    mac: Type.Optional(Mac),
  }),
  /** The kind of virtual machine that it is, such as qemu or kvm; none: it is real. */
  virtual: Type.Optional(of('^[a-z0-9-]{1,32}$', 32)),
  firmware: part({
    kind: Type.Optional(oneOf(['bios', 'uefi'])),
    vendor: printable(128),
    version: printable(128),
    date: printable(32),
    secureBoot: Flag,
  }),
  system: part({
    uuid: Type.Optional(of('^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$', 36)),
    serial: printable(128),
    vendor: printable(128),
    product: printable(128),
    version: printable(128),
    board: printable(128),
    family: printable(128),
  }),
});
export type Inventory = Static<typeof Inventory>;

/** A machine's hardware and when it was reported. `problems`: what of it was left out or cut. */
const MachineInventory = strict({
  machine: Type.String({ description: 'id of the machine' }),
  at: Time,
  source: Type.String({ description: 'the address that it came from; empty: not known' }),
  inventory: Inventory,
  problems: Type.Array(Type.String({ description: 'what of it was left out or cut, and why' })),
});
export type MachineInventory = Static<typeof MachineInventory>;

/** One of a list of inventories. */
export const ListedInventory = strict({
  machine: Type.String({ description: 'id of the machine' }),
  at: Time,
  inventory: Inventory,
});
export type ListedInventory = Static<typeof ListedInventory>;

/** How much a script gave in one of its outputs. */
export const OutputSize = strict({
  kind: oneOf(OUTPUT_KINDS),
  bytes: Type.Integer({ description: 'how many the script gave' }),
  kept: Type.Integer({ description: 'how many of them are stored: the first ones' }),
});

/** A script of a run and how it went. */
export const ScriptResult = strict({
  id: Id,
  run: Type.Integer({
    description: 'number of the run: each begin of commissioning, testing, deploying, rescue has one',
  }),
  purpose: oneOf(RUN_PURPOSES),
  script: Type.String(),
  state: oneOf(RESULT_STATES),
  exitStatus: nullable(Type.Integer()),
  startedAt: nullable(Time),
  endedAt: nullable(Time),
  at: Time,
  outputs: Type.Array(OutputSize),
});
export type ScriptResult = Static<typeof ScriptResult>;

const ScriptResults = strict({ items: Type.Array(ScriptResult) });

/** With what it gave out: `text` where the bytes are text (UTF-8), control characters escaped as JSON has them; `base64`: where they are not. */
const ScriptResultDetail = strict({
  ...ScriptResult.properties,
  contents: Type.Array(
    strict({
      kind: oneOf(OUTPUT_KINDS),
      bytes: Type.Integer(),
      text: Type.Optional(Type.String()),
      base64: Type.Optional(Type.String()),
    }),
  ),
});
export type ScriptResultDetail = Static<typeof ScriptResultDetail>;

const ofMachine = MACHINE.schemas.params.properties;

/** Calls about what machines report of themselves. */
export const MACHINE_INVENTORY_ROUTES = {
  'machine.inventory': get('/machines/{machine}/inventory', 'The hardware of a machine, as last reported', {
    roles: EVERYBODY,
    params: MACHINE.schemas.params,
    response: MachineInventory,
  }),
  'machine-inventory.list': get(
    '/machine-inventories',
    'List the hardware of the machines that have reported it, without their PCI and USB devices and the flags of their processors',
    { roles: EVERYBODY, query: listQuery({}, ['id']), response: page(ListedInventory) },
  ),
  'machine.results': get('/machines/{machine}/results', 'What the scripts of a machine gave, the newest run first', {
    roles: EVERYBODY,
    params: MACHINE.schemas.params,
    query: strict({ run: Type.Optional(Type.Integer({ minimum: 1, description: 'only those of this run' })) }),
    response: ScriptResults,
  }),
  'machine.result': get('/machines/{machine}/results/{result}', 'What a script of a machine gave, with its outputs', {
    roles: EVERYBODY,
    params: strict({ ...ofMachine, result: Id }),
    response: ScriptResultDetail,
  }),
} as const;

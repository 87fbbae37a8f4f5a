import type { Inventory } from '../../../../contract/machines/machine-inventory.ts';
import { json } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { viewInterfaces } from '../../objects/machines/interfaces.ts';
import { readInventory } from '../../objects/machines/machines.ts';
import { readNetworks } from '../../objects/networks/networks.ts';
import { numberOf, uriOf } from '../../objects/base/uri.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { machineOf } from './machines.ts';

const PCIE = { bus: 1, bus_name: 'PCIE' } as const;
const USB = { bus: 2, bus_name: 'USB' } as const;
/** Kinds of hardware by their number in MAAS, with the class of PCI devices that are of it. */
const KINDS: readonly { readonly number: number; readonly name: string; readonly pci: string | null }[] = [
  { number: 0, name: 'Node', pci: null },
  { number: 1, name: 'CPU', pci: null },
  { number: 2, name: 'Memory', pci: null },
  { number: 3, name: 'Storage', pci: '01' },
  { number: 4, name: 'Network', pci: '02' },
  { number: 5, name: 'GPU', pci: '03' },
];

type NodeDevice = ReturnType<typeof viewPci> | ReturnType<typeof viewUsb>;

/** PCI and USB devices that a machine reported. */
export const NODE_DEVICE_HANDLERS: Handlers = {
  'NodeDevices.read': async (call) => {
    const devices = await devicesOf(call);
    return json(devices.filter((device) => isWanted(device, call.args)));
  },
  'NodeDevice.read': async (call) => json(await meant(call)),
  'NodeDevice.delete': async (call) => {
    await meant(call);
    return badValue('id', 'it cannot be deleted', 'a machine reports its devices when it is commissioned');
  },
};

/** A device is named by its number, or by its address on the bus. */
async function meant(call: MaasCall): Promise<NodeDevice> {
  const wanted = call.path['id'] ?? '';
  const found = (await devicesOf(call)).find(({ id, pci_address }) => String(id) === wanted || pci_address === wanted);
  return found ?? notFound('device of the machine', wanted);
}

async function devicesOf({ site, lists, path }: MaasCall): Promise<NodeDevice[]> {
  const { id, interfaces } = await machineOf(site, path);
  const inventory: Inventory = (await readInventory(site, id)) ?? {};
  const cards = inventory.interfaces ?? [];
  const set = viewInterfaces({ machine: id, interfaces, cards }, await readNetworks(lists));
  const cardAt = (address: string) => {
    const mac = cards.find(({ pci }) => pci === address)?.mac;
    return set.find(({ mac_address, type }) => type === 'physical' && mac_address === mac) ?? null;
  };
  return [
    ...(inventory.pci ?? []).map((one) => viewPci(id, one, cardAt(one.address))),
    ...(inventory.usb ?? []).map((one) => viewUsb(id, one)),
  ];
}

type Pci = NonNullable<Inventory['pci']>[number];
type Usb = NonNullable<Inventory['usb']>[number];

function viewPci(machine: string, one: Pci, card: object | null) {
  const kind = KINDS.find(({ pci }) => pci !== null && one.class?.startsWith(pci)) ?? KINDS[0];
  // DOMAIN:BUS:DEVICE.FUNCTION, in hexadecimal.
  const [, bus = '0', device = '0'] = /:([0-9a-f]{2}):([0-9a-f]{2})\./.exec(one.address) ?? [];
  return {
    ...common(machine, one.address),
    ...PCIE,
    hardware_type: kind?.number ?? 0,
    hardware_type_name: kind?.name ?? 'Node',
    physical_interface: card,
    vendor_id: one.vendor ?? '',
    product_id: one.device ?? '',
    product_name: one.name ?? '',
    commissioning_driver: one.driver ?? '',
    bus_number: Number.parseInt(bus, 16),
    device_number: Number.parseInt(device, 16),
    pci_address: one.address,
  };
}

function viewUsb(machine: string, one: Usb) {
  const [bus = '0', device = '0'] = one.address.split(/[-:.]/);
  return {
    ...common(machine, one.address),
    ...USB,
    hardware_type: 0,
    hardware_type_name: 'Node',
    physical_interface: null,
    vendor_id: one.vendor ?? '',
    product_id: one.product ?? '',
    product_name: one.name ?? '',
    commissioning_driver: '',
    bus_number: Number.parseInt(bus, 10) || 0,
    device_number: Number.parseInt(device, 10) || 0,
    pci_address: '',
  };
}

/** The name of the vendor is part of what the machine calls the device. */
function common(machine: string, address: string) {
  const id = numberOf('node-device', machine, address);
  return {
    id,
    system_id: machine,
    numa_node: 0,
    physical_blockdevice: null,
    vendor_name: '',
    resource_uri: uriOf('nodes', machine, 'devices', id),
  };
}

function isWanted(device: NodeDevice, args: Args): boolean {
  const is = (name: string, ...values: readonly (string | number)[]) => {
    const wanted = args.text(name)?.toLowerCase();
    return !wanted || values.some((value) => String(value).toLowerCase() === wanted);
  };
  const holds = (name: string, value: string) => value.toLowerCase().includes((args.text(name) ?? '').toLowerCase());
  return (
    is('bus', device.bus, device.bus_name) &&
    is('hardware_type', device.hardware_type, device.hardware_type_name) &&
    is('vendor_id', device.vendor_id) &&
    is('product_id', device.product_id) &&
    is('commissioning_driver', device.commissioning_driver) &&
    holds('vendor_name', device.product_name) &&
    holds('product_name', device.product_name)
  );
}

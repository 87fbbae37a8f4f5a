import type { Hardware, HardwareCard, HardwareDisk, PciDevice } from './hardware.ts';
import { PCI_CLASSES, PCI_VENDORS } from './lshw-names.ts';
import { leaf, lshwNode, named, settings, sized } from './lshw-node.ts';
import { element, type XmlNode } from './xpath/node.ts';

/** Devices on PCI, below a host bridge; a card with its name, its MAC address and its speed. */
export function deviceNodes({ pci = [], interfaces = [] }: Hardware): XmlNode[] {
  if (pci.length === 0) return [];
  const cards = new Map(interfaces.flatMap((card) => (card.pci === undefined ? [] : [[card.pci, card] as const])));
  const isHost = (device: PciDevice) => device.class?.startsWith('0600') === true;
  const below = pci.filter((device) => !isHost(device)).map((device) => pciNode(device, cards.get(device.address)));
  const [host] = pci.filter(isHost);
  const bridge = host ?? { address: pci[0]?.address ?? '', class: '060000' };
  return [pciNode(bridge, undefined, named(below))];
}

function pciNode(device: PciDevice, card?: HardwareCard, below: readonly XmlNode[] = []): XmlNode {
  const [, id, kind, description] = PCI_CLASSES.find(([digits]) => device.class?.startsWith(digits)) ?? OTHER;
  const { vendor, product } = makerOf(device);
  return lshwNode(id, kind, [
    leaf('description', card === undefined ? description : 'Ethernet interface'),
    leaf('product', product ?? card?.product),
    leaf('vendor', vendor ?? card?.vendor),
    leaf('physid', device.address.split(':').at(-1)?.replace(/^0/, '')),
    leaf('businfo', `pci@${device.address}`),
    ...(card === undefined ? [settings({ driver: device.driver })] : cardParts(card, device.driver)),
    ...below,
  ]);
}

const OTHER = ['', 'generic', 'generic', 'Generic device'] as const;

/** The form of `lspci` is `CLASS: MAKER PRODUCT (rev NN)`; numbers if there are no names. */
function makerOf({ vendor, device, name = '' }: PciDevice): { readonly vendor?: string; readonly product?: string } {
  const maker = vendor === undefined ? undefined : PCI_VENDORS[vendor];
  const title = name.replace(/^[^:]{1,60}: /, '').replace(/ \(rev [0-9a-f]+\).*$/, '');
  const product = maker !== undefined && title.startsWith(`${maker} `) ? title.slice(maker.length + 1) : title;
  const shown = product === '' ? device : product;
  const from = maker ?? vendor;
  return { ...(from === undefined ? {} : { vendor: from }), ...(shown === undefined ? {} : { product: shown }) };
}

/** Cards without a reported PCI device, such as those of a virtual machine's own bus. */
export function cardNodes({ interfaces = [], pci = [] }: Hardware): XmlNode[] {
  const known = new Set(pci.map(({ address }) => address));
  return interfaces
    .filter((card) => card.pci === undefined || !known.has(card.pci))
    .map((card) =>
      lshwNode('network', 'network', [
        leaf('description', 'Ethernet interface'),
        leaf('product', card.product),
        leaf('vendor', card.vendor),
        leaf('businfo', card.pci === undefined ? undefined : `pci@${card.pci}`),
        ...cardParts(card),
      ]),
    );
}

const CARD_ABILITIES = [
  ['ethernet', ''],
  ['physical', 'Physical interface'],
] as const;

function cardParts(
  { name, mac, link, speedMbps, driver, firmware }: HardwareCard,
  busDriver?: string,
): (XmlNode | null)[] {
  const bits = speedMbps === undefined ? undefined : speedMbps * 1_000_000;
  return [
    leaf('logicalname', name),
    leaf('serial', mac),
    sized('size', 'bit/s', bits),
    sized('capacity', 'bit/s', bits),
    settings({
      broadcast: 'yes',
      driver: driver ?? busDriver,
      firmware,
      link: link === undefined ? undefined : link ? 'yes' : 'no',
      multicast: 'yes',
      speed: speedMbps === undefined || speedMbps === 0 ? undefined : speedText(speedMbps),
    }),
    element('capabilities', {}, ...CARD_ABILITIES.map(([id, says]) => element('capability', { id }, says))),
  ];
}

function speedText(mbps: number): string {
  return mbps >= 1000 && mbps % 1000 === 0 ? `${mbps / 1000}Gbit/s` : `${mbps}Mbit/s`;
}

const BUS_NAMES: Readonly<Record<string, string>> = {
  ata: 'ATA Disk',
  scsi: 'SCSI Disk',
  nvme: 'NVMe disk',
  usb: 'USB Disk',
  virtio: 'Virtual I/O device',
  mmc: 'SD/MMC Device',
};
/** What `lshw` calls that on which disks of a bus are. */
const CONTROLLERS: Readonly<Record<string, string>> = { nvme: 'nvme', mmc: 'mmc', virtio: 'virtio', usb: 'usbhost' };

/** Disks, below a controller for each bus: which one has which disk is not known. */
export function diskNodes({ disks = [] }: Hardware): XmlNode[] {
  return [...Map.groupBy(disks, ({ bus }) => CONTROLLERS[bus ?? ''] ?? 'scsi')].map(([id, on]) =>
    lshwNode(id, 'storage', [leaf('description', 'Storage controller'), ...named(on.map(diskNode))]),
  );
}

function diskNode(disk: HardwareDisk): XmlNode {
  const { name, bytes, serial, model, firmware, bus = '', rotational, removable, blockBytes } = disk;
  const block = blockBytes === undefined || blockBytes === 0 ? undefined : String(blockBytes);
  const abilities = [
    ...(rotational === false ? [['ssd', 'Solid-state device'] as const] : []),
    ...(removable === true ? [['removable', 'support is removable'] as const] : []),
  ];
  return lshwNode('disk', 'disk', [
    leaf('description', BUS_NAMES[bus] ?? 'Disk'),
    leaf('product', model),
    leaf('vendor', DISK_VENDORS.find(([pattern]) => pattern.test(model ?? ''))?.[1]),
    leaf('businfo', bus === '' ? undefined : `${bus}@${name}`),
    leaf('logicalname', `/dev/${name}`),
    leaf('version', firmware),
    leaf('serial', serial),
    sized('size', 'bytes', bytes),
    settings({
      logicalsectorsize: block,
      sectorsize: block,
      rotational: rotational === undefined ? undefined : rotational ? '1' : '0',
    }),
    abilities.length === 0
      ? null
      : element('capabilities', {}, ...abilities.map(([id, says]) => element('capability', { id }, says))),
  ]);
}

/** Makers by how models begin: disks do not report them. */
const DISK_VENDORS: readonly (readonly [RegExp, string])[] = [
  [/^(?:SAMSUNG|MZ)/i, 'Samsung'],
  [/^INTEL/i, 'Intel'],
  [/^(?:ST\d|SEAGATE)/i, 'Seagate'],
  [/^(?:WDC|WD )/i, 'Western Digital'],
  [/^(?:HGST|HITACHI)/i, 'HGST'],
  [/^TOSHIBA/i, 'Toshiba'],
  [/^KIOXIA/i, 'KIOXIA'],
  [/^(?:MICRON|MTFD)/i, 'Micron'],
];

/** Devices on USB. */
export function usbNodes({ usb = [] }: Hardware): XmlNode[] {
  return usb.map(({ address, vendor, product, name }) =>
    lshwNode('usb', 'generic', [
      leaf('description', 'USB device'),
      leaf('product', name === undefined || name === '' ? product : name),
      leaf('vendor', vendor),
      leaf('businfo', `usb@${address}`),
    ]),
  );
}

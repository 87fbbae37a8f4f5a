import type { Hardware } from './hardware.ts';
import { cardNodes, deviceNodes, diskNodes, usbNodes } from './lshw-devices.ts';
import { leaf, lshwNode, named, plain, settings, sized } from './lshw-node.ts';
import { documentOf, element, type XmlNode } from './xpath/node.ts';

/** CPUs' families of a width of 64 bits, as the kernel names them. */
const WIDE = ['x86_64', 'aarch64', 'arm64', 'ppc64le', 's390x', 'riscv64'];

/**
 * The hardware of a machine as `lshw -xml` shows it, as far as the machine has reported it: list, then system, then core with firmware, processors, memory, buses
 * and what is on them. Definitions of tags by XPath are about this document. `hostname`: the id of the system. Pure.
 */
export function lshwDocument(hardware: Hardware, hostname = 'computer'): XmlNode {
  const { system = {}, cpu = {}, virtual } = hardware;
  const isWide = WIDE.includes(cpu.architecture ?? '');
  const core = lshwNode('core', 'bus', [
    leaf('description', 'Motherboard'),
    leaf('product', system.board),
    leaf('vendor', system.vendor),
    leaf('physid', '0'),
    ...named([
      ...firmwareNodes(hardware),
      ...cpuNodes(hardware),
      ...memoryNodes(hardware),
      ...deviceNodes(hardware),
      ...cardNodes(hardware),
      ...diskNodes(hardware),
      ...usbNodes(hardware),
    ]),
  ]);
  const top = lshwNode(hostname, 'system', [
    leaf('description', 'Computer'),
    leaf('product', system.product),
    leaf('vendor', system.vendor),
    leaf('version', system.version),
    leaf('serial', system.serial),
    isWide ? sized('width', 'bits', 64) : null,
    settings({
      boot: 'normal',
      family: system.family,
      uuid: system.uuid,
      virtual: virtual === 'none' ? undefined : virtual,
    }),
    capabilities(cpu.architecture === 'x86_64' ? [['vsyscall32', '32-bit processes']] : []),
    core,
  ]);
  return documentOf(element('list', {}, top));
}

function capabilities(list: readonly (readonly [id: string, says: string])[]): XmlNode | null {
  return list.length === 0
    ? null
    : element('capabilities', {}, ...list.map(([id, says]) => element('capability', { id }, says)));
}

function firmwareNodes({ firmware }: Hardware): XmlNode[] {
  if (firmware === undefined) return [];
  return [
    lshwNode('firmware', 'memory', [
      leaf('description', 'BIOS'),
      leaf('vendor', firmware.vendor),
      leaf('physid', '0'),
      leaf('version', firmware.version),
      leaf('date', firmware.date),
      settings({ secureboot: firmware.secureBoot === undefined ? undefined : firmware.secureBoot ? 'on' : 'off' }),
      capabilities(firmware.kind === 'uefi' ? [['uefi', 'UEFI specification is supported']] : []),
    ]),
  ];
}

/** One for each socket, as `lshw` has it; cores and threads are given per socket. */
function cpuNodes({ cpu }: Hardware): XmlNode[] {
  if (cpu === undefined) return [];
  const { count = 1, cores = 0, mhz = 0, model = '', architecture = '', flags = [] } = cpu;
  const sockets = Math.min(Math.max(1, cpu.sockets ?? 1), SOCKETS_MAX);
  const each = (number: number) => (number > 0 ? String(Math.max(1, Math.floor(number / sockets))) : undefined);
  const isWide = WIDE.includes(architecture);
  return Array.from({ length: sockets }, (_, index) =>
    lshwNode('cpu', 'processor', [
      leaf('description', 'CPU'),
      leaf('product', model),
      leaf('vendor', CPU_VENDORS.find(([fragment]) => model.includes(fragment))?.[1]),
      leaf('physid', String(4 + index)),
      leaf('businfo', `cpu@${index}`),
      sized('size', 'Hz', mhz * 1_000_000),
      sized('capacity', 'Hz', mhz * 1_000_000),
      isWide ? sized('width', 'bits', 64) : null,
      settings({ cores: each(cores), enabledcores: each(cores), threads: each(count) }),
      capabilities([
        ...(architecture === 'x86_64' ? [['x86-64', '64bits extensions (x86-64)'] as const] : []),
        ...flags.map((flag) => [flag, CPU_FLAGS[flag] ?? ''] as const),
      ]),
    ]),
  );
}

/** Sockets of a machine; more are not listed one by one. */
const SOCKETS_MAX = 64;
const CPU_VENDORS: readonly (readonly [fragment: string, vendor: string])[] = [
  ['Intel', 'Intel Corp.'],
  ['AMD', 'Advanced Micro Devices [AMD]'],
  ['QEMU', 'QEMU'],
  ['Ampere', 'Ampere(R)'],
];
const CPU_FLAGS: Readonly<Record<string, string>> = {
  vmx: 'CPU virtualization (Vanderpool)',
  svm: 'CPU virtualization (AMD-V)',
  ht: 'HyperThreading',
  lm: '64bits extensions (x86-64)',
};

function memoryNodes({ memory }: Hardware): XmlNode[] {
  if (memory?.kb === undefined) return [];
  return [
    lshwNode('memory', 'memory', [
      leaf('description', 'System Memory'),
      leaf('physid', '1'),
      sized('size', 'bytes', memory.kb * 1024),
    ]),
  ];
}

/** Neighbours of a machine's cards as `lldpctl -f xml` shows them. Pure. */
export function lldpDocument({ interfaces = [] }: Hardware): XmlNode {
  const neighbours = interfaces.flatMap(({ name, lldp = [] }) => lldp.map((neighbour) => ({ name, ...neighbour })));
  const elements = neighbours.map(({ name, chassis, system, port, portDescription, vlan }) =>
    element(
      'interface',
      { label: 'Interface', name, via: 'LLDP' },
      element(
        'chassis',
        { label: 'Chassis' },
        plain('id', { label: 'ChassisID', type: 'mac' }, chassis),
        plain('name', { label: 'SysName' }, system),
      ),
      element(
        'port',
        { label: 'Port' },
        plain('id', { label: 'PortID' }, port),
        plain('descr', { label: 'PortDescr' }, portDescription),
      ),
      vlan === undefined ? null : element('vlan', { label: 'VLAN', 'vlan-id': String(vlan) }),
    ),
  );
  return documentOf(element('lldp', { label: 'LLDP neighbors' }, ...elements));
}

import type { Inventory } from '../../../contract/nouns/machine-inventory.ts';

/** What MAAS says where a machine does not tell. */
const UNKNOWN = 'Unknown';

/** The words of a machine's firmware, each a text: clients check that. Pure. */
export function hardwareWords(inventory: Inventory | undefined): Readonly<Record<string, string>> {
  const { system = {}, firmware = {}, cpu = {} } = inventory ?? {};
  const words = {
    system_vendor: system.vendor,
    system_product: system.product,
    system_family: system.family,
    system_version: system.version,
    system_sku: undefined,
    system_serial: system.serial,
    cpu_model: cpu.model,
    mainboard_vendor: system.vendor,
    mainboard_product: system.board,
    mainboard_serial: undefined,
    mainboard_version: undefined,
    mainboard_firmware_vendor: firmware.vendor,
    mainboard_firmware_date: firmware.date,
    mainboard_firmware_version: firmware.version,
    chassis_vendor: undefined,
    chassis_type: undefined,
    chassis_serial: undefined,
    chassis_version: undefined,
  };
  return Object.fromEntries(Object.entries(words).map(([name, word]) => [name, word || UNKNOWN]));
}

/** Processors and memory by NUMA node. Pure. */
export function numaNodes(inventory: Inventory | undefined) {
  const nodes = inventory?.numa ?? [];
  return nodes.map(({ node, cpus = '', memoryKb = 0 }) => ({
    index: node,
    cores: coresOf(cpus),
    memory: Math.round(memoryKb / 1024),
    hugepages_set: [],
  }));
}

/** `0-2,8` as numbers. */
function coresOf(text: string): number[] {
  return text.split(',').flatMap((part) => {
    const [first = '', last = first] = part.split('-');
    if (first === '') return [];
    const [from, to] = [Number(first), Math.min(Number(last), 65_535)];
    return Array.from({ length: Math.max(0, to - from + 1) }, (_none, index) => from + index);
  });
}

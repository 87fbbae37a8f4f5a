import type { Inventory } from '../../../../contract/machines/machine-inventory.ts';

/** What MAAS shows if a machine does not report a value. */
const UNKNOWN = 'Unknown';

/** The texts of a machine's firmware: clients check that each one is a text. Pure. */
export function viewHardware(inventory: Inventory | undefined) {
  const { system = {}, firmware = {}, cpu = {} } = inventory ?? {};
  return {
    system_vendor: system.vendor || UNKNOWN,
    system_product: system.product || UNKNOWN,
    system_family: system.family || UNKNOWN,
    system_version: system.version || UNKNOWN,
    system_sku: UNKNOWN,
    system_serial: system.serial || UNKNOWN,
    cpu_model: cpu.model || UNKNOWN,
    mainboard_vendor: system.vendor || UNKNOWN,
    mainboard_product: system.board || UNKNOWN,
    mainboard_serial: UNKNOWN,
    mainboard_version: UNKNOWN,
    mainboard_firmware_vendor: firmware.vendor || UNKNOWN,
    mainboard_firmware_date: firmware.date || UNKNOWN,
    mainboard_firmware_version: firmware.version || UNKNOWN,
    chassis_vendor: UNKNOWN,
    chassis_type: UNKNOWN,
    chassis_serial: UNKNOWN,
    chassis_version: UNKNOWN,
  };
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

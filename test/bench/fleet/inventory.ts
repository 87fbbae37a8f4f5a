import type { Inventory } from '../../../src/contract/machines/machine-inventory.ts';

/** A server of two disks and one card, as the image `micro` would tell of it. */
export function inventoryOf({ mac }: { readonly mac: string }, uuid: string, serial: string): Inventory {
  const disk = (name: string, bytes: number) => ({
    name,
    bytes,
    serial: `${serial}-${name}`,
    model: 'Bench Disk',
    rotational: false,
    removable: false,
  });
  return {
    teller: 'fleet 1',
    kernel: '6.12.57+deb13-amd64',
    virtual: 'none',
    system: { vendor: 'Bench', product: 'Fleet', serial, uuid },
    firmware: { kind: 'bios', vendor: 'Bench', version: '1.0', date: '01/01/2026' },
    cpu: { architecture: 'x86_64', model: 'Bench CPU', sockets: 2, count: 64 },
    memory: { kb: 256 * 1024 * 1024 },
    disks: [disk('sda', 480 * 10 ** 9), disk('sdb', 3840 * 10 ** 9)],
    interfaces: [{ name: 'eno1', mac, link: true, speedMbps: 10_000, driver: 'bench' }],
    bootMac: mac,
    uptime: 12,
  };
}

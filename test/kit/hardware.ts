import type { Hardware } from '../../src/model/machines/tags/hardware.ts';

/** What a server tells of its hardware. */
export const SERVER: Hardware = {
  cpu: {
    count: 32,
    cores: 16,
    sockets: 2,
    mhz: 2400,
    model: 'Intel(R) Xeon(R) Gold 6130',
    architecture: 'x86_64',
    flags: ['fpu', 'vmx', 'avx512f'],
  },
  memory: { kb: 134_217_728 },
  virtual: 'none',
  firmware: { kind: 'uefi', vendor: 'Dell Inc.', version: '2.1', date: '01/02/2024', secureBoot: true },
  system: {
    vendor: 'Dell Inc.',
    product: 'PowerEdge R740',
    serial: 'S1',
    uuid: '564d1a2b-0000-4000-8000-525400aa0001',
  },
  disks: [
    { name: 'sda', bytes: 480e9, rotational: false, bus: 'ata', model: 'SAMSUNG MZ7', serial: 'd1', blockBytes: 512 },
    { name: 'sdb', bytes: 4e12, rotational: true, bus: 'scsi', model: 'ST4000', serial: 'd2' },
    { name: 'nvme0n1', bytes: 1e12, rotational: false, bus: 'nvme' },
  ],
  interfaces: [
    {
      name: 'eno1',
      mac: '52:54:00:00:00:01',
      speedMbps: 25_000,
      link: true,
      driver: 'mlx5_core',
      pci: '0000:01:00.0',
      lldp: [{ chassis: '00:11:22:33:44:55', system: 'leaf-3', port: 'swp7', vlan: 10 }],
    },
    { name: 'eno2', mac: '52:54:00:00:00:02', link: false },
  ],
  pci: [
    { address: '0000:00:00.0', class: '060000', vendor: '8086', device: '2020' },
    {
      address: '0000:01:00.0',
      class: '020000',
      vendor: '15b3',
      device: '1015',
      name: 'Ethernet controller: Mellanox Technologies MT27710 Family [ConnectX-4 Lx]',
    },
    {
      address: '0000:3b:00.0',
      class: '030200',
      vendor: '10de',
      device: '1eb8',
      name: '3D controller: NVIDIA Corporation TU104GL [Tesla T4] (rev a1)',
    },
  ],
  usb: [{ address: '1-1', vendor: '0951', product: '1666', name: 'DataTraveler' }],
};

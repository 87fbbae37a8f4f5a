import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Inventory } from '../../src/contract/machines/machine-inventory.ts';
import { cutTo } from '../../src/contract/base/wire/cut.ts';

/** Scripts that the release has for machines: by a shell of this host, in a system that is made for them. */

const MACHINE = join(import.meta.dirname, '../../scripts/machine');
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const paths = ['.', 'commissioning', 'testing', 'deploying', 'erasing'].flatMap((kind) =>
  readdirSync(join(MACHINE, kind), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'README.md')
    .map((entry) => join(MACHINE, kind, entry.name)),
);

describe('programs for machines', () => {
  it.each(paths)('%s is taken by a shell and by shellcheck', (path) => {
    execFileSync('sh', ['-n', path]);
    execFileSync('shellcheck', [path]);
  });
});

/** A machine's /sys, /proc and /dev, as far as scripts look. */
function aSystem(files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'regent-system-'));
  folders.push(root);
  const place = (path: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    return join(root, path);
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(place(path), text, 'latin1');
  for (const [path, to] of Object.entries(links)) symlinkSync(to, place(path));
  return root;
}

function told(script: string, system: string): Record<string, never> {
  const env = { PATH: process.env['PATH'] ?? '', REGENT_SYSTEM: system };
  const ran = spawnSync('sh', [join(MACHINE, 'commissioning', script)], { env, encoding: 'utf8' });
  expect(ran.status, ran.stderr).toBe(0);
  const value = JSON.parse(ran.stdout) as Record<string, never>;
  // What is not known is empty; all else is as a region wants it.
  expect(cutTo(Inventory, value).problems).toEqual([]);
  return cutTo(Inventory, value).value as Record<string, never>;
}

const PROC = {
  'proc/cpuinfo':
    'processor\t: 0\nmodel name\t: QEMU "CPU" \\\u001b[2J\nphysical id\t: 0\ncpu MHz\t\t: 2596.99\nflags\t\t: fpu hypervisor\n\nprocessor\t: 1\nphysical id\t: 0\n',
  'proc/meminfo': 'MemTotal:         500000 kB\n',
  'proc/uptime': '3.14 2.71\n',
};

describe('commissioning', () => {
  it('tells processors, memory with what the kernel keeps, NUMA, firmware and board', () => {
    const system = aSystem({
      ...PROC,
      'sys/devices/system/cpu/cpu0/topology/core_cpus_list': '0-1\n',
      'sys/devices/system/cpu/cpu1/topology/core_cpus_list': '0-1\n',
      'sys/devices/system/memory/block_size_bytes': '8000000\n',
      'sys/devices/system/memory/memory0/state': 'online\n',
      'sys/devices/system/memory/memory1/state': 'online\n',
      'sys/devices/system/memory/memory2/state': 'offline\n',
      'sys/devices/system/node/node0/meminfo': 'Node 0 MemTotal:         499000 kB\n',
      'sys/devices/system/node/node0/cpulist': '0-1\n',
      'sys/firmware/efi/efivars/SecureBoot-8be4df61': '\u0006\u0000\u0000\u0000\u0001',
      'sys/class/dmi/id/product_uuid': '564D1A2B-0000-4000-8000-525400AA0001\n',
      'sys/class/dmi/id/sys_vendor': 'QEMU\n',
    });
    expect(told('regent-10-system', system)).toMatchObject({
      cpu: { count: 2, cores: 1, sockets: 1, mhz: 2596, model: 'QEMU "CPU" \\[2J', flags: ['fpu', 'hypervisor'] },
      memory: { kb: 262_144 },
      numa: [{ node: 0, cpus: '0-1', memoryKb: 499_000 }],
      firmware: { kind: 'uefi', secureBoot: true },
      system: { uuid: '564d1a2b-0000-4000-8000-525400aa0001', vendor: 'QEMU' },
    });
  });

  it('tells disks with what names them, and no loops, slots or partitions', () => {
    const system = aSystem(
      {
        'sys/block/sda/size': '204800\n',
        'sys/block/sda/device/model': 'Spinning   \n',
        'sys/block/sda/device/rev': '1.0 \n',
        'sys/block/sda/device/vpd_pg80': '\u0000\u0080\u0000\u0008  SN-0002',
        'sys/block/sda/queue/rotational': '1\n',
        'sys/block/sda/queue/logical_block_size': '512\n',
        'sys/block/loop0/size': '8\n',
        'sys/block/sr0/size': '8\n',
      },
      { 'dev/disk/by-id/ata-Spinning_SN-0002': '../../sda', 'dev/disk/by-id/ata-Spinning_SN-0002-part1': '../../sda1' },
    );
    expect(told('regent-20-disks', system)).toEqual({
      disks: [
        {
          name: 'sda',
          bytes: 104_857_600,
          serial: 'SN-0002',
          model: 'Spinning',
          firmware: '1.0',
          rotational: true,
          removable: false,
          path: '/dev/disk/by-id/ata-Spinning_SN-0002',
          blockBytes: 512,
        },
      ],
    });
  });

  it('tells cards, devices of buses, and a BMC', () => {
    const system = aSystem({
      'sys/class/net/eno1/address': '52:54:00:aa:00:01\n',
      'sys/class/net/eno1/carrier': '1\n',
      'sys/class/net/eno1/speed': '10000\n',
      'sys/class/net/eno1/device/vendor': '0x8086\n',
      'sys/class/net/eno2/address': '52:54:00:aa:00:02\n',
      'sys/class/net/eno2/speed': '-1\n',
      'sys/class/net/eno2/device/vendor': '0x8086\n',
      'sys/class/net/lo/address': '00:00:00:00:00:00\n',
      'sys/bus/pci/devices/0000:00:03.0/vendor': '0x1af4\n',
      'sys/bus/pci/devices/0000:00:03.0/device': '0x1000\n',
      'sys/bus/pci/devices/0000:00:03.0/class': '0x020000\n',
      'sys/bus/usb/devices/1-1/idVendor': '0627\n',
      'sys/bus/usb/devices/1-1/idProduct': '0001\n',
      'sys/bus/usb/devices/1-1/product': 'QEMU USB "Tablet"\n',
      'sys/bus/usb/devices/usb1/idVendor': '1d6b\n',
      'sys/firmware/dmi/entries/38-0/raw': 'x',
    });
    expect(told('regent-30-interfaces', system)).toEqual({
      interfaces: [
        { name: 'eno1', mac: '52:54:00:aa:00:01', link: true, speedMbps: 10_000 },
        { name: 'eno2', mac: '52:54:00:aa:00:02', link: false, speedMbps: 0 },
      ],
    });
    expect(told('regent-40-buses', system)).toEqual({
      pci: [{ address: '0000:00:03.0', vendor: '1af4', device: '1000', class: '020000' }],
      usb: [{ address: '1-1', vendor: '0627', product: '0001', name: 'QEMU USB "Tablet"' }],
    });
    expect(told('regent-50-bmc', system)).toEqual({ bmc: { kind: 'ipmi' } });
    const redfish = aSystem({ 'sys/firmware/dmi/entries/42-0/raw': '*\u000b\u0000\u0000\u0040\u0000' });
    expect(told('regent-50-bmc', redfish)).toEqual({ bmc: { kind: 'redfish' } });
    expect(told('regent-50-bmc', aSystem({}))).toEqual({ bmc: {} });
  });
});

describe('tests', () => {
  const run = (script: string, env: Readonly<Record<string, string>>) =>
    spawnSync('sh', [join(MACHINE, 'testing', script)], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      encoding: 'utf8',
      timeout: 100_000,
    });

  it('compute on every processor, and come to the same', { timeout: 120_000 }, () => {
    const ran = run('regent-cpu', { PARAM_ROUNDS: '1' });
    expect([ran.status, ran.stdout], ran.stderr).toEqual([
      0,
      expect.stringMatching(/^\d+ processors came to [0-9a-f]{64}\n/),
    ]);
    expect(run('regent-cpu', { PARAM_ROUNDS: 'x; reboot' }).status).toBe(2);
  });

  it('say that a disk is gone, and never take one that nobody named', () => {
    expect(run('regent-disk', { PARAM_STORAGE: '/dev/regent0' })).toMatchObject({
      status: 1,
      stdout: '/dev/regent0 is not here: is the disk gone?\n',
    });
    expect(run('regent-disk-destroy', {}).status).toBe(1);
    expect(run('regent-disk-destroy', { PARAM_STORAGE: '/dev/regent0' }).status).toBe(1);
  });
});

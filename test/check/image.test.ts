import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Inventory } from '../../src/contract/machines/machine-inventory.ts';
import { cutTo } from '../../src/contract/base/wire/cut.ts';
import { unpackCpio } from '../kit/cpio.ts';
import { DebianHost } from '../kit/debian-root.ts';

const SCRIPTS = join(import.meta.dirname, '../../scripts');
/** Archives and a busy machine may be slow. */
const BUILD_MS = 600_000;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** A machine's /sys and /proc, as far as the inventory looks. */
function aSystem(files: Readonly<Record<string, string>>, folders: readonly string[] = []): string {
  const root = mkdtempSync(join(tmpdir(), 'regent-system-'));
  for (const folder of folders) mkdirSync(join(root, folder), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text, 'latin1');
  }
  return root;
}

describe('the image micro', () => {
  let output = '';
  let place = '';

  beforeAll(async () => {
    output = mkdtempSync(join(tmpdir(), 'regent-image-'));
    const build = promisify(execFile);
    const ran = await build(join(SCRIPTS, 'build-image'), ['micro', '--output', output], { timeout: BUILD_MS });
    place = ran.stdout.trim();
  }, BUILD_MS);
  afterAll(() => rmSync(output, { recursive: true, force: true }));

  it('lies in a folder named by its manifest, which says what is in it', () => {
    const manifest = readFileSync(join(place, 'manifest.json'));
    expect(place).toBe(join(output, 'images', sha256(manifest)));
    const told = JSON.parse(manifest.toString());
    expect(told).toMatchObject({ format: 1, kind: 'micro', architecture: 'amd64' });
    expect(told.kernel).toMatch(/^\d+\.\d+\.\d+.*-cloud-amd64$/);
    expect(Object.keys(told.packages)).toEqual([`linux-image-${told.kernel}`, 'busybox-static']);
    expect(readdirSync(place).sort()).toEqual(['initrd.img', 'manifest.json', 'vmlinuz']);
    for (const file of ['initrd.img', 'vmlinuz']) {
      const bytes = readFileSync(join(place, file));
      expect(told.files[file], file).toEqual({ size: bytes.length, sha256: sha256(bytes) });
    }
  });

  it('has the program, our files, and modules with all that they lean on', () => {
    const files = unpackCpio(gunzipSync(readFileSync(join(place, 'initrd.img'))));
    for (const [name, folder] of [
      ['init', 'image'],
      ['common', 'image'],
      ['inventory', 'image'],
      ['dhcp', 'image'],
      ['runner', 'machine'],
    ] as const) {
      expect(files.get(name)?.mode, name).toBe(0o100755);
      expect(files.get(name)?.bytes.equals(readFileSync(join(SCRIPTS, folder, name))), name).toBe(true);
    }
    expect(files.get('bin/busybox')?.bytes.subarray(0, 4).toString('latin1')).toBe('\x7fELF');
    expect(files.get('modules/order')?.bytes.toString()).toBe('');
    // All are chosen by the machine's devices: each with its devices and what it leans on.
    const folder = [...files.keys()].find((name) => name.endsWith('/modules.dep'))?.replace('/modules.dep', '') ?? '';
    const text = (name: string) => files.get(`${folder}/${name}`)?.bytes.toString('latin1') ?? '';
    for (const name of ['virtio_net', 'virtio_blk', 'vmxnet3', 'ena'])
      expect(text('modules.alias'), name).toMatch(new RegExp(`^alias \\S+ ${name}$`, 'm'));
    const needed = text('modules.dep').match(/\S+\.ko\.xz/g) ?? [];
    expect(needed.length).toBeGreaterThan(8);
    expect(needed.filter((file) => !files.has(`${folder}/${file}`))).toEqual([]);
  });

  it('is the same, byte for byte, when it is built again', { timeout: BUILD_MS }, async () => {
    const ran = await promisify(execFile)(join(SCRIPTS, 'build-image'), ['micro', '--output', join(output, 'again')]);
    expect(basename(ran.stdout.trim())).toBe(basename(place));
  });
});

describe('programs of the images', () => {
  const inRoot = ['common', 'post-inventory', 'end'].map((name) => `root/usr/lib/regent/${name}`);
  const names = ['common', 'init', 'init-ephemeral', 'iscsi-root', 'inventory', 'dhcp', ...inRoot];
  const paths = names.map((name) => join(SCRIPTS, 'image', name));

  it.each(paths)('%s is taken by a shell and by shellcheck', (path) => {
    execFileSync('sh', ['-n', path]);
    // What it sources is named from the checkout's top.
    execFileSync('shellcheck', ['-x', path], { cwd: join(SCRIPTS, '..') });
  });
});

describe('the inventory', () => {
  let host: DebianHost;
  beforeAll(async () => {
    host = await DebianHost.open();
  });
  afterAll(() => host[Symbol.asyncDispose]());

  async function inventoryOf(system: string, card = 'eth0'): Promise<Record<string, unknown>> {
    host.write('/tmp/inventory', readFileSync(join(SCRIPTS, 'image/inventory'), 'utf8'));
    await host.run(['mkdir', '-p', '/tmp/system']);
    await host.show(system, '/tmp/system');
    const ran = await host.run(['env', 'REGENT_SYSTEM=/tmp/system', 'sh', '/tmp/inventory', card]);
    await host.run(['umount', '/tmp/system']);
    rmSync(system, { recursive: true });
    expect(ran.code, ran.stderr).toBe(0);
    const told = JSON.parse(ran.stdout) as Record<string, unknown>;
    // What is not known is empty; all else is as a region wants it.
    expect(cutTo(Inventory, told).problems).toEqual([]);
    return told;
  }

  const plain = {
    'proc/cpuinfo':
      'processor\t: 0\nmodel name\t: QEMU CPU\nphysical id\t: 0\nflags\t\t: fpu hypervisor\n\nprocessor\t: 1\nphysical id\t: 0\n',
    'proc/meminfo': 'MemTotal:         500000 kB\n',
    'proc/uptime': '3.14 2.71\n',
  };

  it('tells cards that hang on a bus, disks with their serial numbers, firmware, memory', async () => {
    const system = aSystem(
      {
        ...plain,
        'sys/class/dmi/id/sys_vendor': 'QEMU\n',
        'sys/class/dmi/id/product_uuid': '564d1a2b-0000-4000-8000-525400aa0001\n',
        'sys/block/vda/size': '204800\n',
        'sys/block/vda/serial': 'DISK-0001',
        'sys/block/sda/size': '2\n',
        'sys/block/sda/device/model': 'Spinning   \n',
        'sys/block/sda/device/vpd_pg80': '\u0000\u0080\u0000\u0008  SN-0002',
        'sys/block/sda/queue/rotational': '1\n',
        'sys/block/sda/removable': '1\n',
        'sys/block/loop0/size': '8\n',
        // The rack's disk by iSCSI.
        'sys/devices/platform/host2/session1/target2:0:0/2:0:0:1/block/sdb/size': '400\n',
        'sys/class/net/eth0/address': '52:54:00:aa:00:01\n',
        'sys/class/net/eth0/carrier': '1\n',
        'sys/class/net/eth0/speed': '1000\n',
        'sys/class/net/eth1/address': '52:54:00:aa:00:02\n',
        'sys/class/net/eth1/speed': '-1\n',
        'sys/class/net/lo/address': '00:00:00:00:00:00\n',
      },
      ['sys/firmware/efi', 'sys/class/net/eth0/device', 'sys/class/net/eth1/device'],
    );
    symlinkSync('../../../bus/virtio_net', join(system, 'sys/class/net/eth0/device/driver'));
    symlinkSync('../devices/platform/host2/session1/target2:0:0/2:0:0:1/block/sdb', join(system, 'sys/block/sdb'));
    expect(await inventoryOf(system)).toMatchObject({
      teller: 'micro 1',
      virtual: 'vm',
      system: { vendor: 'QEMU', product: '', serial: '', uuid: '564d1a2b-0000-4000-8000-525400aa0001' },
      firmware: { kind: 'uefi' },
      cpu: { model: 'QEMU CPU', sockets: 1, count: 2 },
      memory: { kb: 500_000 },
      disks: [
        { name: 'sda', bytes: 1024, serial: 'SN-0002', model: 'Spinning', rotational: true, removable: true },
        { name: 'vda', bytes: 104_857_600, serial: 'DISK-0001', model: '', rotational: false, removable: false },
      ],
      interfaces: [
        { name: 'eth0', mac: '52:54:00:aa:00:01', link: true, speedMbps: 1000, driver: 'virtio_net' },
        { name: 'eth1', mac: '52:54:00:aa:00:02', link: false, speedMbps: 0, driver: '' },
      ],
      bootMac: '52:54:00:aa:00:01',
      uptime: 3,
    });
  });

  it('takes nothing that hardware says of itself for JSON, shell or a control character', async () => {
    const hostile = '"},\\"$(reboot)`halt`\u001b[2J\u0007\u0000\u00ff\n{"x":1';
    const system = aSystem({
      ...plain,
      'proc/cpuinfo': `processor\t: 0\nmodel name\t: ${hostile.split('\n')[0]}\nflags\t: fpu\n`,
      'sys/class/dmi/id/sys_vendor': hostile,
      'sys/class/dmi/id/product_serial': hostile.repeat(200),
      'sys/block/vda/serial': hostile,
      'sys/block/vda/size': '1e9\n',
    });
    const told = await inventoryOf(system);
    expect(told['virtual']).toBe('none');
    expect(told['disks']).toEqual([
      { name: 'vda', bytes: 0, serial: expect.any(String), model: '', rotational: false, removable: false },
    ]);
    expect(told['interfaces']).toEqual([]);
    expect(Object.keys(told['system'] as object)).toEqual(['vendor', 'product', 'serial', 'uuid']);
    expect(JSON.stringify(told)).toMatch(/^[\x20-\x7e]+$/);
    expect((told['system'] as { serial: string }).serial.length).toBeLessThanOrEqual(256);
  });
});

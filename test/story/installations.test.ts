import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorageRequest } from '../../src/model/machines/deployment/storage-types.ts';
import { BUILD_MS, contentOf, imageFolder } from '../kit/installation/images.ts';
import { Installation, type TestFile } from '../kit/installation/installation.ts';
import type { MachineKind } from '../kit/installation/machine.ts';

/**
 * Layouts × firmware, for real: a virtual machine with empty disks, the system of the release, the image "deployable", a start from the disks, a login.
 * `REGENT_INSTALLATIONS=raid1-bios,raw-bios` plays these alone. Times are printed: of the clock, and of QEMU's processor, which others on the machine do not lengthen.
 */

const MIB = 1_048_576;
const CASE_MS = 2_400_000;
const DISK = { mib: 4096, serial: 'SN-0' };
const SECOND = { mib: 4096, serial: 'SN-1' };
const ROOT = 'findmnt -n -o SOURCE,FSTYPE /';

const CUSTOM: StorageRequest = {
  layout: 'custom',
  disks: [
    { name: 'vda', partitions: [{ bytes: 512 * MIB }, { bytes: null }] },
    { name: 'vdb', partitions: [{ bytes: null }] },
  ],
  volumeGroups: [
    {
      name: 'vg0',
      devices: ['vda-part2', 'vdb-part1'],
      volumes: [
        { name: 'root', bytes: 3000 * MIB },
        { name: 'srv', bytes: null },
        { name: 'swap', bytes: 256 * MIB },
      ],
    },
  ],
  fileSystems: [
    { device: 'vda-part1', kind: 'ext4', mount: '/boot' },
    { device: 'vg0/root', kind: 'xfs', mount: '/', label: 'root' },
    { device: 'vg0/srv', kind: 'ext4', mount: '/srv', options: 'noatime' },
    { device: 'vg0/swap', kind: 'swap' },
  ],
};

interface Case extends MachineKind {
  readonly request: StorageRequest;
  /** Commands and what they say. */
  readonly looks: Readonly<Record<string, string>>;
}
const CASES: Readonly<Record<string, Case>> = {
  'flat-bios': { firmware: 'bios', disks: [DISK], request: { layout: 'flat' }, looks: { [ROOT]: '/dev/vda1 ext4' } },
  'flat-uefi': {
    firmware: 'uefi',
    disks: [DISK],
    request: { layout: 'flat', fs: 'xfs', swapBytes: 128 * MIB },
    looks: { [ROOT]: '/dev/vda1 xfs', 'findmnt -n -o FSTYPE /boot/efi': 'vfat' },
  },
  'lvm-bios': {
    firmware: 'bios',
    disks: [DISK],
    request: { layout: 'lvm' },
    looks: { [ROOT]: '/dev/mapper/vgroot-lvroot ext4' },
  },
  'lvm-uefi': {
    firmware: 'uefi',
    disks: [DISK],
    request: { layout: 'lvm' },
    looks: { [ROOT]: '/dev/mapper/vgroot-lvroot ext4' },
  },
  'raid1-bios': {
    firmware: 'bios',
    disks: [DISK, SECOND],
    request: { layout: 'raid1', swapBytes: 128 * MIB },
    looks: { [ROOT]: '/dev/md0 ext4' },
  },
  'raid1-uefi': {
    firmware: 'uefi',
    disks: [DISK, SECOND],
    request: { layout: 'raid1' },
    looks: { [ROOT]: '/dev/md0 ext4' },
  },
  'custom-bios': {
    firmware: 'bios',
    disks: [DISK, SECOND],
    request: CUSTOM,
    looks: {
      [ROOT]: '/dev/mapper/vg0-root xfs',
      'findmnt -n -o FSTYPE /boot /srv': 'ext4\next4',
      'swapon --noheadings --show=TYPE': 'partition',
    },
  },
  'custom-uefi': {
    firmware: 'uefi',
    disks: [DISK, SECOND],
    request: CUSTOM,
    looks: { [ROOT]: '/dev/mapper/vg0-root xfs' },
  },
};
const OTHERS = ['raw-bios', 'damaged', 'erase-quick', 'erase-full'];
const wanted = process.env['REGENT_INSTALLATIONS'] ?? '';
const isWanted = (name: string) => wanted === '' || wanted.split(',').includes(name);
for (const name of wanted.split(',').filter(Boolean))
  if (!(name in CASES) && !OTHERS.includes(name)) throw new Error(`REGENT_INSTALLATIONS: there is no case ${name}`);

let ephemeral: string;
let image: TestFile;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'regent-installations-'));
  ephemeral = await imageFolder('ephemeral');
  const system = await imageFolder('deployable', ['--kernel', 'cloud']);
  const { file, compression, bytes } = contentOf(system);
  image = { file: join(system, file), format: 'tar', compression, minBytes: bytes, user: 'debian' };
}, 2 * BUILD_MS);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const round = (seconds: readonly [number, number]) =>
  `${Math.round(seconds[0])} s (processor ${Math.round(seconds[1])} s)`;

/** Installs, and starts from the disks. Prints the times. */
async function deploy(site: Installation, name: string, request: StorageRequest, of = image): Promise<void> {
  await site.offer(of, request, ['http://10.0.2.2:1']);
  const ran = await site.run();
  expect(ran.status, ran.logs).toBe('OK');
  const login = await site.login(of.user);
  console.log(`${name}: power → installed ${round(ran.seconds)}, disk → SSH ${round(login)}`);
  expect(await site.deployed()).toBe('done');
}

describe('layouts', () => {
  for (const [name, { looks, request, ...kind }] of Object.entries(CASES).filter(([name]) => isWanted(name)))
    it(
      `${name}`,
      async () => {
        await using site = await Installation.open(kind, ephemeral);
        await deploy(site, name, request);
        expect(await site.ssh('debian', 'hostname -f')).toBe('m1.example.test');
        for (const [command, said] of Object.entries(looks))
          expect((await site.ssh('debian', command)).replaceAll(/ +/g, ' '), command).toBe(said);
        expect(await site.ssh('debian', 'systemctl --failed --plain --no-legend')).toBe('');
        if (request.layout !== 'raid1') return;
        // The machine goes on when the first of its disks is dead.
        await site.machine.kill();
        console.log(`${name}: without its first disk, disk → SSH ${round(await site.login('debian', [0]))}`);
        expect(await site.ssh('debian', 'cat /proc/mdstat')).toContain('[2/1]');
      },
      CASE_MS,
    );
});

describe('a raw image', () => {
  it.runIf(isWanted('raw-bios'))(
    'is written as it comes, grows with its disk, and gets names and keys',
    async () => {
      const raw = join(folder, 'disk.raw.zst');
      {
        await using first = await Installation.open(
          { firmware: 'bios', disks: [{ mib: 2048, serial: 'SN-0' }] },
          ephemeral,
        );
        await first.offer(image, { layout: 'flat' });
        expect((await first.run()).status).toBe('OK');
        execFileSync('zstd', ['-q', '-1', first.machine.disk(0), '-o', raw]);
      }
      await using site = await Installation.open({ firmware: 'bios', disks: [DISK] }, ephemeral);
      const of = { ...image, file: raw, format: 'raw', compression: 'zst', minBytes: 2048 * MIB } as const;
      await deploy(site, 'raw-bios', { layout: 'flat' }, of);
      expect(Number(await site.ssh('debian', 'df --output=size --block-size=1M / | tail -n 1'))).toBeGreaterThan(3000);
    },
    2 * CASE_MS,
  );
});

describe('a step that fails', () => {
  it.runIf(isWanted('damaged'))(
    'is the last one: a damaged image is not started',
    async () => {
      await using site = await Installation.open({ firmware: 'bios', disks: [DISK] }, ephemeral);
      await site.offer(image, { layout: 'flat' });
      const { offer } = site.rack;
      const deployment = { ...offer.deployment, 'image/sha256': `${'0'.repeat(64)}\n` };
      site.rack.offer = { ...offer, deployment };
      const ran = await site.run();
      expect(ran.logs).toContain('Each rack gave a damaged image');
      expect(ran).toMatchObject({ status: 'FAILED', error: 'failed: regent-install-20-image ' });
      expect(Object.keys(ran.steps).at(-1)).toBe('regent-install-20-image');
    },
    CASE_MS,
  );
});

describe('a disk is erased', () => {
  for (const how of ['quick', 'full'] as const)
    it.runIf(isWanted(`erase-${how}`))(
      `${how}`,
      async () => {
        await using site = await Installation.open(
          { firmware: 'bios', disks: [{ mib: 1024, serial: 'SN-0' }] },
          ephemeral,
        );
        const file = site.machine.disk(0);
        // Something at both ends and in the middle.
        const opened = openSync(file, 'r+');
        for (const mib of [0, 500, 1023]) writeSync(opened, randomBytes(MIB), 0, MIB, mib * MIB);
        closeSync(opened);
        site.offerErase(how, '/dev/vda');
        const ran = await site.run();
        expect(ran.status, ran.logs).toBe('OK');
        console.log(`erase-${how}: ${ran.logs}`);
        expect(await nonZeroMib(file)).toEqual(how === 'full' ? [] : [500]);
      },
      CASE_MS,
    );
});

/** Which MiB of a file are not zero. */
async function nonZeroMib(file: string): Promise<number[]> {
  const found: number[] = [];
  const zero = Buffer.alloc(MIB);
  let at = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: MIB })) {
    if (!(chunk as Buffer).equals(zero.subarray(0, (chunk as Buffer).length))) found.push(at);
    at += 1;
  }
  return found;
}

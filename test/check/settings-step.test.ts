import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/** What a deployment writes on a machine's disk: the table of file systems, the settings of cloud-init. */

const STEP = join(import.meta.dirname, '../../scripts/machine/deploying/regent-install-30-settings');
const root = mkdtempSync(join(tmpdir(), 'regent-settings-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Runs a function of the step alone, the rest of it mounts: below a folder in place of `/target`. Returns what it prints. */
function runPart(part: string): string {
  for (const folder of ['step', 'bin']) mkdirSync(join(root, folder), { recursive: true });
  const text = readFileSync(STEP, 'utf8');
  const end = text.indexOf('\nif [ "$(cat "$deployment/image/format")"');
  expect(end).toBeGreaterThan(0);
  const functions = text.slice(0, end).replace('target=/target', `target=${root}/target`);
  expect(functions).toContain(`target=${root}/target`);
  writeFileSync(join(root, 'step/settings'), `${functions}\n${part}\n`);
  const PATH = `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`;
  const ran = spawnSync('sh', [join(root, 'step/settings')], { env: { PATH }, encoding: 'utf8' });
  expect(ran.status, ran.stderr).toBe(0);
  return ran.stdout;
}

/** The table; `blkid` and `readlink` answer with the name that they are asked for. */
function tableOf(fileSystems: readonly (readonly string[])[]): string[] {
  for (const folder of ['deployment/storage', 'bin']) mkdirSync(join(root, folder), { recursive: true });
  const rows = fileSystems.map((row) => `${row.join('\t')}\n`).join('');
  writeFileSync(join(root, 'deployment/storage/file-systems'), rows);
  for (const tool of ['blkid', 'readlink']) {
    writeFileSync(join(root, 'bin', tool), '#!/bin/sh\nfor last; do :; done\nbasename "$last"\n');
    chmodSync(join(root, 'bin', tool), 0o755);
  }
  return runPart('file_systems')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}

describe('the settings of cloud-init', () => {
  it.each([
    ['tar', true],
    ['raw', false],
  ])('of an image of the format %s: its disk stays as it was laid out: %s', (format, isLeft) => {
    mkdirSync(join(root, 'deployment/image'), { recursive: true });
    writeFileSync(join(root, 'deployment/image/format'), `${format}\n`);
    runPart('cloud_init');
    const written = readFileSync(join(root, 'target/etc/cloud/cloud.cfg.d/99-regent.cfg'), 'utf8');
    expect(parse(written)).toEqual({
      datasource_list: ['NoCloud', 'None'],
      network: { config: 'disabled' },
      apt: { preserve_sources_list: true },
      ...(isLeft ? { growpart: { mode: 'off' }, resize_rootfs: false } : {}),
    });
  });
});

describe('SSH', () => {
  const keysOnly = () => {
    const step = readFileSync(
      join(import.meta.dirname, '../../scripts/machine/deploying/regent-install-50-deployed'),
      'utf8',
    );
    const [part = ''] = /^ssh_passwords\(\) \{\n[^]*?^\}\nssh_passwords\n/m.exec(step) ?? [];
    const ran = spawnSync('sh', ['-eu', '-c', `target=${root}/target\n${part}`], { encoding: 'utf8' });
    expect([ran.status, ran.stderr, part === '']).toEqual([0, '', false]);
  };
  const config = () => join(root, 'target/etc/ssh/sshd_config');
  it.each([
    ['with a folder of its own', 'Include /etc/ssh/sshd_config.d/*.conf\nUsePAM yes\n', /^Include/],
    ['without one', 'UsePAM yes\n', /^PasswordAuthentication no\nUsePAM yes\n$/],
  ])('takes no passwords, %s, and cloud-init’s own file comes first', (_, text, after) => {
    mkdirSync(join(root, 'target/etc/ssh'), { recursive: true });
    writeFileSync(config(), text);
    keysOnly();
    const own = readFileSync(join(root, 'target/etc/ssh/sshd_config.d/60-regent.conf'), 'utf8');
    expect(own).toMatch(/^PasswordAuthentication no$/m);
    // 50-cloud-init.conf comes before it, and the first value counts.
    expect(readFileSync(config(), 'utf8')).toMatch(after);
  });
  it('is left alone in a system that has none', () => {
    rmSync(join(root, 'target/etc/ssh'), { recursive: true, force: true });
    keysOnly();
    expect(existsSync(join(root, 'target/etc/ssh'))).toBe(false);
  });
});

describe('the table of file systems', () => {
  it('has the root as the boot loader finds it, and waits for every other device longer than systemd does by itself', () => {
    expect(
      tableOf([
        ['vda-part1', 'ext4', '/', '-', 'defaults'],
        ['vda-part2', 'ext4', '/boot', '-', 'defaults'],
        ['vda-part3', 'xfs', '/srv', 'data', 'noatime'],
        ['vda-part15', 'vfat', '/boot/efi', '-', 'umask=0077,nofail'],
        ['vda-part4', 'swap', '-', '-', 'sw'],
        ['vdb', 'ext4', '-', '-', 'defaults'],
      ]),
    ).toEqual([
      'UUID=vda-part1 / ext4 errors=remount-ro 0 1',
      'UUID=vda-part2 /boot ext4 defaults,x-systemd.device-timeout=5min 0 2',
      'UUID=vda-part3 /srv xfs noatime,x-systemd.device-timeout=5min 0 0',
      'UUID=vda-part15 /boot/efi vfat umask=0077,nofail,x-systemd.device-timeout=5min 0 0',
      'UUID=vda-part4 none swap sw 0 0',
    ]);
  });
});

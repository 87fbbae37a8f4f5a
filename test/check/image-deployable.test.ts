import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../src/core/errors.ts';
import { parseManifest } from '../../src/model/images/image.ts';
import { BUILD_MS, imageFolder } from '../kit/installation/images.ts';

/** The tiny image that machines are deployed with, built for real. That a machine starts from it is the installer's test. */

let place = '';
let listing = '';

beforeAll(async () => {
  place = await imageFolder('deployable-tiny');
  const unpacked = await promisify(execFile)(
    'tar',
    ['--zstd', '--list', '--verbose', '--numeric-owner', '--file', join(place, 'root.tar.zst')],
    {
      maxBuffer: 2 ** 26,
    },
  );
  listing = unpacked.stdout;
}, BUILD_MS);

describe('the image deployable-tiny', () => {
  it('has a manifest that a region takes', () => {
    const text = readFileSync(join(place, 'manifest.json'), 'utf8');
    const manifest = parseManifest(text);
    if (isRejected(manifest)) throw new Error(manifest.message);
    expect(manifest).toMatchObject({ kind: 'deployable', kernel: expect.stringMatching(/^\d+\.\d+\.\d+.*-cloud-/) });
    expect(JSON.parse(text)).toMatchObject({
      name: 'debian-13-tiny',
      content: { file: 'root.tar.zst', format: 'tar', compression: 'zst', cloudInit: false },
    });
    const bytes = readFileSync(join(place, 'root.tar.zst'));
    expect(manifest.files).toEqual([
      { name: 'root.tar.zst', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') },
    ]);
    expect(bytes.length).toBeLessThan(120e6);
  });

  it('has one kernel with its initrd, loaders for BIOS and UEFI, and a way in', () => {
    expect(listing.match(/ \.\/boot\/vmlinuz-\S+/g)).toHaveLength(1);
    expect(listing.match(/ \.\/boot\/initrd\.img-\S+/g)).toHaveLength(1);
    for (const path of [
      'usr/sbin/grub-install',
      'usr/lib/grub/i386-pc/boot.img',
      'usr/lib/grub/x86_64-efi/modinfo.sh',
      'usr/sbin/sshd',
      'usr/bin/curl',
      'etc/kernel/postinst.d/zz-update-grub',
      'etc/systemd/system/multi-user.target.wants/systemd-networkd.service',
    ])
      expect(listing, path).toMatch(new RegExp(` \\./${path}( ->.*)?$`, 'm'));
  });

  it('keeps the journal of its systems, and asks no host for VSOCK', () => {
    expect(listing).toMatch(/^drwx\S+ 0\/\d+ +0 .* \.\/var\/log\/journal\/$/m);
    expect(listing).toMatch(/ \.\/etc\/systemd\/system-generators\/systemd-ssh-generator -> \/dev\/null$/m);
    expect(listing).not.toMatch(/^-.* \.\/var\/log\//m);
  });

  it('has nothing of one host’s own: no keys, no name, no machine id, no devices', () => {
    expect(listing).not.toMatch(/ssh_host_|\.\/etc\/hostname$/m);
    expect(listing).toMatch(/^-\S+ 0\/0 +0 .* \.\/etc\/machine-id$/m);
    expect(listing).not.toMatch(/^[bc]/m);
    const sources = execFileSync('tar', [
      '--zstd',
      '--extract',
      '--to-stdout',
      '--file',
      join(place, 'root.tar.zst'),
      './etc/apt/sources.list.d/debian.sources',
    ]);
    expect(sources.toString()).toMatch(/^Suites: trixie-security$/m);
    expect(listing).not.toMatch(/ \.\/etc\/apt\/sources\.list$/m);
  });
});

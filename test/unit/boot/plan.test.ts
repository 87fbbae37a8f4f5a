import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { planOf } from '../../../src/boot/plan.ts';
import { BootPlan } from '../../../src/boot/record.ts';
import { type DefaultImage, imageName } from '../../../src/model/images/image.ts';
import { RUN_PURPOSES } from '../../../src/model/machines/machine-run.ts';

const DIGEST = '0123456789abcdef'.repeat(4);
const validator = Compile(BootPlan);

function anImage(files: readonly string[], changes: Partial<DefaultImage> = {}): DefaultImage {
  const named = { digest: DIGEST, name: imageName({ kind: 'micro', kernel: '6.12.57+deb13-cloud-amd64' }) };
  return { ...named, architecture: 'amd64', files: files.map((name) => ({ name, sha256: DIGEST })), ...changes };
}

describe('planOf', () => {
  it('names the kernel, the initrd, the root file system and its digest, the consoles and the place of the inventory', () => {
    const plan = planOf(anImage(['initrd.img', 'root.squashfs', 'vmlinuz']), {
      machineId: 'abc123',
      purpose: 'commissioning',
    });
    expect(plan).toEqual({
      image: {
        name: 'micro/6.12.57-deb13-cloud-amd64',
        architecture: 'amd64',
        kernel: `images/${DIGEST}/vmlinuz`,
        initrd: `images/${DIGEST}/initrd.img`,
        root: `images/${DIGEST}/root.squashfs`,
      },
      parameters: [
        'console=tty0',
        'console=ttyS0,115200',
        'panic=30',
        'loglevel=4',
        'regent.end=off',
        `regent.root-sha256=${DIGEST}`,
        'ds=MAAS',
      ],
      metadata: 'MAAS/metadata/inventory/abc123',
      credentials: 'MAAS/metadata/latest/by-id/abc123/?op=get_preseed',
    });
  });

  it('names the target and the part for iSCSI; an image without a root goes as ever', () => {
    const wish = { machineId: 'abc123', purpose: 'commissioning', media: 'iscsi' } as const;
    const target = `iqn.2026-11.internal.regent:${DIGEST}`;
    const files = ['initrd.img', 'iscsi.img', 'root.squashfs', 'vmlinuz'];
    const plan = planOf(anImage(files), wish);
    expect(plan?.iscsi).toEqual({ target, port: 3260, initrd: `images/${DIGEST}/iscsi.img` });
    expect(validator.Check(plan)).toBe(true);
    expect(planOf(anImage(files.filter((file) => file !== 'iscsi.img')), wish)?.iscsi).toEqual({ target, port: 3260 });
    expect(planOf(anImage(['initrd.img', 'vmlinuz']), wish)).not.toHaveProperty('iscsi');
    expect(planOf(anImage(files), { ...wish, media: 'http' })).not.toHaveProperty('iscsi');
  });

  it('has no root where the image has none, and the serial port of arm64', () => {
    const image = anImage(['initrd.img', 'vmlinuz'], { architecture: 'arm64' });
    const plan = planOf(image, { machineId: 'abc123', purpose: 'rescue' });
    expect(plan?.image).not.toHaveProperty('root');
    expect(plan?.parameters).toEqual([
      'console=tty0',
      'console=ttyAMA0,115200',
      'panic=30',
      'loglevel=4',
      'regent.end=wait',
    ]);
  });

  it('has what operators add, which its schema bounds; without it no such member', () => {
    const wish = { machineId: 'abc123', purpose: 'rescue' } as const;
    const plan = planOf(anImage(['initrd.img', 'vmlinuz']), { ...wish, options: ['quiet', 'memmap=4G!4G'] });
    expect(plan?.options).toEqual(['quiet', 'memmap=4G!4G']);
    expect(validator.Check(plan)).toBe(true);
    expect(planOf(anImage(['initrd.img', 'vmlinuz']), wish)).not.toHaveProperty('options');
    for (const option of ['a b', 'a=$x', 'a;b', '-x', 'a="', 'a=#'])
      expect(validator.Check({ ...plan, options: [option] }), option).toBe(false);
  });

  it('keeps a machine on that an operator wants to log in to', () => {
    const plan = planOf(anImage(['initrd.img', 'vmlinuz']), { machineId: 'abc123', purpose: 'testing', staysOn: true });
    expect(plan?.parameters).toContain('regent.end=wait');
  });

  it('starts no system around the scripts of a deployment or an erasure, but around all else and around one that stays in memory', () => {
    const image = anImage(['initrd.img', 'root.squashfs', 'vmlinuz']);
    const isAlone = (purpose: (typeof RUN_PURPOSES)[number], staysOn = false) =>
      planOf(image, { machineId: 'abc123', purpose, staysOn })?.parameters.includes('regent.start=scripts');
    expect(RUN_PURPOSES.filter((purpose) => isAlone(purpose))).toEqual(['deploying', 'erasing']);
    expect(isAlone('deploying', true)).toBe(false);
  });

  it('is a plan by its schema for every purpose', () => {
    for (const purpose of RUN_PURPOSES)
      expect(validator.Check(planOf(anImage(['initrd.img', 'vmlinuz']), { machineId: 'abc123', purpose }))).toBe(true);
  });

  it('makes none of an image that no machine can boot', () => {
    for (const files of [['root.tar.zst'], ['vmlinuz'], ['initrd.img']])
      expect(planOf(anImage(files), { machineId: 'abc123', purpose: 'enlisting' })).toBeNull();
  });
});

import type { BootKnowledge } from '../../src/boot/answer.ts';
import { indexRecords } from '../../src/boot/answer.ts';
import type { BootQuestion } from '../../src/boot/client.ts';
import type { BootPlace } from '../../src/boot/decide.ts';
import type { BootPlan, BootRecord } from '../../src/boot/record.ts';
import { goldenTemplates } from './goldens.ts';

/** Wall time of the tests of boot scripts, in seconds. */
export const BOOT_NOW = 1_790_000_000;
export const PLACE: BootPlace = { files: 'http://10.10.10.1:5248', scripts: 'http://10.10.10.1:5249' };
export const BOOT_MAC = '52:54:00:aa:00:01';
export const BOOT_UUID = '564d1a2b-0000-4000-8000-525400aa0001';

const DIGEST = '0123456789abcdef'.repeat(4);

/** The plan of an image for tests; `architecture` says for which machines. */
export function aPlan(architecture: 'amd64' | 'arm64' = 'amd64', changes: Partial<BootPlan> = {}): BootPlan {
  return {
    image: {
      name: 'micro/6.12',
      architecture,
      kernel: `images/${DIGEST}/vmlinuz`,
      initrd: `images/${DIGEST}/initrd.img`,
    },
    parameters: ['console=tty0', 'console=ttyS0,115200'],
    metadata: 'MAAS/metadata/latest/by-id/abc123/?op=get_preseed',
    ...changes,
  };
}

/** A root of that image by iSCSI. */
export const ISCSI = {
  target: `iqn.2026-11.internal.regent:${DIGEST}`,
  port: 3260,
  initrd: `images/${DIGEST}/iscsi.img`,
} as const;

/** The record of machine m1. */
export function aRecord(state: string, changes: Partial<BootRecord> = {}): BootRecord {
  return { machine: 'abc123', hostname: 'm1', macs: [BOOT_MAC], uuid: BOOT_UUID, state, boots: [aPlan()], ...changes };
}

/** The kinds of machines that boot: what each says of itself. */
export const KINDS = {
  'ipxe-bios': { loader: 'ipxe', arch: 'i386', platform: 'pcbios' },
  'ipxe-uefi': { loader: 'ipxe', arch: 'x86_64', platform: 'efi' },
  'ipxe-arm64': { loader: 'ipxe', arch: 'arm64', platform: 'efi' },
  'grub-uefi': { loader: 'grub', arch: 'x86_64', platform: 'efi' },
} as const;
export type Kind = keyof typeof KINDS;

/** What a machine of a kind asks; `changes` of its values last. */
export function aQuestion(kind: Kind, changes: Readonly<Record<string, string>> = {}): BootQuestion {
  const { loader, arch, platform } = KINDS[kind];
  const query = new URLSearchParams({ mac: BOOT_MAC, uuid: BOOT_UUID, serial: 'SN-0001', arch, platform, ...changes });
  return { loader, query: query.toString() };
}

/** What a rack knows that has these records, with the real templates. */
export function knowledge(...records: readonly BootRecord[]): BootKnowledge {
  return { records: indexRecords(records), generation: 7, place: PLACE, templates: TEMPLATES };
}

const TEMPLATES = goldenTemplates();

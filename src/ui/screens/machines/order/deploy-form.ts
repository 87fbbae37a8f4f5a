import { listOf } from '../../../models/base/command-text.ts';
import type { Values } from '../../../models/base/typed.ts';
import type { FormField } from '../../../parts/form.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const { fields: F } = EN.machineActions;
const MIB = 1_048_576;

/** The form of a deployment. */
export function deployFields(images: readonly string[]): readonly FormField[] {
  return [
    {
      name: 'image',
      label: F.image,
      kind: 'choice',
      help: F.imageHelp,
      isOptional: true,
      choices: [['', F.sameImage], ...images.map((name) => [name, name] as const)],
    },
    {
      name: 'layout',
      label: F.layout,
      kind: 'choice',
      isOptional: true,
      choices: [['', F.usual], ...['flat', 'lvm', 'raid1', 'blank'].map((name) => [name, name] as const)],
    },
    { name: 'disks', label: F.disks, help: F.disksHelp, isOptional: true },
    {
      name: 'fs',
      label: F.fs,
      kind: 'choice',
      isOptional: true,
      choices: [
        ['', 'ext4'],
        ['xfs', 'xfs'],
      ],
    },
    { name: 'swap', label: F.swap, kind: 'number', isOptional: true },
    { name: 'storage', label: F.custom, kind: 'area', help: F.customHelp, isOptional: true },
    { name: 'userData', label: F.userData, kind: 'area', help: F.userDataHelp, isOptional: true },
    { name: 'ephemeral', label: F.ephemeral, kind: 'check' },
    { name: 'force', label: F.force, kind: 'check' },
  ];
}

/** What is sent for it. A layout that is no JSON is sent as it is: the site says what is wrong with it. */
export function deployBody(values: Values): object {
  const storage = storageOf(values);
  return {
    ...(values['image'] ? { image: values['image'] } : {}),
    ...(storage === undefined ? {} : { storage }),
    ...(values['userData'] ? { userData: base64Of(values['userData']) } : {}),
    ...(values['ephemeral'] ? { ephemeral: true } : {}),
    ...(values['force'] ? { force: true } : {}),
  };
}

/** Options of the command line for it. */
export function deployCli(values: Values): readonly (readonly [string, string | undefined])[] {
  const isOwn = Boolean(values['storage']);
  return [
    ['--image', values['image'] || undefined],
    ['--storage', isOwn ? '@layout.json' : values['layout'] || undefined],
    ...(isOwn ? [] : listOf(values['disks'] ?? '').map((disk) => ['--disk', disk] as const)),
    ['--fs', isOwn ? undefined : values['fs'] || undefined],
    ['--swap', isOwn ? undefined : values['swap'] || undefined],
    ['--user-data', values['userData'] ? 'cloud.yaml' : undefined],
    ['--ephemeral', values['ephemeral'] ? '' : undefined],
    ['--force', values['force'] ? '' : undefined],
  ];
}

function storageOf(values: Values): unknown {
  if (values['storage']) {
    try {
      return JSON.parse(values['storage']);
    } catch {
      return values['storage'];
    }
  }
  const disks = listOf(values['disks'] ?? '');
  const { layout, fs, swap } = values;
  if (!layout && !fs && !swap && disks.length === 0) return undefined;
  const megabytes = Number(swap);
  return {
    layout: layout || 'flat',
    ...(disks.length === 0 ? {} : { disks }),
    ...(fs ? { fs } : {}),
    ...(swap ? { swapBytes: Number.isFinite(megabytes) ? megabytes * MIB : swap } : {}),
  };
}

/** A text as bytes of UTF-8 in base64. */
export function base64Of(text: string): string {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

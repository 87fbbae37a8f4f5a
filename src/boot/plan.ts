import type { ImageArchitecture } from '../model/nouns/image.ts';
import type { RunPurpose } from '../model/nouns/machine-run.ts';
import type { DefaultImage } from '../model/snapshot.ts';
import type { BootPlan } from './record.ts';

/** For whom a plan is, and why it runs our system. `machineId`: six letters and digits. `staysOn`: an operator wants to log in afterwards. */
export interface PlanFor {
  readonly machineId: string;
  readonly purpose: RunPurpose;
  readonly staysOn?: boolean;
}

/** The names that `scripts/build-image` gives; a root file system is a squashfs, and `micro` has none. */
const KERNEL = 'vmlinuz';
const INITRD = 'initrd.img';
const ROOT = /\.squashfs$/;

/** The screen and the serial port; the last one is the kernel's own, and BMCs show it. */
const CONSOLES: Readonly<Record<ImageArchitecture, readonly string[]>> = {
  amd64: ['console=tty0', 'console=ttyS0,115200'],
  arm64: ['console=tty0', 'console=ttyAMA0,115200'],
};

/** What the machine does when it has told what it is (`scripts/image/README.md`). */
const ENDS: Readonly<Record<RunPurpose, 'off' | 'reboot' | 'wait'>> = {
  enlisting: 'off',
  commissioning: 'off',
  testing: 'off',
  deploying: 'reboot',
  rescue: 'wait',
  erasing: 'off',
};

/** A kernel that does not get on starts the machine anew after so many seconds. */
const AFTER_PANIC = 'panic=30';

/** Runs of our own scripts alone: no system starts around them, and nobody logs in. */
const SCRIPTS_ALONE: readonly RunPurpose[] = ['deploying', 'erasing'];

/** What a machine boots of an image; null: the image has no kernel or no initrd, such as a deployable one. Pure. */
export function planOf(image: DefaultImage, { machineId, purpose, staysOn = false }: PlanFor): BootPlan | null {
  const end = staysOn ? 'wait' : ENDS[purpose];
  const { digest, name, architecture, files } = image;
  const path = (file: string) => `images/${digest}/${file}`;
  const has = (file: string) => files.some((one) => one.name === file);
  if (!has(KERNEL) || !has(INITRD)) return null;
  const root = files.find((file) => ROOT.test(file.name));
  return {
    image: {
      name,
      architecture,
      kernel: path(KERNEL),
      initrd: path(INITRD),
      ...(root === undefined ? {} : { root: path(root.name) }),
    },
    parameters: [
      ...CONSOLES[architecture],
      AFTER_PANIC,
      `regent.end=${end}`,
      ...(root === undefined ? [] : rootParameters(root)),
      ...(root !== undefined && !staysOn && SCRIPTS_ALONE.includes(purpose) ? ['regent.start=scripts'] : []),
    ],
    metadata: `MAAS/metadata/inventory/${machineId}`,
    credentials: `MAAS/metadata/latest/by-id/${machineId}/?op=get_preseed`,
  };
}

/** What the initrd compares the root with, and the data source of its cloud-init. */
function rootParameters({ sha256 }: DefaultImage['files'][number]): readonly string[] {
  return [`regent.root-sha256=${sha256}`, 'ds=MAAS'];
}

import { PORTS } from '../core/node-ports.ts';
import type { DefaultImage, ImageArchitecture } from '../model/images/image.ts';
import { type BootMedia, ISCSI_PART, iscsiTarget, rootOf } from '../model/images/boot-media.ts';
import type { RunPurpose } from '../model/machines/machine-run.ts';
import type { BootPlan } from './record.ts';

/**
 * For whom a plan is, and why it runs our system. `machineId`: six letters and digits. `staysOn`: an operator wants to log in afterwards. `media`: by what it
 * gets its root, HTTP when left out. `options`: of the kernel, by operators.
 */
export interface PlanFor {
  readonly machineId: string;
  readonly purpose: RunPurpose;
  readonly staysOn?: boolean;
  readonly media?: BootMedia;
  readonly options?: readonly string[];
}

/** The names that `scripts/build-image` gives. */
const KERNEL = 'vmlinuz';
const INITRD = 'initrd.img';

/** The screen and the serial port; the last one is the kernel's own, and BMCs show it. */
const CONSOLES: Readonly<Record<ImageArchitecture, readonly string[]>> = {
  amd64: ['console=tty0', 'console=ttyS0,115200'],
  arm64: ['console=tty0', 'console=ttyAMA0,115200'],
};

/** What the machine does at the end of its run (`scripts/image/README.md`). */
const ENDS: Readonly<Record<RunPurpose, 'off' | 'reboot' | 'wait'>> = {
  enlisting: 'off',
  commissioning: 'off',
  testing: 'off',
  deploying: 'reboot',
  rescue: 'wait',
  erasing: 'off',
};

/** A kernel that panics restarts the machine after so many seconds. */
const AFTER_PANIC = 'panic=30';

/**
 * What the kernel says itself goes to its own log, errors to the console too: at 115,200 baud the log of a server takes ten seconds and more. A kernel
 * option of the machine, such as `loglevel=7`, comes later and wins.
 */
const CONSOLE_LEVEL = 'loglevel=4';

/** Runs only of Regent's own scripts: no system starts around them, and nobody logs in. */
const SCRIPTS_ALONE: readonly RunPurpose[] = ['deploying', 'erasing'];

/** What a machine boots of an image; null: the image has no kernel or no initrd, such as a deployable one. Pure. */
export function planOf(
  image: DefaultImage,
  { machineId, purpose, staysOn = false, media, options = [] }: PlanFor,
): BootPlan | null {
  const end = staysOn ? 'wait' : ENDS[purpose];
  const { digest, name, architecture, files } = image;
  const path = (file: string) => `images/${digest}/${file}`;
  const has = (file: string) => files.some((one) => one.name === file);
  if (!has(KERNEL) || !has(INITRD)) return null;
  const root = rootOf(files);
  return {
    image: {
      name,
      architecture,
      kernel: path(KERNEL),
      initrd: path(INITRD),
      ...(root === null ? {} : { root: path(root.name) }),
    },
    parameters: [
      ...CONSOLES[architecture],
      AFTER_PANIC,
      CONSOLE_LEVEL,
      `regent.end=${end}`,
      ...(root === null ? [] : rootParameters(root)),
      ...(root !== null && !staysOn && SCRIPTS_ALONE.includes(purpose) ? ['regent.start=scripts'] : []),
    ],
    ...(options.length === 0 ? {} : { options: [...options] }),
    metadata: `MAAS/metadata/inventory/${machineId}`,
    credentials: `MAAS/metadata/latest/by-id/${machineId}/?op=get_preseed`,
    // An image without a root lies in its initrd: there is nothing to give out by iSCSI.
    ...(media !== 'iscsi' || root === null
      ? {}
      : {
          iscsi: {
            target: iscsiTarget(digest),
            port: PORTS.iscsi,
            ...(has(ISCSI_PART) ? { initrd: path(ISCSI_PART) } : {}),
          },
        }),
  };
}

/** What the initrd compares the root with, and the data source of its cloud-init. */
function rootParameters({ sha256 }: DefaultImage['files'][number]): readonly string[] {
  return [`regent.root-sha256=${sha256}`, 'ds=MAAS'];
}

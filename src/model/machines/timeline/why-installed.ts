import type { WhyRule } from './why-case.ts';

/** From the end of an installation to the report of the system on the disk. Only these hold there: the rack sends it to its disk and gives it no kernel. */
export const installedCauses: readonly WhyRule[] = [
  {
    code: 'own-system-unbooted',
    judge: ({ steps, site, isInstalled }) =>
      isInstalled === true && steps.some(({ what }) => what === 'installed')
        ? {
            sentence: `The disks of ${site.machine} are written, but no rack saw ${site.machine} start after that. It did not restart, or its firmware booted the disk without a network request.`,
            remedy: `Check its console; start it again: regent machine power cycle ${site.machine} --boot disk.`,
          }
        : null,
  },
  {
    code: 'own-system-mute',
    judge: ({ steps, site, isInstalled }) =>
      isInstalled === true && !steps.some(({ what }) => what === 'installed')
        ? {
            sentence: `The rack sent ${site.machine} to its disk, but the system there has not reported. It did not start, has wrong network settings, or reaches no rack.`,
            remedy: `Check the console of ${site.machine} for the boot loader, a panic or its network. Read the output of the steps: regent machine results ${site.machine}.`,
          }
        : null,
  },
];

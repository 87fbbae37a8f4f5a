import type { WhyRule } from './why-case.ts';

/** From the end of an installation to the report of the system on the disk. Only these hold there: the rack sends it to its disk and gives it no kernel. */
export const installedCauses: readonly WhyRule[] = [
  {
    code: 'own-system-unbooted',
    judge: ({ steps, site, isInstalled }) =>
      isInstalled === true && steps.some(({ what }) => what === 'installed')
        ? {
            sentence: `The disks of ${site.machine} are written, and it was not seen to start after that: it does not go down, or its firmware boots the disk without asking a rack.`,
            remedy: `Check its console; start it again: regent machine power cycle ${site.machine} --boot disk.`,
          }
        : null,
  },
  {
    code: 'own-system-mute',
    judge: ({ steps, site, isInstalled }) =>
      isInstalled === true && !steps.some(({ what }) => what === 'installed')
        ? {
            sentence: `The rack sent ${site.machine} to its disk, and the system there has not reported that it runs: it does not start, its network is another one, or it reaches no rack.`,
            remedy: `Check its console for the boot loader, a panic or its network; the output of the steps: regent machine results ${site.machine}.`,
          }
        : null,
  },
];

import { imageArchitecture } from '../deployment/candidate.ts';
import { isBefore, lastOf } from './why-power.ts';
import type { WhyCase, WhyRule } from './why-case.ts';

interface LoaderTarget {
  readonly firmware: 'bios' | 'uefi';
  readonly architecture: 'amd64' | 'arm64';
}

/** What a loader is for, by its name (`services/tftp`). */
const LOADERS: Readonly<Record<string, LoaderTarget>> = {
  'undionly.kpxe': { firmware: 'bios', architecture: 'amd64' },
  'snponly.efi': { firmware: 'uefi', architecture: 'amd64' },
  'ipxe.efi': { firmware: 'uefi', architecture: 'amd64' },
  'bootx64.efi': { firmware: 'uefi', architecture: 'amd64' },
  'grubx64.efi': { firmware: 'uefi', architecture: 'amd64' },
  'ipxe-arm64.efi': { firmware: 'uefi', architecture: 'arm64' },
};

/** The loader that it took and that is not for it, with what it is for and what the machine is. */
function wrongLoader(seen: WhyCase): { readonly file: string; readonly isFor: string; readonly is: string } | null {
  const file = lastOf(seen, 'loader')?.facts.file ?? '';
  const kind = Object.hasOwn(LOADERS, file) ? LOADERS[file] : undefined;
  if (kind === undefined) return null;
  const { firmware, architecture } = seen.site;
  const own = imageArchitecture(architecture ?? undefined);
  const isRight = (firmware ?? kind.firmware) === kind.firmware && (own ?? kind.architecture) === kind.architecture;
  if (isRight) return null;
  const is = [firmware?.toUpperCase(), own].filter((one) => one !== undefined && one !== null).join(' ');
  return { file, isFor: `${kind.firmware.toUpperCase()} ${kind.architecture}`, is };
}

/** From the lease to the boot script, and the answer in it. */
export const loadingCauses: readonly WhyRule[] = [
  {
    code: 'other-vlan',
    judge: (seen) => {
      const vlan = lastOf(seen, 'lease')?.facts.vlan;
      const own = seen.site.vlans.map(({ name }) => name);
      if (vlan === undefined || own.length === 0 || own.includes(vlan) || !isBefore(seen, 'up')) return null;
      return {
        sentence: `It requested an address on VLAN ${vlan}, and it belongs to ${own.join(', ')}: its cable, its switch port or its VLAN here is wrong.`,
        remedy: `Mend the switch port; or, if ${vlan} is right: regent machine set ${seen.site.machine} --mac MAC --vlan ${vlan}.`,
      };
    },
  },
  {
    code: 'wrong-loader',
    judge: (seen) => {
      const wrong = isBefore(seen, 'told') ? wrongLoader(seen) : null;
      if (wrong === null) return null;
      return {
        sentence: `It took ${wrong.file}, which is for ${wrong.isFor}, and it is ${wrong.is}: that file cannot run there.`,
        remedy:
          'A boot file that the subnet names for all stands in for the right one: regent subnet set SUBNET --boot-file none. Else change its firmware’s boot mode.',
      };
    },
  },
  {
    code: 'loader-missing',
    judge: (seen) => {
      const step = lastOf(seen, 'loader');
      if (step?.outcome !== 'failed' || !isBefore(seen, 'told')) return null;
      return {
        sentence: `It requested from ${step.node} the boot file ${step.facts.file ?? ''}, which that rack does not have.`,
        remedy:
          'See what the VLAN or its subnet names as boot file: regent subnet show SUBNET; and the rack: regent service list.',
      };
    },
  },
  {
    code: 'loader-mute',
    judge: (seen) => {
      const step = lastOf(seen, 'loader');
      if (seen.stage !== 'loading' || step?.outcome === 'failed' || wrongLoader(seen) !== null) return null;
      const secure =
        step?.facts.file?.endsWith('.efi') === true ? ' Secure Boot refuses iPXE: then bootx64.efi is its file.' : '';
      return {
        sentence: `It took its loader ${step?.facts.file ?? ''} and requested no boot script: the loader does not run there, or does not reach the rack.${secure}`,
        remedy: `Check its console. With Secure Boot: regent subnet set SUBNET --boot-file bootx64.efi.`,
      };
    },
  },
  {
    code: 'boot-order',
    judge: (seen) =>
      seen.stage === 'addressed'
        ? {
            sentence:
              'It got an address and requested no boot file: an operating system on its disk booted, not its firmware’s network boot. Its boot order is wrong.',
            remedy: `Put network boot first in its firmware, or let its BMC do so: regent machine power cycle ${seen.site.machine} --boot pxe.`,
          }
        : null,
  },
  {
    code: 'wrong-architecture',
    judge: (seen) => {
      const reason = lastOf(seen, 'script')?.facts.reason ?? '';
      if (seen.stage !== 'told' || !/ is for \S+ and this machine is /.test(reason)) return null;
      return {
        sentence: `The image is of another architecture. The rack answered: ${reason}`,
        remedy: 'Import an image of its architecture and make it the default: regent image import DIRECTORY --default.',
      };
    },
  },
  {
    code: 'image-unset',
    judge: (seen) => {
      const { facts = {} } = lastOf(seen, 'script') ?? {};
      const isImageMissing =
        seen.stage === 'told' && facts.decision !== 'kernel' && /no image/.test(facts.reason ?? '');
      if (!isImageMissing && !(seen.site.hasImage === false && isBefore(seen, 'told'))) return null;
      return {
        sentence: 'No image is the default for machines of its architecture, so there is nothing that it could boot.',
        remedy: 'Import one: regent image import DIRECTORY --default; or choose: regent image set-default IMAGE.',
      };
    },
  },
  {
    code: 'told-otherwise',
    judge: (seen) => {
      const step = lastOf(seen, 'script');
      const { decision = 'kernel', reason = '' } = step?.facts ?? {};
      if (seen.stage !== 'told' || decision === 'kernel' || /no image| is for \S+ and this machine/.test(reason))
        return null;
      return {
        sentence: `The rack ${step?.node ?? ''} answered “${decision}” and named no kernel. ${reason}`.trim(),
        remedy: 'The rack may hold an older state of it: regent service list, regent config diff.',
      };
    },
  },
];

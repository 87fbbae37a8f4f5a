import { imageArchitecture } from '../deployment/candidate.ts';
import { SCRIPT_SENT } from './stage.ts';
import { isBefore, lastOf } from './why-power.ts';
import type { WhyCase, WhyRule } from './why-case.ts';

type LoaderTarget = { readonly firmware: 'bios' | 'uefi'; readonly architecture: 'amd64' | 'arm64' };

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
        sentence: `${seen.site.machine} requested an address on VLAN ${vlan}, but it belongs to ${own.join(', ')}. Its cable, its switch port or its VLAN in Regent is wrong.`,
        remedy: `Correct the switch port. If ${vlan} is right: regent machine set ${seen.site.machine} --mac MAC --vlan ${vlan}.`,
      };
    },
  },
  {
    code: 'wrong-loader',
    judge: (seen) => {
      const wrong = isBefore(seen, SCRIPT_SENT) ? wrongLoader(seen) : null;
      if (wrong === null) return null;
      return {
        sentence: `${seen.site.machine} took ${wrong.file}, which is for ${wrong.isFor}, but it is ${wrong.is}. That file cannot run there.`,
        remedy:
          'If the subnet names one boot file for all machines, remove it: regent subnet set SUBNET --boot-file none. Otherwise change the boot mode of the firmware.',
      };
    },
  },
  {
    code: 'loader-missing',
    judge: (seen) => {
      const step = lastOf(seen, 'loader');
      if (step?.outcome !== 'failed' || !isBefore(seen, SCRIPT_SENT)) return null;
      return {
        sentence: `${seen.site.machine} requested from ${step.node} the boot file ${step.facts.file ?? ''}, which that rack does not have.`,
        remedy:
          'Check the boot file of the VLAN and its subnet (regent subnet show SUBNET) and the rack (regent service list).',
      };
    },
  },
  {
    code: 'loader-mute',
    judge: (seen) => {
      const step = lastOf(seen, 'loader');
      if (seen.stage !== 'loading' || step?.outcome === 'failed' || wrongLoader(seen) !== null) return null;
      const secure =
        step?.facts.file?.endsWith('.efi') === true ? ' Secure Boot refuses iPXE and needs bootx64.efi.' : '';
      return {
        sentence: `${seen.site.machine} took its loader ${step?.facts.file ?? ''} and requested no boot script. The loader does not run there, or does not reach the rack.${secure}`,
        remedy: `Check its console. With Secure Boot: regent subnet set SUBNET --boot-file bootx64.efi.`,
      };
    },
  },
  {
    code: 'boot-order',
    judge: (seen) =>
      seen.stage === 'addressed'
        ? {
            sentence: `${seen.site.machine} got an address and requested no boot file: it booted from its disk, not from the network. Its boot order is wrong.`,
            remedy: `Put network boot first in its firmware, or let its BMC do so: regent machine power cycle ${seen.site.machine} --boot pxe.`,
          }
        : null,
  },
  {
    code: 'wrong-architecture',
    judge: (seen) => {
      const reason = lastOf(seen, 'script')?.facts.reason ?? '';
      if (seen.stage !== SCRIPT_SENT || !/ is for \S+ and this machine is /.test(reason)) return null;
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
        seen.stage === SCRIPT_SENT && facts.decision !== 'kernel' && /no image/.test(facts.reason ?? '');
      if (!isImageMissing && !(seen.site.hasImage === false && isBefore(seen, SCRIPT_SENT))) return null;
      return {
        sentence: 'No image is the default for machines of its architecture, so the machine has nothing to boot.',
        remedy:
          'Import an image: regent image import DIRECTORY --default. Or choose one: regent image set-default IMAGE.',
      };
    },
  },
  {
    code: 'told-otherwise',
    judge: (seen) => {
      const step = lastOf(seen, 'script');
      const { decision = 'kernel', reason = '' } = step?.facts ?? {};
      if (seen.stage !== SCRIPT_SENT || decision === 'kernel' || /no image| is for \S+ and this machine/.test(reason))
        return null;
      return {
        sentence: `The rack ${step?.node ?? ''} answered “${decision}” and named no kernel. ${reason}`.trim(),
        remedy: 'The rack may have an older state of the machine: regent service list, regent config diff.',
      };
    },
  },
];

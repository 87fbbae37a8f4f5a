import { SCRIPT_SENT, STAGES } from './stage.ts';
import { secondsText, type MachineStep } from './step.ts';
import { isBefore, lastOf } from './why-power.ts';
import type { WhyCase, WhyRule } from './why-case.ts';

/** The last call for metadata, where it was refused, and nothing went well after it. */
function refusedMetadata(seen: WhyCase): MachineStep | null {
  const step = lastOf(seen, 'metadata', 'inventory', 'status', 'signal');
  return step?.what === 'metadata' && step.outcome === 'failed' ? step : null;
}

function isRefused(seen: WhyCase, from: number, to: number): MachineStep | null {
  const step = refusedMetadata(seen);
  const status = step?.facts.status ?? 0;
  return step !== null && status >= from && status <= to ? step : null;
}

function isAfter({ stage }: WhyCase, other: (typeof STAGES)[number]): boolean {
  return STAGES.indexOf(stage) >= STAGES.indexOf(other);
}

/** From the kernel to the end of its scripts. */
export const runningCauses: readonly WhyRule[] = [
  {
    code: 'cloud-init-failed',
    judge: (seen) => {
      const step = lastOf(seen, 'status');
      if (step?.outcome !== 'failed') return null;
      return {
        sentence: `cloud-init of ${seen.site.machine} reported an error: “${step.facts.words ?? ''}”.`,
        remedy: `Read its user data and its console (on the machine: cloud-init status --long), and the results: regent machine results ${seen.site.machine}.`,
      };
    },
  },
  {
    code: 'image-missing',
    judge: (seen) => {
      const step = lastOf(seen, 'kernel', 'initrd', 'root', 'image');
      if (step?.outcome !== 'failed' || !isBefore(seen, 'up')) return null;
      const { file = '', status = 0 } = step.facts;
      const why =
        status === 404
          ? 'no region has that file'
          : status >= 500
            ? 'it has no copy, and no region answers it'
            : 'the transfer broke off';
      return {
        sentence: `The rack ${step.node} did not give out ${file} (HTTP ${status}): ${why}.`,
        remedy:
          'Check the copies of the image (regent image list, regent image show IMAGE) and the rack’s connection to regions (regent service list).',
      };
    },
  },
  {
    code: 'kernel-unfetched',
    judge: (seen) => {
      const isKernelAssigned = seen.stage === SCRIPT_SENT && lastOf(seen, 'script')?.facts.decision === 'kernel';
      if (!isKernelAssigned || lastOf(seen, 'kernel') !== undefined) return null;
      return {
        sentence: `${seen.site.machine} got the name of its kernel but did not fetch it. It does not reach the rack’s web server, or the loader hangs.`,
        remedy: 'Check its console, and the service http of that rack: regent service list.',
      };
    },
  },
  {
    code: 'initrd-unfetched',
    judge: (seen) =>
      seen.stage === 'kernel' && lastOf(seen, 'initrd') === undefined
        ? {
            sentence: `${seen.site.machine} fetched its kernel but not its initrd. The loader hangs, or the memory is too small.`,
            remedy: `Check its console, then start it again: regent machine power cycle ${seen.site.machine} --boot pxe.`,
          }
        : null,
  },
  {
    code: 'wrong-key',
    judge: (seen) => {
      const step = isRefused(seen, 401, 401);
      if (step === null) return null;
      return {
        sentence: `${seen.site.machine} requests metadata with credentials that are not those of this run (HTTP 401 by ${step.node}). Its system belongs to an earlier run, or its image contains old credentials.`,
        remedy: `Start again with new credentials: regent machine abort ${seen.site.machine}, then regent machine commission ${seen.site.machine}.`,
      };
    },
  },
  {
    code: 'wrong-address',
    judge: (seen) => {
      const step = isRefused(seen, 403, 403);
      if (step === null) return null;
      return {
        sentence: `${seen.site.machine} requests metadata from ${step.address || 'an address'}, which is not one of its addresses (HTTP 403). Another card sends the request, or the rack’s leases do not reach the region.`,
        remedy: `Compare its MACs and leases: regent machine show ${seen.site.machine}, regent lease list.`,
      };
    },
  },
  {
    code: 'metadata-unreachable',
    judge: (seen) => {
      const refused = isRefused(seen, 500, 599);
      if (refused === null) return null;
      return {
        sentence: `The rack ${refused.node} reaches no region that serves metadata (HTTP ${refused.facts.status ?? 0}).`,
        remedy: 'Check the regions and the rack’s connection to them: regent cluster status, regent service list.',
      };
    },
  },
  {
    code: 'system-mute',
    judge: (seen) => {
      const isMute = (seen.stage === 'initrd' || seen.stage === 'root') && refusedMetadata(seen) === null;
      if (!isMute || lastOf(seen, 'kernel', 'initrd', 'root', 'image')?.outcome === 'failed') return null;
      return {
        sentence: `${seen.site.machine} fetched kernel and initrd, but its system never requested metadata. It does not start, lacks a driver for its card, or gets no address.`,
        remedy: 'Check its console for a panic, a missing driver or a DHCP without answer.',
      };
    },
  },
  {
    code: 'no-inventory',
    judge: (seen) => {
      const isUp = seen.stage === 'up' && seen.site.state.includes('commissioning');
      if (!isUp || refusedMetadata(seen) !== null) return null;
      const last = lastOf(seen, 'status', 'signal', 'metadata');
      const lastSeen = last?.facts.words ?? last?.facts.file ?? '';
      return {
        sentence: `The system of ${seen.site.machine} runs but reported no inventory.${lastSeen === '' ? '' : ` The last thing seen: “${lastSeen}”.`}`,
        remedy: `Check its console, and what it reported: regent machine results ${seen.site.machine}.`,
      };
    },
  },
  {
    code: 'script-failed',
    judge: (seen) => {
      const failed = seen.steps.filter(({ what, outcome }) => what === 'script-ended' && outcome === 'failed');
      if (failed.length === 0) return null;
      const names = failed.slice(0, 3).map(({ facts }) => facts.file ?? '');
      const more = failed.length > names.length ? ` and ${failed.length - names.length} more` : '';
      return {
        sentence: `${names.join(', ')}${more} failed${failed.length === 1 && failed[0]?.facts.exit !== undefined ? ` with exit ${failed[0].facts.exit}` : ''}.`,
        remedy: `Read the output: regent machine results ${seen.site.machine}.`,
      };
    },
  },
  {
    code: 'script-hangs',
    judge: ({ site: { script, machine } }) =>
      script === null || script.ranMs <= script.mayMs
        ? null
        : {
            sentence: `${script.name} has run for ${secondsText(script.ranMs)} and may run for ${secondsText(script.mayMs)}: it hangs.`,
            remedy: `Check its console, or end the run: regent machine abort ${machine}. The output so far: regent machine results ${machine}.`,
          },
  },
  {
    code: 'scripts-mute',
    judge: (seen) => {
      if (!isAfter(seen, 'inventoried') || seen.site.script !== null) return null;
      if (seen.steps.some(({ what, outcome }) => what === 'script-ended' && outcome === 'failed')) return null;
      return {
        sentence: `${seen.site.machine} sent its inventory, but no report of the end of its scripts. Its system hangs or lost its network.`,
        remedy: `Check its console, and what its scripts reported: regent machine results ${seen.site.machine}.`,
      };
    },
  },
  {
    code: 'disk-absent',
    judge: ({ site: { disks, machine } }) =>
      disks === 0
        ? {
            sentence: `The inventory of ${machine} has no disk. It has none, or its controller hides them or lacks a driver.`,
            remedy: `Check disks and controller, then commission it again: regent machine commission ${machine}.`,
          }
        : null,
  },
];

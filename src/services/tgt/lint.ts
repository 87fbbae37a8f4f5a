import { ISCSI_PART, rootOf } from '../../model/images/boot-media.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding } from '../kit/contract.ts';

/** Images that machines are to boot by iSCSI, and cannot: such a machine waits when it boots. */
export function lintSiteTgt({ machines, machineStages = [], defaultImages = [] }: Snapshot): readonly Finding[] {
  const iscsiMachines = new Set(
    machineStages.filter(({ bootMedia }) => bootMedia === 'iscsi').map(({ machineId }) => machineId),
  );
  const first = machines.find(({ id }) => iscsiMachines.has(id));
  if (first === undefined) return [];
  const more = iscsiMachines.size === 1 ? '' : ` and ${iscsiMachines.size - 1} more`;
  return defaultImages
    .filter(({ files }) => rootOf(files) !== null && !files.some(({ name }) => name === ISCSI_PART))
    .map(({ name }) => ({
      code: 'tgt_image_without_part',
      severity: 'warning',
      subject: `image ${name}`,
      sentence: `The image ${name} has no part for iSCSI (${ISCSI_PART}), by which ${first.hostname}${more} boot. Such machines of its architecture wait when they boot.`,
      remedy: `Build and import the image again: scripts/build-image ephemeral. Or: regent machine set ${first.hostname} --boot-media http.`,
    }));
}

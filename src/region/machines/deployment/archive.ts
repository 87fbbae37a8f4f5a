import type { TarFile } from '../../../core/tar.ts';
import { deploymentFiles } from '../../../model/machines/deployment/deployment.ts';
import type { RequestedStorage } from '../../../model/machines/deployment/stored/request.ts';
import { keysOfRun } from '../../../store/queries/people/ssh-keys.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { readDeployment } from '../../../store/queries/machines/deployments.ts';
import { readUserData } from '../../../store/queries/machines/machine-tokens.ts';
import { lockMachineState } from '../../../store/queries/machines/machine-states.ts';
import type { Tx } from '../../../store/tx.ts';
import { deployableOf } from './image.ts';
import { planDeployment } from './plan.ts';

/**
 * The folder `deployment/` of the archive that a machine which is deployed fetches. Each call makes it again, from the hardware that the machine has reported
 * just now: a disk may have another name at each start. Null: it has nothing to install, because its disks are written, or it wants a system in memory.
 * Refused: what is to be installed does not fit.
 */
export async function deploymentOf(
  tx: Tx,
  { machineId, run }: { readonly machineId: string; readonly run: number },
  machine: MachineRow,
): Promise<readonly TarFile[] | null> {
  const state = await lockMachineState(tx, machineId);
  const request = await readDeployment(tx, machineId);
  if (request === null || request.isEphemeral || request.image === null || state?.isInstalled === true) return null;
  const found = await deployableOf(tx, request.image);
  const deployment = await planDeployment(tx, {
    machine,
    image: found.image,
    storage: request.storage as unknown as RequestedStorage,
    run,
    sshKeys: await keysOfRun(tx, run),
    userData: await readUserData(tx, run),
  });
  return Object.entries(deploymentFiles(deployment)).map(([path, content]) => ({
    path: `deployment/${path}`,
    mode: 0o600,
    content: typeof content === 'string' ? Buffer.from(content) : content,
  }));
}

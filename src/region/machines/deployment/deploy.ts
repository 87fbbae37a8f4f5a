import type { MachineDeployRequest } from '../../../contract/machines/machine-deploy.ts';
import { accept, refuse } from '../../../core/errors.ts';
import { guardFindings, guardRefusal } from '../../../model/machines/deployment/guard.ts';
import type { RequestedStorage } from '../../../model/machines/deployment/stored/request.ts';
import { countKeysOf } from '../../../store/queries/people/ssh-keys.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import { readDeployment, storeDeployment } from '../../../store/queries/machines/deployments.ts';
import { readSettings } from '../../../store/snapshot.ts';
import type { WriteTx } from '../../../store/write.ts';
import { machineByRef, viewMachine } from '../machine.ts';
import { type CaseContext, writing } from '../../base/use-case.ts';
import { mayHave } from '../lifecycle/cases.ts';
import { machineEvent } from '../lifecycle/event.ts';
import { giveAddressOf } from './address.ts';
import { readGuardSite } from './guard.ts';
import { type FoundImage, findDeployable } from './image.ts';
import { architectureOf, hardwareOf, kernelOptionsOf, routesLeftOutOf, USUAL_STORAGE } from './plan.ts';
import { readChosenStorage } from './storage-cases.ts';

/** Bytes of user data. */
const USER_DATA_MAX = 1_048_576;

/** Deploys an image on a machine. All or nothing: the state, what is deployed, the address, the order to the BMC are one transaction. */
export const deployCases = {
  'machine.deploy': {
    ...writing(
      'machine.deploy',
      ({ params }) => `machine deploy ${params.machine}`,
      async (tx, { params, body }, context) => {
        const machine = await machineByRef(tx, params.machine);
        accept(mayHave(machine, 'deploy', context));
        const userData = readUserData(body.userData);
        const text = body.comment === undefined ? {} : { text: body.comment };
        const data = userData === null ? {} : { userData };
        const by = context.caller.user;
        // First, because it says what fits the machine's state; what is refused after it is undone.
        const row = accept(await machineEvent(tx, { machineId: machine.id, event: 'deploy', by, ...text, ...data }));
        const result = await startDeployment(tx, context, {
          machine: row,
          request: body,
          hasUserData: userData !== null,
        });
        return { body: viewMachine(result) };
      },
    ),
    // User data may hold passwords, and the stored digest of a request must not be one of them.
    digested: ({ userData = '', ...rest }: MachineDeployRequest) => ({ ...rest, userDataLength: userData.length }),
  },
};

/** Base64, as it is; null: none. Refused: it is not base64, or too long. */
function readUserData(text: string | undefined): Uint8Array | null {
  if (text === undefined || text === '') return null;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, ''))
    refuse('invalid_value', 'userData: it is not usable. Rule: base64 (RFC 4648 §4).', [
      { field: 'userData', problem: 'it is not base64' },
    ]);
  if (bytes.length > USER_DATA_MAX)
    refuse('payload_too_large', `The user data have ${bytes.length} bytes. Rule: at most ${USER_DATA_MAX}.`);
  return bytes;
}

interface DeploymentStart {
  readonly machine: MachineRow;
  readonly request: MachineDeployRequest;
  readonly hasUserData: boolean;
}

/** Stores what is deployed, gives it an address, and checks whether it can come about. */
async function startDeployment(
  tx: WriteTx,
  context: CaseContext,
  { machine, request, hasUserData }: DeploymentStart,
): Promise<MachineRow> {
  const inventory = await hardwareOf(tx, machine);
  const isEphemeral = request.ephemeral === true;
  const before = await readDeployment(tx, machine.id);
  const image = isEphemeral
    ? null
    : await imageOf(tx, request.image ?? before?.image ?? null, architectureOf(inventory));
  const own = isEphemeral ? null : ((await readChosenStorage(tx, machine.id)) ?? nonEmptyStorage(before?.storage));
  const storage = (request.storage ?? own ?? USUAL_STORAGE) as RequestedStorage;
  const startedBy = context.caller.user;
  const { digest = null, name = '' } = image?.image ?? {};
  const record = { machineId: machine.id, image: digest, imageName: name, isEphemeral, startedBy };
  await storeDeployment(tx, { ...record, storage: isEphemeral ? {} : { ...storage } });
  await kernelOptionsOf(tx, machine, await readSettings(tx));
  accept(await giveAddressOf(tx, machine, inventory.bootMac));
  const row = (await findMachine(tx, { id: machine.id })) ?? machine;
  const keys = await countKeysOf(tx, [row.owner ?? '', startedBy]);
  const question = { machine: row, inventory, image, storage, keys, hasUserData };
  const findings = guardFindings(await readGuardSite(tx, context, question));
  const refusal = guardRefusal(row.hostname, findings, request.force === true);
  if (refusal !== null)
    refuse(
      'conflict',
      refusal,
      findings.map(({ code, sentence }) => ({ field: code, problem: sentence })),
    );
  const left = await routesLeftOutOf(tx, row, inventory);
  const routes = left.length === 0 ? {} : { routesLeftOut: left };
  const warnings = findings.map(({ code }) => code);
  tx.emit({
    kind: 'machine.deployment',
    subject: row.fqdn,
    data: { image: name, digest, ephemeral: isEphemeral, by: startedBy, warnings, ...routes },
  });
  return row;
}

/** A machine whose deployment failed is deployed again with what it was to have. */
async function imageOf(tx: WriteTx, text: string | null, architecture: string | null): Promise<FoundImage> {
  return text === null
    ? refuse('invalid_value', 'image: it is missing. Rule: an image of the kind deployable, or ephemeral.', [
        { field: 'image', problem: 'it is missing' },
      ])
    : await findDeployable(tx, text, architecture);
}

function nonEmptyStorage(storage: Readonly<Record<string, unknown>> | undefined): object | undefined {
  return storage === undefined || Object.keys(storage).length === 0 ? undefined : storage;
}

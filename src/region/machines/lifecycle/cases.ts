import type {
  MACHINE_LIFECYCLE_ROUTES,
  MachineReleaseRequest,
  MachineRunRequest,
} from '../../../contract/machines/machine-lifecycle.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { MACHINE_VERBS, type MachineVerb } from '../../../model/machines/machine-states.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { type EraseRequest, storeErase } from '../../../store/queries/machines/deployments.ts';
import { findOpenRun } from '../../../store/queries/machines/machine-tokens.ts';
import type { WriteTx } from '../../../store/write.ts';
import type { ScriptSelection } from '../../../model/machines/scripts/script-choice.ts';
import { chooseForRun } from '../scripts/run-scripts.ts';
import { machineByRef, viewMachine } from '../machine.ts';
import { sealerOf } from '../../base/sealer.ts';
import { type CaseContext, type WriteCase, writing } from '../../base/use-case.ts';
import { machineEvent } from './event.ts';

/** One use case for each verb: the operator's event, given to the machine's lifecycle. */
export const lifecycleCases = Object.fromEntries(
  (Object.keys(MACHINE_VERBS) as MachineVerb[])
    .filter((verb): verb is PlainVerb => verb !== 'deploy')
    .map((verb) => [`machine.${verb}`, caseOf(verb)]),
) as unknown as { [I in Exclude<keyof typeof MACHINE_LIFECYCLE_ROUTES, 'machine.deploy'>]: WriteCase<I> };

/** To deploy is more than an event (machines/deployment). */
type PlainVerb = Exclude<MachineVerb, 'deploy'>;

function caseOf(verb: PlainVerb): WriteCase<`machine.${PlainVerb}`> {
  const plain = writing(
    `machine.${verb}`,
    ({ params }) => `machine ${verb} ${params.machine}`,
    async (tx, { params, body }, context) => {
      const machine = await machineByRef(tx, params.machine);
      accept(mayHave(machine, verb, context));
      const erase = verb === 'release' ? eraseOf(body, context) : null;
      const event = erase === null ? MACHINE_VERBS[verb] : 'erase';
      const text = body.comment === undefined ? {} : { text: body.comment };
      const enableSsh = 'enableSsh' in body && body.enableSsh === true;
      const row = accept(
        await machineEvent(tx, {
          machineId: machine.id,
          event,
          by: context.caller.user,
          ...text,
          enableSsh,
          ...erase?.span,
        }),
      );
      if (erase !== null) await storeErase(tx, machine.id, erase.how);
      const request = erase?.scriptRequest ?? (hasScripts(verb) ? (body as MachineRunRequest) : null);
      if (request !== null)
        accept(await chooseScriptsOf(tx, context, { machine: erase === null ? machine : row, request }));
      return { body: viewMachine(row) };
    },
  );
  return hasScripts(verb) ? { ...plain, digested: withoutValues } : plain;
}

/** Verbs for those who have a machine, and for admins. */
const OF_OWNERS: readonly MachineVerb[] = ['deploy', 'release'];
/** Verbs that the role user has for the machines that it has, as in MAAS. */
const OF_HOLDERS: readonly MachineVerb[] = ['abort', 'lock', 'mark-broken', 'test', 'unlock'];

/** Refuses what somebody else has; null: it is the caller's, nobody's, or an admin asks. */
export function mayHave(
  { hostname, owner }: Pick<MachineRow, 'hostname' | 'owner'>,
  verb: MachineVerb,
  { caller }: Pick<CaseContext, 'caller'>,
): Rejected | null {
  if (OF_HOLDERS.includes(verb)) return mustHold({ hostname, owner }, verb, { caller });
  if (!OF_OWNERS.includes(verb) || owner === null || owner === caller.user || caller.role === 'admin') return null;
  return rejected('forbidden', `${hostname} is ${owner}'s. Rule: its owner or an admin may ${verb} it.`);
}

/** Refuses the role user a machine that somebody else has, or nobody; null: it is the caller's, or an operator asks. */
export function mustHold(
  { hostname, owner }: Pick<MachineRow, 'hostname' | 'owner'>,
  verb: string,
  { caller }: Pick<CaseContext, 'caller'>,
): Rejected | null {
  if (caller.role !== 'user' || owner === caller.user) return null;
  const holder = owner === null ? 'has no owner' : `is ${owner}'s`;
  return rejected(
    'forbidden',
    `${hostname} ${holder}. Rule: its owner, an operator or an admin may do this (${verb}).`,
  );
}

/** Two days and an hour for the boot. */
const ERASE_MINUTES = 49 * 60;

/** How disks are erased, and by which script of the release, on all of them. */
interface ErasePlan {
  readonly span: { readonly minutes?: number };
  readonly how: EraseRequest;
  readonly scriptRequest: ScriptSelection;
}

/** How its disks are erased; null: not at all. */
function eraseOf(
  { erase = false, quickErase = false, secureErase = false }: MachineReleaseRequest,
  { builtInScripts }: CaseContext,
): ErasePlan | null {
  if (!erase && (quickErase || secureErase))
    refuse(invalid('erase', 'it is missing', 'quickErase and secureErase need erase'));
  if (!erase) return null;
  const name = quickErase ? 'regent-erase-quick' : 'regent-erase-full';
  const script = builtInScripts.find((one) => one.purpose === 'erasing' && one.name === name);
  if (script === undefined) refuse('not_implemented', `This release of Regent has no script ${name}.`);
  const disks = Object.entries(script.parameters).filter(([, { type }]) => type === 'storage');
  const values = Object.fromEntries(disks.map(([parameter]) => [parameter, 'all']));
  const secure = secureErase && Object.hasOwn(script.parameters, 'secure') ? { secure: 'true' } : {};
  const how = { isQuick: quickErase, isSecure: secureErase };
  // A large disk is written for a day; each script has its own end (scripts/machine/erasing).
  const span = quickErase ? {} : { minutes: ERASE_MINUTES };
  return { how, span, scriptRequest: { scripts: [name], parameters: { [name]: { ...values, ...secure } } } };
}

function hasScripts(verb: MachineVerb): boolean {
  return verb === 'commission' || verb === 'test';
}

interface ScriptsToChoose {
  readonly machine: { readonly id: string; readonly hostname: string; readonly state: string };
  readonly request: ScriptSelection;
}

/** States in which a machine's disks are somebody's. */
const OWNED = ['deployed', 'allocated', 'reserved', 'deploying', 'failed-deployment'];

async function chooseScriptsOf(
  tx: WriteTx,
  context: CaseContext,
  { machine, request }: ScriptsToChoose,
): Promise<Rejected | null> {
  const run = await findOpenRun(tx, machine.id);
  if (run === null) return null;
  const ports = { builtIn: context.builtInScripts, sealer: sealerOf(context) };
  const chosen = await chooseForRun(tx, ports, run, request);
  const destroyer = OWNED.includes(machine.state) ? chosen.find((script) => script.isDestructive) : undefined;
  return destroyer === undefined
    ? null
    : rejected(
        'conflict',
        `${machine.hostname} is ${machine.state}. Rule: ${destroyer.name} destroys data, so it cannot run on a machine in use.`,
      );
}

/** A value may be a password, and the stored digest of a request must not be one of it. */
function withoutValues(body: MachineRunRequest): object {
  if (body.parameters === undefined) return body;
  const names = Object.entries(body.parameters).map(([script, values]) => [script, Object.keys(values)]);
  return { ...body, parameters: Object.fromEntries(names) as object };
}

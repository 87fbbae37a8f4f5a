import type { MACHINE_LIFECYCLE_ROUTES } from '../../../contract/nouns/machine-lifecycle.ts';
import { isRejected } from '../../../core/errors.ts';
import { MACHINE_VERBS, type MachineVerb } from '../../../model/nouns/machine-lifecycle.ts';
import { machineByRef, viewMachine } from '../../nouns/machine.ts';
import { type WriteCase, writing } from '../../use-case.ts';
import { machineEvent } from './event.ts';

/** One use case for each verb: the operator's event, told to the machine's lifecycle. */
export const lifecycleCases = Object.fromEntries(
  (Object.keys(MACHINE_VERBS) as MachineVerb[]).map((verb) => [`machine.${verb}`, caseOf(verb)]),
) as unknown as { [I in keyof typeof MACHINE_LIFECYCLE_ROUTES]: WriteCase<I> };

function caseOf(verb: MachineVerb): WriteCase<`machine.${MachineVerb}`> {
  return writing(
    `machine.${verb}`,
    ({ params }) => `machine ${verb} ${params.machine}`,
    async (tx, { params, body }, { caller }) => {
      const machine = await machineByRef(tx, params.machine);
      if (isRejected(machine)) return machine;
      const event = MACHINE_VERBS[verb];
      const text = body.comment === undefined ? {} : { text: body.comment };
      const enableSsh = 'enableSsh' in body && body.enableSsh === true;
      const row = await machineEvent(tx, { machineId: machine.id, event, by: caller.user, ...text, enableSsh });
      return isRejected(row) ? row : { body: viewMachine(row) };
    },
  );
}

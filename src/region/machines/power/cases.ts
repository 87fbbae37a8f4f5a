import type { MachinePower, PowerTypeShown } from '../../../contract/machines/machine-power.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { POWER_TYPES, type PowerType } from '../../../model/machines/power.ts';
import { driverOf } from '../../../power/registry.ts';
import { type DeclaredRow, findDeclared } from '../../../store/declared/rows.ts';
import { addJob } from '../../../store/queries/base/jobs/add.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { showJob } from '../../base/jobs/cases.ts';
import { lockedRefusal } from '../machine-state.ts';
import { machineByRef } from '../machine.ts';
import { mustHold } from '../lifecycle/cases.ts';
import { autocommitReading, writing } from '../../base/use-case.ts';
import { jobSeconds } from './ask.ts';
import { type Order, POWER_JOB, stepsOf } from './order.ts';

/** Use cases about the power of machines. */
export const powerCases = {
  'power-type.list': autocommitReading('power-type.list', async () => ({ body: { items: POWER_TYPES.map(typeOf) } })),

  'machine.power': writing(
    'machine.power',
    ({ params, body }) => `machine power ${body.verb} ${params.machine}`,
    async (tx, { params, body }, { caller }) => {
      const machine = await machineByRef(tx, params.machine);
      accept(mustHold(machine, VERBS[body.verb], { caller }));
      const isLeftOn = body.verb === 'on' || body.verb === 'query';
      accept(isLeftOn ? null : lockedRefusal(machine, 'it is switched off or cycled'));
      const bmc = machine.bmcId === null ? null : await findDeclared(tx, 'bmc', { id: machine.bmcId });
      const refusal = bmc === null ? withoutBmc(machine) : refusalOf(machine, bmc, body);
      if (bmc === null || refusal !== null) refuse(refusal ?? withoutBmc(machine));
      const payload: Order = { machineId: machine.id, bmcId: bmc.id, order: body };
      const row = accept(
        await addJob(tx, {
          kind: POWER_JOB,
          target: machine.fqdn,
          payload,
          deadlineSeconds: jobSeconds(stepsOf(body), { ...bmc.parameters, ...machine.powerParameters }),
          targets: [`machine:${machine.id}`, `bmc:${bmc.id}`],
          caller: caller.user,
        }),
      );
      return { body: showJob(row) };
    },
  ),
};

/** What is done to a machine, in a sentence. */
const VERBS: Readonly<Record<MachinePower['verb'], string>> = {
  on: 'switch on',
  off: 'switch off',
  cycle: 'cycle',
  query: 'query the power',
};

/** A power type, with the parameters of its driver. */
function typeOf(name: PowerType): PowerTypeShown {
  const parameters = driverOf(name).settings.map((setting) => {
    const { label, kind, scope, choices = [], default: usual } = setting;
    return {
      name: setting.name,
      label,
      kind,
      scope,
      required: setting.isRequired === true,
      secret: setting.isSecret === true,
      choices: choices.map(({ value, label: choiceLabel }) => ({ value, label: choiceLabel })),
      default: usual === undefined ? null : typeof usual === 'string' ? usual : [...usual],
    };
  });
  return { name, parameters };
}

function withoutBmc({ fqdn, hostname }: MachineRow): Rejected {
  const problem = `${fqdn} has no BMC, so nothing can switch it`;
  return rejected('conflict', `${problem}. Give the machine a BMC: regent machine set ${hostname} --bmc NAME.`);
}

/** Why this cannot be done to the machine; null: it can. */
function refusalOf(
  { fqdn }: MachineRow,
  { name, powerType }: DeclaredRow<'bmc'>,
  { verb, boot, stopMode }: MachinePower,
): Rejected | null {
  const { isQueryable, canSetBoot, label } = driverOf(powerType);
  if (!isQueryable)
    return rejected(
      'conflict',
      `${fqdn} is switched by hand: ${name} is of the power type ${powerType}, which gets no orders.`,
    );
  if (boot !== undefined && verb !== 'on' && verb !== 'cycle')
    return invalid('boot', `${verb} does not start the machine`, 'with on or cycle');
  if (stopMode !== undefined && verb !== 'off' && verb !== 'cycle')
    return invalid('stopMode', `${verb} does not stop the machine`, 'with off or cycle');
  if (boot !== undefined && !canSetBoot)
    return invalid(
      'boot',
      `${label} cannot choose what ${fqdn} boots from`,
      'a BMC that can, or none: its firmware chooses',
    );
  return null;
}

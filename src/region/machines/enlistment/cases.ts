import { accept, refuse } from '../../../core/errors.ts';
import { parseMac } from '../../../model/machines/machine.ts';
import { IGNORABLE } from '../../../model/machines/enlistment.ts';
import { heldBy } from '../../../store/queries/base/jobs/add.ts';
import { deleteMachine } from '../../../store/queries/machines/machines.ts';
import type { IgnoredRow } from '../../../store/queries/machines/enlistments.ts';
import { deleteIgnored, listIgnored, storeIgnored } from '../../../store/queries/machines/enlistments.ts';
import { lockMachineState } from '../../../store/queries/machines/machine-states.ts';
import { lockedRefusal } from '../machine-state.ts';
import { machineByRef, viewMachine } from '../machine.ts';
import { pageBody, pageInMemory } from '../../base/paging.ts';
import { reading, target, writing } from '../../base/use-case.ts';

const ORDER = {
  sorts: {
    mac: ({ mac }: IgnoredRow) => mac,
    hostname: ({ hostname }: IgnoredRow) => hostname,
    ignored_at: ({ ignoredAt }: IgnoredRow) => ignoredAt,
  },
  defaultSort: 'mac',
  key: ({ mac }: IgnoredRow) => mac,
};

/** Use cases about machines that came by themselves and are not wanted. */
export const enlistmentCases = {
  'machine.ignore': writing(
    'machine.ignore',
    ({ params }) => `machine ignore ${params.machine}`,
    async (tx, { params, body }, context) => {
      const found = await machineByRef(tx, params.machine);
      // Whoever accepts it at the same moment waits, or is waited for.
      await lockMachineState(tx, found.id);
      const machine = await machineByRef(tx, found.id);
      accept(
        lockedRefusal(machine, 'it is ignored') ?? (await heldBy(tx, `machine:${machine.id}`, 'a machine is ignored')),
      );
      if (!IGNORABLE.includes(machine.state))
        refuse(
          'conflict',
          `${machine.fqdn} is ${machine.state}. Rule: a machine is ignored when it is ${IGNORABLE.join(', ')}.`,
        );
      const macs = machine.interfaces.filter(({ kind }) => kind === 'physical').map(({ mac }) => mac);
      if (macs.length === 0)
        refuse(
          'conflict',
          `${machine.fqdn} has no network card by which Regent could recognize it. Delete the machine.`,
        );
      const { comment = '' } = body;
      await storeIgnored(tx, macs, { hostname: machine.fqdn, comment, ignoredBy: context.caller.user });
      const row = accept(await deleteMachine(tx, target(machine.id, context)));
      const shown = viewMachine(row);
      tx.emit({ kind: 'machine.ignored', subject: row.fqdn, data: { ...shown, macs, comment } });
      return { body: { machine: shown, macs } };
    },
  ),

  'ignored-machine.list': reading('ignored-machine.list', async (tx, { query }) => {
    const listed = accept(pageInMemory(await listIgnored(tx), ORDER, query));
    return pageBody(listed, (row) => ({ ...row }), query);
  }),

  'ignored-machine.delete': writing(
    'ignored-machine.delete',
    ({ params }) => `machine unignore ${params.mac}`,
    async (tx, { params }) => {
      const mac = accept(parseMac(params.mac));
      const row = await deleteIgnored(tx, mac);
      if (row === null) refuse('not_found', `No machine with the card ${mac} is ignored.`);
      tx.emit({ kind: 'machine.unignored', subject: row.hostname, data: { ...row } });
      return { body: { ...row } };
    },
  ),
};

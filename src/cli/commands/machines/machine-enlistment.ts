import { changeOf } from '../base/plain.ts';
import type { Machine } from '../../../contract/machines/machine.ts';
import type { Ignored, IgnoredMachine } from '../../../contract/machines/enlistment.ts';
import { printerOf, runChange } from '../../change.ts';
import type { CommandSpec } from '../../command-spec.ts';
import { usageError } from '../../exit.ts';
import { printList, type Shape } from '../../format/output.ts';
import { stamp } from '../../format/when.ts';
import { collect, need, text } from '../../values.ts';

const SHAPE: Shape<IgnoredMachine> = {
  kind: 'ignored machine',
  name: ({ mac }) => mac,
  columns: [
    { header: 'mac', value: ({ mac }) => mac },
    { header: 'was', value: ({ hostname }) => hostname },
    { header: 'by', value: ({ ignoredBy }) => ignoredBy },
    { header: 'at', value: ({ ignoredAt }) => stamp(ignoredAt) },
    { header: 'comment', value: ({ comment }) => comment },
  ],
};

/** What the answer to `ignore` shows as data. */
const DONE: Shape<Ignored> = { kind: 'machine', name: ({ machine }) => machine.fqdn, columns: [] };

/** `regent machine ignore`, `unignore`, `ignored list`: machines that came by themselves and are not wanted. */
export const ENLISTMENT: readonly CommandSpec[] = [
  {
    verb: 'ignore',
    summary: 'delete a machine and leave it alone: it is not enlisted again when it boots',
    args: [{ name: '<machine>', help: 'host name, full name or id', complete: 'machine' }],
    options: [{ flags: '--comment <text>', help: 'why, for people' }],
    isChange: true,
    examples: ['regent machine ignore brave-otter --comment "the printer of room 7"'],
    run: (call) =>
      runChange(call, {
        route: 'machine.ignore',
        input: { params: { machine: need(call, 0) }, body: text(call, 'comment') },
        shape: DONE,
        done: 'ignored',
        describe: ({ machine, macs }) =>
          `machine ${machine.fqdn} deleted and ignored (${macs.join(', ')})\nTaken back by: regent machine unignore ${macs[0] ?? ''}`,
        next: { conflict: [`regent machine show ${need(call, 0)}`], not_found: ['regent machine list --state new'] },
      }),
  },
  {
    verb: 'ignored',
    summary: 'list network cards whose machines are left alone',
    args: [{ name: '<verb>', help: 'list', values: ['list'] }],
    run: async (call) => {
      if (need(call, 0) !== 'list') throw usageError('regent machine ignored: the verb is list.');
      const { client } = await call.region();
      await printList(printerOf(call), SHAPE, await collect(client.all('ignored-machine.list', { query: {} })));
    },
  },
  changeOf(
    'ignored-machine.delete',
    'mac',
    {
      verb: 'unignore',
      summary: 'let a machine be enlisted again when it boots',
      args: [{ name: '<mac>', help: 'MAC address of its card: regent machine ignored list' }],
    },
    { shape: SHAPE, done: 'is enlisted again when it boots', next: { not_found: ['regent machine ignored list'] } },
  ),
];

/** The BMC that a machine reports, as lines of `show`. */
export function suggestedBmcLines({ hostname, suggestedBmc: bmc }: Machine): [string, string[]][] {
  if (bmc === undefined) return [];
  const create = `regent bmc create ${hostname}-bmc --power-type ${bmc.type} --parameters - < its-parameters.json`;
  return [
    ['BMC as reported', [`${bmc.type}  ${bmc.address}${bmc.mac === null ? '' : `  ${bmc.mac}`}`, `If so: ${create}`]],
  ];
}

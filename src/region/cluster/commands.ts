import { isPassing } from '../../contract/command-kinds.ts';
import type { Command } from '../../contract/base/command.ts';
import { contains, formatAddress, parseAddress, parseNetwork } from '../../core/ip.ts';
import { accept, invalid, isRejected, refuse } from '../../core/errors.ts';
import { type CommandRow, findCommand, listCommands } from '../../store/queries/base/jobs/commands.ts';
import { nodeByRef } from '../base/node-refs.ts';
import { pageBody } from '../base/paging.ts';
import { noSuch, parseRef } from '../base/refs.ts';
import { autocommitReading, writing } from '../base/use-case.ts';
import { addCommand } from '../base/commands/add.ts';

const PROBE_S = 10;
/** Addresses that are no other host's. */
const NOT_OTHERS = ['0.0.0.0/8', '127.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/127', 'fe80::/10', 'ff00::/8'];

/** A command as callers see it. The result of a query is only for its caller. */
export function showCommand({ nodeId: _nodeId, ...row }: CommandRow): Command {
  return { ...row, args: { ...row.args }, ...(isPassing(row.kind) ? { result: null } : {}) };
}

export const commandCases = {
  'command.list': autocommitReading('command.list', async (tx, { query }) => {
    const { unfinished, ...rest } = query ?? {};
    return pageBody(await listCommands(tx, { ...rest, isUnfinished: unfinished }), showCommand, query);
  }),

  'command.show': autocommitReading('command.show', async (tx, { params }) => {
    const ref = parseRef(params.command);
    const row = 'id' in ref ? await findCommand(tx, ref.id) : null;
    return row ? { body: showCommand(row) } : refuse(noSuch('command', params.command));
  }),

  'node.probe': writing(
    'node.probe',
    ({ params, body }) => `node probe ${params.node} ${body.address}${body.port === undefined ? '' : ` ${body.port}`}`,
    async (tx, { params, body }, { caller }) => {
      const node = await nodeByRef(tx, params.node);
      const address = addressOfOthers(body.address);
      const row = await addCommand(tx, {
        nodeId: node.id,
        kind: 'probe-address',
        args: { address, port: body.port ?? null },
        deadlineSeconds: body.seconds ?? PROBE_S,
        caller: caller.user,
      });
      return { body: showCommand(row) };
    },
  ),
};

/** The address in its one form; refused: it is none, or no other host can have it. */
function addressOfOthers(text: string): string {
  const address = accept(parseAddress(text));
  const isOthers = NOT_OTHERS.every((cidr) => {
    const network = parseNetwork(cidr);
    return isRejected(network) || !contains(network, address);
  });
  if (!isOthers)
    refuse(invalid('address', `${formatAddress(address)} is no other host’s`, 'an address of one other host'));
  return formatAddress(address);
}

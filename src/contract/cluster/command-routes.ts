import { NodeParams } from '../node.ts';
import { begin, get, OPERATORS, WATCHERS } from '../route-spec.ts';
import * as command from './command.ts';

/** Calls about what agents are asked to do once. */
export const COMMAND_ROUTES = {
  'command.list': get('/commands', 'List commands of agents, newest first', {
    roles: WATCHERS,
    query: command.CommandListQuery,
    response: command.CommandPage,
  }),
  'command.show': get('/commands/{command}', 'Show a command of an agent: how far it is, or how it ended', {
    roles: WATCHERS,
    params: command.CommandParams,
    response: command.Command,
  }),
  'node.probe': begin('/nodes/{node}/probe', 'Ask whether a node can reach an address; the answer is in the command', {
    roles: OPERATORS,
    params: NodeParams,
    body: command.NodeProbe,
    response: command.Command,
  }),
} as const;

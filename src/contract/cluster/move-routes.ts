import Type from 'typebox';
import { NodeParams } from './node.ts';
import { begin, OPERATORS } from '../base/route-spec.ts';
import { Job } from '../base/job.ts';
import { strict, text } from '../base/common.ts';

/** To whom the database is handed; left out: to the nearest synchronous standby. */
export const SwitchoverRequest = strict({ to: Type.Optional(text(64, 'name or id of a region node')) });

/** Which region nodes are restarted, one at a time; left out: all. */
export const RestartRequest = strict({
  nodes: Type.Optional(Type.Array(text(64, 'name or id of a region node'), { maxItems: 64 })),
});

/** Calls by which an operator moves roles while everything goes on. Each begins a job; one of them at a time. */
export const MOVE_ROUTES = {
  'cluster.switchover': begin(
    '/cluster/switchover',
    'Hand the database to another region node, without a failed call',
    { roles: OPERATORS, body: SwitchoverRequest, response: Job },
  ),
  'cluster.restart': begin('/cluster/restart', 'Restart everything on region nodes, one after the other', {
    roles: OPERATORS,
    body: RestartRequest,
    response: Job,
  }),
  'node.drain': begin(
    '/nodes/{node}/drain',
    'Hand the work of a node on: calls, address and database of a region node, VLANs of a rack',
    { roles: OPERATORS, params: NodeParams, response: Job },
  ),
  'node.undrain': begin('/nodes/{node}/undrain', 'Let a drained node take its part again', {
    roles: OPERATORS,
    params: NodeParams,
    response: Job,
  }),
} as const;

import * as command from '../base/command.ts';
import * as job from '../base/job.ts';
import { NodeParams } from './node.ts';
import { begin, get, OPERATORS, post, WATCHERS } from '../base/route-spec.ts';

/** Calls about tasks that agents do once. */
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
  'node.logs': get(
    '/nodes/{node}/logs/{part}',
    'The last lines of a service’s log on a node, as its agent reads them',
    { roles: OPERATORS, params: command.NodeLogParams, query: command.NodeLogQuery, response: command.NodeLog },
  ),
} as const;

/** Calls about work that outlives its request. */
export const JOB_ROUTES = {
  'job.list': get('/jobs', 'List jobs, newest first', {
    roles: WATCHERS,
    query: job.JobListQuery,
    response: job.JobPage,
  }),
  'job.show': get('/jobs/{job}', 'Show a job: how far it is, or how it ended', {
    roles: WATCHERS,
    params: job.JobParams,
    response: job.Job,
  }),
  'job.abort': post('/jobs/{job}/abort', 'Ask for a job’s end: what it has half done it undoes first', {
    roles: OPERATORS,
    params: job.JobParams,
    response: job.Job,
    status: 200,
  }),
} as const;

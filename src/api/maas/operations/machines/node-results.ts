import type { ScriptResult } from '../../../../contract/machines/machine-inventory.ts';
import { json } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { uriOf, formatMoment } from '../../objects/base/uri.ts';
import type { Site } from '../../site.ts';
import { badValue } from '../base/refusals.ts';
import { TYPES } from './scripts.ts';

/** One call reads the results of so many machines. */
const MACHINES_MAX = 50;

/** The results of scripts, machine by machine, each with its output. */
export const NODE_RESULT_HANDLERS: Handlers = { 'NodeResults.read': readResults };

async function readResults({ site, args }: MaasCall) {
  const ids = args.list('system_id');
  const machines = (await site.all('machine.list')).filter(({ id }) => ids.length === 0 || ids.includes(id));
  if (machines.length > MACHINES_MAX)
    badValue('system_id', `${machines.length} machines are too many`, `name at most ${MACHINES_MAX} by system_id`);
  const names = args.list('name');
  const type = args.number('result_type');
  const shown: object[] = [];
  for (const { id } of machines) {
    const { items } = await site.call('machine.results', { params: { machine: id } });
    const wanted = items.filter(
      ({ script, purpose, state }) =>
        (state === 'passed' || state === 'failed' || state === 'timed-out') &&
        (names.length === 0 || names.includes(script)) &&
        (type === undefined || TYPES[purpose]?.number === type),
    );
    for (const one of wanted) shown.push(await view(site, id, one));
  }
  return json(shown);
}

async function view(site: Site, machine: string, { id, script, purpose, exitStatus, at }: ScriptResult) {
  const { contents } = await site.call('machine.result', { params: { machine, result: id } });
  const output = contents.find(({ kind }) => kind === 'output');
  return {
    id,
    name: script,
    script_result: exitStatus ?? 1,
    result_type: TYPES[purpose]?.number ?? 0,
    created: formatMoment(at),
    updated: formatMoment(at),
    node: { system_id: machine },
    data: output?.base64 ?? Buffer.from(output?.text ?? '').toString('base64'),
    resource_uri: uriOf('commissioning-results'),
  };
}

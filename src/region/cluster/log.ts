import type { NodeLog } from '../../contract/base/command.ts';
import { accept, refuse } from '../../core/errors.ts';
import { logParts, logUnitsOf } from '../../services/kit/log-units.ts';
import { nodeByRef } from '../base/node-refs.ts';
import { noSuch } from '../base/refs.ts';
import { asking } from '../base/use-case.ts';

const LINES = 100;
const SECONDS = 5;

export const logCases = {
  'node.logs': asking('node.logs', async ({ params, query }, context, read) => {
    const { askAgent, renderer, caller } = context;
    const part = params.part.toLowerCase();
    const { services } = renderer;
    if (logUnitsOf(services, part) === null) refuse(noSuch('part', params.part, logParts(services)));
    const node = await read((tx) => nodeByRef(tx, params.node));
    const { lines = LINES, after = null, seconds = SECONDS } = query ?? {};
    const args = { part, lines, after };
    const answer = accept(await askAgent({ node, kind: 'read-log', args, seconds, caller: caller.user }));
    const found =
      answer.kind === 'done'
        ? { ...answer.result, why: null }
        : { items: [], cursor: after, isCut: false, why: answer.why };
    return { node: node.name, part, ...found } satisfies NodeLog;
  }),
};

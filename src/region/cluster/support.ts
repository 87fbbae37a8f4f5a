import type { NodeSupport, SupportStart } from '../../contract/cluster/support.ts';
import { SUPPORT_FACT_PARTS } from '../../contract/cluster/support.ts';
import { accept, refuse } from '../../core/errors.ts';
import { maskValue } from '../../core/masked.ts';
import { logParts, logUnitsOf } from '../../services/kit/log-units.ts';
import { readSupportStatistics } from '../../store/queries/cluster/support.ts';
import { nodeByRef } from '../base/node-refs.ts';
import { noSuch } from '../base/refs.ts';
import { asking, writing } from '../base/use-case.ts';

/** How long an agent may gather a part. */
const SECONDS = 8;

export const supportCases = {
  'support-bundle.start': writing(
    'support-bundle.start',
    () => 'support-bundle start',
    async (tx, _input, context) => {
      tx.emit({ kind: 'support-bundle.started', subject: context.caller.user, data: {} });
      const database = maskValue(await readSupportStatistics(tx)) as SupportStart['database'];
      const at = new Date(context.clock.now()).toISOString();
      return { body: { at, version: context.version, database } };
    },
  ),

  'node.support': asking('node.support', async ({ params, query }, { askAgent, renderer, caller }, read) => {
    const part = params.part.toLowerCase();
    const isFact = (SUPPORT_FACT_PARTS as readonly string[]).includes(part);
    if (!isFact && logUnitsOf(renderer.services, part) === null)
      refuse(noSuch('part', params.part, [...SUPPORT_FACT_PARTS, ...logParts(renderer.services)]));
    const node = await read((tx) => nodeByRef(tx, params.node));
    const address = node.isRegion ? (node.addresses[0] ?? null) : null;
    const args = { part, since: query?.since ?? null, offset: query?.offset ?? 0, address };
    const answer = accept(await askAgent({ node, kind: 'read-support', args, seconds: SECONDS, caller: caller.user }));
    const found =
      answer.kind === 'done' ? { ...answer.result, why: null } : { data: null, next: null, cut: null, why: answer.why };
    return { node: node.name, part, ...found } satisfies NodeSupport;
  }),
};

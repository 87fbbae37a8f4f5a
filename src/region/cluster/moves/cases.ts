import { CLUSTER_TARGET } from '../../../contract/base/job.ts';
import { accept, refuse, rejected } from '../../../core/errors.ts';
import { isFeatureOn } from '../../../store/queries/base/features.ts';
import { addJob, type NewJob } from '../../../store/queries/base/jobs/add.ts';
import type { WriteTx } from '../../../store/write.ts';
import { readSite } from '../read-site.ts';
import { listOf } from '../site.ts';
import { showJob } from '../../base/jobs/cases.ts';
import { readSeenNodes } from '../../base/seen.ts';
import { noSuch } from '../../base/refs.ts';
import { type CaseContext, writing } from '../../base/use-case.ts';
import { workOf } from './drain-steps.ts';
import { DRAIN_S, orderOf, RESTART_S, SWITCHOVER_S } from './switchover-order.ts';
import { readServedVlans } from './site-snapshot.ts';
import { planRestart, planSwitchover } from './preflight.ts';
import { checkNodeDrain } from './rack-drain.ts';

const TOO_EARLY = rejected(
  'conflict',
  'Not now: a node can be drained only when every region node runs a release that can drain nodes. Upgrade the others first (regent node list -o wide shows versions).',
);

async function siteOf(tx: WriteTx, context: CaseContext) {
  const known = await readSeenNodes(tx, context);
  return { site: await readSite(tx, context, known), nodes: known.map(({ row }) => row), known };
}

/** Adds the job and shows it with what it is about to do. */
async function begin(
  tx: WriteTx,
  context: CaseContext,
  sentence: string,
  job: Pick<NewJob, 'kind' | 'target' | 'payload' | 'deadlineSeconds'>,
) {
  const row = accept(await addJob(tx, { ...job, targets: [CLUSTER_TARGET], caller: context.caller.user }));
  return { body: { ...showJob(row), progress: sentence } };
}

export const moveCases = {
  'cluster.switchover': writing(
    'cluster.switchover',
    ({ body }) => `cluster switchover ${body?.to ?? ''}`.trim(),
    async (tx, { body }, context) => {
      const seen = await siteOf(tx, context);
      const plan = accept(planSwitchover(seen.site, body?.to ?? null));
      // An order without a name accepts any node that may lead at that time.
      const payload = { ...orderOf(seen, plan), ...(body?.to === undefined ? { to: null } : {}) };
      return begin(tx, context, plan.sentence, {
        kind: 'switchover',
        target: `${plan.from} to ${plan.to}`,
        payload,
        deadlineSeconds: SWITCHOVER_S,
      });
    },
  ),

  'cluster.restart': writing(
    'cluster.restart',
    ({ body }) => `cluster restart ${(body.nodes ?? []).join(' ')}`.trim(),
    async (tx, { body }, context) => {
      const { site } = await siteOf(tx, context);
      const plan = accept(planRestart(site, body.nodes ?? []));
      if (!(await isFeatureOn(tx, 'drain'))) refuse(TOO_EARLY);
      const { order } = plan;
      return begin(tx, context, `${listOf(order)}, in this order, one at a time, each drained meanwhile`, {
        kind: 'rolling-restart',
        target: order.join(', ').slice(0, 200),
        payload: { order },
        deadlineSeconds: RESTART_S * order.length,
      });
    },
  ),

  'node.drain': writing(
    'node.drain',
    ({ params }) => `node drain ${params.node}`,
    async (tx, { params }, context) => {
      const { site, known } = await siteOf(tx, context);
      const checked = accept(checkNodeDrain(site, params.node, await readServedVlans(tx, context, known)));
      if (!(await isFeatureOn(tx, 'drain'))) refuse(TOO_EARLY);
      const { name } = checked.node;
      return begin(tx, context, checked.sentence, {
        kind: 'node-drain',
        target: name,
        payload: { node: name },
        deadlineSeconds: DRAIN_S,
      });
    },
  ),

  'node.undrain': writing(
    'node.undrain',
    ({ params }) => `node undrain ${params.node}`,
    async (tx, { params }, context) => {
      const { site } = await siteOf(tx, context);
      const ref = params.node.toLowerCase();
      const node = site.nodes.find((one) => one.id === ref || one.name === ref);
      if (node === undefined)
        refuse(
          noSuch(
            'node',
            params.node,
            site.nodes.map(({ name }) => name),
          ),
        );
      if (!node.isDrained) refuse('conflict', `Not now: ${node.name} is not drained.`);
      return begin(tx, context, `${node.name} takes ${workOf(node, site)} again`, {
        kind: 'node-undrain',
        target: node.name,
        payload: { node: node.name },
        deadlineSeconds: DRAIN_S,
      });
    },
  ),
};

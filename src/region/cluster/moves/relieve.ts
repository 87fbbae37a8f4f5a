import { CLUSTER_TARGET } from '../../../contract/base/job.ts';
import { accept, isRejected } from '../../../core/errors.ts';
import { addJob, hasLately } from '../../../store/queries/base/jobs/add.ts';
import type { Database } from '../../../store/database.ts';
import { hasDrainedNode } from '../../../store/queries/cluster/nodes.ts';
import { write } from '../../../store/write.ts';
import type { ClusterSite } from '../site.ts';
import { reached, type Task } from '../../base/task.ts';
import { orderOf, SWITCHOVER_S } from './switchover-order.ts';
import type { SiteSnapshot } from './move-run.ts';
import { planSwitchover, type SwitchoverPlan } from './preflight.ts';

/** After a failed switchover the next one starts after this rest. */
const REST_S = 60;

/** The move that relieves a drained node of the database; null: none leads, or nobody else can. Pure. */
export function reliefOf(site: ClusterSite): SwitchoverPlan | null {
  const leads = site.nodes.some((node) => node.isDrained && node.facts.db?.role === 'primary');
  if (!leads) return null;
  const plan = planSwitchover(site, null);
  return isRejected(plan) ? null : plan;
}

/**
 * A drained node that a failover has promoted is relieved as soon as another one can lead. Every region checks this; jobs
 * of this class run one at a time, so one region starts it.
 */
export function createReliefTask(db: Database, readSnapshot: () => Promise<SiteSnapshot>): Task {
  return {
    name: 'relief of drained nodes',
    async run() {
      const { isAny } = await reached(db.autocommitRead(async (tx) => ({ isAny: await hasDrainedNode(tx) })));
      if (!isAny) return null;
      const seen = await readSnapshot();
      const plan = reliefOf(seen.site);
      if (plan === null) return null;
      const operation = {
        key: `relief-${db.random.hex(16)}`,
        requestDigest: plan.from,
        actor: 'system:relief',
        origin: 'region',
        summary: `cluster switchover ${plan.to}`,
      };
      const written = await write(db, operation, async (tx) => {
        if (await hasLately(tx, 'switchover', REST_S)) return { status: 200, body: false };
        accept(
          await addJob(tx, {
            kind: 'switchover',
            target: `${plan.from} to ${plan.to}`,
            payload: orderOf(seen, plan),
            deadlineSeconds: SWITCHOVER_S,
            targets: [CLUSTER_TARGET],
            caller: 'system:relief',
          }),
        );
        return { status: 202, body: true };
      });
      // Another move runs just now: the next round checks again.
      if (isRejected(written) || !written.body) return null;
      return `${plan.from} is drained and leads the database: ${plan.to} takes it over`;
    },
  };
}

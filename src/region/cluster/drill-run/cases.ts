import { accept, refuse } from '../../../core/errors.ts';
import { CLUSTER_TARGET } from '../../../contract/base/job.ts';
import type { DrillOrder } from '../../../contract/cluster/drill-order.ts';
import type { Random } from '../../../core/ports.ts';
import { isFeatureOn } from '../../../store/queries/base/features.ts';
import { addJob, hasLately } from '../../../store/queries/base/jobs/add.ts';
import { listJobs } from '../../../store/queries/base/jobs/row.ts';
import type { Tx } from '../../../store/tx.ts';
import { showJob } from '../../base/jobs/cases.ts';
import { readSeenNodes } from '../../base/seen.ts';
import { writing } from '../../base/use-case.ts';
import { readSite } from '../read-site.ts';
import { harmlessOf } from './harmless.ts';
import { drillFindings, drillSentence } from './preflight.ts';

/** Between two drills, s: the one before is over, and a clock that runs a drill in a loop is a mistake. */
const REST_S = 300;
/** All of a drill's own deadlines together, s, and some. */
const DRILL_S = 1800;

export const drillRunCases = {
  'drill.run': writing(
    'drill.run',
    ({ body }) => `drill run ${body.hazard}`,
    async (tx, { body }, context) => {
      const hazard = accept(harmlessOf(body.hazard));
      const site = await readSite(tx, context, await readSeenNodes(tx, context));
      const findings = [...drillFindings(site, hazard.id), ...(await timely(tx))];
      if (hazard.id !== 'planned-switchover' && !(await isFeatureOn(tx, 'drain')))
        findings.push('not every region node runs a release that knows drained nodes');
      if (findings.length > 0) refuse('conflict', `Not now: ${findings.join('; ')}.`);
      const payload = orderOf(hazard.id, context.random);
      const row = accept(
        await addJob(tx, {
          kind: 'drill',
          target: hazard.id,
          payload,
          deadlineSeconds: DRILL_S,
          targets: [CLUSTER_TARGET],
          caller: context.caller.user,
        }),
      );
      return { body: { ...showJob(row), progress: drillSentence(hazard.id, site) } };
    },
  ),
};

/** Why another time would be better, whatever the cluster is like. */
async function timely(tx: Tx): Promise<string[]> {
  const unfinished = await listJobs(tx, { isUnfinished: true, limit: 1000 });
  const other = unfinished.items.find(({ targets }) => targets.includes(CLUSTER_TARGET));
  if (other !== undefined)
    return [`job ${other.id} (${other.kind} ${other.target}) is ${other.state}, and only one such job runs at a time`];
  return (await hasLately(tx, 'drill', REST_S)) ? [`the last drill ended less than ${REST_S / 60} minutes ago`] : [];
}

function orderOf(hazard: string, random: Random): DrillOrder {
  return { hazard, seed: Number.parseInt(random.hex(6), 16), run: uuid(random), ledger: uuid(random) };
}

/** A random UUID (RFC 9562 §5.4). */
function uuid(random: Random): string {
  const digits = random.hex(16).split('');
  digits[12] = '4';
  digits[16] = '89ab'[Number.parseInt(digits[16] ?? '0', 16) % 4] ?? '8';
  return digits.join('').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

import { CLUSTER_TARGET } from '../../../contract/base/job.ts';
import type { RouteInput } from '../../../contract/routes.ts';
import { accept, isRejected, refuse, rejected } from '../../../core/errors.ts';
import { isFeatureOn } from '../../../store/queries/base/features.ts';
import { findPlace } from '../../../store/queries/cluster/places.ts';
import { addJob } from '../../../store/queries/base/jobs/add.ts';
import type { WriteTx } from '../../../store/write.ts';
import { showJob } from '../../base/jobs/cases.ts';
import { type CaseContext, writing } from '../../base/use-case.ts';
import { readSite } from '../read-site.ts';
import { readSeenNodes } from '../../base/seen.ts';
import { readServedVlans } from './site-snapshot.ts';
import { planRemoval } from './removal-preflight.ts';
import { REMOVAL_S } from './switchover-order.ts';

const TOO_EARLY = rejected(
  'conflict',
  'Not now: a living node can be removed only when every region node runs a release that can do this. Upgrade the others first (regent node list -o wide shows versions).',
);

async function begin(
  tx: WriteTx,
  { params, body }: RouteInput<'node.remove'>,
  isPlaceReserved: boolean,
  context: CaseContext,
) {
  const known = await readSeenNodes(tx, context);
  const isForced = body?.isForced === true;
  const options = { isPlaceReserved, isForced, vlans: await readServedVlans(tx, context, known) };
  const plan = planRemoval(await readSite(tx, context, known), params.node, options);
  if (isRejected(plan)) {
    const isOut = plan.code === 'not_found' && (await findPlace(tx, params.node.toLowerCase())) !== null;
    refuse(isOut ? refuseReserved(params.node.toLowerCase()) : plan);
  }
  if (plan.isLive && !(await isFeatureOn(tx, 'leave'))) refuse(TOO_EARLY);
  const { id, name, isDrained } = plan.node;
  const addresses = known.find((one) => one.id === id)?.row.addresses ?? [];
  const row = accept(
    await addJob(tx, {
      kind: 'node-remove',
      target: name,
      payload: { node: name, id, addresses, isPlaceKept: isPlaceReserved, isForced, wasDrained: isDrained },
      deadlineSeconds: REMOVAL_S,
      targets: [CLUSTER_TARGET],
      caller: context.caller.user,
    }),
  );
  return { body: { ...showJob(row), progress: plan.sentence } };
}

function refuseReserved(name: string) {
  return rejected(
    'conflict',
    `${name} is removed already, and its place is reserved. A token for its new host: regent token create --place ${name}. To give the place up: regent node remove ${name}.`,
  );
}

export const removalCases = {
  'node.remove': writing(
    'node.remove',
    ({ params }) => `node remove ${params.node}`,
    (tx, input, context) => begin(tx, input, false, context),
  ),
  'node.replace': writing(
    'node.replace',
    ({ params }) => `node replace ${params.node}`,
    (tx, input, context) => begin(tx, input, true, context),
  ),
};

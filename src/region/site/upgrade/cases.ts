import type { Upgrade, UpgradeStart } from '../../../contract/site/upgrade.ts';
import { CLUSTER_TARGET } from '../../../contract/base/job.ts';
import {
  finishedNodes,
  parseUpgradeOrder,
  parseUpgradeProgress,
  type ReleaseArchive,
  type UpgradeOrder,
  type UpgradeProgress,
} from '../../../contract/site/upgrade-order.ts';
import { accept, refuse, rejected, show } from '../../../core/errors.ts';
import { parseManifest } from '../../../model/images/image.ts';
import { addJob } from '../../../store/queries/base/jobs/add.ts';
import { type JobRow, listJobs } from '../../../store/queries/base/jobs/row.ts';
import { findImages, readManifest } from '../../../store/queries/images/images.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';
import { showJob } from '../../base/jobs/cases.ts';
import { readSeenNodes } from '../../base/seen.ts';
import { type CaseContext, reading, writing } from '../../base/use-case.ts';
import { readSite } from '../../cluster/read-site.ts';
import { type ClusterSite, listOf } from '../../cluster/site.ts';
import { UPGRADE_JOB } from './job.ts';
import { backOrder, checkResume, nextNode, planUpgrade } from './plan.ts';

/** For each node, and once for what all check; s. */
const NODE_S = 3600;
const NONE = rejected('not_found', 'Nothing was upgraded yet. Start: regent upgrade ARCHIVE');

/** The last upgrade, from its job's row. */
interface Last {
  readonly job: JobRow;
  readonly order: UpgradeOrder;
  readonly progress: UpgradeProgress | null;
}

async function readLast(tx: Tx): Promise<Last> {
  const [job] = (await listJobs(tx, { kind: UPGRADE_JOB, limit: 1 })).items;
  const order = job === undefined ? null : parseUpgradeOrder(job.payload);
  if (job === undefined || order === null) refuse(NONE);
  return { job, order, progress: parseUpgradeProgress(job.checkpoint) };
}

const siteOf = async (tx: Tx, context: CaseContext): Promise<ClusterSite> =>
  readSite(tx, context, await readSeenNodes(tx, context));

async function begin(tx: WriteTx, context: CaseContext, order: UpgradeOrder, sentence: string) {
  const what = order.kind === 'packages' ? 'packages' : (order.archive?.version ?? '');
  const row = accept(
    await addJob(tx, {
      kind: UPGRADE_JOB,
      target: order.direction === 'back' ? `back from ${what}` : what,
      payload: order,
      deadlineSeconds: NODE_S * (order.nodes.length + 1),
      targets: [CLUSTER_TARGET],
      caller: context.caller.user,
    }),
  );
  return { body: { ...showJob(row), progress: sentence } };
}

/** The archive that an image of the kind release holds. */
async function archiveOf(tx: Tx, digest: string): Promise<ReleaseArchive> {
  const [image] = await findImages(tx, digest);
  const text = image?.digest === digest ? await readManifest(tx, digest) : null;
  const manifest = text === null ? null : accept(parseManifest(text));
  const file = manifest?.files[0];
  if (image === undefined || manifest?.release == null || file === undefined)
    refuse('not_found', `There is no image ${show(digest, 70)} of the kind release. Rule: upload an archive first.`);
  const isThere = image.files.every(({ places }) => places.some(({ state }) => state === 'there'));
  if (!isThere) refuse('conflict', 'No region node has the whole archive yet. Upload it again: regent upgrade ARCHIVE');
  const { version, signature } = manifest.release;
  const { architecture } = manifest;
  return { image: digest, version, architecture, signature, size: file.size, sha256: file.sha256 };
}

async function start(tx: WriteTx, context: CaseContext, body: UpgradeStart) {
  const archive = body.image === undefined ? null : await archiveOf(tx, body.image);
  const site = await siteOf(tx, context);
  const [canary, pauseAfter] = [body.canary ?? null, body.pauseAfter ?? null];
  const plan = accept(
    planUpgrade(site, {
      version: archive?.version ?? null,
      only: body.nodes ?? [],
      without: body.without ?? [],
      canary,
      pauseAfter,
      isForced: body.force === true || body.checkOnly === true,
    }),
  );
  const order: UpgradeOrder = {
    kind: archive === null ? 'packages' : 'release',
    direction: 'forward',
    isCheckOnly: body.checkOnly === true,
    archive,
    nodes: [...plan.nodes],
    canary,
    pauseAfter,
    done: [],
    broken: plan.broken,
  };
  const names = listOf(plan.nodes.map(({ name }) => name));
  const how = order.isCheckOnly
    ? 'each checks it, nothing is changed'
    : 'in this order, one at a time, each drained meanwhile';
  return begin(tx, context, order, `${names}, ${how}`);
}

/** The same order for what is left; a pause that was reached is over. */
function resumed({ job, order, progress }: Last): UpgradeOrder {
  if (job.endedAt === null) refuse('conflict', `Job ${job.id} is ${job.state}: the upgrade goes on.`);
  if (order.isCheckOnly) refuse('conflict', 'The last one only checked. Start: regent upgrade ARCHIVE');
  const done = [...finishedNodes(order, progress)];
  if (done.length >= order.nodes.length) refuse('conflict', 'The last upgrade is done: no node is left.');
  return { ...order, done, pauseAfter: progress?.pausedAfter == null ? order.pauseAfter : null };
}

export const upgradeCases = {
  'upgrade.start': writing(
    'upgrade.start',
    ({ body }) => `upgrade ${body.image?.slice(0, 12) ?? 'packages'}`,
    (tx, { body }, context) => start(tx, context, body),
  ),

  'upgrade.show': reading('upgrade.show', async (tx, _input, context) => {
    const last = await readLast(tx);
    return { body: viewUpgrade(last, await siteOf(tx, context)) };
  }),

  'upgrade.resume': writing(
    'upgrade.resume',
    () => 'upgrade resume',
    async (tx, _input, context) => {
      const last = await readLast(tx);
      const order = resumed(last);
      const left = order.nodes.filter(({ name }) => !order.done.includes(name)).map(({ name }) => name);
      const refusal = checkResume(await siteOf(tx, context), left, last.progress?.node?.name ?? null);
      if (refusal) refuse(refusal);
      return begin(tx, context, order, `goes on with ${listOf(left)}, one at a time`);
    },
  ),

  'upgrade.back': writing(
    'upgrade.back',
    () => 'upgrade back',
    async (tx, _input, context) => {
      const last = await readLast(tx);
      if (last.job.endedAt === null)
        refuse('conflict', `Job ${last.job.id} is ${last.job.state}. End it first: regent job abort ${last.job.id}`);
      const order = accept(backOrder(last.order, last.progress));
      const names = order.nodes.map(({ name }) => name);
      const refusal = checkResume(await siteOf(tx, context), names, last.progress?.node?.name ?? null);
      if (refusal) refuse(refusal);
      return begin(tx, context, order, `the release before is installed again on ${listOf(names)}, one at a time`);
    },
  ),
};

/** What the last upgrade shows. Pure. */
export function viewUpgrade({ job, order, progress }: Last, site: Pick<ClusterSite, 'nodes'>): Upgrade {
  const done = new Map((progress?.done ?? []).map((one) => [one.name, one]));
  const left = progress === null ? order.nodes[0] : nextNode(order, progress);
  const finished = new Set(finishedNodes(order, progress));
  const isEnded = job.endedAt !== null;
  const hasEnd = job.state === 'done' && (order.isCheckOnly || left === null);
  const state = !isEnded ? 'running' : hasEnd ? 'done' : progress?.pausedAfter != null ? 'paused' : 'stopped';
  return {
    kind: order.kind,
    direction: order.direction,
    isCheckOnly: order.isCheckOnly,
    state,
    version: order.archive?.version ?? null,
    sentence: job.result ?? job.progress,
    next: nextOf(state, order, job),
    job: showJob(job),
    nodes: order.nodes.map(({ name, isRegion, from }) => {
      return {
        name,
        role: isRegion ? ('region' as const) : ('rack' as const),
        from,
        state: finished.has(name) ? 'done' : progress?.node?.name === name ? 'working' : 'next',
        version: site.nodes.find((node) => node.name === name)?.agent?.version ?? '',
        seconds: done.get(name)?.seconds ?? null,
        changes: [...(done.get(name)?.changes ?? progress?.changes[name] ?? [])],
      };
    }),
  };
}

function nextOf(state: Upgrade['state'], order: UpgradeOrder, job: JobRow): string {
  if (state === 'running') return `end it: regent job abort ${job.id}`;
  if (order.isCheckOnly) return '';
  const back = order.kind === 'release' && order.direction === 'forward' ? 'go back: regent upgrade back' : '';
  if (state === 'done') return back;
  return ['go on: regent upgrade resume', back].filter((one) => one !== '').join('; ');
}

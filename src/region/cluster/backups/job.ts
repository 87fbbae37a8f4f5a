import type { BackupOrder, BackupProgress } from '../../../contract/cluster/backup-order.ts';
import { ESCROW_PLACE, parseBackupProgress, parseRestoredFacts } from '../../../contract/cluster/backup-order.ts';
import { AppError, isRejected } from '../../../core/errors.ts';
import { formatCount } from '../../../core/count-text.ts';
import { formatEpoch } from '../../../core/epoch.ts';
import type { Clock, Random } from '../../../core/ports.ts';
import { sealerOf } from '../../base/sealer.ts';
import { escrowKey } from '../../../core/recovery-key.ts';
import { unseal } from '../../../core/seal.ts';
import type { Database } from '../../../store/database.ts';
import { mainAddress } from '../../../model/cluster/cluster.ts';
import { allRows } from '../../../store/page.ts';
import { listNodes } from '../../../store/queries/cluster/nodes.ts';
import * as backups from '../../../store/queries/cluster/backups.ts';
import { readLiving } from '../../../store/queries/cluster/backup-facts.ts';
import { readRecoveries } from '../../../store/queries/cluster/recoveries.ts';
import { readCluster } from '../../../store/snapshot.ts';
import type { AskAgent } from '../../base/commands/ask-agent.ts';
import type { JobEnd, JobKind, JobRun } from '../../base/jobs/kind.ts';
import { reached } from '../../base/task.ts';
import type { CertificateAuthority } from '../trust/port.ts';
import type { ClusterSite } from '../site.ts';
import { chooseNode } from './choose.ts';
import { brokenChecks, compareRestored, type LivingFacts } from './compare.ts';
import { BACKUP_JOB, parseOrder } from './order.ts';
import { parseStoreList } from './store-list.ts';

/** What jobs with the store need. */
export interface BackupPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Pick<Random, 'hex'>;
  readonly ca: CertificateAuthority;
  readonly version: string;
  readonly askAgent: AskAgent;
  readSite(): Promise<ClusterSite>;
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** How many nodes are tried. */
const NODES_MAX = 3;
const ASK_S = 8;
const POLL_MS = 2000;
/** How long it waits for a node whose regent-backup runs. */
const NODES_MS = 180_000;
/** A node that does not answer for so long is given up; another one begins again. */
const SILENT_MS = 60_000;

type Answer = { readonly state: string; readonly sentence?: string; readonly result?: unknown };

/**
 * `backup`: one task with the store, done by `regent-backup.service` of a region node. A node that fails or dies is followed by another. Whoever takes the job
 * over waits for the same task of the same node.
 */
export function createBackupJob(ports: BackupPorts): JobKind<BackupOrder> {
  return {
    name: BACKUP_JOB,
    parse: parseOrder,
    run: async (run) => {
      let at = parseBackupProgress(run.checkpoint);
      let waitedFrom: number | null = null;
      for (;;) {
        if (run.isAbortWanted())
          return {
            state: 'aborted',
            result: 'Ended. A task that a node has started goes on there, and is noted by the next list.',
          };
        if (at.node === null) {
          if (at.tried.length >= NODES_MAX) return failed(at);
          const node = chooseNode(
            await ports.readSite(),
            at.tried.map(({ name }) => name),
          );
          if (node === null) {
            // Right after a start or a new target the nodes have not reported yet.
            waitedFrom ??= ports.clock.monotonic();
            if (ports.clock.monotonic() - waitedFrom > NODES_MS)
              return {
                state: 'failed',
                result:
                  'No region node reports that its regent-backup runs. See: regent doctor; systemctl status regent-backup.',
              };
            await ports.wait(POLL_MS, run.signal);
            run.signal.throwIfAborted();
            continue;
          }
          at = { ...at, node: { id: node.id, name: node.name } };
          await run.save(`${node.name} gets the task ${run.payload.verb}`, at);
        }
        run.mustHold();
        const answer = await perform(ports, run, at);
        if (answer === null) continue;
        if (answer.state === 'done') return await settle(ports, run, at, answer);
        at = { node: null, tried: [...at.tried, { name: at.node?.name ?? '', why: answer.sentence ?? answer.state }] };
        await run.save(`${at.tried.at(-1)?.name}: ${at.tried.at(-1)?.why}`.slice(0, 500), at);
        if (run.payload.verb === 'delete' || /another target|key of the store/.test(answer.sentence ?? ''))
          return failed(at);
      }
    },
  };
}

function failed({ tried }: BackupProgress): JobEnd {
  return {
    state: 'failed',
    result: tried
      .map(({ name, why }) => `${name}: ${why}`)
      .join('; ')
      .slice(0, 1500),
  };
}

/** Begins the task on the node if it has not, and waits for its end. Null: an operator wants the end of the job. */
async function perform(ports: BackupPorts, run: JobRun<BackupOrder>, at: BackupProgress): Promise<Answer | null> {
  const { node } = at;
  if (node === null) throw new AppError('job', 'no node was chosen');
  const id = `${run.id}-${at.tried.length}`;
  const order = await orderOf(ports, run.payload);
  let answeredAt = ports.clock.monotonic();
  let isRunning = false;
  for (;;) {
    run.signal.throwIfAborted();
    if (run.isAbortWanted()) return null;
    const request = isRunning ? { ask: 'result' as const, id } : { ask: 'begin' as const, id, order };
    const reply = await ports.askAgent({
      node,
      kind: 'backup',
      args: request,
      seconds: ASK_S,
      caller: `job ${run.id}`,
    });
    if (!isRejected(reply) && reply.kind === 'done') {
      answeredAt = ports.clock.monotonic();
      const answer = reply.result.answer as Answer;
      if (answer.state === 'done' || answer.state === 'failed') return answer;
      if (answer.state === 'unknown') return { state: 'failed', sentence: 'its regent-backup was restarted meanwhile' };
      if (answer.state === 'refused') return { state: 'failed', sentence: 'its regent-backup does not take the task' };
      // "busy": an earlier task of it goes on, of a job that ended.
      isRunning = answer.state === 'running';
    } else if (ports.clock.monotonic() - answeredAt > SILENT_MS) {
      const why = isRejected(reply) ? reply.message : reply.kind === 'none' ? reply.why : '';
      return { state: 'failed', sentence: `it does not answer: ${why}` };
    }
    await ports.wait(POLL_MS, run.signal);
  }
}

/** What the node gets, with notes that a restore reads before it changes anything. */
async function orderOf({ db, version }: BackupPorts, order: BackupOrder) {
  if (order.verb !== 'create') return order;
  const facts = await reached(
    db.read(async (tx) => ({
      cluster: await readCluster(tx),
      epoch: formatEpoch(await readRecoveries(tx)),
      living: await readLiving(tx, null),
      target: await backups.readBackupTarget(tx),
      nodes: (await allRows((page) => listNodes(tx, page))).filter(({ isRegion }) => isRegion),
    })),
  );
  const notes = {
    site: facts.cluster?.id ?? '',
    epoch: facts.epoch,
    release: version,
    migrations: String(facts.living.migrations),
    key: facts.target?.fingerprint ?? '',
    vip: facts.cluster?.vip?.split('/')[0] ?? '',
    regions: facts.nodes.map((node) => `${node.name}=${mainAddress(node)}`).join('/'),
  };
  return { ...order, type: order.type ?? ('incr' as const), notes };
}

/** Notes what came of it, in one transaction with the end of the job. */
async function settle(
  ports: BackupPorts,
  run: JobRun<BackupOrder>,
  at: BackupProgress,
  answer: Answer,
): Promise<JobEnd> {
  const { verb } = run.payload;
  const node = at.node?.name ?? '';
  const sentence = answer.sentence ?? '';
  const result = (answer.result ?? {}) as Readonly<Record<string, unknown>>;
  const list = parseStoreList(result['store']);
  const facts = verb === 'drill' ? parseRestoredFacts(result['facts']) : null;
  if (verb === 'drill' && facts === null)
    return { state: 'failed', result: `${node}: the report of the drill is of another release` };
  const living = facts === null ? null : await readLivingFacts(ports, facts.lastEvent);
  const report = facts === null || living === null ? null : compareRestored(facts, living);
  const isPassed = report === null || brokenChecks(report).length === 0;
  await run.save(sentence, at, async (tx) => {
    if (list !== null) await backups.replaceBackups(tx, list);
    if (verb === 'prepare') await backups.markPrepared(tx);
    if (verb === 'verify') await backups.markVerified(tx);
    if (report !== null && facts !== null) {
      await backups.storeBackupDrill(tx, { label: facts.label, node, isPassed, report: { ...report } });
      tx.emit({ kind: 'backup.drilled', subject: facts.label, data: { node, isPassed } });
    }
    const made = result['made'];
    if (verb === 'create')
      tx.emit({ kind: 'backup.created', subject: typeof made === 'string' ? made : '', data: { node } });
    if (verb === 'delete') tx.emit({ kind: 'backup.deleted', subject: run.payload.label ?? '', data: { node } });
    return at;
  });
  if (report === null) return { state: 'done', result: `${node}: ${sentence}` };
  return isPassed
    ? { state: 'done', result: `${node}: ${sentence} All of ${formatCount(report.checks.length, 'check')} hold.` }
    : { state: 'failed', result: `${node}: ${sentence} Not held: ${brokenChecks(report).join('; ')}` };
}

async function readLivingFacts({ db, ca, random }: BackupPorts, upTo: number): Promise<LivingFacts> {
  const sealer = sealerOf({ ca, random });
  const read = await reached(
    db.read(async (tx) => ({
      living: await readLiving(tx, upTo),
      escrow: await backups.readEscrow(tx),
      key: await backups.readSealedKey(tx),
    })),
  );
  const key = read.key === null ? null : await sealer.open(backups.KEY_PLACE, read.key);
  const escrowOpens =
    key !== null &&
    !isRejected(key) &&
    read.escrow !== null &&
    !isRejected(unseal([escrowKey(key)], ESCROW_PLACE, read.escrow));
  return { ...read.living, escrowOpens };
}

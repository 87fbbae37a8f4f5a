import { digestOf } from '../../core/digest.ts';
import { AppError, isRejected } from '../../core/errors.ts';
import type { Clock, Log } from '../../core/ports.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type CompiledSite, compileSite, type NodeBody } from '../../services/compile-node.ts';
import type { AnyService } from '../../services/kit/contract.ts';
import type { Database } from '../../store/database.ts';
import { claimCompiler, publishSite, readHeads } from '../../store/publication.ts';
import { readRevision } from '../../store/queries/events.ts';
import { listNodes } from '../../store/queries/nodes.ts';
import { readSnapshot } from '../../store/snapshot.ts';
import type { Task } from './task.ts';

/** What the publisher needs. `compiler`: version of the product; `process`: this one, for the record. */
export interface PublishPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly services: readonly AnyService[];
  readonly compiler: string;
  readonly process: string;
}

/** The publisher; `demand` asks for a compile though nothing seems to have changed (an agent holds an unknown generation). */
export interface PublishTask extends Task {
  demand(): void;
}

/** A round's database calls end by then, so that the loop stays alive while the database is away. */
const DEADLINE_MS = 5000;
/** Races lost in a row before the round gives up; the next wake or tick goes on. */
const RACES = 5;
/** A compile without any reason, so that nothing that was overlooked stays for ever. */
const ANYWAY_MS = 60_000;

interface Read {
  readonly snapshot: Snapshot;
  readonly published: ReadonlyMap<string, NodeBody | null>;
}

/**
 * The publisher: snapshot → compile → lint → publish by compare-and-set. Runs on every region; the database decides who wins, and a loser
 * reads again. A service that throws or whose lint finds an error keeps its last part; its finding is stored for operators.
 */
export function createPublishTask(ports: PublishPorts): PublishTask {
  const { db, clock, log } = ports;
  let isDemanded = true;
  let isClaimed = false;
  let lastFull = Number.NEGATIVE_INFINITY;
  let lastFindings = '';
  let lastObserved = '';

  const claim = async () => {
    if (isClaimed) return;
    const inForce = await claimCompiler(db, ports.compiler);
    if (isRejected(inForce)) throw new AppError('database_unavailable', inForce.message);
    isClaimed = true;
  };

  /** A cheap look first: an idle site is not read and compiled every few seconds. */
  const isDue = async (): Promise<boolean> => {
    if (isDemanded || clock.monotonic() - lastFull > ANYWAY_MS) return true;
    const look = await db.read(
      async (tx) => {
        const heads = new Map((await readHeads(tx)).map((head) => [head.nodeId, head.compiledRevision]));
        const revision = await readRevision(tx);
        const nodes = (await listNodes(tx, { limit: 1000 })).items;
        return nodes.some((node) => (heads.get(node.id) ?? -1) < revision);
      },
      { deadlineMs: DEADLINE_MS },
    );
    if (isRejected(look)) throw new AppError('database_unavailable', look.message);
    return look;
  };

  const read = async (): Promise<Read> => {
    const result = await db.read(
      async (tx) => ({
        snapshot: await readSnapshot(tx),
        published: new Map((await readHeads(tx)).map((head) => [head.nodeId, head.body as NodeBody | null])),
      }),
      { deadlineMs: DEADLINE_MS },
    );
    if (isRejected(result)) throw new AppError('database_unavailable', result.message);
    return result;
  };

  const tellFindings = (site: CompiledSite) => {
    const findings = [...site.nodes].flatMap(([node, { findings: list }]) => list.map((item) => ({ node, ...item })));
    const digest = digestOf(findings);
    if (digest === lastFindings) return;
    if (lastFindings !== '' && findings.length === 0) log.info('all findings are gone');
    lastFindings = digest;
    for (const { node, service, severity, code, subject, sentence } of findings.slice(0, 20)) {
      log.warn('the compiler found something', { node, service, severity, code, subject, sentence });
    }
  };

  return {
    name: 'publish',
    demand: () => {
      isDemanded = true;
    },
    async run() {
      await claim();
      if (!(await isDue())) return null;
      isDemanded = false;
      for (let race = 0; race < RACES; race += 1) {
        const { snapshot, published } = await read();
        const site = compileSite(snapshot, ports.services, published, clock.now() / 1000);
        const result = await publishSite(db, {
          compiler: ports.compiler,
          process: ports.process,
          revision: snapshot.revision,
          versionsBefore: snapshot.versions,
          versions: site.versions,
          nodes: site.nodes,
        });
        if (isRejected(result)) {
          isDemanded = true;
          throw new AppError('database_unavailable', result.message);
        }
        if (result.kind === 'lost') continue;
        lastFull = clock.monotonic();
        if (result.kind === 'observer') {
          const isNew = lastObserved !== result.compiler;
          lastObserved = result.compiler;
          return isNew ? `version ${result.compiler} publishes; this one, ${ports.compiler}, only observes` : null;
        }
        tellFindings(site);
        if (result.kind === 'unchanged') return null;
        return result.nodes.map((node) => `${node.nodeId} generation ${node.generation}`).join(', ');
      }
      isDemanded = true;
      throw new AppError('race', `another process was ahead ${RACES} times in a row`);
    },
  };
}

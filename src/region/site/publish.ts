import { digestOf } from '../../core/stable-json.ts';
import { AppError } from '../../core/errors.ts';
import type { Clock, Log } from '../../core/ports.ts';
import { keyOf } from '../../core/node-identity.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type CompiledSite, compileSite, type NodeBody } from '../../services/compile-node.ts';
import type { AnyService } from '../../services/kit/contract.ts';
import { movesBetween, withHolders } from '../../services/kit/handover.ts';
import { serviceOf } from '../../services/kit/instances.ts';
import type { Database } from '../../store/database.ts';
import { claimCompiler } from '../../store/queries/cluster/compiler-gate.ts';
import { readCompiled, readHeads } from '../../store/publication/heads.ts';
import type { KnownParts } from '../../store/publication/parts.ts';
import { type PublishResult, publishSite } from '../../store/publication/publish.ts';
import type { SubnetMoves } from '../../store/queries/networks/subnet-releases.ts';
import { readWatermark } from '../../store/queries/base/watermark.ts';
import { listNodes } from '../../store/queries/cluster/nodes.ts';
import { readSnapshot } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';
import { readKnownNodes } from '../base/published.ts';
import { withBootRecords } from '../images/boot-records.ts';
import { withClosedBmcs } from '../base/closed-addresses.ts';
import { reached, type Task } from '../base/task.ts';
import type { SubnetHolder } from '../../model/networks/lease.ts';

/** What the publisher needs. `compiler`: version of the product; `process`: this one, for the record. */
export interface PublishPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly services: readonly AnyService[];
  readonly compiler: string;
  readonly process: string;
}

/** `known`: parts of what was published when it was read last. */
type Publisher = PublishPorts & { readonly known: KnownParts };

/** The publisher; `demand` asks for a compile though nothing seems to have changed (an agent holds an unknown generation). */
export type PublishTask = Task & { demand(): void };

/**
 * A round's reads end by then, so that the loop stays alive while the database is away. The next round after one that was too slow has up to `mostMs`: where
 * the whole host is slow, the same time again would be work for nothing again.
 */
const DEADLINE = { usualMs: 5000, mostMs: 10_000 } as const;
/** Races lost in a row, or time spent with them, before the round gives up; the next wake or tick goes on. */
const RACES = { most: 5, mostMs: 10_000 } as const;
/**
 * The loser of a race waits in the next round, this many times the length of a round, ms at most. All regions receive a
 * change at once; compiling it in each costs three times the processor, and they wait for each other's rows.
 */
const YIELD = { times: 4, mostMs: 1500 } as const;
/** A compile without any reason, so that nothing that was overlooked stays for ever. */
const ANYWAY_MS = 60_000;

type Read = { readonly snapshot: Snapshot; readonly published: ReadonlyMap<string, NodeBody | null> };

/**
 * The publisher: snapshot → compile → lint → publish by compare-and-set. Runs on every region; the database decides who wins, and a loser
 * reads again. A service that throws or whose lint finds an error keeps its last part; its finding is stored for operators.
 */
export function createPublishTask(ports: PublishPorts): PublishTask {
  const { db, clock } = ports;
  const publisher: Publisher = { ...ports, known: new Map() };
  const report = createReporter(ports);
  let isDemanded = true;
  let isClaimed = false;
  let lastFull = Number.NEGATIVE_INFINITY;
  let yieldMs = 0;
  let deadlineMs: number = DEADLINE.usualMs;

  const isDue = () => isDemanded || clock.monotonic() - lastFull > ANYWAY_MS;

  return {
    name: 'publish',
    demand: () => {
      isDemanded = true;
    },
    yieldMs: () => yieldMs,
    async run() {
      if (!isClaimed) await reached(claimCompiler(db, ports.compiler));
      isClaimed = true;
      const mustCompile = isDue();
      const started = clock.monotonic();
      try {
        if (!mustCompile && !(await isBehind(db, deadlineMs))) return null;
        // A request during this round sets it again; so does this round if it fails.
        isDemanded = false;
        const isWanted = async () => mustCompile || (await isBehind(db, deadlineMs));
        const { races, done } = await publishRacing({ publisher, deadlineMs, isWanted });
        // The version that publishes may be gone for good: the claim is made again.
        isClaimed = done?.result.kind !== 'observer';
        lastFull = clock.monotonic();
        deadlineMs = Math.min(Math.max(DEADLINE.usualMs, 2 * (lastFull - started)), DEADLINE.mostMs);
        yieldMs = races === 0 ? 0 : Math.min(YIELD.times * (lastFull - started), YIELD.mostMs);
        return done && report(done.site, done.result);
      } catch (error) {
        if (clock.monotonic() - started >= deadlineMs) deadlineMs = DEADLINE.mostMs;
        isDemanded ||= mustCompile;
        throw error;
      }
    },
  };
}

/** A cheap check, so that an idle site is not read and compiled every few seconds. */
function isBehind(db: Database, deadlineMs: number): Promise<boolean> {
  const readBehind = async (tx: Tx) => {
    const compiled = await readCompiled(tx);
    const watermark = await readWatermark(tx);
    return (await listNodes(tx, { limit: 1000 })).items.some((node) => {
      const at = compiled.get(node.id);
      return !at || at.revision < watermark.revision || at.observed < watermark.observed;
    });
  };
  return reached(db.read(readBehind, { deadlineMs }));
}

function readSite({ db, known }: Publisher, deadlineMs: number): Promise<Read> {
  const read = async (tx: Tx): Promise<Read> => ({
    snapshot: await readSnapshot(tx),
    published: new Map((await readHeads(tx, undefined, known)).map((head) => [head.nodeId, head.body])),
  });
  return reached(db.read(read, { deadlineMs }));
}

/** Secrets that bodies may hold. */
function secretsIn({ copyKey, tsigKeys = [], backup }: Snapshot): string[] {
  const keys = [...(copyKey ? [copyKey] : []), ...tsigKeys].map(({ secret }) => secret);
  if (backup === undefined) return keys;
  // A part of the desired state is JSON: of a PEM text one line of the key is found in it as it stands.
  const [first = '', second] = backup.storeSecret.split('\n');
  const line = second ?? first;
  return [...keys, backup.cipher, ...(line === '' ? [] : [line])];
}

/** What the new bodies take away and give, by node; of nodes that hold no networks nothing. */
async function readMoves(
  { db, services }: Publisher,
  { snapshot, published, site, deadlineMs }: Read & { readonly site: CompiledSite; readonly deadlineMs: number },
): Promise<ReadonlyMap<string, SubnetMoves>> {
  const all = [...site.nodes].map(([nodeId, { body }]) => {
    return { nodeId, ...movesBetween(services, nodeId, { before: published.get(nodeId) ?? null, after: body }) };
  });
  // Only an instance can be fenced: it has a partner.
  const hasInstances = all.some(({ gone }) => gone.some(({ service }) => keyOf(service) !== null));
  const reports = hasInstances ? await reached(db.read(readKnownNodes, { deadlineMs })) : [];
  const names = new Map(snapshot.nodes.map((node) => [node.id, node.name]));
  const isFenced = ({ nodeId, service }: SubnetHolder) =>
    serviceOf(services, service)?.handover?.isFenced(
      service,
      names.get(nodeId) ?? '',
      (node) =>
        reports.find(({ name }) => name === node)?.report?.services.find((row) => row.service === service)?.facts,
    ) === true;
  return new Map(
    all
      .filter(({ gone, here }) => gone.length + here.length > 0)
      .map(({ nodeId, gone, here }) => [
        nodeId,
        { here, gone: gone.map((holder) => ({ ...holder, isFenced: isFenced(holder) })) },
      ]),
  );
}

type Published = { readonly site: CompiledSite; readonly result: Exclude<PublishResult, { readonly kind: 'lost' }> };

/** `races`: how often another process was ahead. `done` null: it was, and then it was not `isWanted` any more. */
type Raced = { readonly races: number; readonly done: Published | null };

interface Race {
  readonly publisher: Publisher;
  readonly deadlineMs: number;
  /** Is there still something to do, though another was ahead? */
  readonly isWanted: () => Promise<boolean>;
}

async function publishRacing({ publisher: ports, deadlineMs, isWanted }: Race): Promise<Raced> {
  const end = ports.clock.monotonic() + RACES.mostMs;
  let races = 0;
  while (races < RACES.most && (races === 0 || ports.clock.monotonic() < end)) {
    const { snapshot, published } = await readSite(ports, deadlineMs);
    const whole = withHolders(withClosedBmcs(snapshot), ports.services, published);
    const compiled = compileSite(whole, ports.services, published, ports.clock.now() / 1000);
    const site = withBootRecords(compiled, snapshot);
    const moves = await readMoves(ports, { snapshot, published, site, deadlineMs });
    const result = await reached(
      publishSite(ports.db, {
        compiler: ports.compiler,
        process: ports.process,
        revision: snapshot.revision,
        observed: snapshot.observed,
        versionsBefore: snapshot.versions,
        versions: site.versions,
        nodes: site.nodes,
        moves,
        known: ports.known,
        secrets: secretsIn(snapshot),
      }),
    );
    if (result.kind !== 'lost') return { races, done: { site, result } };
    races += 1;
    if (!(await isWanted())) return { races, done: null };
  }
  throw new AppError('race', `another process was ahead ${races} times in a row`);
}

/** Says what is new: a publication, other findings, another publisher. */
function createReporter({
  log,
  compiler,
}: PublishPorts): (site: CompiledSite, result: Published['result']) => string | null {
  let lastFindings = '';
  let lastObserved = '';
  const reportFindings = (site: CompiledSite) => {
    const findings = [...site.nodes].flatMap(([node, { findings: list }]) => list.map((item) => ({ node, ...item })));
    const digest = digestOf(findings);
    if (digest === lastFindings) return;
    if (lastFindings !== '' && findings.length === 0) log.info('all findings are gone');
    lastFindings = digest;
    for (const { node, service, severity, code, subject, sentence } of findings.slice(0, 20))
      log.warn('finding of the compiler', { node, service, severity, code, subject, sentence });
  };
  return (site, result) => {
    if (result.kind === 'observer') {
      const isNew = lastObserved !== result.compiler;
      lastObserved = result.compiler;
      return isNew ? `version ${result.compiler} publishes; this one, ${compiler}, only observes` : null;
    }
    reportFindings(site);
    if (result.kind === 'unchanged') return null;
    return result.nodes.map((node) => `${node.nodeId} generation ${node.generation}`).join(', ');
  };
}

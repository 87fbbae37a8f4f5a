import type { Client } from '../../contract/client.ts';
import { type NodeSupport, SUPPORT_FACT_PARTS, SUPPORT_PROGRAMS } from '../../contract/cluster/support.ts';
import type { RouteId, RouteInput } from '../../contract/routes.ts';
import { ProblemError } from '../../contract/base/wire/transport.ts';
import { sentenceOf } from '../../core/errors.ts';
import { type MissingPart, supportBundle, type SupportBundle, type SupportPart } from '../../core/support-bundle.ts';
import type { Call } from '../command-spec.ts';
import { CliError, EXIT } from '../exit.ts';
import { collect } from '../values.ts';
import { HOST_PATHS, HOST_TIMEOUT_MS } from '../commands/base/ask.ts';
import { isAway } from '../commands/site/status-away.ts';

/** Gathering ends so long after its start, ms: with packing a bundle takes at most a minute. */
const GATHER_MS = 40_000;
/** How long one call may take: an agent has 8 s, then the region answers; a failover takes some 10 s. */
const PATIENCE = { deadlineMs: 20_000, timeoutMs: 11_000, refusedMs: 500 };
/** Nodes, and parts of one node, at once: other users of the region go on. */
const NODES_AT_ONCE = 6;
const PARTS_AT_ONCE = 2;
/** Items of a list. */
const ITEMS = 1000;
/** Bytes of a part of a node. */
const UNPACKED_MAX = 32 * 1024 * 1024;
/** Tries of a call that the region refuses because there are too many. */
const TRIES = 4;

const LOCAL = 'On each node: sudo regent support-bundle --local';
const CUT = `only the newest ${ITEMS}`;

/** A part that one call gives. */
interface SiteCall<I extends RouteId = RouteId> {
  readonly path: string;
  readonly id: I;
  readonly input: RouteInput<I>;
}
const part = <I extends RouteId>(path: string, id: I, input: RouteInput<I>): SiteCall =>
  ({ path, id, input }) as unknown as SiteCall;

function siteCalls(since: string): readonly SiteCall[] {
  const newest = { limit: ITEMS };
  return [
    part('site/status.json', 'status.show', {}),
    part('site/cluster.json', 'cluster.show', {}),
    part('site/doctor.json', 'cluster.doctor', {}),
    part('site/racks.json', 'rack.list', { query: newest }),
    part('site/metrics.json', 'metric.list', {}),
    part('site/settings.json', 'setting.list', { query: newest }),
    part('site/config-pending.json', 'config.diff', {}),
    part('site/config-history.json', 'config.history', { query: { limit: 200 } }),
    part('site/events.json', 'event.list', { query: { ...newest, sort: '-id', since } }),
    part('site/audit.json', 'audit.list', { query: { ...newest, since } }),
    part('site/jobs.json', 'job.list', { query: newest }),
    part('site/commands.json', 'command.list', { query: newest }),
    part('site/drills.json', 'drill.list', { query: newest }),
    part('site/service-actions.json', 'service.actions', {}),
    part('site/backups.json', 'backup.list', {}),
    part('site/backup-drills.json', 'backup.drills', {}),
  ];
}

/** What was gathered so far. */
interface Gathered {
  readonly parts: SupportPart[];
  readonly missing: MissingPart[];
  readonly nodes: { name: string; why: string | null }[];
  readonly notes: string[];
}

/**
 * Gathers a bundle by the API: the site, then every node through its agent. What does not come is in the table of contents with the reason. Refusals of the
 * caller's role are thrown; so is a site of which nothing answers.
 */
export async function collectBundle(call: Call, since: string): Promise<SupportBundle> {
  const { url, client } = await call.region(PATIENCE);
  const signal = AbortSignal.any([AbortSignal.timeout(GATHER_MS), call.io.interrupted]);
  const all: Gathered = { parts: [], missing: [], nodes: [], notes: [] };
  const run: Run = { call, client, since, signal, all };
  await startBundle(run);
  if (all.notes.length === 0) {
    await Promise.all([inParallel(siteCalls(since), 4, (one) => addCall(run, one)), addNodes(run)]);
  }
  call.io.interrupted.throwIfAborted();
  const order = (a: { readonly path: string }, b: { readonly path: string }) => (a.path < b.path ? -1 : 1);
  const madeAt = new Date(call.io.now()).toISOString();
  const subject = { madeAt, since, version: call.io.version, source: url, nodes: all.nodes, notes: all.notes };
  return supportBundle(subject, all.parts.toSorted(order), { missing: all.missing.toSorted(order) });
}

interface Run {
  readonly call: Call;
  readonly client: Client;
  readonly since: string;
  readonly signal: AbortSignal;
  readonly all: Gathered;
}

/** The first call, which the audit has. While the database is away, this host's region reports what it remembers, if this is root. */
async function startBundle({ call, client, signal, all }: Run): Promise<void> {
  try {
    const { body } = await client.call('support-bundle.start', {}, { signal });
    all.parts.push({ path: 'site/database.json', value: body });
    return;
  } catch (error) {
    if (!isAway(error) || call.io.interrupted.aborted) throw error;
    const { askHost } = call.io;
    if (askHost === null) throw new CliError(EXIT.error, sentenceOf(error), [LOCAL], { cause: error });
    const why = sentenceOf(error).replace(/\.$/, '');
    all.notes.push(`The API does not answer (${why}): only what this host’s region remembers is in it. ${LOCAL}`);
    for (const [id, path] of Object.entries(HOST_PATHS)) {
      const answer = await askHost(path, HOST_TIMEOUT_MS).catch(() => null);
      if (answer?.status === 200) all.parts.push({ path: `site/${id}.json`, value: JSON.parse(answer.text) });
      else all.missing.push({ path: `site/${id}.json`, why: 'the region of this host does not answer' });
    }
  }
}

async function addCall({ call, client, signal, all }: Run, { path, id, input }: SiteCall): Promise<void> {
  try {
    const body: unknown = await patiently(call, async () => (await client.call(id, input, { signal })).body);
    const hasMore = typeof body === 'object' && body !== null && 'next' in body && body.next !== null;
    all.parts.push({ path, value: body, ...(hasMore ? { cut: CUT } : {}) });
  } catch (error) {
    all.missing.push({ path, why: whyOf(error, signal) });
  }
}

async function addNodes(run: Run): Promise<void> {
  const { client, signal, all } = run;
  try {
    const nodes = await collect(client.all('node.list', {}, { signal }));
    const services = await collect(client.all('service.list', {}, { signal }));
    all.parts.push({ path: 'site/nodes.json', value: nodes }, { path: 'site/services.json', value: services });
    await inParallel(nodes, NODES_AT_ONCE, async ({ name }) => {
      const own = services.filter(({ node }) => node === name).map(({ service }) => service);
      await addNode(run, name, own);
    });
    all.nodes.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    all.missing.push({ path: 'nodes/', why: whyOf(error, signal) });
  }
}

/** What is published for a node is in the database, also if the node is dead. The rest comes from its agent, which gets no request more once it is silent. */
async function addNode(run: Run, node: string, services: readonly string[]): Promise<void> {
  const { all } = run;
  const state = { node, why: null as string | null };
  const fromAgent = [...SUPPORT_FACT_PARTS, ...SUPPORT_PROGRAMS, ...services].map(
    (name) => () => addPart(run, state, name),
  );
  const published = services.flatMap((service) => [
    () => addFiles(run, node, service),
    () =>
      addCall(
        run,
        part(`nodes/${node}/services/${fileName(service)}.json`, 'service.show', { params: { node, service } }),
      ),
  ]);
  await inParallel([...fromAgent, ...published], PARTS_AT_ONCE, (work) => work());
  all.nodes.push({ name: node, why: state.why });
}

async function addFiles(run: Run, node: string, service: string): Promise<void> {
  const { call, client, signal, all } = run;
  const path = `nodes/${node}/files/${fileName(service)}.txt`;
  try {
    const input = { params: { node, service } };
    const { body } = await patiently(call, () => client.call('service.files', input, { signal }));
    const head = `generation ${body.generation}, published ${body.publishedAt}, ${body.isApplied ? 'in force' : 'not in force'}`;
    const files = body.files.map(({ target, content }) => `==> ${target} <==\n${content}`);
    all.parts.push({ path, text: `${head}\n\n${files.join('\n')}` });
  } catch (error) {
    all.missing.push({ path, why: whyOf(error, signal) });
  }
}

/** A part of a node, piece by piece. */
async function addPart(run: Run, state: { node: string; why: string | null }, name: string): Promise<void> {
  const { signal, all } = run;
  const file = name.startsWith('facts-') ? name.slice('facts-'.length) : `log-${fileName(name)}`;
  const path = `nodes/${state.node}/${file}.txt`;
  try {
    const pieces: Buffer[] = [];
    let piece: NodeSupport;
    let offset: number | null = 0;
    do {
      if (state.why !== null) throw new Error(state.why);
      piece = await readPiece(run, state.node, { name, offset });
      if (/did not answer/.test(piece.why ?? '')) state.why = piece.why;
      if (piece.data === null) throw new Error(piece.why ?? 'its agent gave nothing');
      pieces.push(Buffer.from(piece.data, 'base64'));
      offset = piece.next;
    } while (offset !== null);
    const { gunzipSync } = process.getBuiltinModule('node:zlib');
    // An agent is another program: what it sends need not be small.
    const text = gunzipSync(Buffer.concat(pieces), { maxOutputLength: UNPACKED_MAX }).toString('utf8');
    all.parts.push({ path, text, cut: piece.cut });
  } catch (error) {
    all.missing.push({ path, why: whyOf(error, signal) });
  }
}

async function readPiece(
  { call, client, since, signal }: Run,
  node: string,
  { name, offset }: { readonly name: string; readonly offset: number },
): Promise<NodeSupport> {
  const input = { params: { node, part: name }, query: { since, offset } };
  return await patiently(call, async () => (await client.call('node.support', input, { signal })).body);
}

/** A call that the region refuses because there are too many is made again, after a jittered pause. */
async function patiently<T>({ io }: Call, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      const isCrowded = error instanceof ProblemError && error.problem.code === 'too_many_requests';
      if (!isCrowded || tries >= TRIES) throw error;
      await io.sleep(200 * tries + io.fraction() * 400, io.interrupted);
    }
  }
}

function whyOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return `there was no time left: gathering ends after ${GATHER_MS / 1000} s`;
  return sentenceOf(error);
}

/** An identity such as `dhcp@k1_k2` as a part of a file's name. */
const fileName = (identity: string): string => identity.replaceAll(/[^a-z0-9._-]/gi, '_').slice(0, 40);

/** Does all of the work, so much of it at once. */
async function inParallel<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
}

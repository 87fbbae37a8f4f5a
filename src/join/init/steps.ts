import type { Desired } from '../../contract/cluster/agent.ts';
import { secretDigest } from '../../core/secret.ts';
import { AppError, isRejected } from '../../core/errors.ts';
import { formatNodeCredential, parseNodeCredential } from '../../contract/cluster/rack-signature.ts';
import { writeConf, writeRackIdentity } from '../configuration.ts';
import { CLUSTER_UNITS, FIRST_ADMIN, PATHS, UNITS } from '../paths.ts';
import type { ClusterRows, InitPorts } from '../ports.ts';
import {
  accepted,
  enableUnits,
  execute,
  installText,
  type SetupStep,
  startAtLast,
  startOrRestart,
  startUnit,
  untilDeadline,
} from '../run.ts';
import { newSecrets, readSecrets, writeSecrets } from '../secrets.ts';
import { apiUrl, parseObject, setContext } from '../texts.ts';
import { makeInnerTrust, makeTrust } from '../trust.ts';
import { watchUnits } from '../watch.ts';
import { type InitNote, type InitPlan, parseInitNote } from './note.ts';
import { siteTaken } from './preflight.ts';
import { seedDesired, seedSnapshot } from './seed.ts';

/** The state of one run of init; steps fill it. */
export interface InitRun {
  readonly ports: InitPorts;
  readonly plan: InitPlan;
  readonly deadline: number;
  note: InitNote;
  rows: Pick<ClusterRows, 'certificate' | 'held' | 'versions' | 'inner'>;
  credentialDigest: string;
  apiKey: string;
  /** Of the key that is made; left out: init's. Earlier keys of this label are revoked. */
  readonly keyLabel?: string;
}

const COMMAND_MS = 30_000;
const STOP_MS = 120_000;

/** Steps for a new cluster and for the adoption of an older node. */
export const COMMON = {
  trust: { name: 'trust', title: "the cluster's authority and this node's certificate", run: writeTrust },
  secrets: { name: 'secrets', title: 'passwords of the database', run: writeClusterSecrets },
  configuration: {
    name: 'configuration',
    title: `name of this node in ${PATHS.conf} and ${PATHS.agentConf}`,
    run: writeConfiguration,
  },
  credential: { name: 'credential', title: "the agent's credential", run: writeCredential },
  agent: {
    name: 'agent',
    title: 'start the agent: packet filter, etcd, PostgreSQL under Patroni, haproxy …',
    run: startAgent,
  },
  database: { name: 'database', title: 'wait for the database', run: waitForDatabase },
  schema: { name: 'schema', title: "bring the database's schema to this version", run: migrate },
  region: { name: 'region', title: 'start the region', run: startRegion },
} as const satisfies Readonly<Record<string, SetupStep<InitRun>>>;

/** The steps in their order. After a kill at any point a run of all of them ends right. */
export const STEPS: readonly SetupStep<InitRun>[] = [
  { name: 'begin', title: 'note that init has started', run: begin },
  COMMON.trust,
  COMMON.secrets,
  COMMON.configuration,
  COMMON.credential,
  { name: 'seed', title: 'the first configuration, compiled for this node', run: writeLedger },
  { name: 'remains', title: 'remove what an interrupted creation of the database left', run: clearHalfDatabase },
  COMMON.agent,
  { ...COMMON.database, run: waitForNewDatabase },
  COMMON.schema,
  { name: 'site', title: 'cluster, node, domain and settings', run: writeSite },
  COMMON.region,
  { name: 'key', title: 'the first admin and its API key', run: makeKey },
  { name: 'context', title: `context of the command line (${PATHS.rootConfig})`, run: writeContext },
  { name: 'ready', title: 'wait until everything is healthy', run: waitUntilReady },
];

async function begin(run: InitRun): Promise<void> {
  const { ports, plan } = run;
  const earlierNote = parseInitNote(await ports.host.files.read(PATHS.initNote));
  // This is the note of the end if the run was killed between the end and the display of the key.
  const nodeId = earlierNote?.nodeId ?? ports.hex(4);
  const isDatabaseMade = earlierNote?.isDatabaseMade === true;
  await writeNote(run, { ...plan, nodeId, clusterId: earlierNote?.clusterId ?? `regent-${nodeId}`, isDatabaseMade });
}

async function writeNote(run: InitRun, note: InitNote): Promise<void> {
  run.note = note;
  const content = `${JSON.stringify(note)}\n`;
  await installText(run.ports, { path: PATHS.initNote, content, mode: 0o600, owner: 'root', group: 'root' });
}

async function writeTrust(run: InitRun): Promise<void> {
  const { serial, notBefore, notAfter } = await makeTrust(run.ports, run.note);
  const inner = await makeInnerTrust(run.ports);
  run.rows = { ...run.rows, certificate: { serial, notBefore, notAfter }, ...(inner ? { inner } : {}) };
}

async function writeClusterSecrets({ ports }: InitRun): Promise<void> {
  await writeSecrets(ports, (await readSecrets(ports)) ?? newSecrets(ports.hex));
}

async function writeConfiguration({ ports, note }: InitRun): Promise<void> {
  const { databaseUrl } = ports;
  await writeConf(ports, 'region', {
    NODE_NAME: note.name,
    ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
  });
  await writeConf(ports, 'agent', { NODE_NAME: note.name, RACK: note.isRack ? 'yes' : 'no' });
  await writeRackIdentity(ports, `${apiUrl(note.address)}/MAAS`);
}

async function writeCredential(run: InitRun): Promise<void> {
  const { ports, note } = run;
  const before = parseNodeCredential((await ports.host.files.read(PATHS.credential)) ?? '');
  const isReusable = !isRejected(before) && before.nodeId === note.nodeId;
  const secret = isReusable ? before.secret : ports.hex(32);
  const content = `${formatNodeCredential({ nodeId: note.nodeId, secret })}\n`;
  await installText(ports, {
    path: PATHS.credential,
    content,
    mode: 0o600,
    owner: 'regent-agent',
    group: 'regent-agent',
  });
  run.credentialDigest = secretDigest(secret);
}

/** The agent's present state, from an earlier run or the region, is as new as this seed or newer. */
async function writeLedger(run: InitRun): Promise<void> {
  const { ports, note } = run;
  const before = parseObject((await ports.host.files.read(PATHS.ledger)) ?? '');
  if (before !== null && before['nodeId'] === note.nodeId) {
    run.rows = { ...run.rows, held: { generation: Number(before['generation']), digest: String(before['digest']) } };
    return;
  }
  const { body, versions } = compileSeed(run);
  run.rows = { ...run.rows, versions };
  await installLedger(run, seedDesired(note.nodeId, body));
}

/** The first configuration of this node, from the ordinary compiler. */
export function compileSeed({ ports, note, rows }: InitRun) {
  const seed = { ...note, ...(rows.inner ? { inner: rows.inner } : {}) };
  const { refusals, ...compiled } = ports.compile(seedSnapshot(seed), note.nodeId);
  if (refusals.length > 0) throw new AppError('init', `the first configuration has errors: ${refusals.join(' ')}`);
  return compiled;
}

/** Writes the agent's ledger. */
export async function installLedger(run: InitRun, desired: Desired): Promise<void> {
  const { generation, digest } = desired;
  run.rows = { ...run.rows, held: { generation, digest } };
  const content = JSON.stringify(desired);
  const owner = 'regent-agent';
  await installText(run.ports, { path: PATHS.ledger, content, mode: 0o600, owner, group: owner });
}

async function startAgent(run: InitRun): Promise<void> {
  await enableUnits(run.ports, [UNITS.helper, UNITS.agent]);
  await startUnit(run, UNITS.helper);
  await startOrRestart(run, UNITS.agent);
}

async function waitForDatabase(run: InitRun): Promise<void> {
  const { ports, note } = run;
  const { db, ...others } = CLUSTER_UNITS;
  const watch = watchUnits(ports, note.isDatabaseExternal ? others : { ...others, db });
  const site = await untilDeadline(run, async () => {
    const seen = await ports.database.readSite();
    return isRejected(seen) ? { missing: (await watch()) ?? seen.message } : { value: seen };
  });
  const other = site.nodes.find((node) => node.id !== note.nodeId);
  if (other !== undefined) throw new AppError('init', siteTaken(site));
}

async function waitForNewDatabase(run: InitRun): Promise<void> {
  await waitForDatabase(run);
  await writeNote(run, { ...run.note, isDatabaseMade: true });
}

/**
 * A power cut during initdb or Patroni's bootstrap leaves files that resemble a database, and Patroni (4.0.7) waits for ever for their primary.
 * Nobody has written data yet, so the database begins again, together with etcd's memory of it.
 */
async function clearHalfDatabase({ ports, note }: InitRun): Promise<void> {
  if (note.isDatabaseMade === true) return;
  for (const unit of [UNITS.agent, CLUSTER_UNITS.db, CLUSTER_UNITS.dcs]) {
    const { load, active } = await ports.host.units.state(unit);
    if (load === 'loaded' && active !== 'inactive') await ports.host.units.act(unit, 'stop', STOP_MS);
  }
  const remains = [PATHS.postgresData, `${PATHS.etcdData}/member`];
  await execute(ports, ['rm', '-rf', '--one-file-system', ...remains], COMMAND_MS);
}

async function migrate(run: InitRun): Promise<void> {
  const applied = accepted(await run.ports.database.migrate());
  for (const label of applied) run.ports.say(`  applied migration ${label}`);
}

async function writeSite({ ports, note, rows, credentialDigest }: InitRun): Promise<void> {
  const { nodeId, name, address, domain, clusterId, vip, virtualRouter, isDatabaseExternal } = note;
  const cluster = { id: clusterId, vip, virtualRouter, isDatabaseExternal, ...rows };
  accepted(await ports.database.writeSite({ nodeId, nodeName: name, addresses: [address], domain, cluster }));
  accepted(await ports.database.writeCredential(nodeId, credentialDigest));
}

async function startRegion(run: InitRun): Promise<void> {
  await enableUnits(run.ports, [UNITS.region]);
  await startAtLast(run, UNITS.region);
}

/** The same transaction revokes a key that an interrupted run made and nobody saw. */
async function makeKey(run: InitRun): Promise<void> {
  const token = run.ports.hex(9);
  const secret = run.ports.hex(24);
  const { consumer } = FIRST_ADMIN;
  accepted(
    await run.ports.database.replaceKey({ ...FIRST_ADMIN, label: run.keyLabel ?? FIRST_ADMIN.label, token, secret }),
  );
  run.apiKey = `${consumer}:${token}:${secret}`;
}

async function writeContext({ ports, apiKey }: InitRun): Promise<void> {
  const before = await ports.host.files.read(PATHS.rootConfig);
  const content = setContext(before, { url: LOCAL_URL, apiKey });
  await ports.host.files.install({ path: PATHS.rootConfig, content, mode: 0o600, owner: 'root', group: 'root' });
}

async function waitUntilReady(run: InitRun): Promise<void> {
  await untilDeadline(run, async () => {
    const { isReady, why } = await run.ports.askRegion(LOCAL_URL, run.apiKey);
    return isReady ? { value: true } : { missing: why };
  });
  // After a power cut from here on, all of it must be there.
  await run.ports.host.exec({ argv: ['sync', '-f', '/etc'], timeoutMs: COMMAND_MS });
}

/** The region from this host: through its own proxy. */
export const LOCAL_URL = apiUrl('127.0.0.1');

import { AppError, isRejected, type Rejected } from '../core/errors.ts';
import { secretDigest } from '../core/secret.ts';
import { formatNodeCredential, parseNodeCredential } from '../contract/identity/node-credential.ts';
import { FIRST_ADMIN, PATHS, UNITS } from './paths.ts';
import type { InitPorts } from './ports.ts';
import { siteTaken } from './preflight.ts';
import { parseRackUuid } from '../model/rack.ts';
import { parseRackConf } from '../model/rack-conf.ts';
import { apiUrl, newUuid, parseObject, setConfValues, setContext } from './texts.ts';

/** What one run of init works on; steps fill in what they make. */
export interface InitRun {
  readonly ports: InitPorts;
  readonly name: string;
  readonly address: string;
  readonly domain: string;
  /** End of all waiting, on the monotonic clock. */
  readonly deadline: number;
  nodeId: string;
  apiKey: string;
}

/** A step: may be repeated any number of times, and finds out by itself what is done already. */
export interface Step {
  readonly name: string;
  /** What it does, for people. */
  readonly title: string;
  run(run: InitRun): Promise<void>;
}

const POLL_MS = 500;
const UNIT_MS = 120_000;

/** A value of a use case, or a fault that ends this run with the refusal's sentence. */
function accepted<T>(value: T | Rejected): T {
  if (isRejected(value)) throw new AppError('init', value.message);
  return value;
}

/** The steps in their order. After a kill at any place, running all of them again ends right. */
export const STEPS: readonly Step[] = [
  { name: 'begin', title: 'remember that init is under way', run: begin },
  {
    name: 'configuration',
    title: `name of this node in ${PATHS.conf} and ${PATHS.agentConf}, its rack in ${PATHS.rackConf}`,
    run: writeConfiguration,
  },
  { name: 'database', title: 'start the database', run: startDatabase },
  { name: 'schema', title: "bring the database's schema to this version", run: migrate },
  { name: 'site', title: 'node, domain and settings', run: writeSite },
  { name: 'credential', title: "the agent's credential", run: writeCredential },
  { name: 'region', title: 'start the region', run: startRegion },
  { name: 'agent', title: 'start the agent and its helper', run: startAgent },
  { name: 'key', title: 'the first admin and its API key', run: makeKey },
  { name: 'context', title: `context of the command line (${PATHS.rootConfig})`, run: writeContext },
  { name: 'ready', title: 'wait until everything is healthy', run: waitUntilReady },
];

async function begin(run: InitRun): Promise<void> {
  const { files } = run.ports.host;
  // The note of the end stands in when the run was killed between the end and the showing of the key.
  const before = parseObject((await files.read(PATHS.underWay)) ?? (await files.read(PATHS.done)) ?? '');
  const nodeId = before?.['nodeId'];
  run.nodeId = typeof nodeId === 'string' ? nodeId : run.ports.hex(4);
  await files.install({
    path: PATHS.underWay,
    content: `${JSON.stringify({ nodeId: run.nodeId })}\n`,
    mode: 0o600,
    owner: 'root',
    group: 'root',
  });
}

async function writeConfiguration(run: InitRun): Promise<void> {
  const { files } = run.ports.host;
  for (const [path, group] of [
    [PATHS.conf, 'regent'],
    [PATHS.agentConf, 'regent-agent'],
  ] as const) {
    const before = (await files.read(path)) ?? '';
    const content = accepted(setConfValues(path, before, { NODE_NAME: run.name }));
    if (content !== before) await files.install({ path, content, mode: 0o640, owner: 'root', group });
  }
  await writeRackConf(run);
}

/** This host is a rack, too: of itself, with the UUID that it had or a new one. */
async function writeRackConf({ ports, address }: InitRun): Promise<void> {
  const { files } = ports.host;
  const before = (await files.read(PATHS.rackConf)) ?? '';
  const conf = accepted(parseRackConf(PATHS.rackConf, before));
  const kept = parseRackUuid((await files.read(PATHS.rackUuid))?.trim() ?? '');
  const uuid = conf.uuid ?? (isRejected(kept) ? newUuid(ports.hex(16)) : kept);
  const values = { MAAS_URL: `${apiUrl(ports.regionListen, address)}/MAAS`, CLUSTER_UUID: uuid };
  const content = accepted(setConfValues(PATHS.rackConf, before, values));
  if (content === before) return;
  await files.install({ path: PATHS.rackConf, content, mode: 0o644, owner: 'root', group: 'root' });
}

async function startDatabase(run: InitRun): Promise<void> {
  const { ports } = run;
  if (!ports.hasOwnDatabase) {
    await enable(run, [UNITS.database, UNITS.databaseWatch]);
    await ports.host.units.act(UNITS.database, 'start', UNIT_MS);
    await ports.host.units.act(UNITS.databaseWatch, 'start', UNIT_MS);
  }
  const site = await untilDeadline(run, async () => {
    const seen = await ports.database.look();
    return isRejected(seen) ? { missing: seen.message } : { value: seen };
  });
  // A site of this very host: an init that lost its note of being under way (same name, the private database).
  const own = site.nodes.find((node) => node.id === run.nodeId) ?? site.nodes[0];
  if (site.nodes.length > 1 || (own && own.id !== run.nodeId && (ports.hasOwnDatabase || own.name !== run.name))) {
    throw new AppError('init', siteTaken(site));
  }
  if (own && own.id !== run.nodeId) run.nodeId = own.id;
}

async function migrate(run: InitRun): Promise<void> {
  const applied = accepted(await run.ports.database.migrate());
  for (const label of applied) run.ports.say(`  applied migration ${label}`);
}

async function writeSite(run: InitRun): Promise<void> {
  const { nodeId, name, address, domain } = run;
  accepted(await run.ports.database.writeSite({ nodeId, nodeName: name, addresses: [address], domain }));
}

async function writeCredential(run: InitRun): Promise<void> {
  const { files } = run.ports.host;
  const before = parseNodeCredential((await files.read(PATHS.credential)) ?? '');
  const node = accepted(await run.ports.database.look()).nodes.find((row) => row.id === run.nodeId);
  if (!isRejected(before) && before.nodeId === run.nodeId && secretDigest(before.secret) === node?.credentialDigest)
    return;
  const secret = run.ports.hex(32);
  accepted(await run.ports.database.writeCredential(run.nodeId, secretDigest(secret)));
  await files.install({
    path: PATHS.credential,
    content: `${formatNodeCredential({ nodeId: run.nodeId, secret })}\n`,
    mode: 0o600,
    owner: 'regent-agent',
    group: 'regent-agent',
  });
}

async function startRegion(run: InitRun): Promise<void> {
  await enable(run, [UNITS.region]);
  await startOrRestart(run, UNITS.region);
}

async function startAgent(run: InitRun): Promise<void> {
  await enable(run, [UNITS.helper, UNITS.agent]);
  await run.ports.host.units.act(UNITS.helper, 'start', UNIT_MS);
  await startOrRestart(run, UNITS.agent);
}

/** A key that an interrupted run made and nobody saw is revoked with the same transaction. */
async function makeKey(run: InitRun): Promise<void> {
  const token = run.ports.hex(9);
  const secret = run.ports.hex(24);
  const { consumer } = FIRST_ADMIN;
  accepted(await run.ports.database.replaceKey({ ...FIRST_ADMIN, token, secret }));
  run.apiKey = `${consumer}:${token}:${secret}`;
}

async function writeContext(run: InitRun): Promise<void> {
  const { files } = run.ports.host;
  const before = await files.read(PATHS.rootConfig);
  await files.install({
    path: PATHS.rootConfig,
    content: setContext(before, { url: localUrl(run), apiKey: run.apiKey }),
    mode: 0o600,
    owner: 'root',
    group: 'root',
  });
}

async function waitUntilReady(run: InitRun): Promise<void> {
  await untilDeadline(run, async () => {
    const { isReady, why } = await run.ports.askRegion(localUrl(run), run.apiKey);
    return isReady ? { value: true } : { missing: why };
  });
}

/** The region as this host reaches it. */
function localUrl(run: Pick<InitRun, 'ports'>): string {
  return apiUrl(run.ports.regionListen, '127.0.0.1');
}

async function enable(run: InitRun, units: readonly string[]): Promise<void> {
  const argv = ['systemctl', '--no-ask-password', '--quiet', 'enable', ...units];
  const answer = await run.ports.host.exec({ argv, timeoutMs: UNIT_MS });
  if (answer.code === 0) return;
  const why = answer.failure ?? (answer.stderr.trim() || `status ${answer.code}`);
  throw new AppError('init', `systemctl enable ${units.join(' ')} failed: ${why}`);
}

/** What runs already was started by an interrupted run, perhaps with another name or credential: it starts anew. */
async function startOrRestart(run: InitRun, unit: string): Promise<void> {
  const { active } = await run.ports.host.units.state(unit);
  await run.ports.host.units.act(unit, active === 'inactive' ? 'start' : 'restart', UNIT_MS);
}

type Look<T> = { readonly value: T } | { readonly missing: string };

/** Asks again until there is a value; at the run's deadline it throws, saying what is missing. */
async function untilDeadline<T>(run: InitRun, look: () => Promise<Look<T>>): Promise<T> {
  const { ports } = run;
  for (let told = ''; ; await ports.sleep(POLL_MS)) {
    const result = await look();
    if ('value' in result) return result.value;
    if (result.missing !== told) ports.say(`  ${result.missing}`);
    told = result.missing;
    if (ports.monotonic() + POLL_MS >= run.deadline) {
      throw new AppError('timeout', `Not done within the time given (--timeout). Missing: ${result.missing}`);
    }
  }
}

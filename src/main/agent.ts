import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startAgent } from '../agent/agent.ts';
import { openChannel } from '../agent/channel/channel.ts';
import { openEpochKeeper } from '../agent/channel/epoch.ts';
import { openTrustStore, type TrustStore } from '../agent/channel/trust.ts';
import { openRackIdentity } from '../agent/self/rack-identity.ts';
import { parseNodeCredential } from '../contract/cluster/rack-signature.ts';
import { AppError, isRejected, show } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { durableText } from '../host/own/durable-text.ts';
import { openImageDisk } from '../host/own/image-disk.ts';
import { readDisks } from '../host/observe/disks.ts';
import { realBmcAccess } from '../host/ask/bmc/real.ts';
import { openQuestions, withQuestions } from '../host/ask/open.ts';
import { openHelperClient } from '../host/helper-client.ts';
import type { Host } from '../host/interface.ts';
import { realJournal } from '../host/observe/journal.ts';
import { journalReader } from '../host/observe/journal-lines.ts';
import { ownAddresses } from '../host/observe/own-addresses.ts';
import { watchTexts } from '../host/observe/watched-texts.ts';
import { parseRackConf, type RackConf } from '../model/cluster/rack-conf.ts';
import { TRUST_FILES, TRUST_FOLDER, type TrustFile } from '../model/cluster/trust-files.ts';
import { SERVICES } from '../services/registry.ts';
import { commandRunners } from './calls/command-runners.ts';
import type { UpgradeRunnerPorts } from './calls/upgrade-runner.ts';
import { endForRestart, type ProcessPorts, runDaemon, type Running, type ProcessSettings } from './process.ts';
import { openImagePeers } from './region/image-peers.ts';
import { NODE_TLS } from './region/tls.ts';
import { readTemplates } from './templates.ts';

const STATE_FOLDER = '/var/lib/regent/agent';
const HELPER_SOCKET = '/run/regent-helper/helper.sock';
const REGION_SOCKET = 'unix:/run/regent/agent-api.sock';
const RACK_CONF = '/etc/regent/rack.conf';
/** `ha/postgres/role` writes it. */
const ROLE_FILE = '/run/regent-db/role';
/** `ha/upgrade` writes it. */
const UPGRADE_STATE = '/var/lib/regent-upgrade/state.json';
/** What may have a file system of its own and must not fill. */
const DISKS = [
  '/var',
  '/var/lib',
  '/var/lib/postgresql',
  '/var/lib/etcd',
  '/var/lib/regent',
  '/var/log',
  '/var/spool/squid',
];

/**
 * The node agent: registers this host as a rack, pulls this node's desired state and drives its services through the root helper. Settings:
 * REGION_URLS (comma list), RACK (`no`: this host is none and does not register), RACK_CONF (path), AGENT_STATE (folder), HELPER_SOCKET.
 */
async function startAgentProcess({ clock, random, log, settings, liveness, version }: ProcessPorts): Promise<Running> {
  const folder = settings.getOr('AGENT_STATE', STATE_FOLDER);
  const text = (name: string) => durableText(join(folder, name));
  const credential = await readCredential(join(folder, 'credential'));
  const conf = await readRackConf(settings.getOr('RACK_CONF', RACK_CONF));
  const identity = await openRackIdentity(conf.uuid, text);
  const isRack = mayBeRack(settings) || null;
  const urls = regionUrls(settings.get('REGION_URLS'), credential !== null);
  const files = watchTexts(trustPaths(settings));
  const trust = openTrustStore({ read: () => files.read(), clock });
  await trust.refresh();
  const site = watchTexts([TRUST_FILES.site, TRUST_FILES.siteList].map((file) => trustPath(settings, file)));
  const pair = watchTexts([trustPath(settings, TRUST_FILES.pairCertificate)]);
  const role = watchTexts([settings.getOr('ROLE_FILE', ROLE_FILE)]);
  const helper = openHelperClient({ path: settings.getOr('HELPER_SOCKET', HELPER_SOCKET), random });
  const templates = await readTemplates(join(import.meta.dirname, '..', '..', 'templates'));
  const webClient = openQuestions(() => trust.current());
  const host = withQuestions(helper, webClient);
  const agent = await startAgent({
    ports: { clock, random, log, loop: (name, maxSilenceMs) => liveness.loop(name, maxSilenceMs), wait },
    nodeId: nodeIdOf(credential?.nodeId ?? null, trust, identity.uuid),
    version,
    host,
    changes: (seen, waitMs) => helper.changes(seen, waitMs),
    channel: openChannel({
      urls,
      credential: credential?.text ?? null,
      apiUrls: conf.urls,
      rack: isRack && { uuid: identity.uuid, privateKey: identity.privateKey, clock },
      trust: () => trust.current(),
      own: ownAddresses,
      clock,
      random,
      hostSocket: REGION_SOCKET.slice('unix:'.length),
      epoch: await openEpochKeeper(text('epoch'), log),
    }),
    rack: isRack && {
      uuid: identity.uuid,
      name: settings.nodeName,
      publicKey: identity.publicKey,
      isNode: credential !== null || trust.current()?.facts.isRegion === true,
    },
    services: SERVICES,
    // Half of the processors stay for what serves calls; a checker that hangs leaves room for another one.
    checkers: Math.max(2, Math.floor(availableParallelism() / 2)),
    runners: commandRunners(
      { effects: { reach: realBmcAccess(), clock, random, pause: (ms) => wait(ms) }, fence: text('power-epochs'), log },
      { services: SERVICES, read: journalReader() },
      { services: SERVICES, templates, host: helper, clock },
      { host, upgrade: upgradePorts(helper, log, join(folder, 'upgrade')) },
    ),
    templates,
    endForRestart,
    ...(isRack ? { journal: realJournal() } : {}),
    text,
    self: {
      trust,
      own: ownAddresses,
      readRole: async () => (await role.read())[0] ?? null,
      readSite: () => site.read(),
      ...(isRack ? { readPair: async () => (await pair.read())[0] ?? null } : {}),
      readDisks: () => readDisks(DISKS),
    },
  });
  return {
    stop: async () => {
      await agent.stop();
      helper.close();
      webClient.close();
    },
  };
}

/** Archives of releases come from regions by the node's certificate, into a folder of this process. */
function upgradePorts(host: Pick<Host, 'units'>, log: Log, folder: string): UpgradeRunnerPorts {
  const [disk, peers] = [openImageDisk({ folder }), openImagePeers(NODE_TLS)];
  return { host, state: durableText(UPGRADE_STATE), disk, peers, log };
}

/** A host that `regent init` set up has a credential; null: it has not, and is a rack that registers. */
async function readCredential(path: string): Promise<{ readonly nodeId: string; readonly text: string } | null> {
  const text = (await readIfThere(path))?.trim() ?? null;
  if (text === null) return null;
  const credential = parseNodeCredential(text);
  if (isRejected(credential)) throw new AppError('configuration', `${path}: ${credential.message}`);
  return { nodeId: credential.nodeId, text };
}

async function readRackConf(path: string): Promise<RackConf> {
  const conf = parseRackConf(path, (await readIfThere(path)) ?? '');
  if (isRejected(conf)) throw new AppError('configuration', conf.message);
  return conf;
}

/** Where the regions' agent channel is: as agent.conf says, and on this host where it is a region node. */
function regionUrls(configured: string | undefined, isRegionNode: boolean): readonly string[] {
  return configured?.split(',').flatMap((url) => url.trim() || []) ?? (isRegionNode ? [REGION_SOCKET] : []);
}

function mayBeRack(settings: ProcessSettings): boolean {
  const value = settings.getOr('RACK', 'yes');
  if (value === 'yes' || value === 'no') return value === 'yes';
  throw new AppError('configuration', `RACK: ${show(value)} is neither. Rule: yes or no.`);
}

/** The files of the node's certificate. */
function trustPaths(settings: ProcessSettings): readonly string[] {
  return [TRUST_FILES.authority, TRUST_FILES.certificate, TRUST_FILES.key].map((file) => trustPath(settings, file));
}

/** PKI_FOLDER: another place in tests. */
function trustPath(settings: ProcessSettings, { path }: TrustFile): string {
  return join(settings.getOr('PKI_FOLDER', TRUST_FOLDER), basename(path));
}

/** Which node this is: by its credential or its certificate, which must not disagree; else a rack's node has the rack's UUID. */
function nodeIdOf(byCredential: string | null, trust: TrustStore, uuid: string): string {
  const byCertificate = trust.current()?.facts.nodeId ?? null;
  if (byCredential !== null && byCertificate !== null && byCredential !== byCertificate) {
    const problem = `${STATE_FOLDER}/credential is that of node ${byCredential}, ${TRUST_FOLDER}/node.crt that of ${byCertificate}`;
    throw new AppError('configuration', `${problem}. Remove the one that is not this host's, and restart the agent.`);
  }
  return byCredential ?? byCertificate ?? uuid;
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new AppError('configuration', `${path} cannot be read`, { cause: error });
  }
}

async function wait(ms: number, signal?: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, signal ? { signal } : {});
  } catch {
    // Woken early.
  }
}

// Not when src/main/warm.ts loads it.
if (import.meta.main) await runDaemon('agent', startAgentProcess);

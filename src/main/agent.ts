import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startAgent } from '../agent/agent.ts';
import { openChannel } from '../agent/channel.ts';
import { openRackIdentity } from '../agent/rack-identity.ts';
import { parseNodeCredential } from '../contract/identity/node-credential.ts';
import { AppError, isRejected } from '../core/errors.ts';
import { durableText } from '../host/durable-text.ts';
import { openHelperClient } from '../host/helper-client.ts';
import { parseRackConf, type RackConf } from '../model/rack-conf.ts';
import { SERVICES } from '../services/registry.ts';
import { type ProcessPorts, runDaemon, type Running } from './process.ts';
import { readTemplates } from './templates.ts';

const STATE_FOLDER = '/var/lib/regent/agent';
const HELPER_SOCKET = '/run/regent-helper/helper.sock';
const REGION_SOCKET = 'unix:/run/regent/agent-api.sock';
const RACK_CONF = '/etc/regent/rack.conf';

/**
 * The node agent: registers this host as a rack, pulls this node's desired state and drives its services through the root helper. Settings:
 * REGION_URLS (comma list), RACK_CONF (path), AGENT_STATE (folder), HELPER_SOCKET.
 */
async function startAgentProcess({ clock, random, log, settings, liveness, version }: ProcessPorts): Promise<Running> {
  const folder = settings.getOr('AGENT_STATE', STATE_FOLDER);
  const text = (name: string) => durableText(join(folder, name));
  const credential = await readCredential(join(folder, 'credential'));
  const conf = await readRackConf(settings.getOr('RACK_CONF', RACK_CONF));
  const identity = await openRackIdentity(conf.uuid, text);
  const urls = regionUrls(settings.get('REGION_URLS'), credential !== null, conf);
  const host = openHelperClient({ path: settings.getOr('HELPER_SOCKET', HELPER_SOCKET), random });
  const agent = await startAgent({
    ports: { clock, random, log, loop: (name, maxSilenceMs) => liveness.loop(name, maxSilenceMs), wait },
    // A rack that is no region node gets a node of its own name (region/rack-node.ts).
    nodeId: credential?.nodeId ?? identity.uuid,
    version,
    host,
    channel: openChannel({
      urls,
      credential: credential?.text ?? null,
      rack: { uuid: identity.uuid, privateKey: identity.privateKey, clock },
      random,
    }),
    rack: {
      uuid: identity.uuid,
      name: settings.nodeName,
      publicKey: identity.publicKey,
      isNode: credential !== null,
    },
    services: SERVICES,
    templates: await readTemplates(join(import.meta.dirname, '..', '..', 'templates')),
    text,
  });
  return {
    stop: async () => {
      await agent.stop();
      host.close();
    },
  };
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

/** Where the regions are: as agent.conf says, else on this host where it is a region node, else as rack.conf says. */
function regionUrls(configured: string | undefined, isRegionNode: boolean, conf: RackConf): readonly string[] {
  const own = isRegionNode ? [REGION_SOCKET] : conf.urls;
  const urls = configured?.split(',').flatMap((url) => url.trim() || []) ?? own;
  if (urls.length > 0) return urls;
  const todo = 'set MAAS_URL in /etc/regent/rack.conf, or make it a region node with "regent init --single"';
  throw new AppError('configuration', `This host has no region: ${todo}`);
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

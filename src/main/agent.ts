import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startAgent } from '../agent/agent.ts';
import { openChannel } from '../agent/channel.ts';
import { parseNodeCredential } from '../contract/node-credential.ts';
import { AppError, isRejected } from '../core/errors.ts';
import { durableText } from '../host/durable-text.ts';
import { openHelperClient } from '../host/helper-client.ts';
import { SERVICES } from '../services/registry.ts';
import { type ProcessPorts, runDaemon, type Running } from './process.ts';
import { readTemplates } from './templates.ts';

const STATE_FOLDER = '/var/lib/regent/agent';
const HELPER_SOCKET = '/run/regent-helper/helper.sock';
const REGION_URLS = 'unix:/run/regent/agent-api.sock';

/**
 * The node agent: pulls this node's desired state and drives its services through the root helper. Settings: REGION_URLS (comma list),
 * AGENT_STATE (folder), HELPER_SOCKET.
 */
async function startAgentProcess({ clock, random, log, settings, liveness, version }: ProcessPorts): Promise<Running> {
  const folder = settings.getOr('AGENT_STATE', STATE_FOLDER);
  const credential = await readCredential(join(folder, 'credential'));
  const urls = settings.getOr('REGION_URLS', REGION_URLS).split(',');
  const host = openHelperClient({ path: settings.getOr('HELPER_SOCKET', HELPER_SOCKET), random });
  const agent = await startAgent({
    ports: { clock, random, log, loop: (name, maxSilenceMs) => liveness.loop(name, maxSilenceMs), wait },
    nodeId: credential.nodeId,
    version,
    host,
    channel: openChannel({
      urls: urls.map((url) => url.trim()).filter((url) => url !== ''),
      credential: credential.text,
      random,
    }),
    services: SERVICES,
    templates: await readTemplates(join(import.meta.dirname, '..', '..', 'templates')),
    text: (name) => durableText(join(folder, name)),
  });
  return {
    stop: async () => {
      await agent.stop();
      host.close();
    },
  };
}

async function readCredential(path: string): Promise<{ readonly nodeId: string; readonly text: string }> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).trim();
  } catch (error) {
    const hint = '"regent init" on this host makes it';
    throw new AppError('configuration', `The node credential ${path} cannot be read (${hint})`, { cause: error });
  }
  const credential = parseNodeCredential(text);
  if (isRejected(credential)) throw new AppError('configuration', `${path}: ${credential.message}`);
  return { nodeId: credential.nodeId, text };
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

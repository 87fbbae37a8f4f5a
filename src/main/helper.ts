import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { activatedSocket, type HelperServer, startHelperServer } from '../host/helper-server.ts';
import { watchFolders } from '../host/observe/watched-folders.ts';
import { realHost } from '../host/real.ts';
import { SERVICES } from '../services/registry.ts';
import { helperPolicy } from './helper-policy.ts';
import { type ProcessPorts, runDaemon, type Running } from './process.ts';
import { readTemplates } from './templates.ts';

const SOCKET = '/run/regent-helper/helper.sock';
const CALLER = 'regent-agent';
const PROBE_MS = 1_000;
/** Requests have deadlines; when none has found a place for so long, the helper is stuck. */
const SILENCE_MS = 60_000;

/** The root helper: the only process of ours with rights, and all that it does is in the policy. Settings: HELPER_SOCKET, HELPER_CALLER. */
async function startHelperProcess({ log, settings, liveness }: ProcessPorts): Promise<Running> {
  const fd = activatedSocket(process.env, process.pid);
  const real = realHost();
  const watch = watchFolders(
    SERVICES.map(({ folder }) => folder),
    log,
    SERVICES.flatMap(({ instances }) => instances?.folders ?? []),
  );
  const server = await startHelperServer({
    host: { ...real, files: watch.ours(real.files) },
    watch,
    policy: helperPolicy(
      SERVICES,
      settings.getOr('HELPER_CALLER', CALLER),
      await readTemplates(join(import.meta.dirname, '..', '..', 'templates')),
    ),
    log,
    listen: fd === null ? { path: settings.getOr('HELPER_SOCKET', SOCKET) } : { fd },
  });
  const beat = liveness.loop('requests', SILENCE_MS);
  const stopping = new AbortController();
  const probing = probeForever(server, beat, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      watch.close();
      await server.close();
      await probing;
      beat.end();
    },
  };
}

/** Beats as long as requests find a place to be worked on. */
async function probeForever(server: HelperServer, beat: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await server.probe();
    beat();
    await delay(PROBE_MS, undefined, { signal }).catch(() => {});
  }
}

// Not when src/main/warm.ts loads it.
if (import.meta.main) await runDaemon('helper', startHelperProcess);

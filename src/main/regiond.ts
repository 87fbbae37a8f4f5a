import { AppError, isRejected } from '../core/errors.ts';
import { isOwnHost } from './own-host.ts';
import { parseDatabaseUrl } from '../store/connection.ts';
import { type ProcessPorts, runDaemon, type Running } from './process.ts';
import { parseListen, startRegionProcess } from './region-process.ts';

/** The private PostgreSQL of this host. */
const PRIVATE_DATABASE = 'postgresql:///regent?host=/run/regent-db&user=regent';
/** The publisher's rounds are bounded by its database deadlines; silence beyond this is a hang. */
const PUBLISH_SILENCE_MS = 45_000;

/** The region daemon: API v1 on REGION_LISTEN, the agent channel on REGION_AGENT_LISTEN, publisher, purge. */
async function startRegiond({ clock, random, log, settings, liveness, version }: ProcessPorts): Promise<Running> {
  const connection = parseDatabaseUrl(settings.getOr('DATABASE_URL', PRIVATE_DATABASE));
  if (isRejected(connection)) throw new AppError('configuration', connection.message);
  return startRegionProcess({
    connection,
    listen: parseListen(settings.getOr('REGION_LISTEN', '0.0.0.0:5240')),
    agentListen: parseListen(settings.getOr('REGION_AGENT_LISTEN', 'unix:/run/regent/agent-api.sock')),
    node: settings.nodeName,
    version,
    clock,
    random,
    log,
    beatOf: (task) => liveness.loop(task, PUBLISH_SILENCE_MS),
    isOwnHost: isOwnHost('regent-agent'),
    onRefused: (refusal) => {
      // Ends the process by the way of every fault: logged, flushed, status 1.
      queueMicrotask(() => {
        throw new AppError('database_refused', refusal.message);
      });
    },
  });
}

// Not when src/main/warm.ts loads it.
if (import.meta.main) await runDaemon('regiond', startRegiond);

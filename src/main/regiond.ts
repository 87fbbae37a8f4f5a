import type { Socket } from 'node:net';
import { AppError, isRejected } from '../core/errors.ts';
import { findUser } from '../host/accounts.ts';
import { peerOf } from '../host/peer.ts';
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
    isOwnHost,
    onRefused: (refusal) => {
      // Ends the process by the way of every fault: logged, flushed, status 1.
      queueMicrotask(() => {
        throw new AppError('database_refused', refusal.message);
      });
    },
  });
}

/** Is this host's agent (or root) at the other end of this unix socket? By the kernel's word alone. */
async function isOwnHost(socket: Socket): Promise<boolean> {
  const peer = await peerOf(socket);
  if (peer === null) return false;
  const agent = await findUser('regent-agent').catch(() => null);
  return peer.uid === 0 || peer.uid === agent?.uid;
}

// Not when src/main/warm.ts loads it.
if (import.meta.main) await runDaemon('regiond', startRegiond);

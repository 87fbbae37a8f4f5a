import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { basename, join } from 'node:path';
import { AppError } from '../core/errors.ts';
import { EPOCH_JSON } from '../services/dcs/view.ts';
import { openEpoch } from './region/epoch.ts';
import { findUser } from '../host/accounts.ts';
import { peerOf } from '../host/peer.ts';
import { PORTS } from '../model/cluster/cluster.ts';
import { onOneLine, readDatabase } from './region/cluster-database.ts';
import { endForRestart, type ProcessPorts, runDaemon, type Running, type ProcessSettings } from './process.ts';
import { AUTHORITY_FILES, openCertificateAuthority } from './region/certificate-authority.ts';
import { openEtcd } from './region/etcd/etcd.ts';
import { type Listen, parseListen } from './region/listen.ts';
import { hasTlsFiles, NODE_TLS } from './region/tls.ts';
import { openPatroni } from './region/patroni.ts';
import { startRegionProcess } from './region/region-process.ts';

/** The publisher's rounds are bounded by its database deadlines; silence beyond this is a hang. */
const PUBLISH_SILENCE_MS = 45_000;

/**
 * The region daemon: API v1 on REGION_LISTEN, the agent channel on REGION_AGENT_LISTEN and, with certificates, on REGION_AGENT_TLS_LISTEN,
 * publisher, purge.
 */
async function startRegiond({ clock, random, log, settings, liveness, version }: ProcessPorts): Promise<Running> {
  const connection = readDatabase(settings);
  const databaseUrl = settings.get('DATABASE_URL');
  return startRegionProcess({
    connection,
    ...(databaseUrl === undefined ? {} : { databaseUrl: onOneLine(databaseUrl) }),
    ...listeners(settings),
    agentListen: parseListen(settings.getOr('REGION_AGENT_LISTEN', 'unix:/run/regent/agent-api.sock')),
    node: settings.nodeName,
    ...layoutFile(),
    ...imageFolder(settings),
    ca: openCertificateAuthority(AUTHORITY_FILES, { clock, random }),
    version,
    clock,
    random,
    log,
    beatOf: (task) => liveness.loop(task, PUBLISH_SILENCE_MS),
    isOwnHost,
    endForRestart,
    onRefused: (refusal) => {
      // Ends the process as every fault does: logged, flushed, status 1.
      queueMicrotask(() => {
        throw new AppError('database_refused', refusal.message);
      });
    },
  });
}

/** Below the folder that systemd gives the unit; nowhere for a region that was started by hand. */
function layoutFile(): { readonly layoutFile?: string } {
  const folder = process.env['STATE_DIRECTORY']?.split(':')[0];
  return folder === undefined || folder === '' ? {} : { layoutFile: join(folder, 'layout.json') };
}

/** The folder that systemd gives the unit for images; for a region that was started by hand the setting's, or none. */
function imageFolder(settings: ProcessSettings) {
  const given = process.env['STATE_DIRECTORY']?.split(':').find((path) => basename(path) === 'images') ?? '';
  const folder = settings.getOr('REGION_IMAGES', given);
  return folder === '' ? {} : { images: { folder } };
}

/**
 * Where it listens for others. A node of a cluster stands behind its load balancer and shows a certificate; without one it serves everybody
 * itself. If TLS is required and cannot be had, that is a fault, never a port without TLS.
 */
function listeners(settings: ProcessSettings) {
  const tlsFiles = {
    authority: settings.getOr('PKI_AUTHORITY', NODE_TLS.authority),
    certificate: settings.getOr('PKI_CERTIFICATE', NODE_TLS.certificate),
    key: settings.getOr('PKI_KEY', NODE_TLS.key),
  };
  const hasFiles = hasTlsFiles(tlsFiles);
  // The IPv6 wildcard also accepts IPv4 connections; a kernel without IPv6 has none.
  const any = existsSync('/proc/net/if_inet6') ? '[::]' : '0.0.0.0';
  const listen = parseListen(settings.getOr('REGION_LISTEN', hasFiles ? `tls:${any}:${PORTS.region}` : '0.0.0.0:5240'));
  const agents = settings.getOr('REGION_AGENT_TLS_LISTEN', hasFiles ? `tls:${any}:${PORTS.agents}` : 'off');
  const secureAgentListen = agents === 'off' ? null : parseListen(agents);
  if (secureAgentListen && !isTls(secureAgentListen))
    throw new AppError(
      'configuration',
      `REGION_AGENT_TLS_LISTEN=${agents}: this port is with TLS, tls:HOST:PORT, or off`,
    );
  return {
    listen,
    ...(secureAgentListen ? { secureAgentListen } : {}),
    ...(isTls(listen) || secureAgentListen
      ? {
          tlsFiles,
          epoch: openEpoch(EPOCH_JSON),
          etcd: openEtcd(tlsFiles),
          patroni: openPatroni(tlsFiles, AUTHORITY_FILES.secrets),
        }
      : {}),
  };
}

const isTls = (where: Listen): boolean => 'isTls' in where && where.isTls === true;

/** Is this host's agent (or root) at the other end of this unix socket? Only the kernel names it. */
async function isOwnHost(socket: Socket): Promise<boolean> {
  const peer = await peerOf(socket);
  if (peer === null) return false;
  const agent = await findUser('regent-agent').catch(() => null);
  return peer.uid === 0 || peer.uid === agent?.uid;
}

// Not when src/main/warm.ts loads it.
if (import.meta.main) await runDaemon('regiond', startRegiond);

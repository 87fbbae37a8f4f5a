import { existsSync, readFileSync } from 'node:fs';
import type { ServerOptions } from 'node:https';
import type { Socket } from 'node:net';
import { createSecureContext, type Server, TLSSocket } from 'node:tls';
import type { PeerIdentity } from '../../api/peers.ts';
import { AppError, isRejected, sentenceOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { TRUST_FILES } from '../../model/cluster/trust-files.ts';
import { publicKeyDigestOf } from '../../pki/key.ts';
import { readCertificate } from '../../pki/certificate.ts';

/** Paths of PEM files. */
export type TlsFiles = { readonly authority: string; readonly certificate: string; readonly key: string };

/** Those of a node. */
export const NODE_TLS: TlsFiles = {
  authority: TRUST_FILES.authority.path,
  certificate: TRUST_FILES.certificate.path,
  key: TRUST_FILES.key.path,
};

/** How often the files are checked, ms. */
const CHECK_EVERY_MS = 2000;
/** A connection within this time of an earlier one need not prove its key again, s. */
const SESSION_S = 300;
/** How many parsed certificates stay in memory: a large cluster's nodes, and some that were renewed. */
const PEERS_MAX = 256;

/** TLS servers that follow the files. */
export interface Tls {
  /** Options of a server that asks every caller for a certificate of the cluster's authority. */
  readonly options: ServerOptions;
  /** New connections to this server are made with the files as they are; those that are open stay. */
  follow(server: Server): void;
  /** End of the authority, ISO 8601. */
  authorityEnd(): string;
  close(): void;
}

/** Is there a certificate with what belongs to it? */
export function hasTlsFiles(files: TlsFiles): boolean {
  return [files.authority, files.certificate, files.key].every((path) => existsSync(path));
}

/** Opens the files; throws AppError `configuration` that names what is missing or does not fit together. */
export function openTls(files: TlsFiles, log: Log): Tls {
  const servers = new Set<Server>();
  let current = load(files, readFiles(files));
  let faults = 0;
  const timer = setInterval(() => {
    try {
      const texts = readFiles(files);
      // To take certificates apart costs much, and nearly always they are as they were.
      const isSame = texts.every((text, index) => text === current.texts[index]);
      const next = isSame ? current : load(files, texts);
      faults = 0;
      if (next === current) return;
      current = next;
      for (const server of servers) server.setSecureContext(next.options);
      log.info('the node certificate was read again', { serial: next.serial });
    } catch (error) {
      // Files that are being replaced one after the other do not fit together for a moment.
      faults += 1;
      if (faults === 2)
        log.warn('the node certificate cannot be read, the one before stays', { error: sentenceOf(error) });
    }
  }, CHECK_EVERY_MS);
  timer.unref();
  return {
    options: { ...current.options, requestCert: true, rejectUnauthorized: true, handshakeTimeout: 10_000 },
    follow: (server) => {
      server.setSecureContext(current.options);
      boundHandshakes(server);
      servers.add(server);
      server.once('close', () => servers.delete(server));
    },
    authorityEnd: () => current.authorityEnd,
    close: () => clearInterval(timer),
  };
}

/**
 * Handshakes at once. A load balancer gives one up after half a second: more of them than are done by then are work for nobody, and who is
 * turned away before costs next to nothing and is tried at another region.
 */
const HANDSHAKES_MOST = 64;

function boundHandshakes(server: Server): void {
  let secured = 0;
  const bound = (change: number) => {
    secured += change;
    server.maxConnections = secured + HANDSHAKES_MOST;
  };
  bound(0);
  server.on('secureConnection', (socket) => {
    bound(1);
    socket.once('close', () => bound(-1));
  });
}

/** Who is at the other end: by the certificate that this connection's handshake has verified. */
export function createPeerOf(): (socket: Socket) => PeerIdentity | null {
  const known = new WeakMap<Socket, PeerIdentity | null>();
  const read = new Map<string, PeerIdentity | null>();
  // Proxies come with the same few certificates many times a second: what one says is read once.
  const peerIn = (raw: Buffer): PeerIdentity | null => {
    const key = raw.toString('latin1');
    let peer = read.get(key);
    if (peer === undefined) {
      peer = readPeer(raw);
      if (read.size >= PEERS_MAX) read.clear();
      read.set(key, peer);
    }
    return peer;
  };
  return (socket) => {
    let peer = known.get(socket);
    if (peer === undefined) {
      const raw = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate().raw : undefined;
      peer = raw === undefined ? null : peerIn(raw);
      known.set(socket, peer);
    }
    return peer;
  };
}

function readPeer(raw: Buffer): PeerIdentity | null {
  const facts = readCertificate(raw);
  if (isRejected(facts) || facts.nodeId === null || facts.isAuthority) return null;
  const { serial, nodeId, isRegion, notAfter } = facts;
  return { serial, nodeId, isRegion, notAfter };
}

type TlsTexts = readonly [ca: string, cert: string, key: string];

const readFiles = (files: TlsFiles): TlsTexts => [read(files.authority), read(files.certificate), read(files.key)];

function load(files: TlsFiles, texts: TlsTexts) {
  const [ca, cert, key] = texts;
  const facts = readCertificate(cert);
  const authority = readCertificate(ca);
  const own = publicKeyDigestOf(key);
  if (isRejected(facts)) throw new AppError('configuration', `${files.certificate}: ${facts.message}`);
  if (isRejected(authority)) throw new AppError('configuration', `${files.authority}: ${authority.message}`);
  if (isRejected(own) || own !== facts.publicKeyDigest)
    throw new AppError('configuration', `${files.key} is not the key of ${files.certificate}`);
  const options = {
    ca,
    cert,
    key,
    minVersion: 'TLSv1.2' as const,
    ALPNProtocols: ['http/1.1'],
    // A load balancer's checks come by new connections. A resumed session still knows its certificate, and every call
    // checks it.
    sessionTimeout: SESSION_S,
  };
  createSecureContext(options);
  const authorityEnd = new Date(authority.notAfter).toISOString();
  return { options, texts, serial: facts.serial, authorityEnd };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError(
      'configuration',
      `TLS is required, and ${path} cannot be read: "regent init" or "regent join" writes it (user regent reads it by the group regent-pki)`,
      { cause: error },
    );
  }
}

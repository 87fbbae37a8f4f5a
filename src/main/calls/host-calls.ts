import { X509Certificate } from 'node:crypto';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { RegionCall, CallAnswer, CallTrust } from '../../join/member/ports.ts';
import { REGION_SERVER_NAME } from '../../model/cluster/cluster.ts';
import { textOf } from './answer-text.ts';

const ANSWER_LIMIT = 1024 * 1024;

/** One call over TLS to a region, known by the pin of a join token or by the cluster's authority. */
export function callRegion(call: RegionCall): Promise<CallAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>();
  const body = call.body === undefined ? null : JSON.stringify(call.body);
  const outgoing = request(
    call.url,
    {
      method: call.method,
      agent: false,
      servername: REGION_SERVER_NAME,
      minVersion: 'TLSv1.2',
      timeout: call.timeoutMs,
      signal: AbortSignal.timeout(call.timeoutMs),
      headers: {
        ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
        ...call.headers,
        ...(call.authorization === undefined ? {} : { authorization: call.authorization }),
      },
      ...tlsOf(call.trust),
    },
    (incoming) => {
      const end = (text: string) => {
        const date = Date.parse(incoming.headers.date ?? '');
        resolve({ status: incoming.statusCode ?? 0, text, date: Number.isNaN(date) ? null : date });
      };
      textOf(incoming, ANSWER_LIMIT).then(end, (error: unknown) => reject(unreachable(error)));
    },
  );
  outgoing.on('error', (error) => reject(error instanceof AppError ? error : unreachable(error)));
  // Nothing is sent, above all no token, before the other side has shown whose it is.
  outgoing.on('socket', (socket) => {
    socket.once('secureConnect', () => {
      const mismatch = 'pin' in call.trust ? describeMismatch(socket as TLSSocket, call.trust.pin) : null;
      if (mismatch !== null) outgoing.destroy(new AppError('wrong_cluster', mismatch));
      else outgoing.end(body ?? undefined);
    });
  });
  return promise;
}

function tlsOf(trust: CallTrust) {
  if ('pin' in trust) return { rejectUnauthorized: false };
  return { ca: trust.authority, cert: trust.certificate, key: trust.key };
}

/**
 * What is wrong with the certificates that the other side showed, null when nothing is: among them the pinned authority, which signed the first,
 * and that is a region node's. (The handshake has proved that the other side holds the first one's key.)
 */
function describeMismatch(socket: TLSSocket, pin: string): string | null {
  const [first, ...others] = chainOf(socket.getPeerCertificate(true));
  if (first === undefined) return 'it shows no certificate';
  const authority = others.find((item) => item.fingerprint256.replaceAll(':', '').toLowerCase() === pin);
  if (authority === undefined) return 'its authority is not the one that the token names';
  if (!authority.ca || !first.checkIssued(authority) || !first.verify(authority.publicKey))
    return 'its certificate was not signed by the authority that the token names';
  if (first.checkHost(REGION_SERVER_NAME) === undefined) return 'it is not a region node';
  return null;
}

function chainOf(certificate: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let item: DetailedPeerCertificate | undefined = certificate; item?.raw && chain.length < 5; ) {
    chain.push(new X509Certificate(item.raw));
    // A self-signed certificate names itself as its issuer.
    const next: DetailedPeerCertificate | undefined = item.issuerCertificate;
    item = next === item ? undefined : next;
  }
  return chain;
}

const unreachable = (error: unknown): AppError => new AppError('region_unreachable', sentenceOf(error));

/** Connects to a TCP port; null: it answers, else why not. */
export function tryConnect(address: string, port: number, timeoutMs: number): Promise<string | null> {
  const { promise, resolve } = Promise.withResolvers<string | null>();
  const socket = connectTcp({ host: address, port });
  const end = (why: string | null) => {
    socket.destroy();
    resolve(why);
  };
  socket.setTimeout(timeoutMs, () => end(`no answer within ${timeoutMs} ms`));
  socket.once('connect', () => end(null));
  socket.once('error', (error) => end(sentenceOf(error)));
  return promise;
}

import * as http from 'node:http';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectSecure, type TLSSocket } from 'node:tls';
import { deadline } from '../deadline.ts';
import type { NoAnswer, WebAnswer, WebRequest } from './interface.ts';
import { noAnswer, silence } from './no-answer.ts';

/** Longest answer, bytes. A BMC's answers have some kilobytes. */
const ANSWER_LIMIT = 1024 * 1024;

/** See `BmcAccess.web`. Each request has a connection of its own. The certificate is checked before the first byte of the request leaves. */
export function askWeb(request: WebRequest): Promise<WebAnswer | NoAnswer> {
  const url = new URL(request.url);
  const place = url.host;
  return new Promise((resolve) => {
    const socket = dial(url, request);
    const settle = (result: WebAnswer | NoAnswer) => {
      cancel();
      socket.destroy();
      resolve(result);
    };
    const cancel = deadline(request.timeoutMs, () => settle(silence(place, request.timeoutMs)));
    socket.on('error', (error) => settle(noAnswer(place, error)));
    socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => {
      const fingerprint = fingerprintOf(socket);
      if (request.trust.kind === 'pinned' && fingerprint !== request.trust.fingerprint) {
        const sentence = `${place} shows the certificate ${fingerprint ?? 'none'}, not ${request.trust.fingerprint}`;
        settle({ kind: 'none', why: 'untrusted', sentence });
        return;
      }
      exchange({ request, url, socket, fingerprint }, settle);
    });
  });
}

interface HttpExchange {
  readonly request: WebRequest;
  readonly url: URL;
  readonly socket: Socket;
  readonly fingerprint: string | null;
}

function exchange(
  { request, url, socket, fingerprint }: HttpExchange,
  settle: (result: WebAnswer | NoAnswer) => void,
): void {
  const length = request.body === undefined ? {} : { 'content-length': String(Buffer.byteLength(request.body)) };
  const sent = http.request({
    createConnection: () => socket,
    method: request.method,
    host: hostOf(url),
    path: `${url.pathname}${url.search}`,
    headers: { host: url.host, connection: 'close', ...length, ...request.headers },
  });
  sent.on('error', (error) => settle(noAnswer(url.host, error)));
  sent.on('response', (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      chunks.push(chunk);
      if (size <= ANSWER_LIMIT) return;
      settle({ kind: 'none', why: 'garbage', sentence: `${url.host} answers more than ${ANSWER_LIMIT} bytes` });
    });
    response.on('error', (error) => settle(noAnswer(url.host, error)));
    response.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(response.headers).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, [value].flat().join(', ')]],
        ),
      );
      const text = Buffer.concat(chunks).toString('utf8');
      settle({ kind: 'answer', status: response.statusCode ?? 0, headers, text, fingerprint });
    });
  });
  sent.end(request.body);
}

function dial(url: URL, { trust, address }: WebRequest): Socket {
  const name = hostOf(url);
  const host = address ?? name;
  if (url.protocol !== 'https:') return connectPlain({ host, port: Number(url.port || 80) });
  // A BMC signs its own certificate, so only its fingerprint can be checked.
  const options = { host, port: Number(url.port || 443), rejectUnauthorized: trust.kind === 'authorities' };
  // The certificate is that of the URL's host, wherever the connection goes.
  return connectSecure(isIP(name) ? options : { ...options, servername: name });
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function fingerprintOf(socket: Socket): string | null {
  if (!('getPeerX509Certificate' in socket)) return null;
  const certificate = (socket as TLSSocket).getPeerX509Certificate();
  return certificate?.fingerprint256.replaceAll(':', '').toLowerCase() ?? null;
}

import * as http from 'node:http';
import * as https from 'node:https';
import { createSecureContext } from 'node:tls';
import { sentenceOf } from '../../core/errors.ts';
import type { ExecResult, WebQuestion } from '../../core/host-values.ts';
import { errnoOf } from '../system-error.ts';
import { deadline } from './deadline.ts';
import { ANSWER_LIMIT, answered, failed, silent } from './result.ts';

/** A node's certificate, key and trusted authorities, PEM. `id` changes when any of them changes. */
export interface WebIdentity {
  readonly id: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Asks over HTTP, and never throws. Connections with TLS stay open (or their sessions resume), all others are new each time. */
export interface Web {
  ask(question: WebQuestion): Promise<ExecResult>;
  close(): void;
}

const FRESH_CONNECTION = new http.Agent({ keepAlive: false });
/** A daemon that hangs must not gather connections. */
const CONNECTIONS_MAX = 8;

/** Opens the asker. It reads the certificate for each question. */
export function openWeb(identity: () => WebIdentity | null): Web {
  let reusable: { readonly id: string; readonly agent: https.Agent } | null = null;
  const secure = (): https.Agent | null => {
    const now = identity();
    if (now === null) return null;
    if (reusable?.id === now.id) return reusable.agent;
    reusable?.agent.destroy();
    const { authority: ca, certificate: cert, key, id } = now;
    // Made once, because making it for each connection would cost more than the handshake.
    const secureContext = createSecureContext({ ca, cert, key, minVersion: 'TLSv1.2' });
    const agent = new https.Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX, secureContext });
    reusable = { id, agent };
    return agent;
  };
  return {
    ask: async (question) => {
      try {
        const isSecure = question.url.startsWith('https:');
        const agent = isSecure ? secure() : FRESH_CONNECTION;
        if (agent === null) return failed('this node has no certificate to present');
        const until = performance.now() + question.timeoutMs;
        const first = await once(question, agent, question.timeoutMs);
        // The daemon has just closed an idle connection. That is no answer, so we ask again.
        return first === 'stale' ? plain(await once(question, agent, Math.max(1, until - performance.now()))) : first;
      } catch (error) {
        // The address is invalid, or TLS does not accept the certificate.
        return failed(`${question.url} cannot be queried: ${sentenceOf(error)}`);
      }
    },
    close: () => reusable?.agent.destroy(),
  };
}

function plain(result: ExecResult | 'stale'): ExecResult {
  return result === 'stale' ? failed('the connection was closed without an answer') : result;
}

function once(question: WebQuestion, agent: http.Agent, timeoutMs: number): Promise<ExecResult | 'stale'> {
  return new Promise((resolve) => {
    const request = requestOf(question, agent);
    const settle = (result: ExecResult | 'stale') => {
      cancel();
      resolve(result);
    };
    // The limit covers the whole exchange, not a pause in it.
    const cancel = deadline(timeoutMs, () => {
      settle(silent());
      request.destroy();
    });
    request.on('error', (error) => {
      const code = errnoOf(error);
      const isStale = request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
      settle(isStale ? 'stale' : failed(sentenceOf(error)));
    });
    request.on('response', (response) => collect(response, settle));
    request.end(question.body);
  });
}

function requestOf({ url, body, proxy, range }: WebQuestion, agent: http.Agent): http.ClientRequest {
  const to = new URL(proxy ?? url);
  const headers: Record<string, string | number> =
    body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
  if (range !== undefined) headers['range'] = range;
  const options = {
    agent,
    method: body === undefined ? 'GET' : 'POST',
    host: to.hostname.replace(/^\[|\]$/g, ''),
    port: to.port,
    path: proxy === undefined ? `${to.pathname}${to.search}` : url,
    headers: proxy === undefined ? headers : { ...headers, host: new URL(url).host },
  };
  return to.protocol === 'https:' ? https.request(options) : http.request(options);
}

function collect(response: http.IncomingMessage, settle: (result: ExecResult) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    chunks.push(chunk);
    if (size <= ANSWER_LIMIT) return;
    settle(failed(`the answer is larger than ${ANSWER_LIMIT} bytes`));
    response.destroy();
  });
  response.on('error', (error) => settle(failed(`the answer was cut off: ${sentenceOf(error)}`)));
  response.on('end', () => settle(answered(`${headOf(response)}\r\n\r\n${Buffer.concat(chunks).toString('utf8')}`)));
}

function headOf({ httpVersion, statusCode, statusMessage, rawHeaders }: http.IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1] ?? ''}`] : []));
  return [`HTTP/${httpVersion} ${statusCode} ${statusMessage ?? ''}`.trimEnd(), ...lines].join('\r\n');
}

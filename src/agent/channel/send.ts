import * as http from 'node:http';
import * as https from 'node:https';
import { EPOCH_HEADER } from '../../core/epoch.ts';
import { AppError } from '../../core/errors.ts';
import { deadline } from '../../host/ask/deadline.ts';
import type { RegionTarget } from './targets.ts';

/** One call of the channel. */
export interface RegionCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: unknown;
  readonly timeoutMs: number;
  /** Ends the call; its reason is what the call fails with. */
  readonly signal?: AbortSignal;
}

/** A later call takes the place of this one. */
export class Overtaken extends Error {}

/** What a region answered. */
export interface RegionAnswer {
  readonly status: number;
  readonly text: string;
  /** The epoch of its cluster; null: it sends none. */
  readonly epoch?: string | null;
}

export type Headers = Readonly<Record<string, string>>;

/** A target with its connections. */
export type Connection = { readonly target: RegionTarget; readonly agent: http.Agent };

/** A connection, with TLS, that takes longer goes nowhere. */
const CONNECT_MS = 1_500;
const BODY_LIMIT = 64 * 1024 * 1024;

/** The region may have closed an idle connection just now: that call, and only that, is sent again, with new headers. */
export async function sendTwice(
  connection: Connection,
  call: RegionCall,
  headers: () => Headers,
  signal: AbortSignal,
): Promise<RegionAnswer> {
  try {
    return await send(connection, call, headers(), signal);
  } catch (error) {
    if (!(error instanceof StaleConnection) || signal.aborted) throw error;
    return await send(connection, call, headers(), signal);
  }
}

class StaleConnection extends Error {}

function send(
  { target, agent }: Connection,
  call: RegionCall,
  who: Headers,
  signal: AbortSignal,
): Promise<RegionAnswer> {
  return new Promise((resolve, reject) => {
    const text = call.body === undefined ? undefined : JSON.stringify(call.body);
    const headers: Record<string, string> = { ...who, accept: 'application/json' };
    if (text !== undefined) headers['content-type'] = 'application/json';
    const request = (target.base.protocol === 'https:' ? https : http).request({
      method: call.method,
      path: call.path,
      host: target.base.hostname.replace(/^\[|\]$/g, ''),
      port: target.base.port,
      agent,
      headers,
      signal,
      ...(target.socketPath === null ? {} : { socketPath: target.socketPath }),
    });
    const cancel = deadline(call.timeoutMs, () => {
      request.destroy(new AppError('region_unreachable', `${target.url} did not answer within ${call.timeoutMs} ms`));
    });
    const fail = (error: Error) => {
      cancel();
      reject(request.reusedSocket && isReset(error) ? new StaleConnection(error.message) : error);
    };
    guardConnect(request, target);
    request.on('error', fail);
    request.on('response', (response) => {
      collect(response, (error, text) => {
        cancel();
        if (error) fail(error);
        else resolve({ status: response.statusCode ?? 0, text, epoch: epochOf(response) });
      });
    });
    request.end(text);
  });
}

function epochOf({ headers }: http.IncomingMessage): string | null {
  const epochText = headers[EPOCH_HEADER];
  return typeof epochText === 'string' ? epochText : null;
}

const isReset = (error: Error): boolean => 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');

/** A host that is gone answers nothing at all, a process that hangs begins no TLS: connecting has a limit of its own. */
function guardConnect(request: http.ClientRequest, target: RegionTarget): void {
  request.on('socket', (socket) => {
    const isSecure = target.base.protocol === 'https:';
    if (!socket.connecting && !(isSecure && !request.reusedSocket)) return;
    const cancel = deadline(CONNECT_MS, () => {
      request.destroy(new AppError('region_unreachable', `${target.url}: no connection within ${CONNECT_MS} ms`));
    });
    socket.once(isSecure ? 'secureConnect' : 'connect', cancel);
    socket.once('close', cancel);
  });
}

function collect(response: http.IncomingMessage, done: (error: Error | null, text: string) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > BODY_LIMIT)
      response.destroy(new AppError('region_refused', `the answer is larger than ${BODY_LIMIT} bytes`));
    else chunks.push(chunk);
  });
  response.on('error', (error) => done(error, ''));
  response.on('end', () => done(null, Buffer.concat(chunks).toString('utf8')));
}

import type { ClientRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { sentenceOf } from '../../../src/core/errors.ts';
import type { TestIdentity } from './pki.ts';

/** What a call came to; status 0: the connection failed with `failure`. */
export interface SecureAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly failure: string;
}

/** How to call. `agent`: to keep the connection; `open`: told of the request before it is sent. */
export interface SecureCall {
  readonly port: number | null;
  readonly ca: string;
  readonly identity?: TestIdentity | undefined;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly agent?: Agent;
  readonly open?: (request: ClientRequest) => void;
}

/** Calls a region over TLS, by its name `regent-region`. */
export function callSecure(call: SecureCall): Promise<SecureAnswer> {
  const { identity, body } = call;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ status: 0, body: {}, failure: sentenceOf(error) });
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: call.port ?? 0,
        path: call.path,
        method: call.method ?? (payload === undefined ? 'GET' : 'POST'),
        servername: 'regent-region',
        ca: call.ca,
        ...(identity ? { cert: identity.certificate, key: identity.key } : {}),
        agent: call.agent ?? new Agent({ keepAlive: false }),
        headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...call.headers },
        timeout: 10_000,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('error', fail);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
            failure: '',
          }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')));
    call.open?.(outgoing);
    outgoing.end(payload);
  });
}

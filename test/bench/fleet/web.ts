import { type IncomingHttpHeaders, request } from 'node:http';
import { whyOf } from '../../../src/drills/probes/why.ts';

/** One call of a machine. `address`: from which of its addresses. */
export interface Call {
  readonly url: string;
  readonly address: string;
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For all of it, from the connection to the last byte. */
  readonly timeoutMs: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Calls once, by a connection of its own as loaders do. Throws an Error that says in a few words why there is no whole answer. */
export function call(order: Call): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { url, address, method = 'GET', headers = {}, body } = order;
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const sent = request(url, { method, headers: { ...headers, ...length }, localAddress: address, agent: false });
    const timer = setTimeout(() => fail(new Error('timeout')), order.timeoutMs);
    const fail = (error: Error) => {
      clearTimeout(timer);
      sent.destroy();
      reject(error);
    };
    sent.on('error', (error) => fail(new Error(error.message === 'timeout' ? 'timeout' : whyOf(error))));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => fail(new Error('cut off')));
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    sent.end(body);
  });
}

/** The same, where nothing but this status will do. */
export async function callFor(status: number, order: Call): Promise<Reply> {
  const reply = await call(order);
  if (reply.status === status) return reply;
  throw new Error(`${reply.status}: ${reply.body.subarray(0, 160).toString('utf8').trim()}`);
}

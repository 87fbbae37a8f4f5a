import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** Values of a call; a list is a value that is repeated. */
export type Values = Readonly<Record<string, string | readonly string[]>>;

/** A client of the MAAS API alone, such as any script could have. */
export interface DayClient {
  get<T>(path: string, query?: Values): Promise<T>;
  /** What is there, or null where there is nothing. */
  find<T>(path: string): Promise<T | null>;
  post<T>(path: string, op: string | null, values?: Values): Promise<T>;
  put<T>(path: string, values: Values): Promise<T>;
  remove(path: string): Promise<void>;
}

const PREFIX = '/MAAS/api/2.0/';
const CALL_MS = 30_000;
/** As gomaasapi: so often where an answer tells when to come again. */
const REPEATS = 4;

/** Makes it. `key`: `consumer:token:secret`. Each refusal is an Error that names the call and quotes the answer. */
export function dayClient(base: string, key: string): DayClient {
  async function ask(method: string, path: string, query: Values = {}, values?: Values): Promise<Response> {
    const url = new URL(path.startsWith('/') ? path : PREFIX + path, base);
    for (const [name, value] of pairsOf(query)) url.searchParams.append(name, value);
    for (let tries = 0; ; tries += 1) {
      const response = await fetch(url, {
        method,
        headers: { authorization: oauthOf(key) },
        signal: AbortSignal.timeout(CALL_MS),
        ...(values === undefined
          ? {}
          : { body: new URLSearchParams(pairsOf(values).map(([name, value]): [string, string] => [name, value])) }),
      });
      const again = Number(response.headers.get('retry-after') ?? Number.NaN);
      if (![409, 503].includes(response.status) || !Number.isInteger(again) || tries === REPEATS) return response;
      await response.arrayBuffer();
      await delay(again * 1000);
    }
  }
  async function read<T>(call: string, response: Response): Promise<T> {
    const text = await response.text();
    if (!response.ok) throw new Error(`${call}: ${response.status} ${text.slice(0, 500)}`);
    return (response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : text) as T;
  }
  return {
    get: async (path, query) => read(`GET ${path}`, await ask('GET', path, query)),
    find: async (path) => {
      const response = await ask('GET', path);
      return response.status === 404 ? null : read(`GET ${path}`, response);
    },
    post: async (path, op, values = {}) =>
      read(`POST ${path} ${op ?? ''}`.trim(), await ask('POST', path, op === null ? {} : { op }, values)),
    put: async (path, values) => read(`PUT ${path}`, await ask('PUT', path, {}, values)),
    remove: async (path) => {
      const response = await ask('DELETE', path);
      if (response.status !== 204 && response.status !== 404) await read(`DELETE ${path}`, response);
    },
  };
}

function pairsOf(values: Values): (readonly [string, string])[] {
  return Object.entries(values).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => [name, one] as const),
  );
}

function oauthOf(key: string): string {
  const [consumer = '', token = '', secret = ''] = key.split(':').map(encodeURIComponent);
  return [
    'OAuth oauth_version="1.0"',
    'oauth_signature_method="PLAINTEXT"',
    `oauth_consumer_key="${consumer}"`,
    `oauth_token="${token}"`,
    `oauth_signature="%26${secret}"`,
    `oauth_timestamp="${Math.floor(Date.now() / 1000)}"`,
    `oauth_nonce="${randomBytes(8).toString('hex')}"`,
  ].join(', ');
}

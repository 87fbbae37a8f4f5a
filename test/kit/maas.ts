import type { LightMyRequestResponse } from 'fastify';
import type { Role } from '../../src/contract/base/role.ts';
import { oauth } from './preseed.ts';
import type { TestRegion } from './region.ts';

/** How clients of MAAS write a body. */
export type Encoding = 'form' | 'multipart' | 'json';

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';
type Values = Readonly<Record<string, string | readonly string[]>>;

/** What a call is made with. `role`: whose key; null: none. */
export interface MaasOptions {
  readonly op?: string;
  readonly role?: Role | null;
  readonly encoding?: Encoding;
  readonly query?: Values;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer; `body` is parsed where it is JSON. */
export interface MaasAnswer {
  readonly status: number;
  readonly type: string;
  // What an answer has in it is what a test looks for.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  readonly headers: LightMyRequestResponse['headers'];
  readonly raw: string;
}

/** A client of the MAAS API, as strict as the real ones: each answer has the hash and a type. */
export interface MaasClient {
  call(method: Method, path: string, values?: Values, options?: MaasOptions): Promise<MaasAnswer>;
  get(path: string, query?: Values, options?: MaasOptions): Promise<MaasAnswer>;
  post(path: string, op: string | null, values?: Values, options?: MaasOptions): Promise<MaasAnswer>;
  put(path: string, values: Values, options?: MaasOptions): Promise<MaasAnswer>;
  remove(path: string, options?: MaasOptions): Promise<MaasAnswer>;
}

const PREFIX = '/MAAS/api/2.0/';
const BOUNDARY = '=====regent==';

/** Makes it. */
export function maasClient(site: Pick<TestRegion, 'api' | 'keys'>): MaasClient {
  async function call(
    method: Method,
    path: string,
    values: Values = {},
    options: MaasOptions = {},
  ): Promise<MaasAnswer> {
    const { role = 'admin', encoding = 'form', query = {}, op, headers = {} } = options;
    const inUrl = [...pairsOf(query), ...(op === undefined ? [] : [['op', op] as const])];
    const search = new URLSearchParams(inUrl.map(([name, value]): [string, string] => [name, value])).toString();
    const written = Object.keys(values).length === 0 ? null : write(values, encoding);
    const answer = await site.api.inject({
      method,
      url: `${path.startsWith('/') ? path : PREFIX + path}${search === '' ? '' : `?${search}`}`,
      headers: {
        ...(role === null ? {} : { authorization: authorizationOf(site.keys[role]) }),
        ...(written ? { 'content-type': written.type } : {}),
        ...headers,
      },
      ...(written ? { payload: written.text } : {}),
    });
    const type = String(answer.headers['content-type'] ?? '');
    const isJson = type.startsWith('application/json');
    return {
      status: answer.statusCode,
      type,
      body: isJson ? (JSON.parse(answer.payload) as unknown) : answer.payload,
      headers: answer.headers,
      raw: answer.payload,
    };
  }
  return {
    call,
    get: (path, query = {}, options = {}) => call('GET', path, {}, { ...options, query }),
    post: (path, op, values = {}, options = {}) =>
      call('POST', path, values, { ...options, ...(op === null ? {} : { op }) }),
    put: (path, values, options) => call('PUT', path, values, options),
    remove: (path, options) => call('DELETE', path, {}, options),
  };
}

/** The header of a key of ours, as oauthlib writes it. */
export function authorizationOf(key: string): string {
  const [consumer_key = '', token_key = '', token_secret = ''] = key.split(':');
  return oauth({ consumer_key, token_key, token_secret });
}

function pairsOf(values: Values): (readonly [string, string])[] {
  return Object.entries(values).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).map((one) => [name, one] as const),
  );
}

function write(values: Values, encoding: Encoding): { readonly type: string; readonly text: string } {
  if (encoding === 'json') return { type: 'application/json', text: JSON.stringify(values) };
  const pairs = pairsOf(values);
  if (encoding === 'form')
    return {
      type: 'application/x-www-form-urlencoded',
      text: new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, value])).toString(),
    };
  const parts = pairs.map(
    ([name, value]) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n${Buffer.from(value).toString('base64')}\r\n`,
  );
  return { type: `multipart/form-data; boundary="${BOUNDARY}"`, text: `${parts.join('')}--${BOUNDARY}--\r\n` };
}

import type { Preview } from './base/common.ts';
import type { RouteId, RouteInput, RouteOutput } from './routes.ts';
import { doubt, retry } from './base/wire/retry.ts';
import { RetryLimiter } from './base/wire/retry-limiter.ts';
import type { ClientOptions } from './base/wire/transport.ts';
import { API_PREFIX, CHANGE_HEADER, headersOf, parseJson, ProblemError, problemOf } from './base/wire/transport.ts';

/** Per-call options. `ifMatch`: ETag that the object must still have. */
export interface ApiCallOptions {
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly signal?: AbortSignal;
}

/**
 * An answer. `etag` where the call has one; `change`: the change of the configuration that it made; null: none, or a
 * region of an earlier release answered.
 */
export interface Reply<T> {
  readonly status: number;
  readonly body: T;
  readonly etag: string | null;
  readonly change: number | null;
}

/** What a list call lists. */
export type ItemOf<I extends RouteId> = RouteOutput<I> extends { items: (infer T)[] } ? T : never;

/** Method and path of each call: what a client has to know of the table of calls. Its schemas weigh more than a browser's whole program. */
export type CallTable = Readonly<Record<RouteId, { readonly method: string; readonly path: string }>>;

/** Calls of API v1, by name. A call throws `ProblemError` when refused, `AppError` with code `unreachable` when no region answered in time. */
export interface Caller {
  call<I extends RouteId>(id: I, input: RouteInput<I>, options?: ApiCallOptions): Promise<Reply<RouteOutput<I>>>;
  /** The call with `dry_run=true`: what it would do. */
  preview<I extends RouteId>(id: I, input: RouteInput<I>, options?: ApiCallOptions): Promise<Preview>;
  /** Every item of a list, page by page. */
  all<I extends RouteId>(
    id: I,
    input: RouteInput<I>,
    options?: Pick<ApiCallOptions, 'signal'>,
  ): AsyncGenerator<ItemOf<I>>;
}

/**
 * Makes the calls of a table. A call is tried again, with the same Idempotency-Key, while the region is away, until its deadline (`decide.ts` is the
 * rule); so a change is made once however often the network fails.
 */
export function createCaller(given: ClientOptions, table: CallTable): Caller {
  const options: ClientOptions = { retryLimiter: new RetryLimiter(), ...given };

  async function send(id: RouteId, input: AnyInput, call: ApiCallOptions, query: Record<string, unknown>) {
    const route = table[id];
    const headers: Record<string, string> = { ...headersOf(options), accept: 'application/json' };
    if (route.method !== 'GET') headers['idempotency-key'] = call.idempotencyKey ?? options.random.hex(16);
    if (call.ifMatch) headers['if-match'] = call.ifMatch;
    const body = input.body === undefined ? undefined : JSON.stringify(input.body);
    if (body !== undefined) headers['content-type'] = 'application/json';
    const path = API_PREFIX + pathOf(route.path, input.params ?? {}) + searchOf(query);
    const answer = await retry(options, { method: route.method, path, headers, body, signal: call.signal });
    const parsed = parseJson(answer.text);
    if (answer.response.ok && parsed !== undefined)
      return {
        status: answer.response.status,
        body: parsed,
        etag: answer.response.headers.get('etag'),
        change: Number(answer.response.headers.get(CHANGE_HEADER) ?? '') || null,
      };
    const problem = problemOf(answer.response.status, answer.text);
    if (!answer.isDoubtful || problem.detail.includes('Whether the change was made')) throw new ProblemError(problem);
    const detail = problem.detail.replace(/\.$/, '') + doubt(headers['idempotency-key']);
    throw new ProblemError({ ...problem, detail: `${detail}.` });
  }

  return {
    async call(id, input, call = {}) {
      // The server's schema of this very table checked the body.
      return (await send(id, input, call, input.query ?? {})) as never;
    },
    async preview(id, input, call = {}) {
      return (await send(id, input, call, { ...input.query, dry_run: true })).body as Preview;
    },
    async *all(id, input, call = {}) {
      let cursor: string | null = null;
      do {
        const query: Record<string, unknown> = { limit: 1000, ...input.query, ...(cursor ? { cursor } : {}) };
        const body = (await send(id, input, call, query)).body as { items: ItemOf<typeof id>[]; next: string | null };
        yield* body.items;
        cursor = body.next;
      } while (cursor !== null);
    },
  };
}

type AnyInput = { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown };

/** The path of a call with its parameters in their places. */
export function pathOf(path: string, params: object): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.entries(params).find(([key]) => key === name)?.[1];
    return encodeURIComponent(String(value));
  });
}

function searchOf(query: object): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

import { LIMITS } from '../../contract/base/common.ts';
import { type RouteId, type RouteInput, type RouteOutput, ROUTES, type RouteSpec } from '../../contract/routes.ts';
import { isRejected, type Rejected, RejectedError } from '../../core/errors.ts';
import type { Random } from '../../core/ports.ts';
import type { Caller, Region } from '../../region/port.ts';
import { bodyValidator, textValidator, type Validate } from '../validate.ts';
import type { CallInput } from '../../region/base/port.ts';

/** Optional members may also be undefined, which means absent. */
export type Loose<T> = T extends readonly (infer U)[]
  ? readonly Loose<U>[]
  : T extends object
    ? { readonly [K in keyof T]: object extends Pick<T, K> ? Loose<T[K]> | undefined : Loose<T[K]> }
    : T;
/** What a call takes, as handlers write it. */
type LooseInput<I extends RouteId> = { readonly [P in keyof RouteInput<I>]: Loose<RouteInput<I>[P]> };

/** A call of API v1 that is one of several. */
export type SiteStep = { readonly id: RouteId; readonly input: CallInput };

/** Makes a step. */
export function step<I extends RouteId>(id: I, input: LooseInput<I>): SiteStep {
  return { id, input: { params: input.params, query: input.query, body: input.body } };
}

type ItemOf<I extends RouteId> = RouteOutput<I> extends { readonly items: readonly (infer T)[] } ? T : never;
type QueryOf<I extends RouteId> = Loose<RouteInput<I>['query']>;

/** The site as a handler sees it: the use cases of API v1 in the name of the caller. What is refused is thrown as `RejectedError`. */
export interface Site {
  readonly caller: Caller;
  /** One call. */
  call<I extends RouteId>(id: I, input: LooseInput<I>): Promise<RouteOutput<I>>;
  /** The same; null if there is no such object. */
  find<I extends RouteId>(id: I, input: LooseInput<I>): Promise<RouteOutput<I> | null>;
  /** All items of a list, page by page. */
  all<I extends RouteId>(id: I, query?: QueryOf<I>): Promise<ItemOf<I>[]>;
  /**
   * The same, page by page: a page is requested while the one before it is used. `first`: items of the first page; each has twice as many as the one before, up to
   * the query's limit, so that a user who has just started to use them soon waits for few.
   */
  pages<I extends RouteId>(id: I, query?: QueryOf<I>, first?: number): AsyncGenerator<readonly ItemOf<I>[], void>;
  /** Changes in one transaction: all of them, or none. The answers are in their order. */
  together(steps: readonly SiteStep[]): Promise<unknown[]>;
}

/** What a site is made from. */
export interface SitePorts {
  readonly region: Pick<Region, 'call' | 'callTogether'>;
  readonly random: Random;
  readonly caller: Caller;
  /** Does the caller still wait for the answer? */
  readonly isWanted: () => boolean;
}

type Checks = { readonly params: Validate | null; readonly query: Validate | null; readonly body: Validate | null };
const CHECKS = new Map<RouteId, Checks>();

/** Makes the site of one caller. */
export function createSite({ region, random, caller, isWanted }: SitePorts): Site {
  const context = () => ({ caller, origin: 'maas', idempotencyKey: random.hex(16), ifMatch: null, isWanted });

  async function call<I extends RouteId>(id: I, input: LooseInput<I>): Promise<RouteOutput<I>> {
    const valid = checked(id, input);
    const outcome = await region.call(id, valid, context());
    if (isRejected(outcome)) throw new RejectedError(await refusalOf(id, valid, outcome));
    // Each use case is typed by its own id.
    return outcome.body as RouteOutput<I>;
  }

  /** A change may find that what it is about is not there, or what it names: MAAS answers the second as a bad value. */
  async function refusalOf(id: RouteId, { params }: CallInput, refusal: Rejected): Promise<Rejected> {
    const show = `${id.slice(0, id.lastIndexOf('.'))}.show`;
    if (refusal.code !== 'not_found' || ROUTES[id].method === 'GET') return refusal;
    if (Object.keys(params as object).length === 0) return asBadValue(refusal);
    if (!Object.hasOwn(ROUTES, show)) return refusal;
    const about = await region.call(show as RouteId, { params, query: {}, body: undefined }, context());
    return isRejected(about) ? refusal : asBadValue(refusal);
  }

  async function* pages<I extends RouteId>(
    id: I,
    query?: QueryOf<I>,
    first: number = LIMITS.page,
  ): AsyncGenerator<readonly ItemOf<I>[], void> {
    type ItemPage = { readonly items: readonly ItemOf<I>[]; readonly next?: string | null };
    const most = (query as { readonly limit?: number } | undefined)?.limit ?? LIMITS.page;
    let size = first;
    const read = (cursor: string | undefined) => {
      const limit = Math.min(size, most);
      size *= 2;
      return call(id, {
        query: { ...query, limit, ...(cursor === undefined ? {} : { cursor }) },
      } as LooseInput<I>) as unknown as Promise<ItemPage>;
    };
    let page: ItemPage | null = await read(undefined);
    while (page !== null) {
      const following: Promise<ItemPage> | null = page.next ? read(page.next) : null;
      // Whoever stops early never waits for it; its refusal is nobody's then.
      following?.catch(() => undefined);
      yield page.items;
      page = following === null ? null : await following;
    }
  }

  async function all<I extends RouteId>(id: I, query?: QueryOf<I>): Promise<ItemOf<I>[]> {
    const items: ItemOf<I>[] = [];
    for await (const page of pages(id, query)) items.push(...page);
    return items;
  }

  return {
    caller,
    call,
    async find(id, input) {
      try {
        return await call(id, input);
      } catch (error) {
        if (error instanceof RejectedError && error.rejected.code === 'not_found') return null;
        throw error;
      }
    },
    all,
    pages,
    async together(steps) {
      const calls = steps.map(({ id, input }) => ({ id, input: checked(id, input) }));
      const bodies = await region.callTogether(calls, context());
      // What the path names was read before.
      if (isRejected(bodies)) throw new RejectedError(bodies.code === 'not_found' ? asBadValue(bodies) : bodies);
      return [...bodies];
    },
  };
}

/** The input, by the schemas that API v1 has for it. */
function checked(
  id: RouteId,
  input: { readonly params?: unknown; readonly query?: unknown; readonly body?: unknown },
): CallInput {
  const checks = CHECKS.get(id) ?? makeChecks(id);
  const part = (validate: Validate | null, value: unknown, missing: unknown) => {
    if (validate === null) return missing;
    const valid = validate(value);
    if (isRejected(valid)) throw new RejectedError(valid);
    return valid.value;
  };
  return {
    params: part(checks.params, input.params ?? {}, {}),
    query: part(checks.query, withoutUndefined(input.query ?? {}), {}),
    body: part(checks.body, withoutUndefined(input.body), undefined),
  };
}

function makeChecks(id: RouteId): Checks {
  const route: RouteSpec = ROUTES[id];
  const checks = {
    params: route.params ? textValidator(route.params) : null,
    query: route.query ? textValidator(route.query) : null,
    body: route.body ? bodyValidator(route.body) : null,
  };
  CHECKS.set(id, checks);
  return checks;
}

/** Members that are undefined were not given. */
function withoutUndefined(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutUndefined);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutUndefined(member)]));
}

const asBadValue = ({ message }: Rejected): Rejected => ({ kind: 'rejected', code: 'invalid_value', message });

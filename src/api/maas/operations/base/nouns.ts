import type { AnnotatedKind } from '../../../../contract/site/annotation.ts';
import type { RouteId, RouteInput, RouteOutput, RouteSpec } from '../../../../contract/routes.ts';
import { ROUTES } from '../../../../contract/routes.ts';
import { json, nothing } from '../../answer.ts';
import { RESOURCES } from '../../catalog/table.ts';
import type { Handler, Handlers, MaasCall } from '../../handler.ts';
import { createSiteLists } from '../../site-lists.ts';
import { step } from '../../site.ts';
import { annotateSteps } from './annotated.ts';
import { calling, notFound } from './refusals.ts';

/** What stands before the dot in the ids of calls of API v1 about one kind of object. */
type Noun = RouteId extends infer I ? (I extends `${infer N}.show` ? N : never) : never;
type BodyOf<I> = I extends RouteId ? RouteInput<I>['body'] : never;
type Awaitable<T> = T | Promise<T>;

/** What a noun is in API v1. */
type NounItem<N extends Noun> = RouteOutput<`${N}.show`>;
/** Reads a member of a body; undefined: it is not given. */
type Reader<T> = (call: MaasCall) => Awaitable<T | undefined>;
type Fields<B> = { readonly [K in keyof B]?: Reader<B[K]> };

/** How a noun of MAAS and one of API v1 are the same: what the five verbs need to know. */
export interface NounMapping<N extends Noun> {
  readonly noun: N;
  /** MAAS's resource of all objects, and of one. */
  readonly all: string;
  readonly one: string;
  /** How API v1 names the object of a path; left out: as the path does. */
  readonly ref?: (call: MaasCall) => Awaitable<string>;
  /** The objects of the list; left out: all. */
  readonly list?: (call: MaasCall) => Promise<readonly NounItem<N>[]>;
  /** Members of both bodies, of one that is made, of one that is changed. */
  readonly fields?: Fields<BodyOf<`${N}.set`>>;
  readonly create?: Fields<BodyOf<`${N}.create`>>;
  readonly update?: Fields<BodyOf<`${N}.set`>>;
  /** What API v1 calls members, by MAAS's names, where `fields.ts` has others. */
  readonly names?: Readonly<Record<string, string>>;
  /** Refuses a change. */
  readonly check?: (call: MaasCall, before: NounItem<N>) => Awaitable<unknown>;
  /** It has annotations: its kind, and the member of a body that names a new one. */
  readonly annotated?: readonly [kind: AnnotatedKind, name: string];
  /** Makes what shows these objects; null: MAAS has none such. */
  readonly view: (call: MaasCall, items: readonly NounItem<N>[]) => Awaitable<(item: NounItem<N>) => object | null>;
}

const OPERATIONS = new Map(RESOURCES.flatMap(({ operations }) => operations.map((one) => [one.key, one])));

/** Handlers of the five verbs, as far as MAAS has them for the noun. */
export function nounHandlers<N extends Noun>(mapping: NounMapping<N>): Handlers {
  const { noun, all, one, fields, names = {}, annotated, view } = mapping;
  const { ref = ({ path }: MaasCall) => Object.values(path)[0] ?? '' } = mapping;
  // Which call it is depends only on the noun; the mapping gives its parts their types.
  const id = (verb: string) => `${noun}.${verb}` as RouteId;
  const send = async (call: MaasCall, verb: string, input: object) =>
    (await call.site.call(id(verb), input as never).catch(calling(names))) as NounItem<N>;
  const [member = ''] = Object.keys(propertiesOf((ROUTES[id('show')] as RouteSpec).params));
  const paramsOf = async (call: MaasCall) => ({ [member]: await ref(call) });
  const show = async (call: MaasCall, item: NounItem<N>, key: string) => {
    const shown = (await view(call, [item]))(item) ?? notFound(noun.replaceAll('-', ' '), Object.values(call.path)[0]);
    return json(shown, OPERATIONS.get(key)?.status);
  };
  // What was read before the change may be otherwise now.
  const showNow = (call: MaasCall, item: NounItem<N>, key: string) =>
    show({ ...call, lists: createSiteLists(call.site) }, item, key);

  const handlers: Record<string, Handler> = {
    [`${all}.read`]: async (call) => {
      const items = await (mapping.list?.(call) ?? (call.site.all(id('list')) as Promise<unknown[]>));
      const viewItem = await view(call, items as NounItem<N>[]);
      return json(items.flatMap((item) => viewItem(item as NounItem<N>) ?? []));
    },
    [`${all}.create`]: async (call) => {
      const body = await bodyOf(call, { ...fields, ...mapping.create });
      const made = annotated
        ? (
            await call.site.together([
              step(id('create'), { body } as never),
              ...annotateSteps(annotated[0], String(body[annotated[1]]), call.args),
            ])
          )[0]
        : await send(call, 'create', { body });
      return showNow(call, made as NounItem<N>, `${all}.create`);
    },
    [`${one}.read`]: async (call) =>
      show(call, await send(call, 'show', { params: await paramsOf(call) }), `${one}.read`),
    [`${one}.update`]: async (call) => {
      const params = await paramsOf(call);
      if (mapping.check || annotated) await mapping.check?.(call, await send(call, 'show', { params }));
      const body = await bodyOf(call, { ...fields, ...mapping.update });
      const changed = annotated
        ? (
            await call.site.together([
              ...annotateSteps(annotated[0], params[member] ?? '', call.args),
              step(id('set'), { params, body } as never),
            ])
          ).at(-1)
        : await send(call, 'set', { params, body });
      return showNow(call, changed as NounItem<N>, `${one}.update`);
    },
    [`${one}.delete`]: async (call) => {
      await send(call, 'delete', { params: await paramsOf(call) });
      return nothing();
    },
  };
  return Object.fromEntries(Object.entries(handlers).filter(([key]) => OPERATIONS.has(key)));
}

/** Reads the members of a body. */
export async function bodyOf(
  call: MaasCall,
  fields: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const body: Record<string, unknown> = {};
  // One after the other: of several values that are refused, the first one is named.
  for (const [name, read] of Object.entries(fields)) body[name] = await (read as Reader<unknown>)(call);
  return body;
}

function propertiesOf(schema: unknown): object {
  return (schema as { readonly properties?: object } | undefined)?.properties ?? {};
}

/** Readers of one parameter, by its name. */
export const param = {
  /** An empty one is none. */
  filled: (name: string) => (call: MaasCall) => call.args.text(name) || undefined,
  text: (name: string) => (call: MaasCall) => call.args.text(name),
  /** An empty one clears. */
  clearable: (name: string) => (call: MaasCall) => call.args.clearable(name),
  flag: (name: string) => (call: MaasCall) => call.args.flag(name),
  number: (name: string) => (call: MaasCall) => call.args.number(name),
} as const;

import Type, { type Static, type TProperties, type TSchema } from 'typebox';
import { REJECTIONS } from '../../core/errors.ts';

/** Limits of the wire, in one place; the documents and the tests read them here. */
export const LIMITS = {
  /** Bytes of a request body. */
  body: 256 * 1024,
  /** Bytes of a body of the agent channel: an observation with the facts of a large host. */
  agentBody: 2 * 1024 * 1024,
  /** Bytes of all request headers. */
  headers: 16 * 1024,
  /** Characters of one path parameter. */
  param: 1024,
  /** Characters of a text field that has no tighter rule. */
  text: 4096,
  /** Levels of nesting of a body. */
  depth: 16,
  /** Items of one page. */
  page: 1000,
  pageDefault: 100,
} as const;

/** An object that refuses unknown members. */
export function strict<P extends TProperties>(properties: P, description?: string) {
  return Type.Object(properties, { additionalProperties: false, ...(description ? { description } : {}) });
}

/** One of a list of texts. */
export function oneOf<const T extends readonly string[]>(values: T, description?: string) {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...values], ...(description ? { description } : {}) });
}

/** This, or null. */
export function nullable<S extends TSchema>(schema: S) {
  return Type.Union([schema, Type.Null()]);
}

/** A text of bounded length; the exact grammar is the model's, which explains itself better than a pattern. */
export function text(maxLength: number, description?: string) {
  return Type.String({ minLength: 1, maxLength, ...(description ? { description } : {}) });
}

/** DHCP options that are set: NAME=VALUE, CODE:TYPE=VALUE; the exact grammar is the model's (nouns/dhcp-option.ts). */
export const DhcpOptions = Type.Array(text(600), {
  maxItems: 32,
  description:
    'more DHCP options: NAME=VALUE, CODE:TYPE=VALUE (224 to 254), 43.CODE:TYPE=VALUE; a list replaces the one before',
});

/** A moment, ISO 8601 in UTC. */
export const Time = Type.String({ format: 'date-time' });

/** A number that names an object. */
export const Id = Type.Integer({ minimum: 1, maximum: 2_147_483_647 });

/** A TTL in seconds; null: the default applies. */
export const Ttl = nullable(Type.Integer({ description: 'seconds, 1 to 604800; null for the default' }));

/** A boolean of a query string. */
export const Flag = Type.Boolean();

/** Query of every call that changes something. */
export const WriteQuery = strict({
  dry_run: Type.Optional(
    Type.Boolean({ description: 'keep nothing; answer with the difference that the change would make to real files' }),
  ),
});

/** Query of a list: what every list takes, and its own filters. */
export function listQuery<P extends TProperties>(filters: P, sorts: readonly string[]) {
  return strict({
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.page, description: 'items of a page' })),
    cursor: Type.Optional(text(2048, 'the `next` of the page before')),
    sort: Type.Optional(
      oneOf([...sorts, ...sorts.map((name) => `-${name}`)], 'field to sort by; "-" in front: descending'),
    ),
    fields: Type.Optional(text(500, 'comma-separated members of the items to answer with; all when left out')),
    ...filters,
  });
}

/** A page of a list. `next` null: it was the last. */
export function page<S extends TSchema>(item: S) {
  return strict({
    items: Type.Array(item, { maxItems: LIMITS.page }),
    next: nullable(Type.String({ description: 'cursor of the next page; null on the last one' })),
  });
}

/** One offending field of a refused request. */
export const FieldProblem = strict({
  field: Type.String({ description: 'the name or path of the field, such as interfaces/0/mac' }),
  problem: Type.String(),
  rule: Type.Optional(Type.String()),
});

/** RFC 9457 problem document; `code` is stable, `detail` is a sentence for people. */
export const Problem = strict({
  type: Type.String({ description: 'always about:blank; branch on `code`' }),
  title: Type.String(),
  status: Type.Integer(),
  code: oneOf(Object.keys(REJECTIONS)),
  detail: Type.String(),
  requestId: Type.String(),
  fields: Type.Optional(Type.Array(FieldProblem)),
});
export type Problem = Static<typeof Problem>;

/** A lint result. An error means that something differs from its configuration. */
export const Finding = strict({
  code: Type.String(),
  severity: oneOf(['error', 'warning']),
  subject: Type.String({ description: 'what it is about, such as `zone example.test`' }),
  sentence: Type.String(),
  held: Type.Optional(
    Type.String({
      description: 'what keeps its last good content because of it, or is left out, such as `name a.example.test`',
    }),
  ),
  remedy: Type.Optional(Type.String({ description: 'what to do about it' })),
  since: Type.Optional(Type.String({ format: 'date-time', description: 'when it was found first' })),
});
export type Finding = Static<typeof Finding>;

/** How one real file of one service differs. `diff` is a unified diff of the file that the daemon reads. */
export const FileDiff = strict({
  service: Type.String(),
  target: Type.String({ description: 'path on the node' }),
  change: oneOf(['added', 'changed', 'removed']),
  diff: Type.String(),
});
export type FileDiff = Static<typeof FileDiff>;

/** A finding about a service's files. */
export const ServiceFinding = Type.Intersect([
  Type.Object({ service: Type.String() }),
  Type.Object(Finding.properties),
]);

/** What a change does, or would do, to one node. */
export const NodeDiff = strict({
  node: Type.String(),
  files: Type.Array(FileDiff),
  findings: Type.Array(ServiceFinding),
});
export type NodeDiff = Static<typeof NodeDiff>;

/** The answer of a call with `dry_run=true`: nothing of it was stored. */
export const Preview = strict({
  dryRun: Type.Literal(true),
  /** The object as the change would leave it. */
  object: Type.Unknown(),
  nodes: Type.Array(NodeDiff),
});
export type Preview = Static<typeof Preview>;

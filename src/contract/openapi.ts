import type { TSchema } from 'typebox';
import { REJECTIONS } from '../core/errors.ts';
import { listQuery, Preview, Problem, WriteQuery } from './base/common.ts';
import { type Components, createComponents } from './components.ts';
import { API_PREFIX, isWrite, ROUTES, type RouteSpec } from './routes.ts';

/** The OpenAPI 3.1 document of API v1, from the table of calls. `version` is the product's. */
export function openApiDocument(version: string): object {
  const writer = createWriter(createComponents());
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [id, route] of Object.entries(ROUTES)) {
    const path = API_PREFIX + route.path;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(id, route, writer) };
  }
  const responses = {
    Preview: response('With dry_run=true: what it would do', json(writer.write(Preview))),
    Refused: response('Refused', { 'application/problem+json': { schema: writer.write(Problem) } }),
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Regent API', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'consumer:token:secret' } },
      parameters: PARAMETERS,
      responses,
      schemas: writer.schemas(),
    },
  };
}

const DESCRIPTION = [
  'Every call that changes something takes an Idempotency-Key: the same key with the same request answers what the first one answered and changes',
  'nothing; with another request it is refused. Without the header the region makes a key, and a repetition is then another change.',
  `Errors are application/problem+json with one of the codes ${Object.keys(REJECTIONS).join(', ')}.`,
  'While the database is away a call waits up to 15 s and then answers 503 with Retry-After.',
].join(' ');

function operation(id: string, route: RouteSpec, writer: Writer): object {
  const isChange = isWrite(route) && !route.isUpload;
  return {
    operationId: id,
    summary: route.summary,
    tags: [id.split('.')[0] ?? id],
    'x-roles': route.roles,
    parameters: [
      ...parameters('path', route.params, writer),
      ...parameters('query', route.query, writer),
      ...(isChange ? [reference('parameters', IDEMPOTENCY_KEY.name)] : []),
      ...(isChange && route.hasEtag ? [reference('parameters', IF_MATCH.name)] : []),
    ],
    ...(route.isUpload ? { requestBody: UPLOAD } : {}),
    ...(route.body
      ? { requestBody: { required: route.isBodyOptional !== true, content: json(writer.write(route.body)) } }
      : {}),
    responses: {
      [route.status]: response('Done', { ...json(writer.write(route.response)), ...TEXTS[id] }),
      ...(isChange && route.status !== 200 ? { 200: reference('responses', 'Preview') } : {}),
      default: reference('responses', 'Refused'),
    },
  };
}

const UPLOAD = {
  required: true,
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
};
/** What calls answer besides JSON. */
const TEXTS: Readonly<Record<string, object>> = {
  'event.list': { 'text/event-stream': { schema: { type: 'string' } } },
  'metric.list': { 'text/plain': { schema: { type: 'string' } } },
};

const json = (schema: unknown): object => ({ 'application/json': { schema } });
const response = (description: string, content: object): object => ({ description, content });
const reference = (kind: string, name: string): object => ({ $ref: `#/components/${kind}/${name}` });
const header = (name: string, description: string) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string' },
});

const IDEMPOTENCY_KEY = header('Idempotency-Key', '1–255 printable ASCII characters, new for each wanted change');
const IF_MATCH = header('If-Match', 'ETag that the object must still have');
/** Parameters of many calls, by name. */
const PARAMETERS: Readonly<Record<string, object>> = {
  ...queryParameters(listQuery({}, ['id']).properties, ['limit', 'cursor', 'fields']),
  ...queryParameters(WriteQuery.properties, ['dry_run']),
  [IDEMPOTENCY_KEY.name]: IDEMPOTENCY_KEY,
  [IF_MATCH.name]: IF_MATCH,
};

function queryParameters(members: Readonly<Record<string, TSchema>>, names: readonly string[]): Record<string, object> {
  return Object.fromEntries(
    names.map((name) => [name, { name, in: 'query', required: false, schema: members[name] }] as const),
  );
}

function parameters(place: 'path' | 'query', schema: TSchema | undefined, writer: Writer): object[] {
  if (!schema || !('properties' in schema)) return [];
  const required = 'required' in schema && Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties as Record<string, TSchema>).map(([name, member]) => {
    const parameter = {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      schema: writer.write(member),
    };
    const isShared = JSON.stringify(parameter) === JSON.stringify(PARAMETERS[name]);
    return isShared ? reference('parameters', name) : parameter;
  });
}

/** Writes schemas. One with a name is written once, below `schemas`, and referred to. */
type Writer = { write(schema: unknown): unknown; schemas(): object };

function createWriter(components: Components): Writer {
  const named = new Map<string, unknown>();
  function write(schema: unknown): unknown {
    const name = typeof schema === 'object' && schema !== null ? components.nameOf(schema) : undefined;
    if (name === undefined) return writeMembers(schema);
    if (!named.has(name)) named.set(name, writeMembers(components.schemaOf(name)));
    return reference('schemas', name);
  }
  function writeMembers(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map(write);
    if (typeof schema !== 'object' || schema === null) return schema;
    return Object.fromEntries(
      Object.entries(schema)
        .filter(([, member]) => member !== undefined)
        .map(([key, member]) => [key, write(member)]),
    );
  }
  return { write, schemas: () => Object.fromEntries([...named].sort(([one], [other]) => (one < other ? -1 : 1))) };
}

/** The document as the repository keeps it: version 1, so that a release does not change it; what fits into a line stands in one. */
export function openApiText(): string {
  return `${lines(openApiDocument('1'), '', '')}\n`;
}

function lines(value: unknown, indent: string, name: string): string {
  const flat = JSON.stringify(value);
  if (typeof value !== 'object' || value === null || indent.length + name.length + flat.length <= LINE)
    return name + flat;
  const inner = `${indent}  `;
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  const members = Array.isArray(value)
    ? value.map((item) => lines(item, inner, ''))
    : Object.entries(value).map(([key, item]) => lines(item, inner, `${JSON.stringify(key)}: `));
  return `${name}${open}\n${inner}${members.join(`,\n${inner}`)}\n${indent}${close}`;
}

/** Characters of a line of the document, at most. */
const LINE = 120;

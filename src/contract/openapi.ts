import type { TSchema } from 'typebox';
import { REJECTIONS } from '../core/errors.ts';
import { FieldProblem, FileDiff, Finding, NodeDiff, Preview, Problem } from './base/common.ts';
import { ConfigChange, PendingConfig } from './site/config.ts';
import { DrillRound, DrillVerdict } from './cluster/drill.ts';
import { Image } from './images/image.ts';
import { Event } from './site/event.ts';
import { ENTRIES } from './entries.ts';
import { NOUN_COMPONENTS } from './noun-routes.ts';
import { IgnoredMachine } from './machines/enlistment.ts';
import { Lease } from './networks/lease.ts';
import { Pairing } from './networks/pairing.ts';
import { MachineInterface } from './machines/machine-interface.ts';
import { Node } from './cluster/node.ts';
import { Rack } from './cluster/rack.ts';
import { API_PREFIX, isWrite, ROUTES, type RouteSpec } from './routes.ts';
import { Service } from './cluster/service.ts';
import { Setting } from './site/setting.ts';
import { Status } from './site/status.ts';
import { ApiKey, ApiKeyCreated, User } from './people/user.ts';

/** Schemas that get a name in the document; every other one is written where it is used. */
const NAMED: Readonly<Record<string, TSchema>> = {
  ...NOUN_COMPONENTS,
  ...Object.fromEntries(ENTRIES.map(({ component, schemas }) => [component, schemas.answer])),
  ApiKey,
  ApiKeyCreated,
  Change: ConfigChange,
  DrillRound,
  DrillVerdict,
  Event,
  FieldProblem,
  FileDiff,
  Finding,
  IgnoredMachine,
  Image,
  Lease,
  MachineInterface,
  Node,
  NodeDiff,
  Pairing,
  PendingConfig,
  Preview,
  Problem,
  Rack,
  Service,
  Setting,
  Status,
  User,
};
const COMPONENTS = Object.entries(NAMED).sort(([one], [other]) => (one < other ? -1 : 1));

/** The OpenAPI 3.1 document of API v1, from the table of calls. `version` is the product's. */
export function openApiDocument(version: string): object {
  const names = new Map(COMPONENTS.map(([name, schema]) => [schema as unknown, name]));
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [id, route] of Object.entries(ROUTES)) {
    const path = API_PREFIX + route.path;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(id, route, names) };
  }
  const schemas = Object.fromEntries(COMPONENTS.map(([name, schema]) => [name, written(schema, names, true)]));
  return {
    openapi: '3.1.0',
    info: { title: 'Regent API', version, description: DESCRIPTION },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'consumer:token:secret' },
      },
      schemas,
    },
  };
}

const DESCRIPTION = [
  'Every call that changes something takes an Idempotency-Key: the same key with the same request answers what the first one answered and changes',
  'nothing; with another request it is refused. Without the header the region makes a key, and a repetition is then another change.',
  `Errors are application/problem+json with one of the codes ${Object.keys(REJECTIONS).join(', ')}.`,
  'While the database is away a call waits up to 15 s and then answers 503 with Retry-After.',
].join(' ');

function operation(id: string, route: RouteSpec, names: ReadonlyMap<unknown, string>): object {
  const noun = id.split('.')[0] ?? id;
  const success = { [route.status]: response('Done', content(route.response, names, id)) };
  const isChange = isWrite(route) && !route.isUpload;
  return {
    operationId: id,
    summary: route.summary,
    tags: [noun],
    'x-roles': route.roles,
    parameters: [
      ...parameters('path', route.params, names),
      ...parameters('query', route.query, names),
      ...(isChange ? [header('Idempotency-Key', '1–255 printable ASCII characters, new for each wanted change')] : []),
      ...(isChange && route.hasEtag ? [header('If-Match', 'ETag that the object must still have')] : []),
    ],
    ...(route.isUpload ? { requestBody: UPLOAD } : {}),
    ...(route.body
      ? {
          requestBody: {
            required: route.isBodyOptional !== true,
            content: { 'application/json': { schema: written(route.body, names) } },
          },
        }
      : {}),
    responses: {
      ...success,
      ...(isChange && route.status !== 200
        ? { 200: response('With dry_run=true: what it would do', content(Preview, names, id)) }
        : {}),
      default: response('Refused', { 'application/problem+json': { schema: written(Problem, names) } }),
    },
  };
}

const UPLOAD = {
  required: true,
  content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
};

function content(schema: TSchema, names: ReadonlyMap<unknown, string>, id: string): object {
  return {
    'application/json': { schema: written(schema, names) },
    ...(id === 'event.list' ? { 'text/event-stream': { schema: { type: 'string' } } } : {}),
    ...(id === 'metric.list' ? { 'text/plain': { schema: { type: 'string' } } } : {}),
  };
}

function response(description: string, body: object): object {
  return { description, content: body };
}

function header(name: string, description: string): object {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

function parameters(
  place: 'path' | 'query',
  schema: TSchema | undefined,
  names: ReadonlyMap<unknown, string>,
): object[] {
  if (!schema || !('properties' in schema)) return [];
  const required = 'required' in schema && Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties as Record<string, TSchema>).map(([name, member]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: written(member, names),
  }));
}

/** A plain copy of a schema in which the named ones are references. */
function written(schema: unknown, names: ReadonlyMap<unknown, string>, isTop = false): unknown {
  const name = names.get(schema);
  if (name !== undefined && !isTop) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(schema)) return schema.map((item) => written(item, names));
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [key, written(member, names)]),
  );
}

/** The document as the repository keeps it: version 1, so that a release does not change it. */
export function openApiText(): string {
  return `${JSON.stringify(openApiDocument('1'), null, 2)}\n`;
}

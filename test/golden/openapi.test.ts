import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { createComponents } from '../../src/contract/components.ts';
import { openApiDocument, openApiText } from '../../src/contract/openapi.ts';
import { isWrite, ROUTES, type RouteSpec } from '../../src/contract/routes.ts';

const FILE = join(import.meta.dirname, 'openapi.json');
interface Parameter {
  name: string;
  in: string;
}
const document = openApiDocument('1') as {
  paths: Record<string, Record<string, { operationId: string; parameters: (Parameter | { $ref: string })[] }>>;
  components: { schemas: Record<string, unknown>; parameters: Record<string, Parameter> };
};

const EXPORTED = await exportedSchemas();

describe('the OpenAPI document', () => {
  it('is the committed one (npm run openapi writes it)', () => {
    expect(openApiText()).toBe(readFileSync(FILE, 'utf8'));
  });

  it('has every call of the table once', () => {
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((call) => call.operationId));
    expect(ids.sort()).toEqual(Object.keys(ROUTES).sort());
  });

  it('is valid OpenAPI, and each reference in it leads somewhere', { timeout: 60_000 }, async () => {
    const broken = structuredClone(document);
    broken.paths['/api/v1/status'] = { get: { operationId: 'status.show', parameters: [] } };
    broken.components.schemas.Job = { $ref: '#/components/schemas/Nothing' };

    expect(await new Validator().validate(structuredClone(document))).toMatchObject({ valid: true });
    expect(await new Validator().validate({ openapi: '3.1.0', info: {}, paths: {} })).toMatchObject({ valid: false });
    expect(missingReferences(document)).toEqual([]);
    expect(missingReferences(broken)).toEqual(['#/components/schemas/Nothing']);
  });

  it('names the schemas, each exported one as its export, and writes none of several members twice', () => {
    const components = createComponents();
    const used = new Set<unknown>();
    for (const { body, response } of Object.values(ROUTES) as RouteSpec[]) addMembers(used, [body, response]);

    const names = Object.keys(document.components.schemas);
    expect(names.length).toBeGreaterThanOrEqual(150);
    const reached = EXPORTED.filter(([, schema]) => used.has(schema));
    expect(reached.length).toBeGreaterThan(120);
    for (const [name, schema] of reached) expect(Object.keys(schema).length < 2 ? name : components.nameOf(schema)).toBe(name);
    expect(repeated(document)).toEqual([]);
    expect(repeated([SAMPLE, { member: SAMPLE }])).toEqual([JSON.stringify(SAMPLE)]);
  });

  it('states Idempotency-Key and dry_run for every change, and path parameters for every path', () => {
    for (const [id, route] of Object.entries(ROUTES) as [string, RouteSpec][]) {
      const call = document.paths[`/api/v1${route.path}`]?.[route.method.toLowerCase()];
      const names = (call?.parameters ?? []).map(resolve).map((parameter) => `${parameter.in} ${parameter.name}`);
      const common = ['header Idempotency-Key', 'query dry_run'].filter((name) => names.includes(name));
      expect(common.length, id).toBe(isWrite(route) && !route.isUpload ? 2 : 0);
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => `path ${match[1]}`);
      expect(names.filter((name) => name.startsWith('path ')).sort(), id).toEqual(inPath.sort());
    }
  });
});

/** Members from which a schema has to have a name if it is there more than once. */
const FEW = 2;
const SAMPLE = { type: 'object', properties: { one: {}, other: {} } };

/** Schemas of several members that stand in more than one place instead of having a name. */
function repeated(root: unknown): string[] {
  const counts = new Map<string, number>();
  const count = (value: unknown, isNamed: boolean): void => {
    if (typeof value !== 'object' || value === null) return;
    const { type, properties } = value as { type?: unknown; properties?: object };
    const isObject = type === 'object' && Object.keys(properties ?? {}).length >= FEW;
    const text = JSON.stringify(value);
    if (isObject && !isNamed) counts.set(text, (counts.get(text) ?? 0) + 1);
    for (const member of Object.values(value)) count(member, value === document.components.schemas);
  };
  count(root, false);
  return [...counts].flatMap(([text, times]) => (times > 1 ? [text] : []));
}

function missingReferences(root: object): string[] {
  const references = [...JSON.stringify(root).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(references.length).toBeGreaterThan(200);
  return references.filter((reference) => {
    const parts = reference.split('/').slice(1);
    return parts.reduce<unknown>((value, part) => (value as Record<string, unknown> | undefined)?.[part], root) === undefined;
  });
}

/** What the files of the contract export, schemas alone. */
async function exportedSchemas(): Promise<[string, object][]> {
  const folder = join(import.meta.dirname, '../../src/contract');
  const modules = await Promise.all(
    globSync('**/*.ts', { cwd: folder }).map((path) => import(join(folder, path)) as Promise<Record<string, unknown>>),
  );
  return modules
    .flatMap((module) => Object.entries(module))
    .filter((entry): entry is [string, object] => typeof entry[1] === 'object' && entry[1] !== null && '~kind' in entry[1]);
}

function addMembers(all: Set<unknown>, value: unknown): void {
  if (typeof value !== 'object' || value === null || all.has(value)) return;
  all.add(value);
  for (const member of Object.values(value)) addMembers(all, member);
}

function resolve(parameter: Parameter | { $ref: string }): Parameter {
  if (!('$ref' in parameter)) return parameter;
  const found = document.components.parameters[parameter.$ref.split('/').at(-1) ?? ''];
  if (!found) throw new Error(`${parameter.$ref} leads nowhere`);
  return found;
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openApiDocument, openApiText } from '../../src/contract/openapi.ts';
import { isWrite, ROUTES, type RouteSpec } from '../../src/contract/routes.ts';

const FILE = join(import.meta.dirname, 'openapi.json');
const document = openApiDocument('1') as {
  paths: Record<string, Record<string, { operationId: string; parameters: { name: string; in: string }[] }>>;
  components: { schemas: Record<string, unknown> };
};

describe('the OpenAPI document', () => {
  it('is the committed one (npm run openapi writes it)', () => {
    expect(openApiText()).toBe(readFileSync(FILE, 'utf8'));
  });

  it('has every call of the table once', () => {
    const ids = Object.values(document.paths).flatMap((path) => Object.values(path).map((call) => call.operationId));
    expect(ids.sort()).toEqual(Object.keys(ROUTES).sort());
  });

  it('refers only to schemas that it has', () => {
    const used = [...openApiText().matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1] ?? '');
    expect(used.length).toBeGreaterThan(20);
    for (const name of used) expect(document.components.schemas).toHaveProperty(name);
  });

  it('states Idempotency-Key and dry_run for every change, and path parameters for every path', () => {
    for (const [id, route] of Object.entries(ROUTES) as [string, RouteSpec][]) {
      const call = document.paths[`/api/v1${route.path}`]?.[route.method.toLowerCase()];
      const names = (call?.parameters ?? []).map((parameter) => `${parameter.in} ${parameter.name}`);
      const common = ['header Idempotency-Key', 'query dry_run'].filter((name) => names.includes(name));
      expect(common.length, id).toBe(isWrite(route) && !route.isUpload ? 2 : 0);
      const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => `path ${match[1]}`);
      expect(names.filter((name) => name.startsWith('path ')).sort(), id).toEqual(inPath.sort());
    }
  });
});

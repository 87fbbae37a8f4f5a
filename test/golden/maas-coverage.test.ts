import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RESOURCES } from '../../src/api/maas/catalog/table.ts';
import { ABSENT_HANDLERS } from '../../src/api/maas/operations/base/absent.ts';
import { HANDLERS } from '../../src/api/maas/operations/table.ts';

const FILE = join(import.meta.dirname, 'maas-coverage.md');
/** Operations that each client calls, by resource. */
const CLIENTS = JSON.parse(
  readFileSync(join(import.meta.dirname, '../kit/maas-clients.json'), 'utf8'),
) as Readonly<Record<string, Readonly<Record<string, string>>>>;

const OPERATIONS = RESOURCES.flatMap((resource) => resource.operations.map((operation) => ({ resource, operation })));
const KEYS = new Set(OPERATIONS.map(({ operation }) => operation.key));
const isDone = (key: string) => Object.hasOwn(HANDLERS, key);
const share = (done: number, all: number) => `${done} of ${all} (${((100 * done) / all).toFixed(1)} %)`;

const ofClient = (client: string) =>
  Object.entries(CLIENTS[client] ?? {}).flatMap(([resource, names]) =>
    names.split(' ').map((name) => `${resource}.${name}`),
  );

/** How much of MAAS's API there is: a number that only grows. */
describe('the coverage of the MAAS API', () => {
  it('is this table', async () => {
    await expect(documentOf()).toMatchFileSnapshot(FILE);
  });

  it('has no handler without an operation', () => {
    expect(Object.keys(HANDLERS).filter((key) => !KEYS.has(key))).toEqual([]);
  });

  it('knows every operation that a client calls', () => {
    const unknown = Object.keys(CLIENTS).flatMap((client) => ofClient(client).filter((key) => !KEYS.has(key)));
    expect(unknown).toEqual([]);
  });
});

function documentOf(): string {
  const done = OPERATIONS.filter(({ operation }) => isDone(operation.key)).length;
  const nothing = Object.keys(ABSENT_HANDLERS).length;
  const clients = Object.keys(CLIENTS).map((client) => {
    const keys = ofClient(client);
    const missing = keys.filter((key) => !isDone(key));
    return `| ${client} | ${share(keys.length - missing.length, keys.length)} | ${missing.join(', ')} |`;
  });
  const sections = RESOURCES.map(({ path, operations }) => {
    const of = (is: boolean) => operations.filter(({ key }) => isDone(key) === is).map(({ name }) => name);
    return `| ${path} | ${of(true).join(' ')} | ${of(false).join(' ')} |`;
  });
  return [
    '# The MAAS API 2.0 in Regent',
    '',
    `Implemented: ${share(done, OPERATIONS.length)} operations of MAAS 3.7. The others answer 501 and name themselves.`,
    `Of these, ${nothing} are about what Regent has not: empty lists, nothing found, refusals that say what to do instead.`,
    '',
    '| client | operations that it calls | missing |',
    '| --- | --- | --- |',
    ...clients,
    '',
    '| path | implemented | 501 |',
    '| --- | --- | --- |',
    ...sections,
    '',
  ].join('\n');
}

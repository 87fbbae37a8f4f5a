import { type RawBuilder, sql } from 'kysely';
import { expect, test } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { createDomain } from '../../../src/store/queries/names/domains.ts';
import { createMachine, listMachines } from '../../../src/store/queries/machines/machines.ts';
import { listStorages } from '../../../src/store/queries/machines/machine-storage.ts';
import { listInventories } from '../../../src/store/queries/machines/machine-inventories.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

/** How PostgreSQL reads the pages of long lists. A plan tells it of an empty database, too. */

const postgres = usePostgres();

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly Output?: readonly string[];
  readonly 'Index Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** A node of a plan, and all below it. */
function* nodesOf(plan: Plan): Generator<Plan> {
  yield plan;
  for (const one of plan.Plans ?? []) yield* nodesOf(one);
}

/** What lies below the nodes that cut a page. */
function cutFrom(plan: Plan): Plan[] {
  return [...nodesOf(plan)].filter((node) => node['Node Type'] === 'Limit').flatMap((node) => [...nodesOf(node)]);
}

/** The plans of the statements that a list makes on a new database with one machine. */
async function plansOf(list: (tx: Tx) => Promise<unknown>): Promise<Plan[]> {
  const db = postgres.get().open(await postgres.get().createDatabase());
  value(
    await change(db, async (tx) => {
      const domain = await createDomain(tx, { name: 'a.test', ttl: null });
      const card = { name: 'eno1', mac: '52:54:00:00:00:01', kind: 'physical' as const, vlanId: null, addresses: [] };
      await createMachine(tx, { id: 'aaaaaa', hostname: 'a', domainId: domain.id, interfaces: [card] });
    }),
  );
  const plans: Plan[] = [];
  const explained = await db.read(async (tx) => {
    const all = async <R>(query: RawBuilder<R>): Promise<R[]> => {
      type Explained = { readonly 'QUERY PLAN': readonly { readonly Plan: Plan }[] };
      const [row] = await tx.all(sql<Explained>`explain (verbose, format json) ${query}`);
      plans.push(...(row?.['QUERY PLAN'] ?? []).map(({ Plan: plan }) => plan));
      return tx.all(query);
    };
    await list({ ...tx, all });
  });
  if (isRejected(explained)) throw new Error(explained.message);
  return plans;
}

test('a page of machines is cut before anything is joined to it, whatever the order', async () => {
  for (const sort of ['id', 'hostname', '-hostname']) {
    const [page, ...others] = await plansOf((tx) => listMachines(tx, { isDevice: false, sort, limit: 10 }));
    const tables = cutFrom(page as Plan).flatMap((node) => node['Relation Name'] ?? []);
    expect(tables, sort).toEqual(['machines']);
    expect(others).toHaveLength(2);
  }
});

test('a page is read in its order, not sorted out of the whole table', async () => {
  const lists = [
    ['machines_in_order', (tx: Tx) => listMachines(tx, { isDevice: false, sort: 'id', limit: 10 })],
    ['machines_by_hostname', (tx: Tx) => listMachines(tx, { isDevice: false, sort: '-hostname', limit: 10 })],
    ['machine_inventories_in_order', (tx: Tx) => listInventories(tx, { limit: 10 })],
    ['machine_storage_in_order', (tx: Tx) => listStorages(tx, { limit: 10 })],
  ] as const;
  for (const [index, list] of lists) {
    const [page] = await plansOf(list);
    const nodes = cutFrom(page as Plan);
    expect(
      nodes.map((node) => node['Node Type']),
      index,
    ).not.toContain('Sort');
    expect(nodes.flatMap((node) => node['Index Name'] ?? [])).toContain(index);
  }
});

test('a filter by what is beside the machine is a part of what is cut', async () => {
  const [page] = await plansOf((tx) => listMachines(tx, { state: 'ready', limit: 10 }));
  const tables = cutFrom(page as Plan).flatMap((node) => node['Relation Name'] ?? []);
  expect(tables.toSorted()).toEqual(['machine_states', 'machines']);
});

test('interfaces and links of a page are planned without a look at each id', async () => {
  const [, ...others] = await plansOf((tx) => listMachines(tx, { limit: 10 }));
  expect(others).toHaveLength(2);
  for (const plan of others) expect(JSON.stringify(plan)).not.toMatch(/ANY \('\{/);
});

test('hardware is cut down for the rows of the page alone', async () => {
  const [page] = await plansOf((tx) => listInventories(tx, { limit: 10 }));
  const below = cutFrom(page as Plan);
  expect(below.flatMap((node) => node['Relation Name'] ?? [])).toEqual(['machine_inventories']);
  expect(below.flatMap(({ Output = [] }) => Output).filter((text) => text.includes('cpu,flags'))).toEqual([]);
});

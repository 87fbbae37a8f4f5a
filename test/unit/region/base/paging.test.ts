import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected, type Rejected } from '../../../../src/core/errors.ts';
import { ROUTES } from '../../../../src/contract/routes.ts';
import {
  type ListInput,
  type ListPage,
  pageBody,
  pageInMemory,
  refuseFields,
} from '../../../../src/region/base/paging.ts';

interface Item {
  readonly id: number;
  readonly group: string;
}
const order = {
  sorts: { id: (item: Item) => item.id, group: (item: Item) => item.group },
  defaultSort: 'id',
  key: (item: Item) => item.id,
};

/** All pages, one after the other. */
function walk(items: readonly Item[], query: ListInput): Item[] {
  const seen: Item[] = [];
  let cursor: string | null = null;
  do {
    const page: ListPage<Item> | Rejected = pageInMemory(items, order, {
      ...query,
      ...(cursor === null ? {} : { cursor }),
    });
    if (isRejected(page)) throw new Error(page.message);
    seen.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return seen;
}

describe('paging in memory', () => {
  it('gives each item once, in order, whatever the page size', () => {
    const items = fc.uniqueArray(fc.record({ id: fc.nat(200), group: fc.constantFrom('a', 'b', 'c') }), {
      selector: (item) => item.id,
      maxLength: 40,
    });
    const query = fc.record({
      limit: fc.integer({ min: 1, max: 7 }),
      sort: fc.constantFrom('id', '-id', 'group', '-group'),
    });
    fc.assert(
      fc.property(items, query, (list, asked) => {
        const seen = walk(list, asked);
        expect(seen.map((item) => item.id).toSorted((a, b) => a - b)).toEqual(
          list.map((item) => item.id).toSorted((a, b) => a - b),
        );
        const value = (item: Item) => (asked.sort.endsWith('group') ? item.group : item.id);
        const sorted = seen.every((item, index) => {
          const before = seen[index - 1];
          if (!before) return true;
          return asked.sort.startsWith('-') ? value(before) >= value(item) : value(before) <= value(item);
        });
        expect(sorted).toBe(true);
      }),
    );
  });

  it('refuses a cursor of another order and one that is none', () => {
    const items = [1, 2, 3].map((id) => ({ id, group: 'a' }));
    const page = pageInMemory(items, order, { limit: 1 });
    const cursor = isRejected(page) ? '' : (page.next ?? '');
    expect(pageInMemory(items, order, { cursor, sort: '-id' })).toMatchObject({ code: 'invalid_value' });
    expect(pageInMemory(items, order, { cursor: '%%%' })).toMatchObject({ code: 'invalid_value' });
  });

  it('picks fields; an unknown one was refused before, by the schema', () => {
    const page = { items: [{ id: 1, group: 'a' }], next: null };
    expect(pageBody(page, (item) => item, { fields: 'group' })).toEqual({
      body: { items: [{ group: 'a' }], next: null },
    });
    expect(refuseFields(ROUTES['machine.list'], { fields: 'colour' })).toMatchObject({ code: 'invalid_value' });
    expect(refuseFields(ROUTES['machine.list'], { fields: 'id,deployment,powerState' })).toBeNull();
  });
});

import { type Machine, MACHINE_IN_SHORT } from '../../../../contract/machines/machine.ts';
import type { RouteInput, RouteOutput } from '../../../../contract/routes.ts';
import { JsonBytes } from '../../json-bytes.ts';
import type { SiteLists } from '../../site-lists.ts';
import type { Site } from '../../site.ts';
import { machineText } from './machine-text.ts';
import { type MaasMachine, readInventory, readSurroundings, viewMachine } from './machines.ts';

type Query = RouteInput<'machine.list'>['query'];
type ReportedInventory = RouteOutput<'machine-inventory.list'>['items'][number]['inventory'];
type Storage = RouteOutput<'storage.list'>['items'][number]['storage'];
/** The hardware of up to so many machines of a page is read one by one: a search for one machine does not wait for the hardware of all. */
const FEW = 3;
/** Rows of a page, at most: two of each list are in memory at a time. */
const PAGE = 1000;
/** Rows of the first page: while its machines are written, PostgreSQL reads the next ones. */
const FIRST = 150;

/** Which machines a list has. `may`: judged without its hardware; `passes`: judged in full, null without filters. */
export interface ListFilter {
  readonly query: Query;
  may(machine: Machine): boolean;
  readonly passes: ((machine: MaasMachine) => boolean) | null;
}

/** Machines in full as a list in JSON, part by part, a page in memory at a time. Machines, hardware and layouts are read side by side, in the order of their ids. */
export async function* machineListParts(
  site: Site,
  lists: SiteLists,
  filter: ListFilter,
): AsyncGenerator<Uint8Array, void> {
  // Their first pages are read side by side. A search for some machines may need the hardware of few.
  const isWhole = filter.passes === null;
  const query = { ...filter.query, sort: 'id', limit: PAGE, fields: MACHINE_IN_SHORT.join(',') } as const;
  const machines = ahead(site.pages('machine.list', query, FIRST), true);
  const inventories = follow(
    ahead(site.pages('machine-inventory.list', { limit: PAGE }, FIRST), isWhole),
    ({ machine, inventory }) => [machine, inventory],
  );
  const storages = follow(
    ahead(site.pages('storage.list', { limit: PAGE }, FIRST), isWhole),
    ({ machine, storage }) => [machine, storage],
  );
  const around = await readSurroundings(lists);
  const out = new JsonBytes();
  let head = '[';
  for await (const page of machines) {
    const some = page.filter((machine) => filter.may(machine));
    const parts = some.length > FEW ? await partsOf(some, inventories, storages) : await fewParts(site, some);
    const { passes } = filter;
    const shown =
      passes === null ? some : some.filter((machine) => passes(viewMachine(machine, parts(machine.id), around)));
    for (const machine of shown) {
      out.text(head + machineText(machine, parts(machine.id), around));
      head = ',';
      if (out.isFull) yield out.take();
    }
  }
  out.text(head === '[' ? '[]' : ']');
  yield out.take();
}

/** Pages, of which the first is requested at once. */
function ahead<T>(pages: AsyncGenerator<T, void>, isWanted: boolean): AsyncGenerator<T, void> {
  if (!isWanted) return pages;
  const first = pages.next();
  // Whoever stops early never waits for it; its refusal is nobody's then.
  first.catch(() => undefined);
  return (async function* all() {
    const page = await first;
    if (page.done === true) return;
    yield page.value;
    yield* pages;
  })();
}

type PartsByMachine = (machine: string) => {
  readonly inventory: ReportedInventory | undefined;
  readonly storage: Storage | undefined;
};

async function partsOf(
  machines: readonly Machine[],
  inventories: Follower<ReportedInventory>,
  storages: Follower<Storage>,
): Promise<PartsByMachine> {
  const [first = '', last = ''] = [machines[0]?.id, machines.at(-1)?.id];
  const inventoryById = await inventories(first, last);
  const storageById = await storages(first, last);
  return (machine) => ({ inventory: inventoryById.get(machine), storage: storageById.get(machine) });
}

async function fewParts(site: Site, machines: readonly Machine[]): Promise<PartsByMachine> {
  const read = new Map<string, ReturnType<PartsByMachine>>();
  for (const { id } of machines) {
    const inventory = await readInventory(site, id);
    const stored = await site.find('storage.show', { params: { machine: id } });
    read.set(id, { inventory, storage: stored?.storage });
  }
  return (machine) => read.get(machine) ?? { inventory: undefined, storage: undefined };
}

/** What a list has of the machines from one id to another; ids go up from call to call. */
type Follower<T> = (first: string, last: string) => Promise<ReadonlyMap<string, T>>;

/** Reads on in a list that is ordered by machine, no further than requested, and forgets the items before. */
function follow<I, T>(
  pages: AsyncGenerator<readonly I[], void>,
  entry: (item: I) => readonly [string, T],
): Follower<T> {
  let byMachine = new Map<string, T>();
  let read = '';
  let isWhole = false;
  return async (first, last) => {
    byMachine = new Map([...byMachine].filter(([machine]) => machine >= first));
    while (!isWhole && read < last) {
      const page = await pages.next();
      isWhole = page.done === true;
      for (const item of page.done ? [] : page.value) {
        const [machine, value] = entry(item);
        read = machine;
        if (machine >= first) byMachine.set(machine, value);
      }
    }
    return byMachine;
  };
}

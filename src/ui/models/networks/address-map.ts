import type { SubnetAddresses } from '../../../contract/site/screens.ts';

type AddressRun = SubnetAddresses['runs'][number];
/** Whose an address is; `free`: nobody's; `edge`: that of the network or the broadcast. */
export type AddressUse = AddressRun['use'] | 'free' | 'edge';

/**
 * A cell of the map: an address, or a block of addresses. `taken`: the used share of a block, 0 to 1. `label`: the text
 * under the pointer.
 */
export type MapCell = { readonly use: AddressUse; readonly taken: number; readonly label: string };

/** A square of 16 columns. */
export type MapGrid = { readonly title: string; readonly cells: readonly MapCell[] };

/** The map of a subnet. `block`: addresses of a cell. */
export type AddressMap = { readonly block: number; readonly grids: readonly MapGrid[] };

/** Uses from the most general to the most particular: a later one is painted over an earlier one. */
const PAINT: readonly AddressRun['use'][] = [
  'reserved',
  'dynamic',
  'lease',
  'record',
  'reservation',
  'machine',
  'gateway',
  'node',
];
/** A letter for each use, because a difference only in colour is not accessible. */
export const USE_LETTERS: Readonly<Record<AddressUse, string>> = {
  node: 'N',
  gateway: 'G',
  machine: 'M',
  reservation: 'R',
  lease: 'L',
  dynamic: '·',
  reserved: '×',
  record: 'A',
  free: '',
  edge: '–',
};

const GRID = 256;
/** Up to so many addresses each has a cell: a /22. */
const SINGLE_MAX = 1024;

/** The map of an IPv4 subnet; null: it has none (IPv6, or no CIDR). */
export function addressMap(cidr: string, runs: readonly AddressRun[]): AddressMap | null {
  const network = parseNetwork(cidr);
  if (network === null) return null;
  const { first, size } = network;
  const spans = PAINT.flatMap((use) =>
    runs.filter((run) => run.use === use).flatMap((run) => spanOf(run, first, size)),
  );
  return size <= SINGLE_MAX ? singles(network, spans) : blocks(network, spans);
}

/** How many addresses of each use there are, free ones included; the order is that of the letters. */
export function useCounts(map: AddressMap): ReadonlyMap<AddressUse, number> {
  const counts = new Map<AddressUse, number>();
  for (const use of Object.keys(USE_LETTERS) as AddressUse[]) counts.set(use, 0);
  for (const cell of map.grids.flatMap((grid) => grid.cells)) counts.set(cell.use, (counts.get(cell.use) ?? 0) + 1);
  return new Map([...counts].filter(([, count]) => count > 0));
}

/** A run as text: `10.0.0.1`, `10.0.0.100–10.0.0.199`. */
export const runText = (run: Pick<AddressRun, 'first' | 'last'>): string =>
  run.first === run.last ? run.first : `${run.first}–${run.last}`;

type Network = { readonly first: number; readonly size: number };

type Span = { readonly from: number; readonly to: number; readonly run: AddressRun };

function singles({ first, size }: Network, spans: readonly Span[]): AddressMap {
  const owners: (AddressRun | null)[] = Array.from({ length: size }, () => null);
  for (const { from, to, run } of spans) owners.fill(run, from, to + 1);
  const cells = owners.map((run, index): MapCell => {
    const address = formatAddress(first + index);
    const isEdge = size > 2 && (index === 0 || index === size - 1);
    const use = run?.use ?? (isEdge ? 'edge' : 'free');
    return {
      use,
      taken: run === null ? 0 : 1,
      label: run === null ? address : `${address} ${run.use} ${run.what}`.trim(),
    };
  });
  const grids = Array.from({ length: Math.ceil(size / GRID) }, (_, index) => ({
    title: formatAddress(first + index * GRID),
    cells: cells.slice(index * GRID, (index + 1) * GRID),
  }));
  return { block: 1, grids };
}

function blocks({ first, size }: Network, spans: readonly Span[]): AddressMap {
  const block = size / GRID;
  const cells = Array.from({ length: GRID }, (_, index): MapCell => {
    const [from, to] = [index * block, (index + 1) * block - 1];
    const inside = spans.filter((span) => span.from <= to && span.to >= from);
    const taken = unionSize(inside.map((span) => [Math.max(span.from, from), Math.min(span.to, to)] as const)) / block;
    const label = `${formatAddress(first + from)}–${formatAddress(first + to)} ${Math.round(taken * 100)} %`;
    return { use: inside.at(-1)?.run.use ?? 'free', taken, label };
  });
  return { block, grids: [{ title: formatAddress(first), cells }] };
}

function unionSize(spans: readonly (readonly [from: number, to: number])[]): number {
  let [size, end] = [0, -1];
  for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
    if (to <= end) continue;
    size += to - Math.max(from, end + 1) + 1;
    end = to;
  }
  return size;
}

function spanOf(run: AddressRun, base: number, size: number): readonly Span[] {
  const [from, to] = [parseAddress(run.first), parseAddress(run.last)];
  if (from === null || to === null || to < base || from >= base + size) return [];
  return [{ from: Math.max(0, from - base), to: Math.min(size - 1, to - base), run }];
}

function parseNetwork(cidr: string): Network | null {
  const [text = '', bits = ''] = cidr.split('/');
  const [address, prefix] = [parseAddress(text), /^\d{1,2}$/.test(bits) ? Number(bits) : 33];
  if (address === null || prefix > 32) return null;
  const size = 2 ** (32 - prefix);
  return { first: address - (address % size), size };
}

function parseAddress(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

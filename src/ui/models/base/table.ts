/** A value of a cell, as rows are compared and filtered by it. Null: there is none; it comes last. */
export type CellValue = string | number | boolean | null;

/** How a table is sorted: by a column's id; `isDown`: the greatest first. */
export type Sort = { readonly column: string; readonly isDown: boolean };

/** Reads a sort from an address: `name`, `-name`. Null if it names no column. */
export function parseSort(text: string | undefined, columns: readonly string[]): Sort | null {
  if (text === undefined) return null;
  const column = text.replace(/^-/, '');
  return columns.includes(column) ? { column, isDown: text.startsWith('-') } : null;
}

/** As parseSort reads it. */
export const sortText = (sort: Sort): string => `${sort.isDown ? '-' : ''}${sort.column}`;

/** The sort after a click on a column's head: ascending, descending, ascending … */
export function nextSort(sort: Sort | null, column: string): Sort {
  return { column, isDown: sort?.column === column && !sort.isDown };
}

/** Columns that are shown: those that an address names (`name,state`), or all but the spare ones. The first one names the row, and stays. */
export function shownColumns<C extends { readonly id: string; readonly isSpare?: boolean }>(
  columns: readonly C[],
  text: string | undefined,
): readonly C[] {
  const named = (text ?? '').split(',').filter((id) => columns.some((column) => column.id === id));
  if (named.length === 0) return columns.filter((column) => column.isSpare !== true);
  return columns.filter((column, index) => index === 0 || named.includes(column.id));
}

/** The text of an address for columns with one turned over; empty: as without a choice. */
export function columnsText<C extends { readonly id: string; readonly isSpare?: boolean }>(
  columns: readonly C[],
  shown: readonly C[],
  id: string,
): string {
  const next = columns.filter((column) => shown.includes(column) !== (column.id === id));
  const usual = columns.filter((column) => column.isSpare !== true);
  const isUsual = next.length === usual.length && next.every((column) => usual.includes(column));
  return isUsual ? '' : next.map((column) => column.id).join(',');
}

/** Sorts rows; equal rows keep their order. Names that end in numbers sort by the number. */
export function sorted<Row>(rows: readonly Row[], isDown: boolean, valueOf: (row: Row) => CellValue): readonly Row[] {
  const sign = isDown ? -1 : 1;
  // Many rows have the same value: its sort key is made once.
  const keys = new Map<CellValue, string | number | null>();
  return rows
    .map((row) => {
      const value = valueOf(row);
      let key = keys.get(value);
      if (key === undefined) keys.set(value, (key = sortKey(value)));
      return { row, key };
    })
    .sort((a, b) => {
      if (a.key === null || b.key === null) return a.key === b.key ? 0 : a.key === null ? 1 : -1;
      return sign * compare(a.key, b.key);
    })
    .map(({ row }) => row);
}

/** What the filter searches: a text of all cells, and the cell of a column by its id. */
export type FilterText = { readonly all: string; readonly of: (column: string) => string | null };

/**
 * Rows that contain every term of the filter in some cell. `column:term` searches only that column. `texts`: of the
 * rows, in their order; they are built once, because people type letter by letter.
 */
export function filtered<Row>(rows: readonly Row[], filter: string, texts: readonly FilterText[]): readonly Row[] {
  const terms = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((term) => term !== '');
  if (terms.length === 0) return rows;
  return rows.filter((_, index) => {
    const text = texts[index];
    return text !== undefined && terms.every((term) => holds(text, term));
  });
}

/** The rows that the table shows, for an action on all of them. */
export function filteredRows<Row>(
  rows: readonly Row[],
  columns: readonly { readonly id: string; readonly value: (row: Row) => CellValue }[],
  filter: string,
): readonly Row[] {
  if (filter.trim() === '') return rows;
  return filtered(rows, filter, textsOf(rows, columns));
}

/**
 * The texts of rows for the filter, in their order. One text is made of each row; a cell is read when a filter names
 * its column.
 */
export function textsOf<Row>(
  rows: readonly Row[],
  columns: readonly { readonly id: string; readonly value: (row: Row) => CellValue }[],
): readonly FilterText[] {
  const byId = new Map(columns.map((column) => [column.id, column.value]));
  return rows.map((row) => {
    let all = '';
    for (const { value } of columns) all += `\u0000${value(row) ?? ''}`;
    return {
      all: all.toLowerCase(),
      of: (id) => {
        const value = byId.get(id);
        return value ? String(value(row) ?? '').toLowerCase() : null;
      },
    };
  });
}

function holds(text: FilterText, term: string): boolean {
  const colon = term.indexOf(':');
  const cell = colon > 0 ? text.of(term.slice(0, colon)) : null;
  // Addresses contain colons also.
  return cell === null ? text.all.includes(term) : cell.includes(term.slice(colon + 1));
}

/** Rows that a window shows, with some on both sides. All in pixels. */
export function windowOf(
  count: number,
  at: { readonly top: number; readonly height: number; readonly rowHeight: number },
): { readonly first: number; readonly end: number } {
  const margin = 10;
  const first = Math.max(0, Math.floor(at.top / at.rowHeight) - margin);
  return {
    first: Math.min(first, count),
    end: Math.min(count, Math.ceil((at.top + at.height) / at.rowHeight) + margin),
  };
}

/** By what values are compared: a collator takes ten times as long, which ten thousand rows show. */
function sortKey(value: CellValue): string | number | null {
  if (value === null || typeof value === 'number') return value;
  return String(value)
    .toLowerCase()
    .replace(/\d+/g, (digits) => digits.padStart(16, '0'));
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [x, y] = [String(a), String(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

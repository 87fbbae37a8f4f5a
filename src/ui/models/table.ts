/** A value of a cell, as rows are compared and filtered by it. Null: there is none; it comes last. */
export type CellValue = string | number | boolean | null;

/** How a table is sorted: by a column's id; `isDown`: the greatest first. */
export interface Sort {
  readonly column: string;
  readonly isDown: boolean;
}

/** Reads a sort from an address: `name`, `-name`. Null where it names no column. */
export function parseSort(text: string | undefined, columns: readonly string[]): Sort | null {
  if (text === undefined) return null;
  const column = text.replace(/^-/, '');
  return columns.includes(column) ? { column, isDown: text.startsWith('-') } : null;
}

/** As parseSort reads it. */
export const sortText = (sort: Sort): string => `${sort.isDown ? '-' : ''}${sort.column}`;

/** What a click on a column's head makes of the sort: up, down, up … */
export function nextSort(sort: Sort | null, column: string): Sort {
  return { column, isDown: sort?.column === column && !sort.isDown };
}

/** Rows in order; equal ones stay as they were. Names that end in numbers are in the order of the numbers. */
export function sorted<Row>(rows: readonly Row[], isDown: boolean, valueOf: (row: Row) => CellValue): readonly Row[] {
  const way = isDown ? -1 : 1;
  return rows
    .map((row) => ({ row, value: valueOf(row) }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) return a.value === b.value ? 0 : a.value === null ? 1 : -1;
      return way * compare(a.value, b.value);
    })
    .map(({ row }) => row);
}

/** Rows of which some cell holds every word of the filter. */
export function filtered<Row>(
  rows: readonly Row[],
  filter: string,
  textsOf: (row: Row) => readonly CellValue[],
): readonly Row[] {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = textsOf(row).join('\u0000').toLowerCase();
    return words.every((word) => text.includes(word));
  });
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

const NUMBERED = new Intl.Collator('en', { numeric: true });

function compare(a: string | number | boolean, b: string | number | boolean): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return NUMBERED.compare(String(a), String(b));
}

import type { Output } from '../io.ts';
import { printable, safeJson } from './escape.ts';
import { usageError } from '../exit.ts';
import { fitColumns } from './fit.ts';
import { columnWidths, csvText, detailLines, tableLines } from './table.ts';
import { yamlText } from './yaml.ts';

/** Forms of output. */
export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'yaml', 'csv', 'name'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** A column of a list. `value` gives plain text; `wide`: shown by `-o wide` and `-o csv` only. */
export type Column<Row> = { readonly header: string; readonly wide?: boolean; value(row: Row): string };

/** How to show objects of one kind. `name`: the object's name in other commands. */
export interface Shape<Row> {
  readonly kind: string;
  readonly columns: readonly Column<Row>[];
  name(this: void, row: Row): string;
  /** Label and value pairs of `show`; the columns when left out. */
  details?(this: void, row: Row): readonly (readonly [label: string, value: string | readonly string[]])[];
}

/** Where results go. */
export interface Printer {
  readonly format: OutputFormat;
  readonly out: Output;
  readonly err: Output;
  /** The header by which lists are sorted; `-` before it: from the last one. */
  readonly sort?: string;
}

/** Prints a list in the wanted form. An empty table says so on stderr, so that stdout stays empty for scripts. */
export async function printList<Row>(printer: Printer, shape: Shape<Row>, given: readonly Row[]): Promise<void> {
  const { format, out, err } = printer;
  const rows = printer.sort === undefined ? given : sorted(given, shape, printer.sort);
  if (await printData(printer, rows)) return;
  if (format === 'name') {
    out.write(rows.map((row) => `${printable(shape.name(row))}\n`).join(''));
    return;
  }
  const isWide = format !== 'table';
  const columns = shape.columns.filter((column) => isWide || column.wide !== true);
  const headers = columns.map((column) => column.header);
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  if (format === 'csv') {
    out.write(csvText(headers, cells));
    return;
  }
  if (rows.length === 0) {
    err.write(`There is no ${shape.kind}.\n`);
    return;
  }
  // Whoever reads from a pipe cuts columns by their number.
  const places =
    isWide || !out.isTerminal
      ? headers.map((_, place) => place)
      : fitColumns(columnWidths(headers, cells), out.columns);
  const shown = <T>(all: readonly T[]) => places.flatMap((place) => all.slice(place, place + 1));
  out.write(`${tableLines(shown(headers), cells.map(shown)).join('\n')}\n`);
  const left = headers.slice(places.length);
  if (left.length > 0) err.write(`Columns that do not fit: ${left.join(', ')}. To see them: -o wide.\n`);
}

/** Rows in the order of a column's texts, numbers by their value. */
function sorted<Row>(rows: readonly Row[], { columns }: Shape<Row>, sort: string): Row[] {
  const isDown = sort.startsWith('-');
  const header = (isDown ? sort.slice(1) : sort).toLowerCase();
  const column = columns.find((one) => one.header.toLowerCase() === header);
  if (column === undefined) {
    const known = columns.map((one) => one.header).join(', ');
    throw usageError(`--sort: "${sort}" is not a column of this list. Rule: one of ${known}; - before it reverses.`);
  }
  const keyed = rows.map((row) => ({ row, key: column.value(row) }));
  keyed.sort((one, other) => COLLATOR.compare(one.key, other.key) * (isDown ? -1 : 1));
  return keyed.map(({ row }) => row);
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

/** Prints one object: labelled lines for the table form, else as a list of one object (JSON and YAML: the object itself). */
export async function printOne<Row>(printer: Printer, shape: Shape<Row>, row: Row): Promise<void> {
  if (await printData(printer, row)) return;
  if (printer.format === 'csv' || printer.format === 'name') {
    await printList(printer, shape, [row]);
    return;
  }
  const pairs = shape.details?.(row) ?? shape.columns.map((column) => [column.header, column.value(row)] as const);
  printer.out.write(`${detailLines(pairs).join('\n')}\n`);
}

/** Prints a value as JSON or YAML if that is the wanted form; otherwise gives false. */
export async function printData(printer: Printer, value: unknown): Promise<boolean> {
  if (printer.format === 'json') {
    printer.out.write(`${safeJson(value)}\n`);
    return true;
  }
  if (printer.format === 'yaml') {
    printer.out.write(yamlText(value));
    return true;
  }
  return false;
}

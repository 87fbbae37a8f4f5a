import type { Output } from '../io.ts';
import { printable, safeJson } from './escape.ts';
import { csvText, detailLines, tableLines } from './table.ts';
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
export type Printer = { readonly format: OutputFormat; readonly out: Output; readonly err: Output };

/** Prints a list in the wanted form. An empty table says so on stderr, so that stdout stays empty for scripts. */
export async function printList<Row>(printer: Printer, shape: Shape<Row>, rows: readonly Row[]): Promise<void> {
  const { format, out, err } = printer;
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
  out.write(`${tableLines(headers, cells).join('\n')}\n`);
}

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

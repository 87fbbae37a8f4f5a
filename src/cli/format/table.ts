import { cellWidth, printable, printableLines } from './escape.ts';

/**
 * Lines of an aligned table: header in capitals, two blanks between columns, no blank at the end of a line. Cells are made printable. An empty cell
 * shows "-", so that people can count columns.
 */
export function tableLines(headers: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [headers.map((header) => header.toUpperCase()), ...rows.map((row) => row.map(cellText))];
  const widths = columnWidths(headers, rows);
  return cells.map((row) =>
    row
      .map((text, index) => text + ' '.repeat(Math.max(0, (widths[index] ?? 0) - cellWidth(text))))
      .join('  ')
      .trimEnd(),
  );
}

/** Cells that each column of such a table takes. */
export function columnWidths(headers: readonly string[], rows: readonly (readonly string[])[]): number[] {
  return headers.map((header, index) =>
    rows.reduce((most, row) => Math.max(most, cellWidth(cellText(row[index] ?? ''))), cellWidth(header)),
  );
}

/** Lines `label:  value`, values aligned; a value of several lines continues under its first. */
export function detailLines(pairs: readonly (readonly [label: string, value: string | readonly string[]])[]): string[] {
  const width = pairs.reduce((most, [label]) => Math.max(most, cellWidth(label)), 0) + 1;
  return pairs.flatMap(([label, value]) => {
    const lines = typeof value === 'string' ? [value] : value.length === 0 ? ['-'] : value;
    return lines.map((line, index) => `${(index === 0 ? `${label}:` : '').padEnd(width)}  ${cellText(line)}`);
  });
}

/**
 * CSV by RFC 4180: CRLF between records, quotes for a cell with a comma, quote or line break. Unsafe characters are escaped as everywhere; use JSON
 * for exact bytes.
 */
export function csvText(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headers, ...rows].map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

function csvCell(raw: string): string {
  const text = printableLines(raw);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const cellText = (text: string): string => (text === '' ? '-' : printable(text));

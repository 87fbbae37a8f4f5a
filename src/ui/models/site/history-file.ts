/** A row of a file of history: its values by column. */
export type HistoryFileRow = Readonly<Record<string, string | number>>;

/** Forms of such a file. */
export type FileForm = 'csv' | 'json';

/** Rows as the text of a file. */
export function fileText(rows: readonly HistoryFileRow[], form: FileForm): string {
  return form === 'json' ? `${JSON.stringify(rows, null, 2)}\n` : csvText(rows);
}

function csvText(rows: readonly HistoryFileRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  return [columns, ...rows.map((row) => columns.map((column) => row[column] ?? ''))]
    .map((cells) => `${cells.map((cell) => csvCell(String(cell))).join(',')}\r\n`)
    .join('');
}

/** RFC 4180; a spreadsheet would compute what begins like a formula. */
function csvCell(text: string): string {
  const plain = /^[=+\-@\t]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

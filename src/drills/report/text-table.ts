import { clip, lengthOf, plain } from './escape.ts';

/** A column of a table in text. `most`: characters after which a cell is cut. */
export type TextColumn = { readonly header: string; readonly isNumber?: boolean; readonly most?: number };

/** Lines of an aligned table: two blanks between columns, numbers to the right, no blank at the end of a line. */
export function textTable(columns: readonly TextColumn[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map((column) => column.header), ...rows].map((row) =>
    columns.map((column, index) => clip(plain(row[index] ?? ''), column.most ?? Number.MAX_SAFE_INTEGER)),
  );
  const widths = columns.map((_, index) => Math.max(...cells.map((row) => lengthOf(row[index] ?? ''))));
  return cells.map((row) =>
    row
      .map((text, index) => {
        const blanks = ' '.repeat((widths[index] ?? 0) - lengthOf(text));
        return columns[index]?.isNumber === true ? blanks + text : text + blanks;
      })
      .join('  ')
      .trimEnd(),
  );
}

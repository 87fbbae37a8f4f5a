import type { JSX } from 'preact';
import type { View } from '../models/view.ts';
import { Empty, Shown } from './page.tsx';
import { type Column, Table } from './table.tsx';

/** The list that a page is about: its main table, or what to do next where nothing is there yet. */
export function MainList<Row>(props: {
  readonly view: View<readonly Row[]>;
  readonly words: { readonly title: string; readonly empty: string; readonly emptyNext: string };
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** Where Enter on a row leads. */
  readonly linkOf?: (row: Row) => string;
  /** The site sends a page of it at a time: it filters and sorts, not the table. */
  readonly isPaged?: boolean;
}): JSX.Element {
  const { view, words, isPaged, ...table } = props;
  return (
    <Shown view={view}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty text={words.empty} next={words.emptyNext} />
        ) : (
          <Table {...table} name={words.title} rows={rows} isMain={isPaged !== true} />
        )
      }
    </Shown>
  );
}

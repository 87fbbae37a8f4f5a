import type { JSX } from 'preact';
import type { View } from '../models/base/view.ts';
import { Empty, Shown } from './page.tsx';
import { type Column, Table } from './table.tsx';

interface ListProps<Row> {
  readonly view: View<readonly Row[]>;
  /** `emptyNext`: what to do next if nothing is there yet. */
  readonly texts: { readonly title: string; readonly empty: string; readonly emptyNext?: string };
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** Where Enter on a row leads. */
  readonly linkOf?: (row: Row) => string;
}

/** The list that a page is about: its main table, or what to do next if nothing is there yet. */
export function MainList<Row>(
  props: ListProps<Row> & {
    /** The site sends a page of it at a time: it filters and sorts, not the table. */
    readonly isPaged?: boolean;
  },
): JSX.Element {
  const { isPaged, ...list } = props;
  return <List {...list} isMain={isPaged !== true} />;
}

/** A list in a section of a page. */
export function SectionList<Row>(props: ListProps<Row>): JSX.Element {
  return <List {...props} isMain={false} />;
}

function List<Row>(props: ListProps<Row> & { readonly isMain: boolean }): JSX.Element {
  const { view, texts, ...table } = props;
  return (
    <Shown view={view}>
      {(rows) =>
        rows.length === 0 ? (
          <Empty text={texts.empty} {...(texts.emptyNext === undefined ? {} : { next: texts.emptyNext })} />
        ) : (
          <Table {...table} name={texts.title} rows={rows} />
        )
      }
    </Shown>
  );
}

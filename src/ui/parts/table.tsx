import type { ComponentChildren, JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { usePlaces } from '../live/place.ts';
import type { CellValue, Sort } from '../models/base/table.ts';
import { filtered, nextSort, parseSort, shownColumns, sorted, sortText, textsOf } from '../models/base/table.ts';
import { Button } from './button.tsx';
import { EN } from '../texts/en.ts';
import { ColumnChoice } from './columns.tsx';
import { Icon } from './icon.tsx';
import { useRows } from './rows.ts';

/** A column. `value`: by what rows are sorted and filtered; `cell`: what is shown, the value when left out; `isMinor`: not on a phone; `isAction`: buttons, which do not go onto paper; `isSpare`: shown when somebody asks for it. */
export interface Column<Row> {
  readonly id: string;
  readonly head: string;
  readonly value: (row: Row) => CellValue;
  readonly cell?: (row: Row) => ComponentChildren;
  readonly isNumber?: boolean;
  readonly isMinor?: boolean;
  readonly isAction?: boolean;
  readonly isSpare?: boolean;
}

/** Which rows of a table are chosen, and how that is changed. `isAll`: all that the filter keeps. */
export interface RowChoice {
  readonly isAll: boolean;
  readonly has: (key: string) => boolean;
  readonly toggle: (key: string) => void;
  readonly toggleAll: () => void;
}

interface TableProps<Row> {
  /** The accessible name. */
  readonly name: string;
  readonly rows: readonly Row[];
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** What a screen reader reads of a row that can be chosen; its key if left out. */
  readonly nameOf?: (row: Row) => string;
  /** Where Enter on a row leads. */
  readonly linkOf?: (row: Row) => string;
  /** Filter and sort stand in the address; a page has one such table. Left out: the table has neither. */
  readonly isMain?: boolean;
  /** Columns are chosen, in the address. */
  readonly hasColumns?: boolean;
  readonly choice?: RowChoice;
  /** Beside the filter. */
  readonly tools?: ComponentChildren;
}

/** A table: sorted, filtered, of any length, with keyboard navigation. */
export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const places = usePlaces();
  const { query } = places.place.value;
  const filter = props.isMain ? (query['filter'] ?? '') : '';
  const ids = props.columns.map((column) => column.id);
  const sort = props.isMain ? parseSort(query['sort'], ids) : null;
  const [isTyping, setTyping] = useState(false);
  const rows = useVisibleRows(props, { filter, isTyping }, sort);
  const shown = props.hasColumns ? shownColumns(props.columns, query['columns']) : props.columns;
  return (
    <div class="table">
      {props.isMain && (
        <div class="table-tools">
          <label>
            <span class="hidden">{EN.filter}</span>
            <input
              type="search"
              data-search
              placeholder={`${EN.filter}  f`}
              value={filter}
              onFocus={() => setTyping(true)}
              onBlur={() => setTyping(false)}
              onInput={(event) => places.setQuery({ filter: event.currentTarget.value })}
            />
          </label>
          <span class="faint" role="status">
            {EN.rows(rows.length, props.rows.length)}
          </span>
          {props.hasColumns && (
            <ColumnChoice
              columns={props.columns}
              shown={shown}
              onChoose={(text) => places.setQuery({ columns: text })}
            />
          )}
          {props.tools}
        </div>
      )}
      {rows.length === 0 && filter !== '' ? (
        <p class="empty">
          {EN.noMatch} <Button onClick={() => places.setQuery({ filter: '' })}>{EN.clearFilter}</Button>
        </p>
      ) : (
        <Rows
          {...props}
          columns={shown}
          rows={rows}
          total={props.rows.length}
          sort={sort}
          onSort={(next) => places.setQuery({ sort: sortText(next) })}
        />
      )}
    </div>
  );
}

/**
 * Rows that match the filter, in order. The filter text of a row is built once, before the first letter; the order of
 * all rows is reused while the user types.
 */
function useVisibleRows<Row>(
  props: TableProps<Row>,
  { filter, isTyping }: { readonly filter: string; readonly isTyping: boolean },
  sort: Sort | null,
): readonly Row[] {
  const { rows, columns } = props;
  const by = columns.find((column) => column.id === sort?.column);
  const isDown = sort?.isDown === true;
  const ordered = useMemo(() => (by ? sorted(rows, isDown, by.value) : rows), [rows, by?.id, isDown]);
  const isFiltered = isTyping || filter.trim() !== '';
  const texts = useMemo(() => (isFiltered ? textsOf(ordered, columns) : []), [ordered, isFiltered]);
  return useMemo(() => filtered(ordered, filter, texts), [ordered, filter, texts]);
}

function Rows<Row>(
  props: TableProps<Row> & {
    /** Rows without the filter. */
    readonly total: number;
    readonly sort: Sort | null;
    readonly onSort: (sort: Sort) => void;
  },
): JSX.Element {
  const { rows, columns, choice } = props;
  const shown = useRows(rows.length, props.total);
  const width = columns.length + (choice ? 1 : 0);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const row = rows[shown.active];
    // A key on a button within the row is the button's.
    const isRow = event.target instanceof HTMLTableRowElement;
    if (by !== 0) shown.step(by);
    else if (event.key === 'x' && isRow && row !== undefined && choice) choice.toggle(props.keyOf(row));
    else if (event.key === 'Enter' && isRow && row !== undefined && props.linkOf) location.hash = props.linkOf(row);
    else return;
    event.preventDefault();
  };
  return (
    <div
      class={shown.isWindowed ? 'table-scroll windowed' : 'table-scroll'}
      ref={shown.scroll}
      data-rows
      role="region"
      aria-label={props.name}
      onScroll={() => shown.onScroll()}
      onKeyDown={onKeyDown}
      onFocusIn={(event) => shown.onFocusIn(event)}
    >
      <table aria-label={props.name} aria-rowcount={rows.length + 1}>
        <thead>
          <tr>
            {choice && <ChooseAll choice={choice} />}
            {columns.map((column) => (
              <Head
                key={column.id}
                column={column}
                sort={props.sort}
                onSort={props.isMain && !column.isAction ? props.onSort : null}
              />
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.above > 0 && <Space height={shown.above} columns={width} />}
          {rows.slice(shown.first, shown.end).map((row, offset) => {
            const index = shown.first + offset;
            return (
              <tr
                key={props.keyOf(row)}
                data-row={index}
                aria-rowindex={index + 2}
                tabIndex={index === shown.active ? 0 : -1}
              >
                {choice && <Choose choice={choice} id={props.keyOf(row)} name={(props.nameOf ?? props.keyOf)(row)} />}
                {columns.map((column) => (
                  <td key={column.id} class={classOf(column)}>
                    {column.cell ? column.cell(row) : column.value(row)}
                  </td>
                ))}
              </tr>
            );
          })}
          {shown.below > 0 && <Space height={shown.below} columns={width} />}
        </tbody>
      </table>
    </div>
  );
}

function ChooseAll({ choice }: { readonly choice: RowChoice }): JSX.Element {
  return (
    <th scope="col" class="choice">
      <input type="checkbox" aria-label={EN.chooseAll} checked={choice.isAll} onChange={() => choice.toggleAll()} />
    </th>
  );
}

function Choose(props: { readonly choice: RowChoice; readonly id: string; readonly name: string }): JSX.Element {
  const { choice, id } = props;
  return (
    <td class="choice">
      <input
        type="checkbox"
        tabIndex={-1}
        aria-label={EN.choose(props.name)}
        checked={choice.has(id)}
        onChange={() => choice.toggle(id)}
      />
    </td>
  );
}

function Head<Row>(props: {
  readonly column: Column<Row>;
  readonly sort: Sort | null;
  readonly onSort: ((sort: Sort) => void) | null;
}): JSX.Element {
  const { column, sort, onSort } = props;
  const isSorted = sort?.column === column.id;
  return (
    <th
      scope="col"
      class={classOf(column)}
      aria-sort={isSorted ? (sort.isDown ? 'descending' : 'ascending') : undefined}
    >
      {onSort ? (
        <button type="button" class="quiet" onClick={() => onSort(nextSort(sort, column.id))}>
          {column.head}
          {isSorted && <Icon name={sort.isDown ? 'down' : 'up'} />}
        </button>
      ) : (
        column.head
      )}
    </th>
  );
}

/** Reserves the height of the rows that are not rendered. */
function Space({ height, columns }: { readonly height: number; readonly columns: number }): JSX.Element {
  return (
    <tr aria-hidden="true" class="space">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

function classOf<Row>({ isNumber, isMinor, isAction }: Column<Row>): string {
  return [...(isNumber ? ['number'] : []), ...(isMinor ? ['minor'] : []), ...(isAction ? ['action'] : [])].join(' ');
}

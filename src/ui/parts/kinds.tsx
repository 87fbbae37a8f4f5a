import type { Tone } from '../models/base/tone.ts';
import { RowLink } from './button.tsx';
import { State } from './icon.tsx';
import type { Column } from './table.tsx';
import { Ago, For } from './time.tsx';

type Traits<Row> = Omit<Column<Row>, 'id' | 'head' | 'value' | 'cell'>;
type TextOf<Row> = (row: Row) => string;
type MomentOf<Row> = (row: Row) => string | null;

/** A column with a state: its tone and its label. */
export function stateColumn<Row>(
  id: string,
  head: string,
  of: { readonly label: TextOf<Row>; readonly tone: (row: Row) => Tone },
  traits: Traits<Row> = {},
): Column<Row> {
  return { id, head, value: of.label, cell: (row) => <State tone={of.tone(row)} label={of.label(row)} />, ...traits };
}

/** A column with the name of what a row is about, which leads to its page. */
export function linkColumn<Row>(
  id: string,
  head: string,
  nameOf: (row: Row) => string | number,
  linkOf: TextOf<Row>,
): Column<Row> {
  return { id, head, value: nameOf, cell: (row) => <RowLink href={linkOf(row)}>{nameOf(row)}</RowLink> };
}

/** A column with how long ago something was. */
export function agoColumn<Row>(id: string, head: string, at: MomentOf<Row>, traits: Traits<Row> = {}): Column<Row> {
  return { id, head, value: at, cell: (row) => <Ago at={at(row)} />, ...traits };
}

/** A column with for how long something is so. */
export function forColumn<Row>(id: string, head: string, since: MomentOf<Row>, traits: Traits<Row> = {}): Column<Row> {
  return { id, head, value: since, cell: (row) => <For since={since(row)} />, ...traits };
}

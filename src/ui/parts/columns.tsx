import type { JSX } from 'preact';
import { columnsText } from '../models/base/table.ts';
import { EN } from '../texts/en.ts';

type Choosable = { readonly id: string; readonly head: string; readonly isSpare?: boolean };

/** The choice of a table's columns. The first one names its rows, so it stays. */
export function ColumnChoice<C extends Choosable>(props: {
  readonly columns: readonly C[];
  readonly shown: readonly C[];
  readonly onChoose: (text: string) => void;
}): JSX.Element {
  const { columns, shown } = props;
  return (
    <details class="menu">
      <summary>{EN.columns}</summary>
      <ul>
        {columns.slice(1).map((column) => (
          <li key={column.id}>
            <label class="check">
              <input
                type="checkbox"
                checked={shown.includes(column)}
                onChange={() => props.onChoose(columnsText(columns, shown, column.id))}
              />
              {column.head}
            </label>
          </li>
        ))}
      </ul>
    </details>
  );
}

import type { Column } from './table.tsx';

/** Something that one can do with a row. */
type RowAction = { readonly label: string; readonly run: () => void };

/** The column of the actions on a row; `nameOf`: what a screen reader reads after the label. */
export function actionColumn<Row>(
  head: string,
  nameOf: (row: Row) => string,
  actionsOf: (row: Row) => readonly RowAction[],
): Column<Row> {
  return {
    id: 'do',
    head,
    value: () => null,
    isAction: true,
    cell: (row) => (
      <span class="row-actions">
        {actionsOf(row).map((action) => (
          <button
            key={action.label}
            type="button"
            class="small"
            aria-label={`${action.label} ${nameOf(row)}`}
            onClick={action.run}
          >
            {action.label}
          </button>
        ))}
      </span>
    ),
  };
}

import { machineLink, type MachineRow } from '../../models/machines/machines.ts';
import { State } from '../../parts/icon.tsx';
import { forColumn } from '../../parts/kinds.tsx';
import type { Column } from '../../parts/table.tsx';
import { LATE as EN } from '../../texts/late.ts';

const { columns: HEADS, locked: LOCKED } = EN.machines;

/** A column of a text of the row. */
const textOf = (
  id: 'owner' | 'pool' | 'zone' | 'tags' | 'addresses' | 'vlans' | 'image' | 'note' | 'macs' | 'id',
  rest: Partial<Column<MachineRow>> = {},
): Column<MachineRow> => ({ id, head: HEADS[id], value: (row) => row[id], ...rest });

/** Columns of the list of machines. */
export const MACHINE_COLUMNS: readonly Column<MachineRow>[] = [
  {
    id: 'name',
    head: HEADS.name,
    value: (row) => row.fqdn,
    cell: (row) => (
      <a href={machineLink(row.id)} tabIndex={-1} title={row.fqdn}>
        {row.name}
      </a>
    ),
  },
  {
    id: 'state',
    head: HEADS.state,
    value: (row) => (row.isLocked ? `${row.state}, ${LOCKED}` : row.state),
    cell: (row) => <State tone={row.tone} label={row.isLocked ? `${row.state}, ${LOCKED}` : row.state} />,
  },
  {
    id: 'power',
    head: HEADS.power,
    value: (row) => row.power,
    cell: (row) => (row.power === '' ? '' : <State tone={row.powerTone} label={row.power} />),
  },
  textOf('owner', { isMinor: true }),
  textOf('pool', { isMinor: true }),
  textOf('zone', { isMinor: true }),
  textOf('tags', { isMinor: true }),
  textOf('addresses', { isMinor: true }),
  textOf('vlans', { isMinor: true }),
  textOf('note', { isMinor: true }),
  textOf('image', { isSpare: true, isMinor: true }),
  forColumn('since', HEADS.since, (row) => row.since, { isSpare: true, isMinor: true }),
  textOf('macs', { isSpare: true, isMinor: true }),
  textOf('id', { isSpare: true, isMinor: true }),
];

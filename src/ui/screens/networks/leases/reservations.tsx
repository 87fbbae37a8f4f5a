import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Lease } from '../../../../contract/networks/lease.ts';
import type { Reservation } from '../../../../contract/networks/reservation.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { Button } from '../../../parts/button.tsx';
import { Copy } from '../../../parts/copy.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { NounDialog } from '../../base/catalog/noun-dialog.tsx';

const TEXTS = EN.networks.reservations;

const COLUMNS: readonly Column<Reservation>[] = [
  {
    id: 'address',
    head: TEXTS.columns.address,
    value: (row) => row.address,
    cell: (row) => <Copy text={row.address} />,
  },
  { id: 'mac', head: TEXTS.columns.mac, value: (row) => row.mac ?? '' },
  { id: 'hostname', head: TEXTS.columns.hostname, value: (row) => row.hostname ?? '' },
  { id: 'machine', head: TEXTS.columns.machine, value: (row) => row.machine ?? '', isMinor: true },
  { id: 'comment', head: TEXTS.columns.comment, value: (row) => row.comment, isMinor: true },
];

type ReservationDialogState = 'create' | { readonly kind: 'set' | 'remove'; readonly row: Reservation };

/** Reserved addresses; with a MAC, static leases. */
export function Reservations(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<ReservationDialogState | null>(null);
  const reservations = useList('reservation.list', {}, { nouns: ['reservation', 'machine', 'subnet'] });
  const actions = actionColumn<Reservation>(
    EN.networks.actions,
    (row) => row.address,
    (row) => [
      { label: TEXTS.set, run: () => setOpen({ kind: 'set', row }) },
      { label: TEXTS.remove, run: () => setOpen({ kind: 'remove', row }) },
    ],
  );
  return (
    <Page
      title={TEXTS.title}
      cli={CLI.reservations}
      actions={may.operate && <Button onClick={() => setOpen('create')}>{TEXTS.create}</Button>}
    >
      <MainList
        view={reservations.view}
        texts={TEXTS}
        columns={may.operate ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => String(row.id)}
      />
      {open !== null && <ReservationDialog open={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

/**
 * Gives the client of a lease an address of its own in the same subnet: the lowest free one, because DHCP gives the
 * leased one to others.
 */
export function ReserveDialog({
  lease,
  onClose,
}: {
  readonly lease: Lease;
  readonly onClose: () => void;
}): JSX.Element {
  const { subnet, mac, hostname } = lease;
  const known = { address: 'auto', subnet: subnet ?? '', mac: mac ?? '', hostname };
  return <NounDialog noun="reservation" work={{ verb: 'create', ref: null, known }} onClose={onClose} />;
}

function ReservationDialog({
  open,
  onClose,
}: {
  readonly open: ReservationDialogState;
  readonly onClose: () => void;
}): JSX.Element {
  if (open === 'create')
    return <NounDialog noun="reservation" work={{ verb: 'create', ref: null }} onClose={onClose} />;
  const { address } = open.row;
  if (open.kind === 'set')
    return <NounDialog noun="reservation" work={{ verb: 'set', ref: address }} onClose={onClose} />;
  return (
    <ActionDialog
      title={`${TEXTS.remove} ${address}`}
      text={TEXTS.removeText(address)}
      id="reservation.delete"
      input={{ params: { reservation: address } }}
      cli={`regent reservation delete ${address}`}
      onClose={onClose}
    />
  );
}

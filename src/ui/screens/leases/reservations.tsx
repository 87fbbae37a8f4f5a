import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Lease } from '../../../contract/network/lease.ts';
import type { Reservation } from '../../../contract/network/reservation.ts';
import { useMay } from '../../live/use-may.ts';
import { useList } from '../../live/use-view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { FormDialog, given, type Values } from '../../parts/form.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Page } from '../../parts/page.tsx';
import { actionColumn } from '../../parts/row-actions.tsx';
import type { Column } from '../../parts/table.tsx';
import { WithCurrent } from '../../parts/with-current.tsx';
import { CLI } from '../../words/cli.ts';
import { EN } from '../../words/en.ts';

const WORDS = EN.networks.reservations;

const COLUMNS: readonly Column<Reservation>[] = [
  { id: 'address', head: WORDS.columns.address, value: (row) => row.address },
  { id: 'mac', head: WORDS.columns.mac, value: (row) => row.mac ?? '' },
  { id: 'hostname', head: WORDS.columns.hostname, value: (row) => row.hostname ?? '' },
  { id: 'machine', head: WORDS.columns.machine, value: (row) => row.machine ?? '', isMinor: true },
  { id: 'comment', head: WORDS.columns.comment, value: (row) => row.comment, isMinor: true },
];

type Open = 'create' | { readonly kind: 'set' | 'remove'; readonly row: Reservation };

/** Reserved addresses; with a MAC, static leases. */
export function Reservations(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<Open | null>(null);
  const reservations = useList('reservation.list', {}, { nouns: ['reservation', 'machine', 'subnet'] });
  const actions = actionColumn<Reservation>(
    EN.networks.actions,
    (row) => row.address,
    (row) => [
      { word: WORDS.set, run: () => setOpen({ kind: 'set', row }) },
      { word: WORDS.remove, run: () => setOpen({ kind: 'remove', row }) },
    ],
  );
  return (
    <Page
      title={WORDS.title}
      cli={CLI.reservations}
      actions={
        may.operate && (
          <button type="button" onClick={() => setOpen('create')}>
            {WORDS.create}
          </button>
        )
      }
    >
      <MainList
        view={reservations.view}
        words={WORDS}
        columns={may.operate ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => String(row.id)}
      />
      {open !== null && <ReservationDialog open={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

/** Makes the address of a lease that of its client for good. */
export function ReserveDialog({
  lease,
  onClose,
}: {
  readonly lease: Lease;
  readonly onClose: () => void;
}): JSX.Element {
  return <CreateReservation address={lease.address} mac={lease.mac ?? ''} name={lease.hostname} onClose={onClose} />;
}

function ReservationDialog({ open, onClose }: { readonly open: Open; readonly onClose: () => void }): JSX.Element {
  if (open === 'create') return <CreateReservation address="" mac="" name="" onClose={onClose} />;
  const { address } = open.row;
  const params = { reservation: address };
  if (open.kind === 'remove') {
    return (
      <ActionDialog
        title={`${WORDS.remove} ${address}`}
        text={WORDS.removeText(address)}
        id="reservation.delete"
        input={{ params }}
        cli={`regent reservation delete ${address}`}
        onClose={onClose}
      />
    );
  }
  const title = `${WORDS.set} ${address}`;
  return (
    <WithCurrent id="reservation.show" input={{ params }} title={title} onClose={onClose}>
      {({ body, etag }, changed) => (
        <FormDialog
          title={title}
          id="reservation.set"
          ifMatch={etag}
          changed={changed}
          fields={[
            {
              name: 'mac',
              label: WORDS.fields.mac,
              initial: body.mac ?? '',
              help: WORDS.macHelp,
              isOptional: true,
            },
            { name: 'hostname', label: WORDS.fields.hostname, initial: body.hostname ?? '', isOptional: true },
            { name: 'comment', label: WORDS.fields.comment, initial: body.comment, isOptional: true },
          ]}
          input={(values) => ({
            params,
            body: {
              mac: values['mac'] || null,
              hostname: values['hostname'] || null,
              comment: values['comment'] ?? '',
            },
          })}
          cli={(values) => `regent reservation set ${address} --mac ${values['mac'] || 'none'}`}
          onClose={onClose}
        />
      )}
    </WithCurrent>
  );
}

function CreateReservation(props: {
  readonly address: string;
  readonly mac: string;
  readonly name: string;
  readonly onClose: () => void;
}): JSX.Element {
  return (
    <FormDialog
      title={WORDS.create}
      id="reservation.create"
      fields={[
        { name: 'address', label: WORDS.fields.address, initial: props.address, help: WORDS.addressHelp },
        { name: 'subnet', label: WORDS.fields.subnet, help: WORDS.subnetHelp, isOptional: true },
        { name: 'mac', label: WORDS.fields.mac, initial: props.mac, help: WORDS.macHelp, isOptional: true },
        { name: 'hostname', label: WORDS.fields.hostname, initial: props.name, isOptional: true },
        { name: 'comment', label: WORDS.fields.comment, isOptional: true },
      ]}
      input={(values) => ({
        body: {
          address: values['address'] ?? '',
          ...given(values, 'subnet'),
          ...given(values, 'mac'),
          ...given(values, 'hostname'),
          comment: values['comment'] ?? '',
        },
      })}
      cli={cliOf}
      onClose={props.onClose}
    />
  );
}

function cliOf(values: Values): string {
  const options = (['subnet', 'mac', 'hostname'] as const).flatMap((name) =>
    values[name] ? [` --${name} ${values[name]}`] : [],
  );
  return `regent reservation create ${values['address'] || 'ADDRESS'}${options.join('')}`;
}

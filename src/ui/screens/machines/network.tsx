import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Machine } from '../../../contract/machines/machine.ts';
import { useMay } from '../../live/use-may.ts';
import { linkTo } from '../../models/base/address.ts';
import { Button } from '../../parts/button.tsx';
import { Copy } from '../../parts/copy.tsx';
import { Empty, Section } from '../../parts/page.tsx';
import { actionColumn } from '../../parts/row-actions.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { type InterfaceAction, InterfaceDialog } from './interface-dialogs.tsx';

const TEXTS = EN.machines.network;
type Nic = Machine['interfaces'][number];

const COLUMNS: readonly Column<Nic>[] = [
  { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
  { id: 'kind', head: TEXTS.columns.kind, value: (row) => row.kind, isMinor: true },
  { id: 'mac', head: TEXTS.columns.mac, value: (row) => row.mac, cell: (row) => <Copy text={row.mac} /> },
  {
    id: 'vlan',
    head: TEXTS.columns.vlan,
    value: (row) => row.vlan,
    cell: (row) => (row.vlan === null ? '' : <a href={linkTo(['vlans', ...row.vlan.split('/')])}>{row.vlan}</a>),
  },
  {
    id: 'addresses',
    head: TEXTS.columns.addresses,
    value: addressesOf,
    cell: (row) => (row.addresses.length === 0 ? addressesOf(row) : <Addresses nic={row} />),
  },
  { id: 'parents', head: TEXTS.columns.parents, value: (row) => (row.parents ?? []).join(', '), isMinor: true },
  { id: 'tags', head: TEXTS.columns.tags, value: (row) => (row.tags ?? []).join(', '), isMinor: true },
];

/** Addresses, or how it gets one. */
function addressesOf(nic: Nic): string {
  if (nic.addresses.length > 0) return nic.addresses.map(({ address }) => address).join(', ');
  return (nic.links ?? []).map(({ mode, subnet }) => (subnet === null ? mode : `${mode} ${subnet}`)).join(', ');
}

function Addresses({ nic }: { readonly nic: Nic }): JSX.Element {
  return (
    <>
      {nic.addresses.map(({ address }) => (
        <Copy key={address} text={address} />
      ))}
    </>
  );
}

/** Interfaces of a machine. */
export function Interfaces({ machine }: { readonly machine: Machine }): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<InterfaceAction | null>(null);
  const options = machine.dhcpOptions ?? [];
  const columns = may.operate
    ? [
        ...COLUMNS,
        actionColumn<Nic>(
          TEXTS.do,
          (nic) => nic.name,
          (nic) => [
            { label: TEXTS.change, run: () => setOpen({ nic, isDelete: false }) },
            { label: TEXTS.delete, run: () => setOpen({ nic, isDelete: true }) },
          ],
        ),
      ]
    : COLUMNS;
  return (
    <>
      <Section title={TEXTS.title}>
        {machine.interfaces.length === 0 ? (
          <Empty text={TEXTS.none} />
        ) : (
          <Table name={TEXTS.title} rows={machine.interfaces} columns={columns} keyOf={(row) => String(row.id)} />
        )}
        {may.operate && (
          <div class="actions">
            <Button onClick={() => setOpen({ nic: null, isDelete: false })}>{TEXTS.create}</Button>
          </div>
        )}
      </Section>
      {open !== null && <InterfaceDialog machine={machine} action={open} onClose={() => setOpen(null)} />}
      {options.length > 0 && (
        <Section title={TEXTS.dhcp}>
          <ul>
            {options.map((text) => (
              <li key={text}>
                <code>{text}</code>
              </li>
            ))}
          </ul>
        </Section>
      )}
    </>
  );
}

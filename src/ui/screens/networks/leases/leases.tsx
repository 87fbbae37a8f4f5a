import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Lease } from '../../../../contract/networks/lease.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { leaseTone } from '../../../models/networks/networks.ts';
import { stamp } from '../../../models/base/time.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { Copy } from '../../../parts/copy.tsx';
import { stateColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { ReserveDialog } from './reservations.tsx';

const TEXTS = EN.networks.leases;
const EVERY_MS = 10_000;

/** The columns of a lease. */
export const COLUMNS: readonly Column<Lease>[] = [
  {
    id: 'address',
    head: TEXTS.columns.address,
    value: (row) => row.address,
    cell: (row) => <Copy text={row.address} />,
  },
  stateColumn('state', TEXTS.columns.state, { label: (row) => row.state, tone: leaseTone }),
  { id: 'mac', head: TEXTS.columns.mac, value: (row) => row.mac ?? row.clientId ?? '', isMinor: true },
  { id: 'hostname', head: TEXTS.columns.hostname, value: (row) => row.hostname },
  { id: 'machine', head: TEXTS.columns.machine, value: (row) => row.machine ?? '', isMinor: true },
  { id: 'vlan', head: TEXTS.columns.vlan, value: (row) => row.vlan ?? '', isMinor: true },
  { id: 'node', head: TEXTS.columns.node, value: (row) => row.node },
  { id: 'held', head: TEXTS.columns.held, value: (row) => (row.heldBy ?? []).join(', '), isMinor: true },
  {
    id: 'ends',
    head: TEXTS.columns.ends,
    value: (row) => row.expiresAt,
    cell: (row) => stamp(row.expiresAt),
    isMinor: true,
  },
];

/** Leases in force, as they come and go. */
export function Leases(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<{ readonly kind: 'release' | 'reserve'; readonly lease: Lease } | null>(null);
  const leases = useList('lease.list', {}, { nouns: ['lease'], everyMs: EVERY_MS });
  const actions = actionColumn<Lease>(
    EN.networks.actions,
    (row) => row.address,
    (lease) => [
      ...(lease.mac !== null && lease.kind === 'dynamic'
        ? [{ label: EN.networks.reservations.ofLease, run: () => setOpen({ kind: 'reserve', lease }) }]
        : []),
      { label: TEXTS.release, run: () => setOpen({ kind: 'release', lease }) },
    ],
  );
  const columns = may.operate ? [...COLUMNS, actions] : COLUMNS;
  return (
    <Page title={TEXTS.title} cli={CLI.leases}>
      <MainList view={leases.view} texts={TEXTS} columns={columns} keyOf={(row) => row.address} />
      {open?.kind === 'reserve' && <ReserveDialog lease={open.lease} onClose={() => setOpen(null)} />}
      {open?.kind === 'release' && (
        <ActionDialog
          title={`${TEXTS.release} ${open.lease.address}`}
          text={TEXTS.releaseText(open.lease.address)}
          id="lease.release"
          input={{ params: { address: open.lease.address } }}
          cli={`regent lease release ${open.lease.address}`}
          onClose={() => setOpen(null)}
        />
      )}
    </Page>
  );
}

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import type { Rack } from '../../../contract/cluster/rack.ts';
import type { Vlan } from '../../../contract/networks/vlan.ts';
import { useMay } from '../../live/use-may.ts';
import { useList, useView } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { partOf, rackTone } from '../../models/networks/networks.ts';
import { dataOf, type View } from '../../models/base/view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { State } from '../../parts/icon.tsx';
import { stateColumn } from '../../parts/kinds.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Page, Pending } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.networks.racks;
/** What an admin does with a rack. */
type RackMenuAction = 'accept' | 'reject' | 'reset-key' | 'delete';

function actionsOf(rack: Rack): readonly RackMenuAction[] {
  if (rack.isPlaceholder) return [];
  // One that serves is rejected first.
  return rack.state === 'accepted'
    ? ['reject', 'reset-key']
    : rack.state === 'rejected'
      ? ['accept', 'delete']
      : ['accept', 'reject', 'delete'];
}

const stateText = (rack: Rack) =>
  rack.isPlaceholder ? TEXTS.placeholder : rack.isMaster ? `${rack.state}, ${TEXTS.master}` : rack.state;

const COLUMNS: readonly Column<Rack>[] = [
  {
    id: 'name',
    head: TEXTS.columns.name,
    value: (row) => row.name,
    cell: (row) => (row.node === null ? row.name : <a href={linkTo(['nodes', row.node])}>{row.name}</a>),
  },
  stateColumn('state', TEXTS.columns.state, { label: stateText, tone: rackTone }),
  { id: 'machines', head: TEXTS.columns.machines, value: (row) => row.machines, isNumber: true },
  {
    id: 'seen',
    head: TEXTS.columns.seen,
    value: (row) => row.seenAt,
    cell: (row) => (row.isPlaceholder ? '' : <Ago at={row.seenAt} />),
  },
  { id: 'source', head: TEXTS.columns.source, value: (row) => row.source ?? '', isMinor: true },
];

/** VLANs of a rack with its part in their pairs, and which services of it are not as they should be. */
function dutyColumns(vlans: View<readonly Vlan[]>, cluster: View<ClusterStatus>): Column<Rack>[] {
  const vlansText = (row: Rack) =>
    row.vlans.map(({ vlan }) => vlanDuty(vlan, partOf(row.node, vlan, dataOf(vlans) ?? []))).join(', ');
  const ill = (row: Rack, services: ClusterStatus['services'] = []) =>
    services.filter((entry) => row.node !== null && entry.ill.includes(row.node)).map(({ service }) => service);
  return [
    {
      id: 'vlans',
      head: TEXTS.columns.vlans,
      value: vlansText,
      cell: (row) => <Pending view={vlans}>{() => vlansText(row)}</Pending>,
    },
    {
      id: 'services',
      head: TEXTS.columns.services,
      value: (row) => ill(row, dataOf(cluster)?.services).join(', '),
      cell: (row) =>
        row.node !== null && (
          <Pending view={cluster}>{(data) => data !== null && <Ill services={ill(row, data.services)} />}</Pending>
        ),
    },
  ];
}

function Ill({ services }: { readonly services: readonly string[] }): JSX.Element {
  const isNone = services.length === 0;
  return <State tone={isNone ? 'ok' : 'bad'} label={isNone ? TEXTS.allHealthy : services.join(', ')} />;
}

const vlanDuty = (vlan: string, part: 'primary' | 'secondary' | null): string =>
  part === null ? vlan : `${vlan} (${TEXTS[part]})`;

/** Racks: those that wait for an admin's approval, and those that serve. */
export function Racks(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<{ action: RackMenuAction; rack: Rack } | null>(null);
  const racks = useList('rack.list', {}, { nouns: ['rack', 'node'], everyMs: 10_000 });
  const vlans = useList('vlan.list', {}, { nouns: ['vlan', 'rack'], everyMs: 10_000 });
  const cluster = useView('cluster.show', {}, { nouns: ['node', 'service'], everyMs: 10_000 });
  const [name, state, ...others] = COLUMNS;
  const duties = dutyColumns(vlans.view, cluster.view);
  const columns = [name, state, ...duties, ...others].filter((column) => column !== undefined);
  const buttons: Column<Rack> = {
    id: 'do',
    head: EN.access.actions,
    value: () => null,
    cell: (row) =>
      actionsOf(row).map((action) => (
        <button
          key={action}
          type="button"
          aria-label={`${TEXTS[action]} ${row.name}`}
          onClick={() => setOpen({ action, rack: row })}
        >
          {TEXTS[action]}
        </button>
      )),
  };
  const id = open?.rack.uuid ?? open?.rack.name ?? '';
  return (
    <Page title={TEXTS.title} cli={CLI.racks}>
      <MainList
        view={racks.view}
        texts={TEXTS}
        columns={may.administer ? [...columns, buttons] : columns}
        keyOf={(row) => row.uuid ?? row.name}
      />
      {(open?.action === 'accept' || open?.action === 'reset-key') && (
        <ActionDialog
          {...dialogOf(open.action, open.rack.name)}
          id={`rack.${open.action}`}
          input={{ params: { rack: id }, body: {} }}
          onClose={() => setOpen(null)}
        />
      )}
      {open !== null && open.action !== 'accept' && open.action !== 'reset-key' && (
        <ActionDialog
          {...dialogOf(open.action, open.rack.name)}
          id={`rack.${open.action}`}
          input={{ params: { rack: id } }}
          onClose={() => setOpen(null)}
        />
      )}
    </Page>
  );
}

function dialogOf(action: RackMenuAction, name: string) {
  return {
    title: `${TEXTS[action]} ${name}`,
    text: TEXTS[`${action}Text`](name),
    cli: `regent rack ${action} ${name}`,
  };
}

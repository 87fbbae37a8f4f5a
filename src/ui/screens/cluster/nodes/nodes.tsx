import type { JSX } from 'preact';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { bytesText, type NodeRow, nodeRows } from '../../../models/cluster/nodes.ts';
import { Copy } from '../../../parts/copy.tsx';
import { State } from '../../../parts/icon.tsx';
import { dataOf, mapView } from '../../../models/base/view.ts';
import { RowLink } from '../../../parts/button.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago, For } from '../../../parts/time.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';
import { Places } from './places.tsx';

const TEXTS = EN.nodes;
const EVERY_MS = 5000;
const linkOf = (row: NodeRow) => linkTo(['nodes', row.name]);

const COLUMNS: readonly Column<NodeRow>[] = [
  {
    id: 'name',
    head: TEXTS.columns.name,
    value: (row) => row.name,
    cell: (row) => <RowLink href={linkOf(row)}>{row.name}</RowLink>,
  },
  { id: 'roles', head: TEXTS.columns.roles, value: (row) => row.roles },
  {
    id: 'state',
    head: TEXTS.columns.state,
    value: (row) => row.state,
    cell: (row) => <State tone={row.tone} label={row.state} />,
  },
  {
    id: 'report',
    head: TEXTS.columns.report,
    value: (row) => row.reportedAt,
    cell: (row) => <Ago at={row.reportedAt} />,
  },
  { id: 'generation', head: TEXTS.columns.generation, value: (row) => row.generation, isNumber: true, isMinor: true },
  { id: 'database', head: TEXTS.columns.database, value: (row) => row.database },
  {
    id: 'lag',
    head: TEXTS.columns.lag,
    value: (row) => row.lagBytes,
    cell: (row) => (row.lagBytes === null ? '' : bytesText(row.lagBytes)),
    isNumber: true,
    isMinor: true,
  },
  {
    id: 'agent',
    head: TEXTS.columns.agent,
    value: (row) => row.agentSince,
    cell: (row) => <For since={row.agentSince} />,
    isMinor: true,
  },
  {
    id: 'certificate',
    head: TEXTS.columns.certificate,
    value: (row) => row.ends,
    cell: (row) => (row.ends === null ? '' : TEXTS.days(row.ends)),
    isNumber: true,
    isMinor: true,
  },
  {
    id: 'address',
    head: TEXTS.columns.address,
    value: (row) => row.address,
    cell: (row) => (row.address === '' ? '' : <Copy text={row.address} />),
    isMinor: true,
  },
];

/** The page of all nodes of the site. */
export function Nodes(): JSX.Element {
  const cluster = useView('cluster.show', {}, { nouns: ['node', 'job'], everyMs: EVERY_MS });
  const may = useMay();
  return (
    <Page title={TEXTS.title} cli={CLI.nodes}>
      <MainList
        view={mapView(cluster.view, nodeRows)}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => row.name}
        linkOf={linkOf}
      />
      {may.keep && <Places nodes={(dataOf(cluster.view)?.nodes ?? []).map((row) => row.name)} />}
    </Page>
  );
}

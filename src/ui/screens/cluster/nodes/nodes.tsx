import type { JSX } from 'preact';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { bytesText, type NodeRow, nodeRows } from '../../../models/cluster/nodes.ts';
import { Copy } from '../../../parts/copy.tsx';
import { dataOf, mapView } from '../../../models/base/view.ts';
import { agoColumn, forColumn, linkColumn, stateColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';
import { Places } from './places.tsx';

const TEXTS = EN.nodes;
const EVERY_MS = 5000;
const linkOf = (row: NodeRow) => linkTo(['nodes', row.name]);

const COLUMNS: readonly Column<NodeRow>[] = [
  linkColumn('name', TEXTS.columns.name, (row) => row.name, linkOf),
  { id: 'roles', head: TEXTS.columns.roles, value: (row) => row.roles },
  stateColumn('state', TEXTS.columns.state, { label: (row) => row.state, tone: (row) => row.tone }),
  agoColumn('report', TEXTS.columns.report, (row) => row.reportedAt),
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
  forColumn('agent', TEXTS.columns.agent, (row) => row.agentSince, { isMinor: true }),
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

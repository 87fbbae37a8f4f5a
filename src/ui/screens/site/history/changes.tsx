import type { JSX } from 'preact';
import type { ConfigChange, PendingConfig } from '../../../../contract/site/config.ts';
import { usePlaces } from '../../../live/place.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { dataOf, mapView } from '../../../models/base/view.ts';
import { PreviewText } from '../../../parts/diff.tsx';
import { Filters, Pager } from '../../../parts/filters.tsx';
import { linkColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page, Section, Shown } from '../../../parts/page.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.history.changes;
const PAGE = 100;
const linkOf = (row: ConfigChange) => linkTo(['changes', String(row.id)]);

const COLUMNS: readonly Column<ConfigChange>[] = [
  linkColumn('id', TEXTS.columns.id, (row) => row.id, linkOf),
  { id: 'at', head: TEXTS.columns.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  { id: 'who', head: TEXTS.columns.who, value: (row) => row.who, isMinor: true },
  { id: 'origin', head: TEXTS.columns.origin, value: (row) => row.origin, isMinor: true },
  {
    id: 'summary',
    head: TEXTS.columns.summary,
    value: (row) => (row.reverts === null ? row.summary : `${row.summary} (${TEXTS.reverts(row.reverts)})`),
  },
];

/** Every change of the configuration, the newest first, and what of it is not in force yet. */
export function Changes(): JSX.Element {
  const { query } = usePlaces().place.value;
  const { who, table, cursor } = query;
  const changes = useView(
    'config.history',
    { query: { limit: PAGE, ...(who ? { who } : {}), ...(table ? { table } : {}), ...(cursor ? { cursor } : {}) } },
    // Any event may be one of a change.
    { nouns: ['*'] },
  );
  return (
    <Page title={TEXTS.title} cli={CLI.changes}>
      <Filters
        cursor="cursor"
        filters={[
          { id: 'who', label: TEXTS.who },
          { id: 'table', label: TEXTS.table },
        ]}
      />
      <MainList
        view={mapView(changes.view, ({ items }) => items)}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => String(row.id)}
        linkOf={linkOf}
        isPaged
      />
      <Pager cursor="cursor" next={dataOf(changes.view)?.next ?? null} />
      <Pending />
    </Page>
  );
}

function Pending(): JSX.Element {
  const pending = useView('config.diff', {}, { nouns: ['*'], everyMs: 10_000 });
  return (
    <Section title={TEXTS.pending}>
      <Shown view={pending.view}>{(data) => <PendingText pending={data} />}</Shown>
    </Section>
  );
}

function PendingText({ pending }: { readonly pending: PendingConfig }): JSX.Element {
  const nodes = pending.nodes.filter((node) => !node.isCurrent || node.files.length > 0);
  if (nodes.length === 0) return <p>{TEXTS.pendingNone}</p>;
  return (
    <>
      <ul>
        {nodes.map((node) => (
          <li key={node.node}>{TEXTS.pendingNode(node.node, String(node.applied ?? '–'), node.wanted)}</li>
        ))}
      </ul>
      <PreviewText preview={{ dryRun: true, object: null, nodes }} />
    </>
  );
}

import type { JSX } from 'preact';
import type { ConfigChange, PendingConfig } from '../../../../contract/site/config.ts';
import { changeSentence } from '../../../../contract/site/wire/change-sentence.ts';
import { plainSentence } from '../../../../contract/site/wire/sentence.ts';
import { useLive } from '../../../live/live.ts';
import { type HistoryList, useHistory, useHistoryFile } from '../../../live/use-history.ts';
import { historyQuery } from '../../../models/base/history-query.ts';
import { FilteredHere, HISTORY_FILTERS, HistoryFiles } from '../../../parts/history-tools.tsx';
import { SentenceText } from '../../../parts/sentence.tsx';
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
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.history.changes;
const PAGE = 100;
const linkOf = (row: ConfigChange) => linkTo(['changes', String(row.id)]);

const COLUMNS: readonly Column<ConfigChange>[] = [
  linkColumn('id', TEXTS.columns.id, (row) => row.id, linkOf),
  { id: 'at', head: TEXTS.columns.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  {
    id: 'what',
    head: TEXTS.columns.what,
    value: (row) => plainSentence(changeSentence(row)),
    cell: (row) => <SentenceText pieces={changeSentence(row)} />,
  },
  { id: 'origin', head: TEXTS.columns.origin, value: (row) => row.origin, isMinor: true },
];

const fileRow = (row: ConfigChange) => ({
  id: row.id,
  at: row.at,
  what: plainSentence(changeSentence(row)),
  who: row.who,
  by: row.origin,
  command: row.summary,
});

const factsOf = (row: ConfigChange) => ({
  text: `${plainSentence(changeSentence(row))} ${row.summary}`,
  who: row.who,
  at: row.at,
});

/** Every change of the configuration, the newest first, and what of it is not in force yet. */
export function Changes(): JSX.Element {
  const { now } = useLive();
  const { query } = usePlaces().place.value;
  const { table, cursor } = query;
  const list: HistoryList<'config.history'> = {
    id: 'config.history',
    query: { limit: PAGE, ...(table ? { table } : {}), ...historyQuery(query, now.value) },
    factsOf,
  };
  const at = cursor ? { ...list, query: { ...list.query, cursor } } : list;
  // Any event may be one of a change.
  const changes = useHistory(at, { nouns: ['*'] });
  const file = useHistoryFile(list, 'cursor', fileRow);
  return (
    <Page title={TEXTS.title} cli={CLI.changes}>
      <Filters
        cursor="cursor"
        filters={[
          HISTORY_FILTERS.text,
          HISTORY_FILTERS.object,
          HISTORY_FILTERS.who,
          { id: 'table', label: TEXTS.table, choices: TEXTS.tables },
          HISTORY_FILTERS.by,
          HISTORY_FILTERS.time,
        ]}
      />
      <FilteredHere isIt={dataOf(changes.view)?.isFilteredHere === true} />
      <MainList
        view={mapView(changes.view, ({ items }) => items)}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => String(row.id)}
        linkOf={linkOf}
        isPaged
      />
      <Pager cursor="cursor" next={dataOf(changes.view)?.next ?? null} />
      <HistoryFiles file={file} />
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

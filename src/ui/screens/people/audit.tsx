import type { JSX } from 'preact';
import type { AuditEntry } from '../../../contract/people/audit.ts';
import { auditSentence } from '../../../contract/site/wire/change-sentence.ts';
import { plainSentence } from '../../../contract/site/wire/sentence.ts';
import { useLive } from '../../live/live.ts';
import { type HistoryList, useHistory, useHistoryFile } from '../../live/use-history.ts';
import { historyQuery } from '../../models/base/history-query.ts';
import { FilteredHere, HISTORY_FILTERS, HistoryFiles } from '../../parts/history-tools.tsx';
import { SentenceText } from '../../parts/sentence.tsx';
import { usePlaces } from '../../live/place.ts';
import { outcomeTone } from '../../models/people/audit.ts';
import { dataOf, mapView } from '../../models/base/view.ts';
import { Filters, FlagFilter, Pager } from '../../parts/filters.tsx';
import { stateColumn } from '../../parts/kinds.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Page } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.history.audit;
const PAGE = 100;

const COLUMNS: readonly Column<AuditEntry>[] = [
  { id: 'id', head: TEXTS.columns.id, value: (row) => row.id, isMinor: true },
  { id: 'at', head: TEXTS.columns.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  {
    id: 'what',
    head: TEXTS.columns.what,
    value: (row) => plainSentence(auditSentence(row)),
    cell: (row) => <SentenceText pieces={auditSentence(row)} />,
  },
  { id: 'origin', head: TEXTS.columns.origin, value: (row) => row.origin, isMinor: true },
  stateColumn('outcome', TEXTS.columns.outcome, { label: (row) => row.outcome, tone: outcomeTone }),
];

const fileRow = (row: AuditEntry) => ({
  id: row.id,
  at: row.at,
  what: plainSentence(auditSentence(row)),
  who: row.who,
  by: row.origin,
  command: row.action,
  outcome: row.outcome,
});

const factsOf = (row: AuditEntry) => ({ text: plainSentence(auditSentence(row)), who: row.who, at: row.at });

/** Who requested which change, and its outcome; refusals and logins also. Without a choice: what people did, because machines report every second. */
export function Audit(): JSX.Element {
  const { now } = useLive();
  const { query } = usePlaces().place.value;
  const { action, origin, cursor, by = 'people' } = query;
  const { text: _text, ...filters } = historyQuery({ ...query, by }, now.value);
  const list: HistoryList<'audit.list'> = {
    id: 'audit.list',
    query: {
      limit: PAGE,
      ...filters,
      ...(action ? { action } : {}),
      ...(origin ? { origin } : {}),
      ...(query['refused'] === 'yes' ? { refused: true } : {}),
    },
    factsOf,
  };
  const at = cursor ? { ...list, query: { ...list.query, cursor } } : list;
  const audit = useHistory(at, { nouns: ['*'] });
  const file = useHistoryFile(list, 'cursor', fileRow);
  return (
    <Page title={TEXTS.title} cli={CLI.audit}>
      <Filters
        cursor="cursor"
        filters={[
          { id: 'action', label: TEXTS.action },
          HISTORY_FILTERS.object,
          HISTORY_FILTERS.who,
          { id: 'origin', label: TEXTS.origin, help: 'api, ui, maas, login' },
          { id: 'by', label: EN.history.by, choices: TEXTS.by },
          HISTORY_FILTERS.time,
        ]}
      >
        <FlagFilter id="refused" label={TEXTS.refused} cursor="cursor" />
      </Filters>
      <FilteredHere isIt={dataOf(audit.view)?.isFilteredHere === true} />
      <MainList
        view={mapView(audit.view, ({ items }) => items)}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => String(row.id)}
        isPaged
      />
      <Pager cursor="cursor" next={dataOf(audit.view)?.next ?? null} />
      <HistoryFiles file={file} />
    </Page>
  );
}

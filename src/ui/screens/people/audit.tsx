import type { JSX } from 'preact';
import type { AuditEntry } from '../../../contract/people/audit.ts';
import { usePlaces } from '../../live/place.ts';
import { useView } from '../../live/use-view.ts';
import { outcomeTone } from '../../models/people/audit.ts';
import { dataOf, mapView } from '../../models/base/view.ts';
import { Filters, FlagFilter, Pager } from '../../parts/filters.tsx';
import { State } from '../../parts/icon.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Page } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { CLI } from '../../words/base/cli.ts';
import { EN } from '../../words/en.ts';

const WORDS = EN.history.audit;
const PAGE = 100;

const COLUMNS: readonly Column<AuditEntry>[] = [
  { id: 'id', head: WORDS.columns.id, value: (row) => row.id, isMinor: true },
  { id: 'at', head: WORDS.columns.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  { id: 'who', head: WORDS.columns.who, value: (row) => row.who },
  { id: 'origin', head: WORDS.columns.origin, value: (row) => row.origin, isMinor: true },
  { id: 'action', head: WORDS.columns.action, value: (row) => row.action },
  {
    id: 'outcome',
    head: WORDS.columns.outcome,
    value: (row) => row.outcome,
    cell: (row) => <State tone={outcomeTone(row)} word={row.outcome} />,
  },
];

/** Who asked for which change, and what came of it; refusals and logins, too. */
export function Audit(): JSX.Element {
  const { query } = usePlaces().place.value;
  const { who, action, origin, cursor } = query;
  const audit = useView(
    'audit.list',
    {
      query: {
        limit: PAGE,
        ...(who ? { who } : {}),
        ...(action ? { action } : {}),
        ...(origin ? { origin } : {}),
        ...(query['refused'] === 'yes' ? { refused: true } : {}),
        ...(cursor ? { cursor } : {}),
      },
    },
    { nouns: ['*'] },
  );
  return (
    <Page title={WORDS.title} cli={CLI.audit}>
      <Filters
        cursor="cursor"
        filters={[
          { id: 'who', label: WORDS.who },
          { id: 'action', label: WORDS.action },
          { id: 'origin', label: WORDS.origin, help: 'api, ui, maas, login' },
        ]}
      >
        <FlagFilter id="refused" label={WORDS.refused} cursor="cursor" />
      </Filters>
      <MainList
        view={mapView(audit.view, ({ items }) => items)}
        words={WORDS}
        columns={COLUMNS}
        keyOf={(row) => String(row.id)}
        isPaged
      />
      <Pager cursor="cursor" next={dataOf(audit.view)?.next ?? null} />
    </Page>
  );
}

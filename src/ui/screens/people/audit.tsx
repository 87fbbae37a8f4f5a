import type { JSX } from 'preact';
import type { AuditEntry } from '../../../contract/people/audit.ts';
import { usePlaces } from '../../live/place.ts';
import { useView } from '../../live/use-view.ts';
import { outcomeTone } from '../../models/people/audit.ts';
import { dataOf, mapView } from '../../models/base/view.ts';
import { Filters, FlagFilter, Pager } from '../../parts/filters.tsx';
import { stateColumn } from '../../parts/kinds.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Page } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { EN } from '../../texts/en.ts';

const TEXTS = EN.history.audit;
const PAGE = 100;

const COLUMNS: readonly Column<AuditEntry>[] = [
  { id: 'id', head: TEXTS.columns.id, value: (row) => row.id, isMinor: true },
  { id: 'at', head: TEXTS.columns.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  { id: 'who', head: TEXTS.columns.who, value: (row) => row.who },
  { id: 'origin', head: TEXTS.columns.origin, value: (row) => row.origin, isMinor: true },
  { id: 'action', head: TEXTS.columns.action, value: (row) => row.action },
  stateColumn('outcome', TEXTS.columns.outcome, { label: (row) => row.outcome, tone: outcomeTone }),
];

/** Who requested which change, and its outcome; refusals and logins also. */
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
    <Page title={TEXTS.title} cli={CLI.audit}>
      <Filters
        cursor="cursor"
        filters={[
          { id: 'who', label: TEXTS.who },
          { id: 'action', label: TEXTS.action },
          { id: 'origin', label: TEXTS.origin, help: 'api, ui, maas, login' },
        ]}
      >
        <FlagFilter id="refused" label={TEXTS.refused} cursor="cursor" />
      </Filters>
      <MainList
        view={mapView(audit.view, ({ items }) => items)}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => String(row.id)}
        isPaged
      />
      <Pager cursor="cursor" next={dataOf(audit.view)?.next ?? null} />
    </Page>
  );
}

import type { JSX } from 'preact';
import type { Event } from '../../../../contract/site/event.ts';
import { usePlaces } from '../../../live/place.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { dataOf, mapView } from '../../../models/base/view.ts';
import { Filters, Pager } from '../../../parts/filters.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Tabs } from '../../../parts/tabs.tsx';
import { Ago } from '../../../parts/time.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { EN } from '../../../texts/en.ts';
import { Audit } from '../../people/audit.tsx';

const TEXTS = EN.history.events;
const PAGE = 100;

const COLUMNS: readonly Column<Event>[] = [
  { id: 'id', head: TEXTS.columns.id, value: (row) => row.id, isMinor: true },
  { id: 'at', head: TEXTS.columns.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  { id: 'kind', head: TEXTS.columns.kind, value: (row) => row.kind },
  { id: 'subject', head: TEXTS.columns.subject, value: (row) => row.subject },
  { id: 'who', head: TEXTS.columns.who, value: (row) => row.who, isMinor: true },
  {
    id: 'revision',
    head: TEXTS.columns.revision,
    value: (row) => row.revision,
    cell: (row) => <a href={linkTo(['changes', String(row.revision)])}>{row.revision}</a>,
    isNumber: true,
    isMinor: true,
  },
];

/** What happened, and who requested it. Null: there is no such part. */
export function events(rest: readonly string[]): JSX.Element | null {
  const [part, ...more] = rest;
  if (more.length > 0 || (part !== undefined && part !== 'audit')) return null;
  return <Happenings isAudit={part === 'audit'} />;
}

function Happenings({ isAudit }: { readonly isAudit: boolean }): JSX.Element {
  const may = useMay();
  const tabs = [
    { id: 'events', label: TEXTS.title, link: linkTo(['events']) },
    ...(may.keep ? [{ id: 'audit', label: TEXTS.audit, link: linkTo(['events', 'audit']) }] : []),
  ];
  return (
    <div class="tabbed">
      <Tabs name={TEXTS.title} at={isAudit ? 'audit' : 'events'} tabs={tabs} />
      {isAudit ? <Audit /> : <Events />}
    </div>
  );
}

/** Events, the newest first, a page at a time: there may be a hundred thousand. The newest page goes on by itself. */
function Events(): JSX.Element {
  const { query } = usePlaces().place.value;
  const { kind, subject } = query;
  const before = Number(query['before'] ?? '');
  const isNewest = !Number.isInteger(before) || before < 1;
  const events = useView(
    'event.list',
    {
      query: {
        sort: '-id',
        limit: PAGE,
        ...(kind ? { kind } : {}),
        ...(subject ? { subject } : {}),
        ...(isNewest ? {} : { before }),
      },
    },
    // Older ones stay as they are.
    { nouns: isNewest ? ['*'] : [] },
  );
  return (
    <Page title={TEXTS.title} cli={CLI.events}>
      <Filters
        cursor="before"
        filters={[
          { id: 'kind', label: TEXTS.kind, help: TEXTS.kindHelp },
          { id: 'subject', label: TEXTS.subject, help: TEXTS.subjectHelp },
        ]}
      />
      <MainList
        view={mapView(events.view, ({ items }) => items)}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => String(row.id)}
        isPaged
      />
      <Pager cursor="before" next={dataOf(events.view)?.next ?? null} />
    </Page>
  );
}

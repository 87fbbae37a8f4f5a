import type { JSX } from 'preact';
import type { Event } from '../../../../contract/site/event.ts';
import { eventSentence } from '../../../../contract/site/wire/event-sentence.ts';
import { type EventGroup, groupEvents } from '../../../../contract/site/wire/history-groups.ts';
import { plainSentence } from '../../../../contract/site/wire/sentence.ts';
import { useLive } from '../../../live/live.ts';
import { type HistoryList, useHistory, useHistoryFile } from '../../../live/use-history.ts';
import { historyQuery } from '../../../models/base/history-query.ts';
import { FilteredHere, HISTORY_FILTERS, HistoryFiles } from '../../../parts/history-tools.tsx';
import { SentenceText } from '../../../parts/sentence.tsx';
import { usePlaces } from '../../../live/place.ts';
import { useMay } from '../../../live/use-may.ts';
import { linkTo } from '../../../models/base/address.ts';
import { dataOf, mapView } from '../../../models/base/view.ts';
import { Filters, Pager } from '../../../parts/filters.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Tabs } from '../../../parts/tabs.tsx';
import { Ago } from '../../../parts/time.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { Audit } from '../../people/audit.tsx';

const TEXTS = EN.history.events;
const PAGE = 100;

type Group = EventGroup<Event>;

const COLUMNS: readonly Column<Group>[] = [
  {
    id: 'at',
    head: TEXTS.columns.at,
    value: (row) => row.events[0]?.at ?? '',
    cell: (row) => <Ago at={row.events[0]?.at ?? ''} />,
  },
  { id: 'what', head: TEXTS.columns.what, value: (row) => plainSentence(row.what), cell: groupText },
  {
    id: 'revision',
    head: TEXTS.columns.revision,
    value: (row) => row.events[0]?.revision ?? 0,
    cell: (row) => changeLink(row),
    isNumber: true,
    isMinor: true,
  },
];

/** One event is a sentence; several are one sentence with the others folded below it. */
function groupText({ what, events, isRoutine }: Group): JSX.Element {
  const [only, ...more] = events;
  if (more.length === 0 && only !== undefined)
    return (
      <span class={isRoutine ? 'faint' : undefined} title={`${only.kind} ${only.subject}`}>
        <SentenceText pieces={what} />
      </span>
    );
  return (
    <details class={isRoutine ? 'group faint' : 'group'}>
      <summary>
        <SentenceText pieces={what} />
      </summary>
      <ul>
        {events.map((event) => (
          <li key={event.id} title={`${event.kind} ${event.subject}`}>
            <Ago at={event.at} /> <SentenceText pieces={eventSentence(event)} />
          </li>
        ))}
      </ul>
    </details>
  );
}

/** The change of the configuration that the events are part of; nothing for others. */
function changeLink({ events }: Group): JSX.Element | null {
  const of = events.find((event) => event.operation !== undefined);
  return of === undefined ? null : <a href={linkTo(['changes', String(of.revision)])}>{of.revision}</a>;
}

const fileRow = (event: Event) => ({
  id: event.id,
  at: event.at,
  what: plainSentence(eventSentence(event)),
  kind: event.kind,
  object: event.subject,
  who: event.who,
  change: event.revision,
});

const factsOf = (event: Event) => ({
  text: `${plainSentence(eventSentence(event))} ${event.kind} ${event.subject}`,
  who: event.who,
  at: event.at,
});

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
  const { now } = useLive();
  const { query } = usePlaces().place.value;
  const { kind, subject } = query;
  const before = Number(query['before'] ?? '');
  const isNewest = !Number.isInteger(before) || before < 1;
  const list: HistoryList<'event.list'> = {
    id: 'event.list',
    query: {
      sort: '-id',
      limit: PAGE,
      ...(kind ? { kind } : {}),
      ...(subject ? { subject } : {}),
      ...historyQuery(query, now.value),
    },
    factsOf,
  };
  const at = isNewest ? list : { ...list, query: { ...list.query, before } };
  // Older ones stay as they are.
  const events = useHistory(at, { nouns: isNewest ? ['*'] : [] });
  const file = useHistoryFile(list, 'before', fileRow);
  return (
    <Page title={TEXTS.title} cli={CLI.events}>
      <Filters
        cursor="before"
        filters={[
          HISTORY_FILTERS.text,
          HISTORY_FILTERS.object,
          HISTORY_FILTERS.who,
          { id: 'kind', label: TEXTS.kind, help: TEXTS.kindHelp },
          HISTORY_FILTERS.by,
          HISTORY_FILTERS.time,
        ]}
      />
      <FilteredHere isIt={dataOf(events.view)?.isFilteredHere === true} />
      <MainList
        view={mapView(events.view, ({ items }) => groupEvents(items))}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => String(row.events[0]?.id)}
        isPaged
      />
      <Pager cursor="before" next={dataOf(events.view)?.next ?? null} />
      <HistoryFiles file={file} />
    </Page>
  );
}

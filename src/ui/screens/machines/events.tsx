import type { JSX } from 'preact';
import type { RouteOutput } from '../../../contract/routes.ts';
import { eventSentence } from '../../../contract/site/wire/event-sentence.ts';
import { plainSentence } from '../../../contract/site/wire/sentence.ts';
import { useView } from '../../live/use-view.ts';
import { mapView } from '../../models/base/view.ts';
import { Empty, Section, Shown } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { SentenceText } from '../../parts/sentence.tsx';
import { Ago } from '../../parts/time.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machines.events;
const HEADS = EN.drills.eventColumns;
type Event = RouteOutput<'event.list'>['items'][number];

const COLUMNS: readonly Column<Event>[] = [
  { id: 'at', head: HEADS.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  {
    id: 'what',
    head: EN.history.events.columns.what,
    value: (row) => plainSentence(eventSentence(row)),
    cell: (row) => <SentenceText pieces={eventSentence(row)} />,
  },
];

/** What happened to a machine, newest first. */
export function MachineEvents({ fqdn }: { readonly fqdn: string }): JSX.Element {
  const events = useView(
    'event.list',
    { query: { subject: fqdn, sort: '-id', limit: 100 } },
    { nouns: ['machine', 'interface', 'storage'] },
  );
  return (
    <Section title={TEXTS.title}>
      <Shown view={mapView(events.view, ({ items }) => items)}>
        {(items) =>
          items.length === 0 ? (
            <Empty text={TEXTS.none} />
          ) : (
            <Table name={TEXTS.title} rows={items} columns={COLUMNS} keyOf={(row) => String(row.id)} />
          )
        }
      </Shown>
    </Section>
  );
}

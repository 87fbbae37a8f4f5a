import type { JSX } from 'preact';
import type { RouteOutput } from '../../../contract/routes.ts';
import { useView } from '../../live/use-view.ts';
import { mapView } from '../../models/base/view.ts';
import { Empty, Section, Shown } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { EN } from '../../texts/en.ts';

const TEXTS = EN.machines.events;
const HEADS = EN.drills.eventColumns;
type Event = RouteOutput<'event.list'>['items'][number];

const COLUMNS: readonly Column<Event>[] = [
  { id: 'at', head: HEADS.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  { id: 'kind', head: HEADS.kind, value: (row) => row.kind },
  { id: 'who', head: HEADS.who, value: (row) => row.who },
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

import type { JSX } from 'preact';
import type { Service } from '../../../contract/cluster/service.ts';
import { useList } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { serviceTone, serviceStateText } from '../../models/base/tone.ts';
import { State } from '../../parts/icon.tsx';
import { SectionList } from '../../parts/main-list.tsx';
import { Section } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { For } from '../../parts/time.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.dns.servers;
const linkOf = (row: Service) => linkTo(['services', row.node, row.service]);

const COLUMNS: readonly Column<Service>[] = [
  {
    id: 'node',
    head: TEXTS.columns.node,
    value: (row) => row.node,
    cell: (row) => <a href={linkOf(row)}>{row.node}</a>,
  },
  {
    id: 'state',
    head: TEXTS.columns.state,
    value: (row) => serviceStateText(row.state),
    cell: (row) => <State tone={serviceTone(row.state)} label={serviceStateText(row.state)} />,
  },
  { id: 'since', head: TEXTS.columns.since, value: (row) => row.since, cell: (row) => <For since={row.since} /> },
  {
    id: 'generation',
    head: TEXTS.columns.generation,
    value: (row) => `${row.applied ?? '–'}/${row.wanted}`,
    isMinor: true,
  },
  { id: 'why', head: TEXTS.columns.why, value: (row) => row.why, isMinor: true },
];

/** Nodes that serve the domains, and whether they answer: each node's own agent queries it for its newest zones. */
export function Servers(): JSX.Element {
  const services = useList(
    'service.list',
    { query: { service: 'dns' } },
    { nouns: ['service', 'node'], everyMs: 5000 },
  );
  return (
    <Section title={TEXTS.title}>
      <SectionList view={services.view} texts={TEXTS} columns={COLUMNS} keyOf={(row) => row.node} linkOf={linkOf} />
    </Section>
  );
}

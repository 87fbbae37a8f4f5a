import type { JSX } from 'preact';
import type { Service } from '../../../contract/cluster/service.ts';
import { useList } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { serviceTone, stateWord } from '../../models/base/tone.ts';
import { State } from '../../parts/icon.tsx';
import { SectionList } from '../../parts/main-list.tsx';
import { Section } from '../../parts/page.tsx';
import type { Column } from '../../parts/table.tsx';
import { For } from '../../parts/time.tsx';
import { EN } from '../../words/en.ts';

const WORDS = EN.dns.servers;
const linkOf = (row: Service) => linkTo(['services', row.node, row.service]);

const COLUMNS: readonly Column<Service>[] = [
  {
    id: 'node',
    head: WORDS.columns.node,
    value: (row) => row.node,
    cell: (row) => <a href={linkOf(row)}>{row.node}</a>,
  },
  {
    id: 'state',
    head: WORDS.columns.state,
    value: (row) => stateWord(row.state),
    cell: (row) => <State tone={serviceTone(row.state)} word={stateWord(row.state)} />,
  },
  { id: 'since', head: WORDS.columns.since, value: (row) => row.since, cell: (row) => <For since={row.since} /> },
  {
    id: 'generation',
    head: WORDS.columns.generation,
    value: (row) => `${row.applied ?? '–'}/${row.wanted}`,
    isMinor: true,
  },
  { id: 'why', head: WORDS.columns.why, value: (row) => row.why, isMinor: true },
];

/** Nodes that answer for the domains, and whether they do: each is asked for its newest zones by its own agent. */
export function Servers(): JSX.Element {
  const services = useList(
    'service.list',
    { query: { service: 'dns' } },
    { nouns: ['service', 'node'], everyMs: 5000 },
  );
  return (
    <Section title={WORDS.title}>
      <SectionList view={services.view} words={WORDS} columns={COLUMNS} keyOf={(row) => row.node} linkOf={linkOf} />
    </Section>
  );
}

import type { JSX } from 'preact';
import { useView } from '../../../live/use-view.ts';
import { mapView } from '../../../models/base/view.ts';
import { type DeathRow, deathRow } from '../../../models/cluster/what-if.ts';
import { State } from '../../../parts/icon.tsx';
import { Section, Shown } from '../../../parts/page.tsx';
import { Table, type Column } from '../../../parts/table.tsx';
import { EN } from '../../../words/en.ts';

/** A prediction is made of what changes slowly, ms. */
const EVERY_MS = 20_000;

const WORDS = EN.overview;
const COLUMNS: readonly Column<DeathRow>[] = [
  {
    id: 'node',
    head: WORDS.columns.node,
    value: (row) => row.node,
    cell: (row) => <State tone={row.tone} word={row.node} />,
  },
  { id: 'survives', head: WORDS.columns.survives, value: (row) => row.survives, isNumber: true },
  { id: 'outage', head: WORDS.columns.outage, value: outageText },
  {
    id: 'risks',
    head: WORDS.columns.risks,
    value: (row) => (row.risks.length === 0 ? WORDS.noRisk : row.risks.join('; ')),
    isMinor: true,
  },
];

/** What would come of each node's death. */
export function Deaths(): JSX.Element {
  const answers = useView('cluster.what-ifs', {}, { nouns: ['node', 'vlan', 'rack'], everyMs: EVERY_MS });
  const deaths = mapView(answers.view, ({ items }) => items.filter((answer) => answer.event === 'dies').map(deathRow));
  return (
    <Section title={WORDS.ifDies} note={WORDS.ifDiesNote}>
      <Shown view={deaths}>
        {(rows) => <Table name={WORDS.ifDies} rows={rows} columns={COLUMNS} keyOf={(row) => row.node} />}
      </Shown>
    </Section>
  );
}

function outageText(row: DeathRow): string {
  if (row.outages.length === 0) return WORDS.noOutage;
  return row.outages
    .map(({ probe, most }) => (most === null ? WORDS.forGood(probe) : WORDS.upTo(probe, most)))
    .join('; ');
}

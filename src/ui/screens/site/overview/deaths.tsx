import type { JSX } from 'preact';
import { useView } from '../../../live/use-view.ts';
import { mapView } from '../../../models/base/view.ts';
import { type DeathRow, deathRow } from '../../../models/cluster/what-if.ts';
import { stateColumn } from '../../../parts/kinds.tsx';
import { Section, Shown } from '../../../parts/page.tsx';
import { Table, type Column } from '../../../parts/table.tsx';
import { EN } from '../../../texts/en.ts';

/** A prediction is made of what changes slowly, ms. */
const EVERY_MS = 20_000;

const TEXTS = EN.overview;
const COLUMNS: readonly Column<DeathRow>[] = [
  stateColumn('node', TEXTS.columns.node, { label: (row) => row.node, tone: (row) => row.tone }),
  { id: 'survives', head: TEXTS.columns.survives, value: (row) => row.survives, isNumber: true },
  { id: 'outage', head: TEXTS.columns.outage, value: outageText },
  {
    id: 'risks',
    head: TEXTS.columns.risks,
    value: (row) => (row.risks.length === 0 ? TEXTS.noRisk : row.risks.join('; ')),
    isMinor: true,
  },
];

/** The effect of each node's death. */
export function Deaths(): JSX.Element {
  const answers = useView('cluster.what-ifs', {}, { nouns: ['node', 'vlan', 'rack'], everyMs: EVERY_MS });
  const deaths = mapView(answers.view, ({ items }) => items.filter((answer) => answer.event === 'dies').map(deathRow));
  return (
    <Section title={TEXTS.ifDies} note={TEXTS.ifDiesNote}>
      <Shown view={deaths}>
        {(rows) => <Table name={TEXTS.ifDies} rows={rows} columns={COLUMNS} keyOf={(row) => row.node} />}
      </Shown>
    </Section>
  );
}

function outageText(row: DeathRow): string {
  if (row.outages.length === 0) return TEXTS.noOutage;
  return row.outages
    .map(({ probe, most }) => (most === null ? TEXTS.forGood(probe) : TEXTS.upTo(probe, most)))
    .join('; ');
}

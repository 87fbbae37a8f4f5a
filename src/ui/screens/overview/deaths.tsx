import type { JSX } from 'preact';
import type { ClusterStatus } from '../../../contract/cluster/status.ts';
import { useLive } from '../../live/live.ts';
import { useWatched } from '../../live/use-view.ts';
import { type DeathRow, deathRow } from '../../models/what-if.ts';
import { State } from '../../parts/icon.tsx';
import { Section, Shown } from '../../parts/page.tsx';
import { Table, type Column } from '../../parts/table.tsx';
import { EN } from '../../words/en.ts';

/** A prediction is made of what changes slowly, ms. */
const EVERY_MS = 20_000;
/** Each node is a call. */
const MOST = 12;

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
export function Deaths(props: { readonly nodes: readonly ClusterStatus['nodes'][number][] }): JSX.Element | null {
  const { calls } = useLive();
  // Region nodes first: a rack's death is its VLANs' alone.
  const names = props.nodes
    .toSorted((a, b) => Number(b.isRegion) - Number(a.isRegion))
    .slice(0, MOST)
    .map((node) => node.name);
  const deaths = useWatched(
    `deaths ${names.join(' ')}`,
    { nouns: ['node', 'vlan', 'rack'], everyMs: EVERY_MS },
    async (signal) => {
      const rows: DeathRow[] = [];
      for (const node of names) {
        const { body } = await calls.read.call('cluster.what-if', { query: { node, event: 'dies' } }, { signal });
        rows.push(deathRow(body));
      }
      return rows;
    },
  );
  if (names.length === 0) return null;
  return (
    <Section title={WORDS.ifDies} note={WORDS.ifDiesNote}>
      <Shown view={deaths.view}>
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

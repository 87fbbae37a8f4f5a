import type { JSX } from 'preact';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { roundTone } from '../../../models/cluster/drills.ts';
import { mapView } from '../../../models/base/view.ts';
import { State } from '../../../parts/icon.tsx';
import { linkColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.drills.rounds;
type Round = RouteOutput<'drill.list'>['items'][number];
const linkOf = (row: Round) => linkTo(['drills', 'rounds', String(row.id)]);

const COLUMNS: readonly Column<Round>[] = [
  linkColumn('id', TEXTS.columns.id, (row) => row.id, linkOf),
  { id: 'hazard', head: TEXTS.columns.hazard, value: (row) => row.hazard },
  {
    id: 'verdict',
    head: TEXTS.columns.verdict,
    value: (row) => (row.isPassed ? EN.drills.passed : EN.drills.failed),
    cell: (row) => <State tone={roundTone(row)} label={row.isPassed ? EN.drills.passed : EN.drills.failed} />,
  },
  { id: 'at', head: TEXTS.columns.at, value: (row) => row.startedAt, cell: (row) => <Ago at={row.startedAt} /> },
  { id: 'broken', head: TEXTS.columns.broken, value: (row) => row.broken.join(', '), isMinor: true },
  {
    id: 'where',
    head: TEXTS.columns.where,
    value: (row) => (row.label === 'production' ? TEXTS.production : TEXTS.lab),
    isMinor: true,
  },
  { id: 'version', head: TEXTS.columns.version, value: (row) => row.version, isMinor: true },
];

/** The newest rounds. */
export function Rounds(): JSX.Element {
  const rounds = useView('drill.list', { query: { limit: 1000 } }, { nouns: ['drill'] });
  return (
    <MainList
      view={mapView(rounds.view, ({ items }) => items)}
      texts={TEXTS}
      columns={COLUMNS}
      keyOf={(row) => String(row.id)}
      linkOf={linkOf}
    />
  );
}

import type { JSX } from 'preact';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { useView } from '../../../live/use-view.ts';
import { type CheckRow, checkRows, roundTone } from '../../../models/cluster/drills.ts';
import { State } from '../../../parts/icon.tsx';
import { Empty, Facts, Page, Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { CLI, cliLines } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { Report } from './report.tsx';

const TEXTS = EN.drills.round;
const { facts: F, checkColumns: C } = TEXTS;
type Recording = RouteOutput<'drill.show'>;

const COLUMNS: readonly Column<CheckRow>[] = [
  { id: 'what', head: C.what, value: (row) => row.what },
  {
    id: 'held',
    head: C.held,
    value: (row) => (row.isHeld ? TEXTS.held : TEXTS.broken),
    cell: (row) => <State tone={row.isHeld ? 'ok' : 'bad'} label={row.isHeld ? TEXTS.held : TEXTS.broken} />,
  },
  { id: 'limit', head: C.limit, value: (row) => row.limit },
  { id: 'predicted', head: C.predicted, value: (row) => row.predicted },
  { id: 'measured', head: C.measured, value: (row) => row.measured },
];

/** One round of a drill: its verdict, what was foretold beside what was measured, and its report. */
export function RoundPage({ id }: { readonly id: string }): JSX.Element {
  const round = useView('drill.show', { params: { round: id } }, { nouns: [], everyMs: 300_000 });
  return (
    <Page title={TEXTS.title(id)} cli={cliLines(CLI.round, { ID: id })}>
      <Shown view={round.view}>
        {(data) => (
          <>
            <Facts rows={factRows(data)} />
            <Section title={TEXTS.checks}>
              {data.verdict.checks.length === 0 ? (
                <Empty text={TEXTS.noChecks} />
              ) : (
                <Table name={TEXTS.checks} rows={checkRows(data)} columns={COLUMNS} keyOf={(row) => row.what} />
              )}
            </Section>
            <Report round={id} />
          </>
        )}
      </Shown>
    </Page>
  );
}

function factRows(round: Recording): readonly (readonly [string, JSX.Element | string])[] {
  return [
    [F.hazard, round.hazard],
    [
      F.verdict,
      <State key="verdict" tone={roundTone(round)} label={round.isPassed ? EN.drills.passed : EN.drills.failed} />,
    ],
    [F.at, <Ago key="at" at={round.startedAt} />],
    [F.where, round.label === 'production' ? EN.drills.rounds.production : EN.drills.rounds.lab],
    [F.seed, String(round.seed)],
    [F.run, round.run],
    [F.version, round.version],
  ];
}

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useMay } from '../../../live/use-may.ts';
import { useOwnLane } from '../../../live/use-own-lane.ts';
import { useView } from '../../../live/use-view.ts';
import { jobNote } from '../../../models/base/jobs.ts';
import { lanePicture, liveOf, ownCells } from '../../../models/cluster/lanes.ts';
import { duration } from '../../../models/base/time.ts';
import { dataOf } from '../../../models/base/view.ts';
import type { DrillLive } from '../../../../contract/cluster/drill.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { State } from '../../../parts/icon.tsx';
import { Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { LATE as EN } from '../../../texts/late.ts';
import { Lanes } from './lanes.tsx';

const TEXTS = EN.drills.playing;
type Mark = DrillLive['marks'][number];

/** The drill that is being played, if one is: what clients see, and what this page sees itself. */
export function Playing(): JSX.Element {
  const seen = useOwnLane();
  const may = useMay();
  const jobs = useView(
    'job.list',
    { query: { kind: 'drill', unfinished: true, limit: 1 } },
    { nouns: ['job', 'drill'], everyMs: 2000 },
  );
  const events = useView(
    'event.list',
    { query: { kind: 'drill.progress', sort: '-id', limit: 1 } },
    { nouns: ['drill'], everyMs: 5000 },
  );
  const [isEnding, setEnding] = useState(false);
  return (
    <Shown view={jobs.view}>
      {({ items: [job] }) => {
        if (job === undefined) return <p class="faint">{TEXTS.none}</p>;
        const live = liveOf(dataOf(events.view)?.items[0]?.data);
        const isOfJob = live !== null && live.job === job.id;
        const own = isOfJob ? ownCells(seen, Date.parse(live.startedAt), live.cellMs) : '';
        return (
          <Section title={`${TEXTS.title}: ${job.target}`}>
            <p role="status">
              <State tone="busy" label={TEXTS.now} /> {jobNote(job)}
            </p>
            {isOfJob ? (
              <>
                <Lanes picture={lanePicture(live, { name: TEXTS.own, cells: own })} name={job.target} />
                <Marks marks={live.marks} />
              </>
            ) : (
              <p class="faint">{TEXTS.waiting}</p>
            )}
            {may.operate && (
              <div class="actions">
                <Button onClick={() => setEnding(true)}>{TEXTS.end}</Button>
              </div>
            )}
            {isEnding && (
              <ActionDialog
                title={`${TEXTS.end}: ${job.target}`}
                text={TEXTS.endText}
                id="job.abort"
                input={{ params: { job: String(job.id) } }}
                cli="regent drill abort"
                isJob
                onClose={() => setEnding(false)}
              />
            )}
          </Section>
        );
      }}
    </Shown>
  );
}

const COLUMNS: readonly Column<Mark>[] = [
  { id: 'at', head: TEXTS.markColumns.at, value: (row) => row.at, cell: (row) => duration(row.at), isNumber: true },
  {
    id: 'kind',
    head: TEXTS.markColumns.kind,
    value: (row) => TEXTS.kinds[row.kind],
    cell: (row) => <State tone={row.kind === 'fault' ? 'warn' : 'off'} label={TEXTS.kinds[row.kind]} />,
  },
  { id: 'host', head: TEXTS.markColumns.host, value: (row) => row.host },
  { id: 'text', head: TEXTS.markColumns.text, value: (row) => row.text },
];

function Marks({ marks }: { readonly marks: readonly Mark[] }): JSX.Element | null {
  if (marks.length === 0) return null;
  return (
    <>
      <h3>{TEXTS.marks}</h3>
      <Table name={TEXTS.marks} rows={marks} columns={COLUMNS} keyOf={(row) => `${row.at} ${row.text}`} />
    </>
  );
}

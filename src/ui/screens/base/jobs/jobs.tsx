import type { JSX } from 'preact';
import type { Job, JobState } from '../../../../contract/base/job.ts';
import { usePlaces } from '../../../live/place.ts';
import { useView } from '../../../live/use-view.ts';
import { JOB_STATES, jobNote, jobPage, jobTitle, jobTone } from '../../../models/base/jobs.ts';
import { dataOf, mapView } from '../../../models/base/view.ts';
import { Filters, Pager } from '../../../parts/filters.tsx';
import { linkColumn, stateColumn } from '../../../parts/kinds.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.history.jobs;
const PAGE = 100;
/** Progress is no event. */
const EVERY_MS = 5000;

/** Jobs, the newest first: work that outlives its request, with its progress or its outcome. A page at a time. */
export function Jobs(): JSX.Element {
  const { query } = usePlaces().place.value;
  const { kind, target, cursor } = query;
  const state = JOB_STATES.find((one) => one === query['state']);
  const jobs = useView(
    'job.list',
    {
      query: {
        limit: PAGE,
        ...(kind ? { kind } : {}),
        ...(target ? { target } : {}),
        ...(state ? { state } : {}),
        ...(cursor ? { cursor } : {}),
      },
    },
    { nouns: ['job'], everyMs: EVERY_MS },
  );
  return (
    <Page title={TEXTS.title} cli={CLI.jobs}>
      <Filters
        cursor="cursor"
        filters={[
          { id: 'target', label: TEXTS.target, help: TEXTS.targetHelp },
          { id: 'kind', label: TEXTS.kind, help: TEXTS.kindHelp },
          { id: 'state', label: TEXTS.state, choices: STATES },
        ]}
      />
      <MainList
        view={mapView(jobs.view, ({ items }) => items)}
        texts={TEXTS}
        columns={COLUMNS}
        keyOf={(row) => String(row.id)}
        linkOf={jobPage}
        isPaged
      />
      <Pager cursor="cursor" next={dataOf(jobs.view)?.next ?? null} />
    </Page>
  );
}

const STATES: readonly (readonly [JobState | '', string])[] = [
  ['', TEXTS.anyState],
  ...JOB_STATES.map((state) => [state, state] as const),
];

const COLUMNS: readonly Column<Job>[] = [
  { id: 'id', head: TEXTS.columns.id, value: (row) => row.id, isMinor: true },
  linkColumn<Job>('job', TEXTS.columns.job, jobTitle, jobPage),
  stateColumn('state', TEXTS.columns.state, { label: (row) => row.state, tone: (row) => jobTone(row.state) }),
  { id: 'step', head: TEXTS.columns.step, value: jobNote },
  { id: 'since', head: TEXTS.columns.since, value: (row) => row.createdAt, cell: (row) => <Ago at={row.createdAt} /> },
  {
    id: 'ended',
    head: TEXTS.columns.ended,
    value: (row) => row.endedAt ?? '',
    cell: (row) => (row.endedAt === null ? '–' : <Ago at={row.endedAt} />),
  },
  { id: 'by', head: TEXTS.columns.by, value: (row) => row.caller, isMinor: true },
];

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Job } from '../../../../contract/base/job.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { isUnfinished, jobLink, jobNote, jobTitle, jobTone } from '../../../models/base/jobs.ts';
import { mapView } from '../../../models/base/view.ts';
import { RowLink } from '../../../parts/button.tsx';
import { State } from '../../../parts/icon.tsx';
import { SectionList } from '../../../parts/main-list.tsx';
import { Section } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { EN } from '../../../texts/en.ts';
import { EndJob } from '../../base/jobs/end-job.tsx';

const TEXTS = EN.overview.jobs;
const EVERY_MS = 5000;
const MOST = 20;

/** Running jobs: what, the progress, since when, by whom, and a link to the object. */
export function Jobs(): JSX.Element {
  const may = useMay();
  const query = { unfinished: true, limit: MOST };
  const jobs = useView('job.list', { query }, { nouns: ['job'], everyMs: EVERY_MS });
  const [ending, setEnding] = useState<Job | null>(null);
  const columns = may.operate
    ? [
        ...COLUMNS,
        actionColumn<Job>(TEXTS.columns.do, jobTitle, (row) => [
          { label: EN.endJob.action, run: () => setEnding(row) },
        ]),
      ]
    : COLUMNS;
  return (
    <Section title={TEXTS.title}>
      <SectionList
        view={mapView(jobs.view, ({ items }) => items.filter(isUnfinished))}
        texts={TEXTS}
        columns={columns}
        keyOf={(row) => String(row.id)}
        linkOf={jobLink}
      />
      <p>
        <a href={linkTo(['jobs'])}>{TEXTS.all}</a>
      </p>
      {ending && <EndJob job={ending} onClose={() => setEnding(null)} />}
    </Section>
  );
}

const COLUMNS: readonly Column<Job>[] = [
  {
    id: 'job',
    head: TEXTS.columns.job,
    value: jobTitle,
    cell: (row) => (
      <RowLink href={jobLink(row)}>
        <State tone={jobTone(row.state)} label={jobTitle(row)} />
      </RowLink>
    ),
  },
  { id: 'step', head: TEXTS.columns.step, value: jobNote },
  { id: 'since', head: TEXTS.columns.since, value: (row) => row.createdAt, cell: (row) => <Ago at={row.createdAt} /> },
  { id: 'by', head: TEXTS.columns.by, value: (row) => row.caller },
];

import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Job } from '../../../../contract/base/job.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { isUnfinished, jobLink, jobNote, jobTitle, jobTone } from '../../../models/base/jobs.ts';
import { stamp } from '../../../models/base/time.ts';
import { dataOf } from '../../../models/base/view.ts';
import { Button } from '../../../parts/button.tsx';
import { State } from '../../../parts/icon.tsx';
import { Facts, Page, Shown } from '../../../parts/page.tsx';
import { CLI, cliLines } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { EndJob } from './end-job.tsx';

const TEXTS = EN.history.jobs;
const { facts: FACTS } = TEXTS;
const EVERY_MS = 5000;

/** One job: its object, its progress or outcome, who requested it, which node runs it. */
export function JobPage({ id }: { readonly id: string }): JSX.Element {
  const may = useMay();
  const [isEnding, setEnding] = useState(false);
  const job = useView('job.show', { params: { job: id } }, { nouns: ['job'], everyMs: EVERY_MS });
  const shown = dataOf(job.view);
  return (
    <Page
      title={TEXTS.name(id)}
      cli={cliLines(CLI.job, { ID: id })}
      actions={
        may.operate &&
        shown !== null &&
        isUnfinished(shown) &&
        shown.abortBy === null && <Button onClick={() => setEnding(true)}>{EN.endJob.action}</Button>
      }
    >
      <Shown view={job.view}>{(data) => <Facts rows={factsOf(data)} />}</Shown>
      {isEnding && shown !== null && <EndJob job={shown} onClose={() => setEnding(false)} />}
    </Page>
  );
}

/** What is not so has no line. */
function factsOf(job: Job): (readonly [string, JSX.Element | string])[] {
  const { abortBy, endedAt, holder } = job;
  return [
    [
      FACTS.job,
      <a key="object" href={jobLink(job)}>
        {jobTitle(job)}
      </a>,
    ],
    [FACTS.state, <State key="state" tone={jobTone(job.state)} label={job.state} />],
    [isUnfinished(job) ? FACTS.step : FACTS.result, jobNote(job)],
    [FACTS.by, job.caller],
    ...(abortBy === null ? [] : [[FACTS.abortBy, abortBy] as const]),
    [FACTS.startedAt, stamp(job.createdAt)],
    endedAt === null ? [FACTS.deadline, stamp(job.deadline)] : [FACTS.ended, stamp(endedAt)],
    ...(holder === null ? [] : [[FACTS.holder, holder] as const]),
    [FACTS.holds, job.targets.join(', ') || '–'],
    [FACTS.takenUp, TEXTS.times(job.epoch)],
  ];
}

import type { JSX } from 'preact';
import { useView } from '../live/use-view.ts';
import { isUnfinished, jobNote, jobPage, jobTitle, jobTone } from '../models/base/jobs.ts';
import { dataOf } from '../models/base/view.ts';
import { State } from '../parts/icon.tsx';
import { EN } from '../texts/en.ts';

/**
 * Running jobs, on every page. The bar survives a reload and a failover, because the site stores the jobs. Without jobs
 * there is no bar.
 */
export function JobBar(): JSX.Element | null {
  const jobs = useView('job.list', { query: { unfinished: true, limit: 20 } }, { nouns: ['job'], everyMs: 5000 });
  const unfinished = (dataOf(jobs.view)?.items ?? []).filter(isUnfinished);
  if (unfinished.length === 0) return null;
  return (
    <div class={jobs.view.kind === 'old' ? 'bar old' : 'bar'} role="status">
      <details>
        <summary>{EN.jobs(unfinished.length)}</summary>
        <ul>
          {unfinished.map((job) => (
            <li key={job.id}>
              <a href={jobPage(job)}>
                <State tone={jobTone(job.state)} label={jobTitle(job)} />
              </a>{' '}
              {jobNote(job)}
            </li>
          ))}
        </ul>
      </details>
    </div>
  );
}

import type { JSX } from 'preact';
import type { Job } from '../../../../contract/base/job.ts';
import { jobTitle } from '../../../models/base/jobs.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { EN } from '../../../texts/en.ts';

/** Aborts a job, after a preview of what that does. */
export function EndJob({ job, onClose }: { readonly job: Job; readonly onClose: () => void }): JSX.Element {
  return (
    <ActionDialog
      title={`${EN.endJob.action}: ${jobTitle(job)}`}
      text={EN.endJob.text}
      id="job.abort"
      input={{ params: { job: String(job.id) } }}
      cli={`regent job abort ${job.id}`}
      onClose={onClose}
    />
  );
}

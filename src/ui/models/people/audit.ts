import type { AuditEntry } from '../../../contract/people/audit.ts';
import type { Tone } from '../base/tone.ts';

/** The tone of a request's outcome. */
export const outcomeTone = (entry: Pick<AuditEntry, 'outcome'>): Tone =>
  entry.outcome.startsWith('refused') ? 'bad' : 'ok';

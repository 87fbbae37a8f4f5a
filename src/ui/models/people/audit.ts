import type { AuditEntry } from '../../../contract/people/audit.ts';
import type { Tone } from '../base/tone.ts';

/** How what was asked for ended. */
export const outcomeTone = (entry: Pick<AuditEntry, 'outcome'>): Tone =>
  entry.outcome.startsWith('refused') ? 'bad' : 'ok';

import type { LookupType } from '../../../contract/site/screens.ts';
import type { Tone } from '../base/tone.ts';

/** Types of records that are written by hand; the site knows the rest. */
export const RECORD_KINDS = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'SRV', 'SSHFP', 'TXT'] as const;

/** A TTL that was written: seconds, or null for the default. The site judges it. */
export function readTtl(text: string | undefined): number | null {
  const trimmed = (text ?? '').trim();
  if (trimmed === '') return null;
  return /^-?\d+$/.test(trimmed) ? Number(trimmed) : (trimmed as unknown as number);
}

/** What the command line takes for the data of a record. */
export const dataArgument = (data: string): string => (/^[\w.:/-]+$/.test(data) ? data : `'${data}'`);

/** Types that one asks name servers for. */
export const LOOKUP_KINDS = [
  'A',
  'AAAA',
  'CNAME',
  'MX',
  'NS',
  'PTR',
  'SOA',
  'SRV',
  'TXT',
] as const satisfies readonly LookupType[];

/** The state of an answer: an empty answer is also an answer. */
export function codeTone(code: string): Tone {
  if (code === 'NOERROR') return 'ok';
  return code === 'NXDOMAIN' || code === 'NODATA' ? 'off' : 'bad';
}

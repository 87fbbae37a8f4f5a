import { createHash } from 'node:crypto';
import { MAAS_PREFIX } from '../prefix.ts';

/** The path of an object, without scheme and host; segments are percent-encoded. Ends with a slash. */
export function uriOf(...segments: readonly (string | number)[]): string {
  return `${MAAS_PREFIX}/${segments.map((segment) => encodeURIComponent(String(segment))).join('/')}/`;
}

/** A number for what has none here: of 48 bits, from what names it for life. Pure, so it is the same on every region. */
export function numberOf(...names: readonly string[]): number {
  return Number.parseInt(createHash('sha256').update(JSON.stringify(names)).digest('hex').slice(0, 12), 16);
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment as MAAS writes those of events and results: `Tue, 02 Jan. 2024 03:04:05`, in UTC. */
export function wordsOf(iso: string): string {
  const at = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${DAYS[at.getUTCDay()]}, ${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()]}. ${at.getUTCFullYear()}`;
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

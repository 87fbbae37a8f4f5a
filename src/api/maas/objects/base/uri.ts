import { MAAS_PREFIX } from '../../prefix.ts';

/** The path of an object, without scheme and host; segments are percent-encoded. Ends with a slash. */
export function uriOf(...segments: readonly (string | number)[]): string {
  let path = `${MAAS_PREFIX}/`;
  // A number is written as it is; lists have tens of thousands of paths.
  for (const segment of segments) path += `${typeof segment === 'number' ? segment : encodeURIComponent(segment)}/`;
  return path;
}

/**
 * A number for what has none here: of 48 bits, from what names it for life. Pure, so it is the same on every region. It is no digest, because lists have
 * hundreds of thousands of them: two lanes of 24 bits, each text mixed in character by character (as FNV-1a does it), scrambled at the end.
 */
export function numberOf(...names: readonly string[]): number {
  const [high, low] = lanesOf(names);
  return high * 2 ** 24 + low;
}

/** That number in hexadecimal, twelve digits. Each half is a small integer: V8 writes a large number many times as slowly. Pure. */
export function digitsOf(...names: readonly string[]): string {
  const [high, low] = lanesOf(names);
  return high.toString(16).padStart(6, '0') + low.toString(16).padStart(6, '0');
}

function lanesOf(names: readonly string[]): readonly [high: number, low: number] {
  let [one, two] = [0x811c9dc5, 0x9e3779b9];
  for (const name of names) {
    for (let at = 0; at < name.length; at += 1) {
      const code = name.charCodeAt(at);
      one = Math.imul(one ^ code, 0x01000193);
      two = Math.imul(two ^ code, 0x85ebca6b) + one;
    }
    // The end of a text counts: ("a", "bc") is not ("ab", "c").
    one = Math.imul(one ^ 0x10000, 0x01000193);
    two = Math.imul(two ^ 0x10000, 0x85ebca6b) + one;
  }
  return [scrambled(one), scrambled(two ^ (one >>> 15))];
}

/** 24 bits in which each bit of the lane counts. */
function scrambled(lane: number): number {
  const once = Math.imul(lane ^ (lane >>> 16), 0x7feb352d);
  const twice = Math.imul(once ^ (once >>> 15), 0x846ca68b);
  return (twice ^ (twice >>> 16)) >>> 8;
}

/** python-libmaas reads each moment of an address or a source as a date: an unknown moment is the first one. */
export const UNKNOWN_MOMENT = '1970-01-01T00:00:00.000';

/** A moment as MAAS writes it: in UTC, without a zone. */
export const momentOf = (iso: string): string => iso.replace(/Z$/, '');

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A moment as MAAS writes those of events and results: `Tue, 02 Jan. 2024 03:04:05`, in UTC. */
export function formatMoment(iso: string): string {
  const at = new Date(iso);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${DAYS[at.getUTCDay()]}, ${two(at.getUTCDate())} ${MONTHS[at.getUTCMonth()]}. ${at.getUTCFullYear()}`;
  return `${day} ${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`;
}

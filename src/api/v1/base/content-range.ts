import { invalid, type Rejected, show } from '../../../core/errors.ts';

/** What an upload brings: all of the file (null), a piece of it, or nothing (`ask`): where does it go on? `until` is not among its bytes. */
export type Uploaded = { readonly start: number; readonly until: number } | 'ask' | null;

const RANGE = /^bytes (?:(\d{1,15})-(\d{1,15})|\*)\/(\d{1,15})$/;

/** Parses `Content-Range` of an upload (RFC 9110, 14.4): `bytes 1000-1999/5000`, or `bytes *\/5000` without a body. `size`: of the whole file. */
export function parseContentRange(header: string | undefined, size: number): Uploaded | Rejected {
  if (header === undefined) return null;
  const [, first, last, whole] = RANGE.exec(header) ?? [];
  if (whole === undefined) return bad(header, 'bytes FIRST-LAST/SIZE, or bytes */SIZE without a body');
  if (Number(whole) !== size) return bad(header, `the file has ${size} bytes by the manifest`);
  if (first === undefined || last === undefined) return 'ask';
  const [start, until] = [Number(first), Number(last) + 1];
  return start < until && until <= size ? { start, until } : bad(header, `a piece lies within ${size} bytes`);
}

function bad(header: string, rule: string): Rejected {
  return invalid('Content-Range', `${show(header)} is not usable`, rule);
}

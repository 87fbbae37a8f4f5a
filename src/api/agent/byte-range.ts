/** A part of a file: first and last byte, both included. */
export type ByteRange = { readonly start: number; readonly end: number };

const FORM = /^bytes\s*=\s*(\d{0,15})\s*-\s*(\d{0,15})$/i;

/**
 * Reads the header `Range` for a file of `size` bytes (RFC 9110, 14.2). Null: send the whole file, because there is no
 * header, or it is invalid, or it names several ranges or another unit. `unsatisfiable`: the file has no byte of the
 * range.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | null {
  const [, first = '', last = ''] = (header === undefined ? null : FORM.exec(header.trim())) ?? [];
  if (first === '' && last === '') return null;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return null;
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}

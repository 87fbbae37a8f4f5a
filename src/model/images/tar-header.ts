import { type Rejected, rejected } from '../../core/errors.ts';

/** Bytes of a header, and what payloads are padded to. */
export const BLOCK = 512;

/** A member as its header has it. `type`: POSIX's flag, `0` for a file; `major`: of a device. */
export interface TarEntry {
  readonly type: string;
  readonly name: string;
  readonly target: string;
  readonly size: number;
  readonly major: number;
}

/** Files, links, devices, folders, pipes; long names (GNU), attributes (pax). Sparse and multi-volume members are not taken. */
const TYPES = '01234567LKxg';

/** Reads a header of ustar, GNU or pax (POSIX.1-2017, pax interchange format); null: the end of the archive. */
export function readHeader(block: Uint8Array): TarEntry | null | Rejected {
  if (block.every((byte) => byte === 0)) return null;
  const sum = block.reduce((all, byte, index) => all + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (numberOf(block.subarray(148, 156)) !== sum)
    return rejected('invalid_value', 'It is not a complete tar archive: the checksum of a header is wrong.');
  const flag = String.fromCharCode(block[156] ?? 0);
  const type = flag === '\0' ? '0' : flag;
  if (!TYPES.includes(type)) {
    const problem = `It has a member of the kind ${JSON.stringify(type)}, which is not supported.`;
    return rejected('invalid_value', `${problem} Pack it by: tar --create, without --sparse.`);
  }
  const size = numberOf(block.subarray(124, 136));
  if (size === null)
    return rejected('invalid_value', 'It is not a complete tar archive: the size of a member is not a number.');
  const isPosix = textOf(block.subarray(257, 263)) === 'ustar';
  const prefix = isPosix ? textOf(block.subarray(345, 500)) : '';
  const name = textOf(block.subarray(0, 100));
  return {
    type,
    name: prefix === '' ? name : `${prefix}/${name}`,
    target: textOf(block.subarray(157, 257)),
    // No payload follows links, devices and folders, whatever size their header states.
    size: '123456'.includes(type) ? 0 : size,
    major: numberOf(block.subarray(329, 337)) ?? -1,
  };
}

/** Octal digits, or GNU's binary form for large ones; null: no number. */
function numberOf(field: Uint8Array): number | null {
  const first = field[0] ?? 0;
  if (first === 0x80) {
    const value = field.subarray(1).reduce((all, byte) => all * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : null;
  }
  const text = textOf(field).trim();
  if (text === '') return 0;
  return /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : null;
}

/** Text up to the first NUL. */
export function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Attributes of a pax header: records `LENGTH NAME=VALUE\n`. */
export function paxValues(bytes: Uint8Array): Map<string, string> {
  const values = new Map<string, string>();
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(32, at);
    const length = space < 0 ? Number.NaN : Number.parseInt(textOf(bytes.subarray(at, space)), 10);
    if (!(length > 0)) break;
    const record = textOf(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf('=');
    if (equals > 0) values.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return values;
}

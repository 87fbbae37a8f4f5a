/** A file of an archive. `path`: at most 100 characters of ASCII. */
export interface TarFile {
  readonly path: string;
  /** Permissions, such as 0o755. */
  readonly mode: number;
  readonly content: Uint8Array;
}

const BLOCK = 512;
/** An archive ends with two empty blocks; readers want them in tens. */
const RECORD = 10_240;

/** Makes an archive (POSIX.1-1988 ustar). Equal files make equal bytes: it has no times and no owners. Throws RangeError for a path that does not fit. */
export function tarOf(files: readonly TarFile[]): Uint8Array {
  const blocks = files.flatMap((file) => [headerOf(file), padded(Buffer.from(file.content), BLOCK)]);
  return padded(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]), RECORD);
}

function headerOf({ path, mode, content }: TarFile): Buffer {
  if (!/^[!-~]{1,100}$/.test(path)) throw new RangeError('the path of a file in an archive is not usable');
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  header.write(path, 0, 'latin1');
  octal(mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(content.length, 124, 11);
  octal(0, 136, 11);
  // The sum counts its own place as blanks.
  header.write(' '.repeat(8), 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148, 'latin1');
  return header;
}

function padded(bytes: Buffer, size: number): Buffer {
  const missing = (size - (bytes.length % size)) % size;
  return missing === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(missing)]);
}

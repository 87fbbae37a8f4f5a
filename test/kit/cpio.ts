/** Files of a cpio archive (newc) by their names. */
export function unpackCpio(archive: Buffer): Map<string, { readonly mode: number; readonly bytes: Buffer }> {
  const files = new Map<string, { mode: number; bytes: Buffer }>();
  for (let at = 0; ; ) {
    const head = archive.toString('latin1', at, at + 110);
    if (!head.startsWith('070701')) throw new Error(`no entry at ${at}`);
    const number = (index: number) => Number.parseInt(head.slice(6 + 8 * index, 14 + 8 * index), 16);
    const name = archive.toString('utf8', at + 110, at + 109 + number(11));
    if (name === 'TRAILER!!!') return files;
    const start = (at + 110 + number(11) + 3) & ~3;
    files.set(name, { mode: number(1), bytes: archive.subarray(start, start + number(6)) });
    at = (start + number(6) + 3) & ~3;
  }
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { AppError } from '../../core/errors.ts';

/** The most memory that xz may take for a file (its own files need 65 MiB at the most, by -9). */
const XZ = ['--decompress', '--stdout', '--threads=1', '--memlimit-decompress=256MiB', '--'];

/**
 * Bytes of a file as they are unpacked, at the reader's pace. Throws if it is damaged or cut. The file is closed when
 * the reader goes away.
 */
export function unpacked(path: string, compression: string): AsyncIterable<Uint8Array> {
  const file = () => createReadStream(path, { highWaterMark: 256 * 1024 });
  if (compression === 'none') return file();
  if (compression === 'xz') return byXz(path);
  const unpack = compression === 'gz' ? createGunzip() : createZstdDecompress();
  // The error is the reader's: it destroys this stream.
  return pipeline(file(), unpack, () => {});
}

/** Node has no xz; Debian's runs beside. */
async function* byXz(path: string): AsyncGenerator<Uint8Array> {
  const child = spawn('/usr/bin/xz', [...XZ, path], { stdio: ['ignore', 'pipe', 'pipe'], env: {} });
  const ended = once(child, 'close');
  ended.catch(() => {});
  let errorOutput = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errorOutput = `${errorOutput}${chunk.toString('latin1')}`.slice(0, 300);
  });
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    const [code] = await ended;
    if (code !== 0)
      throw new AppError('damaged', errorOutput.replaceAll(path, 'the file').trim() || `xz ended with ${code}`);
  } finally {
    child.kill('SIGKILL');
  }
}

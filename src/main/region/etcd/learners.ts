import { closeSync, openSync, readSync } from 'node:fs';
import { sentenceOf } from '../../../core/errors.ts';
import { storedLearners } from './stored-members.ts';

/*
 * learners.ts FILE (scripts/install): places (ADDRESS:PORT) of the members that etcd's store calls learners, one each line. It only reads, also while etcd writes.
 * It ends with 1 and the reason if the file cannot be read.
 */
const [path = ''] = process.argv.slice(2);
try {
  const file = openSync(path, 'r');
  const readAt = (offset: number, length: number) => {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
  };
  for (const { place } of storedLearners(readAt)) process.stdout.write(`${place}\n`);
  closeSync(file);
} catch (error) {
  process.stderr.write(`${path}: ${sentenceOf(error)}\n`);
  process.exitCode = 1;
}

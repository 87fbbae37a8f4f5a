import { readArchive } from './gaps.ts';
import { listStore } from './store.ts';
import { TaskError } from './tool.ts';

/*
 * What of a store can be restored, for `regent restore`, as user postgres with PGBACKREST_CONFIG: restorable.ts AT LABEL, `-` for none; AT in ms. Prints
 * one JSON object of at most 64 KB: more the command does not read. An error is a sentence on stderr.
 */
const BACKUPS_MAX = 50;

async function read([at = '-', label = '-']: readonly string[]): Promise<unknown> {
  const { isMade, backups, archiveId } = await listStore();
  const fit = backups.filter(
    (one) => (label === '-' || one.label === label) && (at === '-' || one.stoppedAt * 1000 <= Number(at)),
  );
  const [oldest] = backups;
  const span =
    oldest === undefined || archiveId === null
      ? { archivedAt: null, gaps: [] }
      : await readArchive(archiveId, (fit.at(-1) ?? oldest).walStart);
  // Where none fits, the message names the oldest.
  return { isMade, ...span, backups: fit.length === 0 ? backups.slice(0, 1) : fit.slice(-BACKUPS_MAX) };
}

try {
  process.stdout.write(`${JSON.stringify(await read(process.argv.slice(2)))}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof TaskError ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

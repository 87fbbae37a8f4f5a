import { backOffMs } from '../../../core/back-off.ts';
import { isRejected, type Rejected, rejected, sentenceOf } from '../../../core/errors.ts';
import type { Clock, Log, Random } from '../../../core/ports.ts';
import { textDigest } from '../../../core/stable-json.ts';
import { parseManifest } from '../../../model/images/image.ts';
import type { OfferedImage } from '../../../model/images/stream.ts';
import type { Database } from '../../../store/database.ts';
import { findImages } from '../../../store/queries/images/images.ts';
import type { ClaimedSync, SyncProgress } from '../../../store/queries/images/image-syncs.ts';
import { askDueSyncs, claimSync, endSync, noteSync } from '../../../store/queries/images/image-syncs.ts';
import { readSettings } from '../../../store/snapshot.ts';
import { reached, type Task } from '../../base/task.ts';
import { addImage } from '../add.ts';
import type { Bytes, ImageFileName, ImagePort, ImageSources } from '../port.ts';
import { readOffers } from './offers.ts';

/** What a sync needs. `wait` resolves after so many ms, or rejects when the process ends. */
export interface SyncPorts {
  readonly db: Database;
  readonly node: string;
  readonly sources: ImageSources;
  readonly images: Pick<ImagePort, 'receive'> & { received(file: ImageFileName): Promise<number> };
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

const NOTE_EVERY_MS = 2000;
/** A file that breaks off is gone on with so often, with a pause; then the sync fails, and the next one goes on there. */
const TRIES = 5;
const PAUSE = { firstMs: 1000, mostMs: 15_000 } as const;
const NAMED_MOST = 5;

/** Somebody else works at it, or its source is gone. */
class Lost extends Error {}

/**
 * Fetches what boot sources have, as often as the setting `image_sync_hours` states. Any region node takes a requested
 * sync, also if the node that worked at it has died. Files that are there stay; a file that broke off on this node goes
 * on in the middle. Files come as uploads do, and reach the other region nodes like these.
 */
export function createSyncTask(ports: SyncPorts): Task {
  const { db, node, log } = ports;
  return {
    name: 'image-sync',
    async run() {
      const claimed = await reached(
        db.repeatable(async (tx) => {
          const { image_sync_hours: hours, boot_images_no_proxy: isStraight, http_proxy } = await readSettings(tx);
          if (hours > 0) await askDueSyncs(tx, hours);
          const mine = await claimSync(tx, node);
          return mine === null ? null : { ...mine, proxy: isStraight ? '' : http_proxy };
        }),
      );
      if (claimed === null) return null;
      try {
        const ended = await syncOne(ports, claimed);
        const problem = isRejected(ended) ? ended.message : ended;
        await reached(
          db.repeatable(async (tx) => {
            await endSync(tx, { sourceId: claimed.sourceId, node }, { isWell: !isRejected(ended), problem });
            return null;
          }),
        );
        return `${claimed.name}: ${problem || 'done'}`;
      } catch (error) {
        if (ports.signal.aborted || error instanceof Lost) return null;
        log.warn('sync of images failed', { source: claimed.name, error: sentenceOf(error) });
        throw error;
      }
    },
  };
}

/** A source to fetch, and the proxy through which it is reached. */
type SyncClaim = ClaimedSync & { readonly proxy: string };

async function syncOne(ports: SyncPorts, claimed: SyncClaim): Promise<string | Rejected> {
  const note = createNote(ports, claimed.sourceId);
  const offers = await trying(ports, note, () => readOffers(ports.sources, claimed, ports.signal));
  if (isRejected(offers)) return offers;
  note.set({ images: offers.images.length });
  await note.now();
  const failures: string[] = [];
  for (const image of offers.images) {
    const failed = await fetchImage(ports, { claimed, image, note });
    if (failed) failures.push(`${image.name} for ${image.architecture}: ${failed.message}`);
    else note.set({ fetched: note.progress().fetched + 1 });
    await note.now();
  }
  if (failures.length > 0)
    return rejected(
      'conflict',
      `${failures.slice(0, NAMED_MOST).join(' ')}${failures.length > NAMED_MOST ? ` And ${failures.length - NAMED_MOST} more.` : ''}`,
    );
  if (offers.images.length === 0) return rejected('not_found', nothingText(offers.others));
  return offers.others.length === 0 ? '' : leftOutText(offers.others);
}

type Note = ReturnType<typeof createNote>;
type Fetching = { readonly claimed: SyncClaim; readonly image: OfferedImage; readonly note: Note };

async function fetchImage(ports: SyncPorts, { claimed, image, note }: Fetching): Promise<Rejected | null> {
  const manifest = parseManifest(image.manifest);
  if (isRejected(manifest)) return manifest;
  const digest = textDigest(image.manifest);
  const added = await ports.db.repeatable((tx) =>
    addImage(tx, { manifest, text: image.manifest, name: image.name, createdBy: `boot source ${claimed.name}` }),
  );
  if (isRejected(added)) return added;
  const [row] = await reached(ports.db.autocommitRead((tx) => findImages(tx, digest)));
  for (const { name, size } of manifest.files) {
    const places = row?.files.find((file) => file.name === name)?.places ?? [];
    if (places.some(({ state }) => state === 'there')) continue;
    const path = image.paths[name];
    if (path === undefined) return rejected('invalid_value', `The index of the source has no path of ${name}.`);
    note.set({ file: name, size, received: 0 });
    const url = `${claimed.url}/${path}`;
    const failed = await trying(ports, note, () =>
      fetchFile(ports, { url, proxy: claimed.proxy, digest, name, size, note }),
    );
    if (isRejected(failed)) return failed;
  }
  return null;
}

interface FetchedFile {
  readonly url: string;
  readonly proxy: string;
  readonly digest: string;
  readonly name: string;
  readonly size: number;
  readonly note: Note;
}

async function fetchFile(
  { images, sources, signal }: SyncPorts,
  { url, proxy, digest, name, size, note }: FetchedFile,
): Promise<Rejected | null> {
  const file = { image: digest, name };
  const start = await images.received(file);
  if (start >= size) return null;
  async function* counted(bytes: Bytes) {
    let received = start;
    for await (const chunk of bytes) {
      received += chunk.length;
      note.set({ received });
      await note.soon();
      yield chunk;
    }
    // What ends too early is gone on with.
    if (received < size) throw new Error(`${url} ended after ${received} of ${size} bytes`);
  }
  const stored = await images.receive(file, counted(await sources.read(url, { start, proxy, signal })), {
    start,
    until: size,
  });
  return isRejected(stored) ? stored : null;
}

/** Tries again what fails for a moment; a refusal is final. */
async function trying<T>(ports: SyncPorts, note: Note, run: () => Promise<T | Rejected>): Promise<T | Rejected> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await run();
    } catch (error) {
      if (ports.signal.aborted || error instanceof Lost) throw error;
      if (tries === TRIES) return rejected('unavailable', `${sentenceOf(error)}. The next sync continues there.`);
      ports.log.warn('request to a boot source failed, trying again', { error: sentenceOf(error) });
      await note.now();
      await ports.wait(backOffMs(tries - 1, PAUSE, ports.random));
    }
  }
}

/** Writes the progress to the database every few seconds. */
function createNote({ db, node, clock }: SyncPorts, sourceId: number) {
  let progress: SyncProgress = { images: 0, fetched: 0, file: '', received: 0, size: 0 };
  let notedAt = clock.monotonic();
  const now = async () => {
    notedAt = clock.monotonic();
    const isMine = await db.repeatable((tx) => noteSync(tx, { sourceId, node }, progress));
    // A database that is away is no reason to stop.
    if (isMine === false) throw new Lost('another region node works at it, or its source is gone');
  };
  return {
    progress: () => progress,
    set: (change: Partial<SyncProgress>) => {
      progress = { ...progress, ...change };
    },
    now,
    soon: async () => {
      if (clock.monotonic() - notedAt >= NOTE_EVERY_MS) await now();
    },
  };
}

function nothingText(others: readonly string[]): string {
  const wanted = others.length === 0 ? 'Nothing of it is selected' : leftOutText(others).replace(/\.$/, '');
  return `The source has no image that is wanted. ${wanted}.`;
}

function leftOutText(others: readonly string[]): string {
  const more = others.length > NAMED_MOST ? ` and ${others.length - NAMED_MOST} more` : '';
  return `Without a root that is taken (tar or raw): ${others.slice(0, NAMED_MOST).join(', ')}${more}.`;
}

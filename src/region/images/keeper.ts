import { rejected } from '../../core/errors.ts';
import type { Clock, Log, Random } from '../../core/ports.ts';
import type { Database } from '../../store/database.ts';
import { readWanted, storePlaces } from '../../store/queries/images/images.ts';
import { reached, type RunningTask, startTask, type Task } from '../base/task.ts';
import { type Checker, createChecker } from './checker.ts';
import { createFetcher } from './fetcher.ts';
import { createParts } from './parts.ts';
import { createPieces } from './pieces.ts';
import { keyOf, planImages } from './plan.ts';
import type { ImageFileName, ImageDisk, ImagePort, ImageAccess } from './port.ts';
import { createReceive, keepManifest } from './receive.ts';
import { createServed, type ServedImages } from './served.ts';
import { createSyncTask } from './sources/sync.ts';

/** What keeps a node's images. `node`: its name. */
export interface KeeperPorts {
  readonly db: Database;
  readonly node: string;
  readonly access: ImageAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Keeps the files of all images on this node, and gives them out. */
export interface ImageKeeper {
  readonly port: ImagePort;
  /** Compares and heals until the result is called. */
  start(): () => Promise<void>;
}

const NO_FOLDER = rejected(
  'conflict',
  'This region stores no images, because it was started without a folder for images.',
);
/** Of a region that keeps no images: it was started by hand, or for a test. */
export const NO_IMAGES: ImagePort = {
  open: async () => null,
  openPart: async () => null,
  receive: async () => NO_FOLDER,
  received: async () => 0,
  beginPieces: async () => NO_FOLDER,
  addPiece: async () => NO_FOLDER,
};

/**
 * How late a new image or a missing or truncated file is noticed, ms. A round costs one cheap read and a listing of the
 * folder.
 */
const EVERY_MS = 5000;
const CALL = { deadlineMs: 5000 } as const;

/** Makes the keeper; it begins nothing yet. */
export function createImageKeeper(ports: KeeperPorts): ImageKeeper {
  const { db, node, access, clock, random } = ports;
  const { disk } = access;
  const log = ports.log.with({ task: 'images' });
  const end = new AbortController();
  const damaged = new Set<string>();
  let arrivals = 0;
  let running: RunningTask | null = null;
  const wake = () => running?.wake();

  /** A file that is not what it must be goes at once, so that nobody gets it. */
  const drop = async (file: ImageFileName): Promise<void> => {
    served.forget(file);
    damaged.add(keyOf(file));
    await disk.remove(file);
    log.warn('damaged file of an image removed, fetching it again', { image: file.image, file: file.name });
    wake();
  };
  const onArrival = (file: ImageFileName): void => {
    arrivals += 1;
    damaged.delete(keyOf(file));
    trustAsItIs(file, { disk, checker, served });
    wake();
  };
  const signal = end.signal;
  const served: ServedImages = createServed(disk, signal, drop);
  const checker = createChecker({
    disk,
    clock,
    log,
    signal,
    onRight: (file) => served.trust(file, file.stamp),
    onDamage: drop,
    onEnd: wake,
  });
  const fetcher = createFetcher({ access, clock, random, log, signal, onArrival, onEnd: wake });
  const removeStrays = createSweeper(disk, served);

  const task: Task = {
    name: 'images',
    async run() {
      const known = arrivals;
      const onDisk = await disk.list();
      const own = await reached(db.autocommitRead((tx) => readWanted(tx, node), CALL));
      // A file that came after the listing is not in it, but may be in the database: its arrival has woken the next
      // round.
      if (own === null || arrivals !== known) return null;
      const plan = planImages({ wanted: own.files, disk: onDisk, fetching: fetcher.keys(), damaged });
      for (const file of plan.cut) await drop(file);
      for (const image of new Set(own.files.map((file) => file.image)))
        await reached(keepManifest(db, disk, image, CALL));
      const removed = await removeStrays(plan.strays);
      const keys = new Set(own.files.map(keyOf));
      await disk.dropParts((file) => keys.has(keyOf(file)));
      if (plan.states.length > 0) await reached(db.repeatable((tx) => storePlaces(tx, own.id, plan.states), CALL));
      fetcher.begin(plan.absent);
      checker.begin(plan.there);
      const changes = [
        ...(removed > 0 ? [`${removed} files removed`] : []),
        ...plan.states.slice(0, 4).map(({ file, state }) => `${file} ${state}`),
      ];
      return changes.length === 0 ? null : changes.join(', ');
    },
  };
  const parts = createParts({ db, node, disk, peers: access.peers, clock, signal });
  const port = portOf(served, { db, node, disk, parts, onArrival });
  const startSync = () =>
    startSyncTask({ ...ports, log, signal, images: { ...port, received: (file) => parts.here(file) } });
  return {
    port,
    start: () => {
      const common = { clock, random, log: ports.log, everyMs: EVERY_MS, beat: () => {} };
      const mine = startTask(task, common);
      running = mine;
      const sync = startSync();
      return async () => {
        end.abort(new Error('the process ends'));
        await Promise.all([mine.stop(), sync?.stop()]);
        await Promise.all([fetcher.ended(), checker.ended()]);
      };
    },
  };
}

/** Fetches images of boot sources, if this region can reach any. It goes on with the bytes that are here. */
function startSyncTask(
  ports: Pick<KeeperPorts, 'db' | 'node' | 'access' | 'clock' | 'random' | 'log'> & {
    readonly signal: AbortSignal;
    readonly images: Parameters<typeof createSyncTask>[0]['images'];
  },
): RunningTask | undefined {
  const { db, node, access, clock, random, log, signal, images } = ports;
  const { sources } = access;
  if (sources === undefined) return undefined;
  const wait = (ms: number) => pause(ms, signal);
  const task = createSyncTask({ db, node, sources, images, clock, random, log, wait, signal });
  return startTask(task, { clock, random, log, everyMs: EVERY_MS, beat: () => {} });
}

/** What transports see of them. */
function portOf(served: ServedImages, ports: Parameters<typeof createReceive>[0]): ImagePort {
  const uploads = createReceive(ports);
  return {
    open: (file) => served.open(file),
    openPart: (file) => ports.disk.openPart(file),
    ...uploads,
    ...createPieces({ db: ports.db, receive: uploads.receive }),
  };
}

/** The digest was compared while the file arrived. A request before its stamp is known reads the file once more. */
function trustAsItIs(
  file: ImageFileName,
  { disk, checker, served }: { readonly disk: ImageDisk; readonly checker: Checker; readonly served: ServedImages },
): void {
  disk.stamp(file).then(
    (stamp) => {
      if (stamp === null) return;
      checker.note(file, stamp);
      served.trust(file, stamp);
    },
    () => {},
  );
}

/**
 * Removes files that no image had in two rounds, and gives their number. The disk was listed before the database was
 * read, so a file made in between is not among them.
 */
function createSweeper(disk: ImageDisk, served: ServedImages): (strays: readonly ImageFileName[]) => Promise<number> {
  let before = new Set<string>();
  return async (strays) => {
    const gone = strays.filter((file) => before.has(keyOf(file)));
    before = new Set(strays.map(keyOf));
    for (const file of gone) {
      served.forget(file);
      await disk.remove(file);
    }
    return gone.length;
  };
}

/** Resolves after so many ms; rejects when `signal` is aborted. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => reject(signal.reason);
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', stop, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  });
}

import { isRejected, refuse, type Rejected, rejected } from '../../core/errors.ts';
import { imageBytes } from '../../model/images/image.ts';
import type { Database } from '../../store/database.ts';
import {
  deleteNeverWhole,
  findImages,
  readManifest,
  readWanted,
  storePlaces,
} from '../../store/queries/images/images.ts';
import { write } from '../../store/write.ts';
import { createRootCheck } from './root-check.ts';
import type { UploadParts } from './parts.ts';
import type { Bytes, ImageFileName, ImageDisk, ImagePort, Piece } from './port.ts';

/** Uploads beyond it are refused with "try again". */
const UPLOADS_MOST = 4;

interface ReceivePorts {
  readonly db: Database;
  readonly node: string;
  readonly disk: ImageDisk;
  readonly parts: UploadParts;
  readonly onArrival: (file: ImageFileName) => void;
}

/** Takes in files that are uploaded. Of two that bring the same file whole, each writes its own, and the last one stays. */
export function createReceive(ports: ReceivePorts): Pick<ImagePort, 'receive' | 'received'> {
  let uploads = 0;
  const openUploads = new Map<string, number>();
  const count = (image: string, by: number) => openUploads.set(image, (openUploads.get(image) ?? 0) + by);
  return {
    receive: async (file, from, piece) => {
      if (uploads >= UPLOADS_MOST) {
        const problem = `${ports.node} already receives ${uploads} image files.`;
        return rejected('too_many_requests', `${problem} Try again in a few seconds.`);
      }
      uploads += 1;
      count(file.image, 1);
      const outcome = await receive(ports, file, { from, piece }).finally(() => {
        uploads -= 1;
        count(file.image, -1);
        if (openUploads.get(file.image) === 0) openUploads.delete(file.image);
      });
      if (isRejected(outcome) && LEAVES_NOTHING.includes(outcome.code) && !openUploads.has(file.image))
        await forgetImage(ports.db, file.image, outcome);
      return outcome;
    },
    received: (file) => ports.parts.received(file),
  };
}

/** Refusals of what the file is, or of its size: the same bytes are refused again. */
const LEAVES_NOTHING: readonly Rejected['code'][] = ['invalid_value', 'insufficient_storage'];

/** An image of which no region node ever had all files goes with the upload that was refused. Its files go, and who sends it again makes it again. */
export async function forgetImage(db: Database, image: string, refusal: Rejected): Promise<void> {
  const operation = {
    key: db.random.hex(16),
    requestDigest: image,
    actor: 'system:images',
    origin: 'upload',
    summary: `image delete ${image.slice(0, 12)}: its upload was refused`,
  };
  // Best effort: what stays goes with the next purge.
  await write(
    db,
    operation,
    async (tx) => {
      const name = await deleteNeverWhole(tx, image);
      if (name === null) refuse('conflict', 'It was whole, or is gone.');
      tx.emit({ kind: 'image.deleted', subject: image, data: { name, why: refusal.message } });
      return { status: 200, body: null };
    },
    { deadlineMs: 5000 },
  ).catch(() => {});
}

async function receive(
  ports: ReceivePorts,
  file: ImageFileName,
  { from, piece }: { readonly from: Bytes; readonly piece: Piece },
): Promise<{ readonly received: number } | Rejected> {
  const { db, node, disk, parts, onArrival } = ports;
  const found = await db.autocommitRead((tx) => findImages(tx, file.image));
  if (isRejected(found)) return found;
  const image = found.find(({ digest }) => digest === file.image);
  const wanted = image?.files.find(({ name }) => name === file.name);
  if (image === undefined || wanted === undefined)
    return rejected('not_found', `The image ${file.image} with a file ${file.name} does not exist or was deleted.`);
  const here = (await disk.list()).filter((one) => one.image === file.image);
  const lacking = image.files.filter(({ name, size }) => !here.some((one) => one.name === name && one.size === size));
  if (lacking.some(({ name }) => name === file.name)) {
    const refusal = (await roomFor(ports, file, imageBytes(lacking))) ?? (await keepManifest(db, disk, file.image));
    if (refusal) return refusal;
    const check = await createRootCheck(db, file.image);
    if (isRejected(check)) return check;
    const gap =
      piece === null ? null : await parts.fill({ ...file, size: wanted.size, sha256: wanted.sha256 }, piece.start);
    if (gap) return gap;
    const how = piece === null ? {} : { ...piece, isResumable: true };
    const refused = await disk.write({ ...file, size: wanted.size, sha256: wanted.sha256 }, from, { ...how, ...check });
    if (refused) return refused;
    if (piece !== null && piece.until < wanted.size) return { received: piece.until };
    onArrival(file);
  }
  const noted = await db.repeatable(async (tx) => {
    const own = await readWanted(tx, node);
    if (own) await storePlaces(tx, own.id, [{ image: file.image, file: file.name, state: 'there' }]);
    return null;
  });
  return isRejected(noted) ? noted : { received: wanted.size };
}

/** Is there room for what the image lacks? What came already is on the disk. */
async function roomFor({ disk, node }: ReceivePorts, file: ImageFileName, needed: number): Promise<Rejected | null> {
  const [free, came] = [await disk.free(), await disk.received(file)];
  if (needed - came <= free) return null;
  const problem = `${node} has room for ${free} more bytes of images, and this one needs ${needed - came}.`;
  const remedy = 'Delete an image, or make room on the file system of /var/lib/regent/images.';
  return rejected('insufficient_storage', `${problem} Nothing was stored. ${remedy}`);
}

/** Puts the manifest beside the files, if there is none. A region that has lost its database gives files out by it. */
export async function keepManifest(
  db: Database,
  disk: ImageDisk,
  image: string,
  options: { readonly deadlineMs?: number } = {},
): Promise<Rejected | null> {
  if ((await disk.readManifest(image)) !== null) return null;
  const text = await db.autocommitRead((tx) => readManifest(tx, image), options);
  if (text === null || isRejected(text)) return text;
  await disk.writeManifest(image, text);
  return null;
}

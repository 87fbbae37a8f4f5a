import { accept, invalid, isRejected, type Rejected, rejected, RejectedError } from '../../core/errors.ts';
import type { Database } from '../../store/database.ts';
import { addPiece, dropPieces, readPiece, receivedInPieces } from '../../store/queries/images/image-pieces.ts';
import { findImages } from '../../store/queries/images/images.ts';
import type { Bytes, ImageFileName, ImagePort } from './port.ts';

type PiecePorts = { readonly db: Database; readonly receive: ImagePort['receive'] };

/**
 * Files that come in pieces of which nobody says where they belong: each goes on where the last one ended, whichever region node took that. They wait in the
 * database; who takes the last one puts the file together on its disk, where the other nodes fetch it.
 */
export function createPieces({ db, receive }: PiecePorts): Pick<ImagePort, 'beginPieces' | 'addPiece'> {
  return {
    beginPieces: async (image) => {
      const dropped = await db.repeatable(async (tx) => {
        await dropPieces(tx, { image });
        return null;
      });
      return isRejected(dropped) ? dropped : null;
    },
    addPiece: async (file, content) => {
      const found = await db.autocommitRead((tx) => findImages(tx, file.image));
      if (isRejected(found)) return found;
      const wanted = found.find(({ digest }) => digest === file.image)?.files.find(({ name }) => name === file.name);
      if (wanted === undefined)
        return rejected('not_found', `The image ${file.image} with a file ${file.name} does not exist or was deleted.`);
      const { size } = wanted;
      if (wanted.places.some(({ state }) => state === 'there')) return { received: size };
      const start = await db.autocommitRead((tx) => receivedInPieces(tx, file));
      if (isRejected(start)) return start;
      if (content.length === 0) return { received: start };
      const until = start + content.length;
      if (until > size) return invalid('content', `${until} bytes have come`, `the file has ${size} bytes`);
      const added = await db.repeatable(async (tx) => accept(await addPiece(tx, file, { start, content })));
      if (isRejected(added)) return added;
      return until < size ? { received: until } : putTogether({ db, receive }, file, size);
    },
  };
}

/** Right or wrong, the pieces go: who uploads the file again begins with the first. */
async function putTogether(
  { db, receive }: PiecePorts,
  file: ImageFileName,
  size: number,
): Promise<{ readonly received: number } | Rejected> {
  try {
    return await receive(file, piecesOf(db, file, size), null);
  } finally {
    await db.repeatable((tx) => dropPieces(tx, file));
  }
}

/** The bytes of all pieces, one in memory at a time. */
async function* piecesOf(db: Database, file: ImageFileName, size: number): Bytes {
  for (let start = 0; start < size; ) {
    const piece = accept(await db.autocommitRead((tx) => readPiece(tx, file, start)));
    if (piece === null)
      throw new RejectedError(
        rejected('conflict', `Another upload of ${file.name} has started meanwhile. Upload the file again.`),
      );
    yield piece;
    start += piece.length;
  }
}

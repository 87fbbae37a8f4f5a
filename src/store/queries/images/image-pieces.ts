import { sql } from 'kysely';
import { type Rejected, rejected } from '../../../core/errors.ts';
import { PIECES_MOST } from '../../../model/images/content.ts';
import type { Tx } from '../../tx.ts';

/** A file of an image. */
export type PieceFile = { readonly image: string; readonly name: string };

/** Bytes of the file that have come in pieces: where the next one goes on. */
export async function receivedInPieces(tx: Tx, { image, name }: PieceFile): Promise<number> {
  const row = await tx.one(sql<{ bytes: number }>`select coalesce(max(first_byte + length(content)), 0)::bigint as bytes
    from image_pieces where image = ${image} and file = ${name}`);
  return row?.bytes ?? 0;
}

/**
 * Keeps a piece that begins at `start`. Done twice it is there once; refused if another one took its place, or if all
 * of them are too many.
 */
export async function addPiece(
  tx: Tx,
  file: PieceFile,
  { start, content }: { readonly start: number; readonly content: Uint8Array },
): Promise<Rejected | null> {
  const { image, name } = file;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  await tx.run(sql`select from image_files where image = ${image} and name = ${name} for no key update`);
  const known = await tx.one(sql<{ isSame: boolean }>`select content = ${bytes} as "isSame" from image_pieces
    where image = ${image} and file = ${name} and first_byte = ${start}`);
  if (known?.isSame) return null;
  if (known !== null || (await receivedInPieces(tx, file)) !== start)
    return rejected(
      'conflict',
      `${name}: another piece arrived at the same time. Rule: pieces follow each other. Start again.`,
    );
  const waiting = await tx.one(
    sql<{ bytes: number }>`select coalesce(sum(length(content)), 0)::bigint as bytes from image_pieces`,
  );
  if ((waiting?.bytes ?? 0) + bytes.length > PIECES_MOST)
    return rejected(
      'insufficient_storage',
      `Unfinished uploads in pieces have ${waiting?.bytes} bytes. Rule: at most ${PIECES_MOST} together; upload it by: regent image upload.`,
    );
  await tx.run(
    sql`insert into image_pieces (image, file, first_byte, content) values (${image}, ${name}, ${start}, ${bytes})`,
  );
  return null;
}

/** The piece that begins at `start`; null: there is none. */
export async function readPiece(tx: Tx, { image, name }: PieceFile, start: number): Promise<Buffer | null> {
  const row = await tx.one(sql<{ content: Buffer }>`select content from image_pieces
    where image = ${image} and file = ${name} and first_byte = ${start}`);
  return row?.content ?? null;
}

/** Forgets the pieces of an image, or of one file of it. */
export async function dropPieces(
  tx: Tx,
  { image, name }: { readonly image: string; readonly name?: string },
): Promise<void> {
  await tx.run(
    sql`delete from image_pieces where image = ${image} and (${name ?? null}::text is null or file = ${name ?? null})`,
  );
}

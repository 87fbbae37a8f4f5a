import type { Rejected } from '../../core/errors.ts';
import type { ImageFile } from '../../model/images/image.ts';

/** Bytes as they come. A slow reader slows the writer. */
export type Bytes = AsyncIterable<Uint8Array>;

/** A file of an image, whatever is in it. */
export type ImageFileName = { readonly image: string; readonly name: string };

/** A file as it must be. */
export interface FileWanted extends ImageFileName, Pick<ImageFile, 'size' | 'sha256'> {}

/**
 * A file on the disk; its content is not read. `stamp` changes as soon as anybody writes to the file or replaces it.
 */
export type FileOnDisk = ImageFileName & { readonly size: number; readonly stamp: string };

/** A file that is open. `bytes` reads from `start` to `end`, both included, once; `close` when nobody has read it. `stamp`: see `FileOnDisk`. */
export interface OpenFile {
  readonly size: number;
  readonly stamp: string;
  bytes(start: number, end: number): Bytes;
  close(): Promise<void>;
}

/**
 * How bytes are written; structurally the host's. `start`: where they go on; `until`: how many the file has afterwards,
 * absent: its size; `isResumable`: bytes that came stay if the transfer breaks off; `inspect`: the last check of a file whose
 * digest is right, before anybody gets it.
 */
export interface HowWritten {
  readonly start?: number;
  readonly until?: number;
  readonly isResumable?: boolean;
  readonly inspect?: (unpack: (compression: string) => Bytes) => Promise<Rejected | null>;
}

/** This host's disk, as far as images lie on it. A file is there whole or not at all. */
export interface ImageDisk {
  /** All files, manifests too. */
  list(): Promise<readonly FileOnDisk[]>;
  /** Bytes that images may still take; the rest of the file system is for others. */
  free(): Promise<number>;
  /** Bytes of a file that broke off, and that others may go on with. */
  received(file: ImageFileName): Promise<number>;
  /** Removes those that nobody goes on with; gives their number. */
  dropParts(isResumable: (file: ImageFileName) => boolean): Promise<number>;
  /** Writes a file as its bytes come. A refusal when they are too many, too few, others than wanted, or more than the disk takes; then nothing is left. */
  write(file: FileWanted, from: Bytes, how?: HowWritten): Promise<Rejected | null>;
  /** SHA-256 of a file, null without one. `isGentle`: slowly, so that others have the disk. */
  digest(
    file: ImageFileName,
    options: { readonly isGentle: boolean; readonly signal: AbortSignal },
  ): Promise<string | null>;
  open(file: ImageFileName): Promise<OpenFile | null>;
  /** The bytes so far of an unfinished file; null: none. */
  openPart(file: ImageFileName): Promise<OpenFile | null>;
  /** See `FileOnDisk`; null without the file. */
  stamp(file: ImageFileName): Promise<string | null>;
  remove(file: ImageFileName): Promise<void>;
  /** The manifest that lies beside the files, null without one. Whoever reads it compares its digest. */
  readManifest(image: string): Promise<string | null>;
  writeManifest(image: string, text: string): Promise<void>;
}

/** Other region nodes. */
export interface ImagePeers {
  /** Bytes of a file that the region node at that address has, from `start` on. Throws when it does not give them. */
  fetch(
    address: string,
    file: ImageFileName,
    options: { readonly start: number; readonly signal: AbortSignal },
  ): Promise<Bytes>;
  /**
   * Number of bytes that the region node at that address has of a file, complete or not. Throws if it does not answer.
   */
  received(address: string, file: ImageFileName, signal: AbortSignal): Promise<number>;
  /**
   * Bytes from `start` up to, but without, `until`, also of an unfinished file. Throws if the node does not give them.
   */
  fetchPart(
    address: string,
    file: ImageFileName,
    options: { readonly start: number; readonly until: number; readonly signal: AbortSignal },
  ): Promise<Bytes>;
}

/** How a boot source is read. `proxy`: http://HOST:PORT; empty: without a proxy. */
export type SourceRead = { readonly start: number; readonly proxy: string; readonly signal: AbortSignal };

/** Boot sources, outside of the cluster. */
export interface ImageSources {
  /** Bytes at an address from `start` on, through the HTTP proxy if there is one. Throws when it does not give them. */
  read(url: string, options: SourceRead): Promise<Bytes>;
  /** The text that is signed by one of the keys (OpenPGP, base64), without the signature; null: it is not. */
  verified(signed: Uint8Array, keyring: string): Promise<string | null>;
}

/** What a region node needs to keep images. `sources` left out: it fetches from none. */
export type ImageAccess = { readonly sources?: ImageSources; readonly disk: ImageDisk; readonly peers: ImagePeers };

/** A file that is given out. */
export type ServedFile = OpenFile & { readonly sha256: string };

/** Which bytes of a file come: from `start` up to `until`, which is not among them; `null`: all. */
export type Piece = { readonly start: number; readonly until: number } | null;

/** Images as transports see them. */
export interface ImagePort {
  /**
   * Takes in a file of an image, or a piece of it that goes on where the last one ended, also when another region node took that one; gives how many bytes
   * are here then. A file that is here whole is not read.
   */
  receive(file: ImageFileName, from: Bytes, piece: Piece): Promise<{ readonly received: number } | Rejected>;
  /** The most bytes of a file that any region node has: where an upload goes on. */
  received(file: ImageFileName): Promise<number | Rejected>;
  /** Begins an upload in pieces: what came before of the image's files is forgotten. */
  beginPieces(image: string): Promise<Rejected | null>;
  /** Takes the next piece of a file, on any region node; gives how many bytes have come. */
  addPiece(file: ImageFileName, content: Uint8Array): Promise<{ readonly received: number } | Rejected>;
  /** A file that this node has, null without it. Needs no database; a file is given out only after its digest was right once in this process. */
  open(file: ImageFileName): Promise<ServedFile | null>;
  /**
   * What this node has so far of an unfinished file, for another region node; null: nothing. Its digest is not known
   * yet.
   */
  openPart(file: ImageFileName): Promise<OpenFile | null>;
}

import type { Readable } from 'node:stream';
import type { MetadataPath } from './paths.ts';

/** A call of the metadata service. `source`: the caller's address; `host`: what it called us. */
export interface MetadataExchange {
  readonly method: string;
  /** Null: there is no such path. */
  readonly path: MetadataPath | null;
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Readable | undefined;
  readonly source: string;
  /** Id of the node whose relay sent it; null: nobody's. */
  readonly relay: string | null;
  readonly host: string | undefined;
  readonly isTls: boolean;
}

export type MetadataAnswer = { readonly status: number; readonly type?: string; readonly body: string | Uint8Array };

import type { Region } from '../../region/port.ts';
import type { MaasAnswer } from './answer.ts';
import type { Args } from './args.ts';
import type { SiteLists } from './site-lists.ts';
import type { Site } from './site.ts';

/** The values in a path, by the name that the table gives them. */
export type PathValues = Readonly<Record<string, string>>;

/** A call of an operation. `path`: the values in its path; `base`: scheme and host that the caller used. */
export interface MaasCall {
  readonly site: Site;
  readonly lists: SiteLists;
  readonly path: PathValues;
  readonly args: Args;
  readonly base: string;
  /** Where bytes of images go. */
  readonly images: Region['images'];
}

/** Does an operation. It may throw a `RejectedError`. */
export type Handler = (call: MaasCall) => Promise<MaasAnswer>;

/** Handlers by the key of their operation. */
export type Handlers = Readonly<Record<string, Handler>>;

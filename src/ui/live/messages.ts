import type { Event } from '../../contract/site/event.ts';
import type { Link } from '../models/base/link.ts';

/** What a page tells the browser's worker. `listen`: somebody is logged in; `isAnew`: since a moment ago. */
export type ToHub =
  | { readonly kind: 'visible'; readonly isVisible: boolean }
  | { readonly kind: 'listen'; readonly needsNewStream: boolean }
  /** A call of the page failed: is anybody there? */
  | { readonly kind: 'probe' }
  | { readonly kind: 'bye' };

/**
 * What the worker tells its pages. `open`: the stream is there for the first time; what happened before it, no event tells. `again`: events may have
 * been missed, or much else has changed: ask for everything. `denied`: the site does not let the stream be read, and why.
 */
export type FromHub =
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'open' }
  | { readonly kind: 'again' }
  | { readonly kind: 'denied'; readonly status: number };

/** One end of a channel. `hear` begins it; it is called once. */
export interface Channel<In, Out> {
  send(message: Out): void;
  onMessage(handler: (message: In) => void): void;
}

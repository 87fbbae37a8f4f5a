import type { Event } from '../../contract/site/event.ts';
import type { Link } from '../models/base/link.ts';

/**
 * What a page sends to the browser's worker. `listen`: a user is logged in; `needsNewStream`: an open stream is not to
 * be shared.
 */
export type ToHub =
  | { readonly kind: 'visible'; readonly isVisible: boolean }
  | { readonly kind: 'listen'; readonly needsNewStream: boolean }
  /** A call of the page failed: probe the site. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'bye' };

/**
 * What the worker sends to its pages. `open`: the stream opened for the first time; it has no events from before.
 * `again`: events may have been missed, or much else has changed: read everything again. `denied`: the site refuses the
 * stream, with its status.
 */
export type FromHub =
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'event'; readonly event: Event }
  | { readonly kind: 'open' }
  | { readonly kind: 'again' }
  | { readonly kind: 'denied'; readonly status: number };

/** One end of a channel. `onMessage` starts it, and is called once. */
export type Channel<In, Out> = { send(message: Out): void; onMessage(handler: (message: In) => void): void };

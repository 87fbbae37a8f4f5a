import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Event } from '../../contract/site/event.ts';
import type { Badge, Link, Releases } from '../models/base/link.ts';
import { badgeOf, callAnswered, callFailed, NO_CALLS, releaseSeen } from '../models/base/link.ts';
import { clockOffset } from '../models/base/time.ts';
import { type Calls, type CallsPorts, createCalls, type AnswerFacts } from './calls/calls.ts';
import type { Channel, FromHub, ToHub } from './messages.ts';
import { createSession, type Session } from './session.ts';

/** What every page needs: calls, events, the session, and the state of the connection. Made once, in main.tsx. */
export interface Live {
  readonly calls: Calls;
  readonly session: Session;
  readonly badge: ReadonlySignal<Badge>;
  /** The node that answered last; '' before the first answer. */
  readonly node: ReadonlySignal<string>;
  /** Does the site run another release than this page? */
  readonly isNewer: ReadonlySignal<boolean>;
  /** The site's time, ms; it advances by seconds. */
  readonly now: ReadonlySignal<number>;
  /** The site's time, exact. */
  readonly siteTime: () => number;
  readonly isVisible: ReadonlySignal<boolean>;
  /** The browser's worker does not reach the site although this page does: it does not trust the site's certificate. */
  readonly isUntrusted: ReadonlySignal<boolean>;
  /** Random hex of so many bytes. */
  readonly hex: (bytes: number) => string;
  /**
   * Calls the listener with each event, and with `null` when anything may have changed. Returns a function that removes
   * it.
   */
  onEvent(listener: (event: Event | null) => void): () => void;
}

/** What `createLive` needs of the browser. */
export interface LivePorts extends Pick<CallsPorts, 'origin' | 'fetch' | 'locks' | 'fraction' | 'hex' | 'now'> {
  readonly hub: Channel<FromHub, ToHub>;
  /** Has this page a hub of its own, because the worker's calls fail? */
  readonly isOwnHub: ReadonlySignal<boolean>;
  /** Visibility of the page, and each change of it. */
  readonly visibility: {
    isVisible(): boolean;
    onChange(listener: () => void): void;
    onGone(listener: () => void): void;
  };
}

/** A stream that opens later than this after its request may have missed events that the page does not show yet, ms. */
const STREAM_LATE_MS = 250;

/** Makes what all pages need, and connects its parts. */
export function createLive(ports: LivePorts): Live {
  const link = signal<Link | null>(null);
  const health = signal(NO_CALLS);
  const badge = signal<Badge>(badgeOf(null, NO_CALLS));
  const node = signal('');
  const releases = signal<Releases>({ own: '', isNewer: false });
  const offset = signal(0);
  const now = signal(ports.now());
  const isVisible = signal(ports.visibility.isVisible());
  const listeners = new Set<(event: Event | null) => void>();

  const judge = () => {
    badge.value = badgeOf(link.value, health.value);
  };
  const notifyAll = (event: Event | null) => {
    for (const listener of listeners) listener(event);
  };
  const session = createSession(ports);
  const onAnswer = (seen: AnswerFacts) => {
    offset.value = clockOffset(seen.date, seen.at);
    if (seen.node !== '') node.value = seen.node;
    if (seen.status === 401) session.ended();
    health.value = seen.status >= 500 ? callFailed(health.value, seen.at, '') : callAnswered();
    judge();
  };
  const onSilence = (why: string) => {
    health.value = callFailed(health.value, ports.now(), why);
    ports.hub.send({ kind: 'probe' });
    judge();
  };
  ports.hub.onMessage((message) => {
    if (message.kind === 'link') {
      const isLost = link.value?.isUp !== false && !message.link.isUp;
      link.value = message.link;
      if (message.link.node !== '') node.value = message.link.node;
      releases.value = releaseSeen(releases.value, message.link.version);
      judge();
      // Reads all views, without success: so each view becomes old at once, not at its next turn.
      if (isLost) notifyAll(null);
    } else if (message.kind === 'open') {
      if (stream.isLate()) notifyAll(null);
    } else if (message.kind === 'denied') {
      if (message.status === 401 && session.state.value.kind === 'in') void session.refresh();
    } else notifyAll(message.kind === 'event' ? message.event : null);
  });
  const stream = followSession(ports, session, () => notifyAll(null));
  const tick = () => {
    now.value = ports.now() + offset.value;
    // An unconfirmed session is requested again until the site answers.
    if (session.state.value.kind === 'unknown') void session.refresh();
  };
  tick();
  setInterval(tick, 1000);
  ports.visibility.onChange(() => {
    isVisible.value = ports.visibility.isVisible();
    ports.hub.send({ kind: 'visible', isVisible: isVisible.value });
    if (isVisible.value) notifyAll(null);
  });
  ports.visibility.onGone(() => ports.hub.send({ kind: 'bye' }));
  return {
    calls: createCalls({ ...ports, headers: () => session.headers(), onAnswer, onSilence }),
    session,
    badge,
    node,
    now,
    siteTime: () => ports.now() + offset.value,
    isNewer: computed(() => releases.value.isNewer),
    isVisible,
    isUntrusted: ports.isOwnHub,
    hex: ports.hex,
    onEvent(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Requests the stream of events from the worker whenever a user is logged in. A user who is logged in when the page
 * opens shares the open stream; a login starts a stream of its own. `isLate`: what was read when the stream was
 * requested may be old by now; a short delay is normal.
 */
function followSession(ports: LivePorts, session: Session, refreshAll: () => void): { readonly isLate: () => boolean } {
  let hasBeenOut = false;
  let listener = '';
  let requestedAt = 0;
  session.state.subscribe((state) => {
    if (state.kind === 'out') hasBeenOut = true;
    const user = state.kind === 'in' ? state.user : '';
    if (user !== '' && user !== listener) {
      requestedAt = ports.now();
      ports.hub.send({ kind: 'listen', needsNewStream: hasBeenOut });
    }
    listener = user;
    // Reads that were refused while nobody was logged in are repeated.
    if (user !== '' && hasBeenOut) refreshAll();
  });
  return { isLate: () => ports.now() - requestedAt > STREAM_LATE_MS };
}

const LiveContext = createContext<Live | null>(null);
/** Provides `Live` to all components below it. */
export const LiveProvider = LiveContext.Provider;

/** The `Live` of the page. */
export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('a part stands outside of the page');
  return live;
}

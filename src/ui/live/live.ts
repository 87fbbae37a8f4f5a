import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Event } from '../../contract/site/event.ts';
import {
  type Badge,
  badgeOf,
  callAnswered,
  callFailed,
  type Link,
  NO_CALLS,
  type Releases,
  releaseSeen,
} from '../models/base/link.ts';
import { clockOffset } from '../models/base/time.ts';
import { type Calls, type CallsPorts, createCalls, type AnswerFacts } from './calls/calls.ts';
import type { Channel, FromHub, ToHub } from './messages.ts';
import { createSession, type Session } from './session.ts';

/** All by which a page lives: calls, events, session, and how the site does. Made once, in main.tsx. */
export interface Live {
  readonly calls: Calls;
  readonly session: Session;
  readonly badge: ReadonlySignal<Badge>;
  /** Who answered last; '' when nobody has said. */
  readonly node: ReadonlySignal<string>;
  /** Has the site another release than the page by now? */
  readonly isNewer: ReadonlySignal<boolean>;
  /** Time by the site's clock, ms; it goes on by seconds. */
  readonly now: ReadonlySignal<number>;
  /** The same at this very moment. */
  readonly siteTime: () => number;
  readonly isVisible: ReadonlySignal<boolean>;
  /** The browser's worker does not reach the site although this page does: it does not trust the site's certificate. */
  readonly isUntrusted: ReadonlySignal<boolean>;
  /** Random hex of so many bytes. */
  readonly hex: (bytes: number) => string;
  /** Told of each event, and (`null`) when anything may have changed. Returns how to end it. */
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

/** A stream that comes later than this after it was asked for may have missed what the page does not show yet, ms. */
const STREAM_LATE_MS = 250;

/** Puts the parts together. */
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
      // All that is shown is asked for, in vain: so it is old at once, not at its next turn.
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
    // A session that nobody has confirmed yet is asked about until somebody answers.
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
 * Asks the worker for the stream of events whenever somebody is logged in. Whoever is logged in when the page comes shares the stream that is open; a login
 * begins its own. `isLate`: what was read when the stream was asked for may be old by now; a moment is the stream's own way.
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
    // What was refused while nobody was logged in is asked for again.
    if (user !== '' && hasBeenOut) refreshAll();
  });
  return { isLate: () => ports.now() - requestedAt > STREAM_LATE_MS };
}

const LiveContext = createContext<Live | null>(null);
/** Gives the parts to all below it. */
export const LiveProvider = LiveContext.Provider;

/** The parts, within a page. */
export function useLive(): Live {
  const live = useContext(LiveContext);
  if (live === null) throw new Error('a part stands outside of the page');
  return live;
}

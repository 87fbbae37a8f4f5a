import { type ReadonlySignal, signal } from '@preact/signals';
import { createHub, type HubPorts } from '../hub.ts';
import { probeSite } from '../site-probe.ts';
import type { Channel, FromHub, ToHub } from '../messages.ts';

/** How often a page checks the site itself while the worker does not reach it, ms. */
const CHECK_MS = 1000;
/** A check that takes longer has no answer, ms. */
const CHECK_TIMEOUT_MS = 900;
/** After so many answered checks of the page in a row, while the worker reaches no node, the fault is the worker's. */
const CHECKS = 3;

/** The channel to the hub, and whether this page has its own one. */
export interface Fallback {
  readonly channel: Channel<FromHub, ToHub>;
  /** The shared worker does not reach the site although this page does. */
  readonly isOwn: ReadonlySignal<boolean>;
}

/**
 * The channel to the browser's worker, as long as the worker reaches the site. A browser whose user clicked through the warning about the certificate gives this
 * exception to pages only: every call of the worker fails. Then the page has a hub of its own. It ends its stream while nobody sees the page, because each
 * stream holds one of six connections. As soon as the worker reaches the site, it takes over again.
 */
export function withFallback(worker: Channel<FromHub, ToHub>, ports: HubPorts): Fallback {
  const isOwn = signal(false);
  const state = { isUp: false, isVisible: true, isListening: false, answered: 0 };
  let handler: (message: FromHub) => void = () => {};
  let own: OwnHub | null = null;

  const check = async () => {
    if (state.isUp || !state.isVisible || own !== null) {
      state.answered = 0;
      return;
    }
    const isAnswered = await probeSite(ports, AbortSignal.timeout(CHECK_TIMEOUT_MS)).then(
      ({ isUp }) => isUp,
      () => false,
    );
    // The worker may have found the site meanwhile: it was away for both.
    state.answered = isAnswered && !state.isUp ? state.answered + 1 : 0;
    if (state.answered < CHECKS || own !== null) return;
    own = ownHub(ports, (message) => handler(message));
    if (state.isListening) own.say({ kind: 'listen', needsNewStream: false });
    isOwn.value = true;
  };
  const backToWorker = () => {
    own?.say({ kind: 'bye' });
    own = null;
    isOwn.value = false;
  };
  setInterval(() => void check(), CHECK_MS);

  return {
    isOwn,
    channel: {
      send(message) {
        if (message.kind === 'visible') state.isVisible = message.isVisible;
        if (message.kind === 'listen') state.isListening = true;
        worker.send(message);
        if (own === null) return;
        if (message.kind === 'visible' && !message.isVisible) return own.say({ kind: 'bye' });
        own.say(message);
        if (message.kind === 'visible' && state.isListening) own.say({ kind: 'listen', needsNewStream: true });
      },
      onMessage(next) {
        handler = next;
        worker.onMessage((message) => {
          if (message.kind === 'link') {
            state.isUp = message.link.isUp;
            if (state.isUp && own !== null) backToWorker();
          }
          if (own === null) handler(message);
        });
      },
    },
  };
}

type OwnHub = { say(message: ToHub): void };

/** A hub within the page. */
function ownHub(ports: HubPorts, deliver: (message: FromHub) => void): OwnHub {
  let say: (message: ToHub) => void = () => {};
  createHub(ports).connect({
    send: deliver,
    onMessage: (handler) => {
      say = handler;
    },
  });
  return { say: (message) => say(message) };
}

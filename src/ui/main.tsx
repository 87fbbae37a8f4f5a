import { render } from 'preact';
import { createHub } from './live/hub.ts';
import { createLive, LiveProvider } from './live/live.ts';
import type { Channel, FromHub, ToHub } from './live/messages.ts';
import { followPlace, PlaceProvider } from './live/place.ts';
import type { Locks } from './live/calls/turns.ts';
import { overPort } from './live/port.ts';
import { App } from './shell/app.tsx';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/fleet.css';
import './style/print.css';

/** The way to the hub: the worker that all pages of this browser share; in this page where a browser has no such workers. */
function hubChannel(): Channel<FromHub, ToHub> {
  if (typeof SharedWorker === 'function') {
    const worker = new SharedWorker(new URL('./live/worker.ts', import.meta.url), { type: 'module', name: 'regent' });
    return overPort(worker.port);
  }
  const { port1, port2 } = new MessageChannel();
  const ports = { origin: location.origin, fraction: Math.random, now: Date.now };
  createHub({ ...ports, fetch: (...args) => fetch(...args) }).connect(overPort(port2));
  return overPort(port1);
}

const live = createLive({
  origin: location.origin,
  fetch: (...args) => fetch(...args),
  // Where the page is not a secure one there are none, whatever the type says.
  locks: (navigator.locks as Locks | undefined) ?? null,
  fraction: Math.random,
  now: Date.now,
  hex: (bytes) =>
    [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  hub: hubChannel(),
  visibility: {
    isVisible: () => document.visibilityState === 'visible',
    onChange: (hear) => document.addEventListener('visibilitychange', hear),
    onGone: (hear) => window.addEventListener('pagehide', hear),
  },
});

const root = document.querySelector('#app');
if (root) {
  render(
    <LiveProvider value={live}>
      <PlaceProvider value={followPlace(window)}>
        <App />
      </PlaceProvider>
    </LiveProvider>,
    root,
  );
}

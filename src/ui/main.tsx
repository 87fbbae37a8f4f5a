import { signal } from '@preact/signals';
import { render } from 'preact';
import { type Fallback, withFallback } from './live/calls/fallback.ts';
import { createHub, type HubPorts } from './live/hub.ts';
import { createLive, LiveProvider } from './live/live.ts';
import { followPlace, PlaceProvider } from './live/place.ts';
import type { Locks } from './live/calls/turns.ts';
import { overPort } from './live/port.ts';
import { App } from './shell/app.tsx';
import './style/tokens.css';
import './style/base.css';
import './style/parts.css';
import './style/fleet.css';
import './style/print.css';

/**
 * The channel to the hub. The hub lives in the worker that all pages of this browser share, or in this page if the
 * browser has no shared workers.
 */
function hubOf(ports: HubPorts): Fallback {
  if (typeof SharedWorker === 'function') {
    const worker = new SharedWorker(new URL('./live/worker.ts', import.meta.url), { type: 'module', name: 'regent' });
    return withFallback(overPort(worker.port), ports);
  }
  const { port1, port2 } = new MessageChannel();
  createHub(ports).connect(overPort(port2));
  return { channel: overPort(port1), isOwn: signal(false) };
}

const ports: HubPorts = {
  origin: location.origin,
  fetch: (...args) => fetch(...args),
  fraction: Math.random,
  now: Date.now,
};
const hub = hubOf(ports);
const live = createLive({
  ...ports,
  // An insecure page has no `locks`, although the type does not say so.
  locks: (navigator.locks as Locks | undefined) ?? null,
  hex: (bytes) =>
    [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
  hub: hub.channel,
  isOwnHub: hub.isOwn,
  visibility: {
    isVisible: () => document.visibilityState === 'visible',
    onChange: (listener) => document.addEventListener('visibilitychange', listener),
    onGone: (listener) => window.addEventListener('pagehide', listener),
  },
});

const root = document.querySelector('#app');
if (root)
  render(
    <LiveProvider value={live}>
      <PlaceProvider value={followPlace(window)}>
        <App />
      </PlaceProvider>
    </LiveProvider>,
    root,
  );

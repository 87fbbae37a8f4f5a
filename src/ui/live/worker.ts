import { createHub } from './hub.ts';
import { overPort } from './port.ts';

/** The worker that all pages of a browser share; it lives as long as one of them. */
const hub = createHub({
  origin: location.origin,
  fetch: (...args) => fetch(...args),
  fraction: () => Math.random(),
  now: () => Date.now(),
});

// A shared worker's scope is none of the types of a page.
const scope = globalThis as unknown as { onconnect: (event: { readonly ports: readonly MessagePort[] }) => void };
scope.onconnect = ({ ports: [port] }) => {
  if (port) hub.connect(overPort(port));
};

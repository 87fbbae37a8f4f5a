import { readEventStream } from '../../contract/site/wire/event-stream.ts';
import { API_PREFIX, ProblemError } from '../../contract/base/wire/transport.ts';
import { type Link, linkAfter } from '../models/base/link.ts';
import { createSiteProbe } from './site-probe.ts';
import type { Channel, FromHub, ToHub } from './messages.ts';

/** The pause after a refusal of the stream, ms: a user may log in, a role may change. */
const REFUSED_PAUSE_MS = 10_000;

/** What the hub needs of the browser. `origin`: address of the site. */
export interface HubPorts {
  readonly origin: string;
  readonly fetch: typeof fetch;
  readonly fraction: () => number;
  readonly now: () => number;
}

/** What all pages of one browser share: one stream of events, and one probe of the site. */
export type Hub = { connect(channel: Channel<ToHub, FromHub>): void };

type HubPage = { readonly channel: Channel<ToHub, FromHub>; isVisible: boolean };

/**
 * Makes the hub. A browser opens at most six connections to a site, and a stream holds one all the time: with a stream
 * for each page the seventh page would be blocked (`../shared/design/ui.md` §2.3). So all pages share one stream, from
 * a shared worker.
 */
export function createHub(ports: HubPorts): Hub {
  const pages = new Set<HubPage>();
  let link: Link | null = null;
  let stream: AbortController | null = null;

  const broadcast = (message: FromHub) => {
    for (const page of pages) page.channel.send(message);
  };

  const setLink = (result: Omit<Link, 'since'>) => {
    const before = link;
    link = linkAfter(before, result, ports.now());
    if (link !== before) broadcast({ kind: 'link', link });
    // A page that was disconnected may have missed changes without events: states of services, roles.
    if (before !== null && !before.isUp && link.isUp) broadcast({ kind: 'again' });
  };

  const siteProbe = createSiteProbe(ports, setLink);
  const attend = () => siteProbe.setActive([...pages].some((page) => page.isVisible));

  /** `needsNewStream`: the open stream may belong to another user, or was refused. */
  const start = (needsNewStream: boolean) => {
    if (stream !== null && !needsNewStream) return;
    stream?.abort();
    stream = new AbortController();
    void listen({ ports, broadcast, onBroken: () => siteProbe.probe() }, stream.signal);
  };

  const handle = (page: HubPage, message: ToHub) => {
    // A page that sent `bye` may come back from the browser's history.
    pages.add(page);
    switch (message.kind) {
      case 'listen':
        start(message.needsNewStream);
        return;
      case 'visible':
        page.isVisible = message.isVisible;
        attend();
        if (message.isVisible) siteProbe.probe();
        return;
      case 'probe':
        siteProbe.probe();
        return;
      case 'bye':
        pages.delete(page);
        attend();
        if (pages.size > 0) return;
        stream?.abort();
        stream = null;
        return;
    }
  };

  return {
    connect(channel) {
      const page: HubPage = { channel, isVisible: true };
      pages.add(page);
      channel.onMessage((message) => handle(page, message));
      if (link !== null) channel.send({ kind: 'link', link });
      attend();
      siteProbe.probe();
    },
  };
}

interface Listener {
  readonly ports: HubPorts;
  readonly broadcast: (message: FromHub) => void;
  /** The stream broke: probe the site at once. */
  readonly onBroken: () => void;
}

/** Forwards the events of the site until the signal ends it; a stream that ends is replaced by another. */
async function listen({ ports, broadcast, onBroken }: Listener, signal: AbortSignal): Promise<void> {
  let opened = 0;
  const streamFetch: typeof fetch = async (...args) => {
    const response = await ports.fetch(...args);
    if (response.ok) broadcast({ kind: (opened += 1) > 1 ? 'again' : 'open' });
    return response;
  };
  const options = {
    url: ports.origin,
    apiKey: null,
    fetch: streamFetch,
    random: { fraction: ports.fraction, hex: () => '' },
    onRetry: onBroken,
  };
  let after: number | null = null;
  while (!signal.aborted) {
    try {
      for await (const event of readEventStream({ options, path: `${API_PREFIX}/events`, after, signal })) {
        after = event.id;
        broadcast({ kind: 'event', event });
      }
    } catch (error) {
      if (signal.aborted) return;
      // Events after the last one received are deleted by now, or this caller may not read them.
      after = null;
      const status = error instanceof ProblemError ? error.problem.status : 0;
      broadcast(status === 401 || status === 403 ? { kind: 'denied', status } : { kind: 'again' });
    }
    if (!signal.aborted) await pause(REFUSED_PAUSE_MS, signal);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      done();
    });
  });
}

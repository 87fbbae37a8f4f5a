import { join } from 'node:path';
import { startLineAsker } from '../child/line-asker.ts';
import { startOrigin } from './start-origin.ts';
import type { ProxyAnswer, ProxyQuestion } from './proxy-get.ts';

/** Where a proxy listens, and the web server behind it. */
export interface ProxyPlace {
  /** Name of the namespace of both client and web server. */
  readonly netns: string;
  readonly host: string;
  readonly port: number;
  /** The web server's address: the namespace's own. */
  readonly origin: string;
}

/** A web server on port 80 of a namespace and a client that asks for it through a proxy. */
export interface ProxyAsker {
  /** Fetches a path of the web server. */
  fetch(path: string, timeoutMs?: number): Promise<ProxyAnswer>;
  close(): void;
}

/** Starts both; they end with `close` or with this process. */
export async function startProxyAsker(place: ProxyPlace): Promise<ProxyAsker> {
  const { netns, host, port } = place;
  const origin = await startOrigin(netns, 80);
  const program = join(import.meta.dirname, 'proxy-program.ts');
  const none = { status: null, why: 'timeout', cache: null, asked: null };
  const asker = startLineAsker<ProxyQuestion, ProxyAnswer>({ netns, program }, none);
  return {
    fetch: (path, timeoutMs = 5000) =>
      asker.ask({ url: `http://${place.origin}${path}`, host, port, timeoutMs }, timeoutMs + 5000),
    close: () => {
      asker.close();
      origin.close();
    },
  };
}

import http from 'node:http';
import https from 'node:https';
import { AppError } from '../../../core/errors.ts';
import type { SourceRead } from '../../../region/images/port.ts';

/** A source that sends nothing for so long is left, ms. */
const SILENT_MS = 30_000;
/** Mirrors lead to other hosts; a circle has an end. */
const REDIRECTS_MOST = 5;

/**
 * Bytes at an address of a boot source from `start` on, over HTTP or HTTPS, through the proxy if there is one (CONNECT for HTTPS). Redirects are
 * followed, but never from HTTPS to HTTP. Throws AppError `source` when the bytes do not come.
 */
export async function readSource(url: string, read: SourceRead): Promise<AsyncIterable<Uint8Array>> {
  const { response, at } = await openSource(url, read);
  if (response.statusCode === (read.start > 0 ? 206 : 200)) return response;
  response.destroy();
  throw new AppError('source', `${at} answered ${response.statusCode}`);
}

/**
 * The same, with the last answer whatever its status, and the address that it is from. A caller that does not read the
 * body must destroy it.
 */
export async function openSource(
  url: string,
  read: SourceRead,
): Promise<{ readonly response: http.IncomingMessage; readonly at: string }> {
  let at = url;
  for (let steps = 0; ; steps += 1) {
    const response = await ask(at, read);
    const { statusCode = 0, headers } = response;
    const to = statusCode >= 300 && statusCode < 400 ? headers.location : undefined;
    if (to === undefined || steps === REDIRECTS_MOST) return { response, at };
    response.destroy();
    const next = new URL(to, at);
    if (!/^https?:$/.test(next.protocol) || (at.startsWith('https:') && next.protocol === 'http:'))
      throw new AppError('source', `${at} leads to ${next.protocol}//${next.host}, which is less safe`);
    at = next.href;
  }
}

function ask(url: string, { start, proxy, signal }: SourceRead): Promise<http.IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<http.IncomingMessage>();
  const isSecure = url.startsWith('https:');
  const proxyEnv = proxy === '' ? {} : { HTTP_PROXY: proxy, HTTPS_PROXY: proxy };
  const agent = isSecure ? new https.Agent({ proxyEnv }) : new http.Agent({ proxyEnv });
  const headers = { 'accept-encoding': 'identity', ...(start > 0 ? { range: `bytes=${start}-` } : {}) };
  const request = (isSecure ? https : http).get(url, { agent, headers, signal }, resolve);
  const route = proxy === '' ? url : `${url} (through the proxy ${new URL(proxy).host})`;
  request.setTimeout(SILENT_MS, () =>
    request.destroy(new AppError('source', `${route} was silent for ${SILENT_MS / 1000} s`)),
  );
  request.on('error', (error) => reject(new AppError('source', `${route}: ${error.message}`, { cause: error })));
  // One connection for one file: nothing stays open behind it.
  request.on('close', () => agent.destroy());
  return promise;
}

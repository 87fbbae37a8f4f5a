import { AppError, invalid, type Rejected } from '../../../core/errors.ts';
import { KEY_KEEPERS, type KeySource } from '../../../model/people/key-source.ts';
import type { ReadKeys } from '../../../region/people/key-port.ts';
import { openSource } from './source-reader.ts';

/** How long an answer may take in all, ms: somebody waits for it. */
const TIMEOUT_MS = 10_000;
/** Bytes of an answer: 64 keys of the longest kind have no more. */
const BYTES_MOST = 512 * 1024;
/** Where each keeper gives them out, a line each. */
const PATHS: Readonly<Record<KeySource['keeper'], (name: string) => string>> = {
  lp: (name) => `/~${name}/+sshkeys`,
  gh: (name) => `/${name}.keys`,
};

/** Reads public keys of people over HTTPS. `places`: the addresses of the keepers, others in tests. */
export function createKeyReader({
  places = { lp: `https://${KEY_KEEPERS.lp}`, gh: `https://${KEY_KEEPERS.gh}` },
  timeoutMs = TIMEOUT_MS,
}: {
  readonly places?: Readonly<Record<KeySource['keeper'], string>>;
  readonly timeoutMs?: number;
} = {}): ReadKeys {
  return async (source, proxy) => {
    const url = places[source.keeper] + PATHS[source.keeper](source.name);
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      return await readText(source, url, { proxy, signal });
    } catch (error) {
      const why = signal.aborted ? `it gave no answer within ${timeoutMs / 1000} s` : sentenceOf(error);
      return unreachable(source, why, proxy);
    }
  };
}

async function readText(
  source: KeySource,
  url: string,
  { proxy, signal }: { readonly proxy: string; readonly signal: AbortSignal },
): Promise<string | Rejected> {
  const { response } = await openSource(url, { start: 0, proxy, signal });
  const { statusCode = 0 } = response;
  if (statusCode === 200) return textOf(response);
  response.destroy();
  const keeper = KEY_KEEPERS[source.keeper];
  if (statusCode === 404)
    return invalid('source', `${keeper} knows nobody of the name ${source.name}`, 'somebody who has keys there');
  if (statusCode === 429) return unreachable(source, 'it got too many requests and answers again later', proxy);
  return unreachable(source, `it answered ${statusCode}`, proxy);
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > BYTES_MOST) throw new AppError('source', `its answer has more than ${BYTES_MOST / 1024} KiB`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function unreachable({ keeper }: KeySource, why: string, proxy: string): Rejected {
  const route = proxy === '' ? 'directly, because no http_proxy is set' : `through the proxy ${new URL(proxy).host}`;
  return invalid(
    'source',
    `${KEY_KEEPERS[keeper]} cannot be reached ${route}: ${why}`,
    'region nodes reach it over HTTPS, or through http_proxy; else add the key itself',
  );
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

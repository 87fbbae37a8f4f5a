import { get } from './get.ts';

/** A fetch through an HTTP proxy, by a connection of its own. */
export interface ProxyQuestion {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** `status` null: no answer in time, and `why`. `asked`: how many requests for this the origin (`serveOrigin`) got. */
export interface ProxyAnswer {
  readonly status: number | null;
  readonly why: string;
  readonly cache: string | null;
  readonly asked: number | null;
}

/** Fetches. Calls back once. */
export function getThroughProxy(question: ProxyQuestion, done: (answer: ProxyAnswer) => void): void {
  const { url, host, port, timeoutMs } = question;
  const headers = { host: new URL(url).host };
  get({ host, port, path: url, headers, timeoutMs, agent: false }, ({ status, why, headers: answered }) => {
    const header = (name: string) => String(answered[name] ?? '') || null;
    const cache = header('cache-status') ?? header('x-cache');
    done({ status, why, cache, asked: Number(header('x-asked')) || null });
  });
}

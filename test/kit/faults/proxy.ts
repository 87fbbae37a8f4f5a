import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ProxyAnswer, ProxyQuestion } from '../proxy-ask.ts';
import { type GapMeter, gapMeter } from './gap.ts';

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
  fetch(path: string, timeoutMs?: number): Promise<Omit<ProxyAnswer, 'id'>>;
  close(): void;
}

function inNamespace(netns: string, program: string): ChildProcess {
  return spawn('nsenter', [`--net=/run/netns/${netns}`, '--', process.execPath, join(import.meta.dirname, program)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** Starts both; they end with `close` or with this process. */
export async function startProxyAsker(place: ProxyPlace): Promise<ProxyAsker> {
  const origin = inNamespace(place.netns, '../http-origin.ts');
  const child = inNamespace(place.netns, '../proxy-ask.ts');
  const waiting = new Map<number, (answer: ProxyAnswer) => void>();
  let count = 0;
  if (!child.stdout || !origin.stdout) throw new Error('the client or the web server has no output');
  await once(origin.stdout, 'data', { signal: AbortSignal.timeout(20_000) });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const answer = JSON.parse(line) as ProxyAnswer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  const ask = (question: Omit<ProxyQuestion, 'id'>): Promise<ProxyAnswer> => {
    count += 1;
    const id = count;
    return new Promise((resolve) => {
      // The client itself may be starved: an answer of ours comes in any case.
      const none = { id, status: null, cache: null, asked: null, bytes: 0 };
      const timer = setTimeout(() => resolve(none), question.timeoutMs + 5000);
      waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      child.stdin?.write(`${JSON.stringify({ id, ...question })}\n`);
    });
  };
  const { host, port } = place;
  return {
    fetch: (path, timeoutMs = 5000) => ask({ url: `http://${place.origin}${path}`, host, port, timeoutMs }),
    close: () => {
      for (const one of [child, origin]) {
        one.stdin?.end();
        one.kill('SIGKILL');
      }
    },
  };
}

const FETCH_EVERY_MS = 500;

/** Fetches something new through the proxy all the time; the meter tells how long that failed. */
export function startProxyLoad(asker: ProxyAsker, name: string): { readonly meter: GapMeter; stop(): Promise<void> } {
  const meter = gapMeter();
  const open = new Set<Promise<void>>();
  let number = 0;
  const timer = setInterval(() => {
    number += 1;
    const one = asker.fetch(`/${name}/${number}`, 1500).then(({ status }) => {
      if (status === 200) meter.seen();
    });
    const tracked = one.finally(() => open.delete(tracked));
    open.add(tracked);
  }, FETCH_EVERY_MS);
  return {
    meter,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(open);
    },
  };
}

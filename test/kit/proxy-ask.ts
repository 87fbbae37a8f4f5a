import { request } from 'node:http';
import { createInterface } from 'node:readline';

/**
 * A client of an HTTP proxy as a program, to be run in a network namespace: one question per line on standard input (JSON), one JSON
 * answer per line on standard output, in order of arrival. Each question is a connection of its own.
 */
export interface ProxyQuestion {
  readonly id: number;
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** `status` null: no answer in time. `asked`: how often the origin of `http-origin.ts` was asked for this. */
export interface ProxyAnswer {
  readonly id: number;
  readonly status: number | null;
  readonly cache: string | null;
  readonly asked: number | null;
  readonly bytes: number;
}

function ask(question: ProxyQuestion, done: (answer: ProxyAnswer) => void): void {
  const { id, url, host, port, timeoutMs } = question;
  let isDone = false;
  const finish = (answer: Omit<ProxyAnswer, 'id'>) => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    call.destroy();
    done({ id, ...answer });
  };
  const nothing = { status: null, cache: null, asked: null, bytes: 0 };
  const call = request({ host, port, path: url, headers: { host: new URL(url).host }, agent: false }, (response) => {
    let bytes = 0;
    const header = (name: string) => String(response.headers[name] ?? '') || null;
    response.on('data', (chunk: Buffer) => (bytes += chunk.length)).on('error', () => finish(nothing));
    response.on('end', () =>
      finish({
        status: response.statusCode ?? null,
        cache: header('cache-status') ?? header('x-cache'),
        asked: Number(header('x-asked')) || null,
        bytes,
      }),
    );
  });
  const timer = setTimeout(() => finish(nothing), timeoutMs);
  call.on('error', () => finish(nothing)).end();
}

if (process.argv[1] === import.meta.filename) {
  createInterface({ input: process.stdin }).on('line', (line) =>
    ask(JSON.parse(line) as ProxyQuestion, (answer) => console.log(JSON.stringify(answer))),
  );
}

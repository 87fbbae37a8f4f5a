import { type Agent, type IncomingMessage, request } from 'node:http';
import { startDeadline } from '../time/deadline.ts';
import { whyOf } from '../why.ts';

/** One GET; or another call that may be repeated, which has a `body`. */
export interface GetOrder {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: string;
  readonly host: string;
  readonly port: number;
  /** The target in the request line: a whole URL where `host` is a proxy. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  /** Keeps connections; false: a connection of its own. */
  readonly agent: Agent | false;
}

/** `status` null: no whole answer, and `why`: `timeout`, `refused`, `reset`, `unreachable`, `cut off` (in the middle of the answer) … */
export interface GetAnswer {
  readonly status: number | null;
  readonly why: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: number;
}

/** Gets, once, within a time for everything from the connection to the last byte. Calls back once. */
export function get(order: GetOrder, done: (answer: GetAnswer) => void): void {
  let isDone = false;
  let call = open(order);
  const finish = (answer: Partial<GetAnswer>) => {
    if (isDone) return;
    isDone = true;
    cancel();
    if (answer.status === undefined) call.destroy();
    done({ status: null, why: '', headers: {}, bytes: 0, ...answer });
  };
  const cancel = startDeadline(order.timeoutMs, () => finish({ why: 'timeout' }));
  const listen = () => {
    call.on('error', (error) => {
      // The server closed a keep-alive connection just as we used it: every client sends that again at once (RFC 9110 §9.2.2).
      if (!isDone && call.reusedSocket && whyOf(error) === 'reset') {
        call = open({ ...order, agent: false });
        listen();
      } else finish({ why: whyOf(error) });
    });
    call.on('response', (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => (bytes += chunk.length));
      response.on('error', () => finish({ why: 'cut off' }));
      response.on('end', () => finish({ status: response.statusCode ?? null, headers: response.headers, bytes }));
    });
    call.end(order.body);
  };
  listen();
}

function open({ host, port, path, headers, agent, method = 'GET' }: GetOrder) {
  return request({ host, port, path, headers, agent, method });
}

import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { oauthHeader } from '../../../core/oauth-header.ts';
import type { ApiPlace, MaasOrder } from '../config.ts';
import { get, type GetAnswer } from '../web/get.ts';
import type { Probe } from './lane.ts';

const PREFIX = '/MAAS/api/2.0';
const READ_PATH = `${PREFIX}/zones/`;
/** gomaasapi repeats a call so often if the answer has Retry-After. */
const REPEATS = 4;
const AGAIN = [409, 503];
const BOUNDARY = 'regent-drill';

/** Reads of the MAAS API, as gomaasapi asks: a header of OAuth, and again after the answer's Retry-After. */
export function maasReadProbe(api: ApiPlace, order: MaasOrder, everyMs: number): Probe {
  const keepAliveAgent = new Agent({ keepAlive: true });
  const ask = askerOf(api, order);
  return {
    name: 'maas read',
    everyMs,
    ask: (turn, done) =>
      ask({ method: 'GET', path: READ_PATH, agent: turn % 2 === 0 ? false : keepAliveAgent }, (why) => done({ why })),
  };
}

/** Changes by the MAAS API that may be repeated: a file of one name is stored again and again, as Juju does it. `close` deletes it. */
export function maasChangeProbe(api: ApiPlace, order: MaasOrder): Probe {
  const ask = askerOf(api, order);
  const path = `${PREFIX}/files/`;
  return {
    name: 'maas change',
    everyMs: order.everyMs,
    ask: (turn, done) =>
      ask({ method: 'POST', path: `${path}?op=`, agent: false, body: formOf(order.file, `turn ${turn}`) }, (why) =>
        done({ why }),
      ),
    close: () =>
      new Promise((resolve) =>
        ask({ method: 'DELETE', path: `${path}?filename=${encodeURIComponent(order.file)}`, agent: false }, () =>
          resolve(),
        ),
      ),
  };
}

interface MaasProbeCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly agent: Agent | false;
  readonly body?: string;
}

/** Asks, and calls back once with why the call failed; '' when it did not. */
function askerOf(api: ApiPlace, { timeoutMs }: MaasOrder): (call: MaasProbeCall, done: (why: string) => void) => void {
  const type = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  const attempt = (call: MaasProbeCall, repeats: number, done: (why: string) => void): void => {
    const { host, port, apiKey } = api;
    const stamp = { nonce: randomBytes(8).toString('hex'), seconds: Math.floor(Date.now() / 1000) };
    const headers = { authorization: oauthHeader(apiKey, stamp), ...(call.body === undefined ? {} : type) };
    get({ host, port, ...call, headers, timeoutMs }, (answer) => {
      const wait = pauseOf(answer);
      if (wait === null || repeats === 0) done(lackOf(answer));
      else setTimeout(() => attempt(call, repeats - 1, done), wait);
    });
  };
  return (call, done) => attempt(call, REPEATS, done);
}

/** ms until the caller may try again (Retry-After); null: no such header. */
function pauseOf({ status, headers }: GetAnswer): number | null {
  const retryAfter = headers['retry-after'];
  return status !== null && AGAIN.includes(status) && /^\d{1,3}$/.test(retryAfter ?? '')
    ? Number(retryAfter) * 1000
    : null;
}

/** Who refused it: a region, or haproxy, which shows itself in its own answers. */
function lackOf({ status, why, headers }: GetAnswer): string {
  if (status === null) return why;
  if (status >= 200 && status < 300) return '';
  return `${status}${'regent-answer' in headers ? ' haproxy' : ''}`;
}

function formOf(file: string, content: string): string {
  const part = (head: string, value: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${value}\r\n`;
  return `${part('name="filename"', file)}${part(`name="file"; filename="${file}"`, content)}--${BOUNDARY}--\r\n`;
}

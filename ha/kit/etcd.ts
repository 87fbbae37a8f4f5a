import { type Agent, request } from 'node:https';

const ANSWER_MS = 1000;
const ANSWER_MAX = 1_000_000;
/** A read of any key, which etcd answers only with its majority (a linearizable read, the default of its API). */
const READ = JSON.stringify({ key: Buffer.from('regent').toString('base64'), count_only: true });

/** An address and port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Reads `address:port`; an IPv6 address stands in brackets. */
export function endpointOf(text: string): Endpoint {
  const colon = text.lastIndexOf(':');
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(colon + 1)) };
}

/** A question to etcd's JSON gateway. `body`: JSON. `patienceMs`: how long its answer may take, a second when left out. */
export interface Question {
  readonly path: string;
  readonly body: string;
  readonly patienceMs?: number;
}

/** Asks one etcd. Rejects when it does not answer with 200 and JSON in time. */
export function askEtcd({ host, port }: Endpoint, question: Question, agent: Agent): Promise<unknown> {
  const { path, body, patienceMs = ANSWER_MS } = question;
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request({ host, port, path, agent, method: 'POST', headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
        if (text.length > ANSWER_MAX) outgoing.destroy(new Error('the answer of etcd is too large'));
      });
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== 200) return reject(new Error(`etcd: ${response.statusCode} ${text.slice(0, 200)}`));
        try {
          resolve(JSON.parse(text));
        } catch {
          reject(new Error('etcd answers no JSON'));
        }
      });
    });
    outgoing.on('error', reject);
    // The limit covers the whole exchange, not a pause in it.
    const timer = setTimeout(() => outgoing.destroy(new Error(`${host}: no answer in time`)), patienceMs);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.end(body);
  });
}

/** Does this etcd answer with its majority, in time? An etcd that hears no leader does not, although it lives. */
export function hasMajority(endpoint: Endpoint, agent: Agent, patienceMs: number): Promise<boolean> {
  return askEtcd(endpoint, { path: '/v3/kv/range', body: READ, patienceMs }, agent).then(
    () => true,
    () => false,
  );
}

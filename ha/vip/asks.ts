import { Agent as HttpAgent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Identity } from '../kit/host.ts';

const PROXY_TIMEOUT_MS = 1000;
/** haproxy's own answers carry it; a regiond's do not. */
const OWN_ANSWER = 'regent-answer';
const FRESH_CONNECTION = new HttpAgent({ keepAlive: false });

/** `region`: haproxy knows a regiond that lives; `proxy`: haproxy answered itself; `refused`: nobody listens; `silent`: nothing in time. */
export type ProxyAnswer = 'region' | 'proxy' | 'refused' | 'silent';

/** Asks this host's haproxy whether it works and knows a region that lives. */
export async function askProxy(): Promise<ProxyAnswer> {
  const answer = await askHealth('127.0.0.1');
  if (typeof answer === 'string') return answer;
  return answer[OWN_ANSWER] === undefined ? 'region' : 'proxy';
}

/**
 * Asks the haproxy at an address for its health, over a new connection each time: a frozen haproxy soon accepts no new ones. Gives the head of its
 * answer, or why there is none within a second.
 */
export function askHealth(host: string): Promise<IncomingHttpHeaders | 'refused' | 'silent'> {
  return new Promise((resolve) => {
    const options = { host, port: 5240, path: '/health/proxy', agent: FRESH_CONNECTION };
    const request = httpRequest(options, (response) => {
      response.resume();
      resolve(response.headers);
    });
    request.on('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED' ? 'refused' : 'silent'));
    // The limit covers the whole exchange, not a pause in it.
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), PROXY_TIMEOUT_MS);
    request.on('close', () => clearTimeout(timer));
    request.end();
  });
}

/** Asks this host's etcd by mutual TLS. */
export function etcdAgent(identity: Identity): HttpsAgent {
  return new HttpsAgent({ keepAlive: true, maxSockets: 3, ...identity });
}

import { Agent, request } from 'node:https';
import type { Identity } from '../kit/host.ts';
import type { Answer } from './postgres.ts';

/** Two in a row end just after the two seconds of silence that a primary may have. */
const TIMEOUT_MS = 900;

/**
 * Asks this host's Patroni by mutual TLS whether its loop runs. Each question uses a new connection, because a frozen Patroni soon accepts no new
 * ones.
 */
export function askPatroni(
  place: { readonly host: string; readonly port: number },
  identity: Identity,
): Promise<Answer> {
  return new Promise((resolve) => {
    const agent = new Agent({ keepAlive: false, ...identity });
    const outgoing = request({ ...place, path: '/liveness', agent }, (response) => {
      response.resume();
      // 503: it listens, and its loop hangs.
      resolve(response.statusCode === 200 ? 'answered' : 'silent');
    });
    outgoing.on('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED' ? 'refused' : 'silent'));
    const timer = setTimeout(() => outgoing.destroy(new Error('no answer in time')), TIMEOUT_MS);
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.end();
  });
}

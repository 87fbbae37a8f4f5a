import { existsSync } from 'node:fs';
import type { CliIo } from './io.ts';

/** Where this host's region listens for its own agent, and for root. */
const SOCKET = '/run/regent/agent-api.sock';
const ANSWER_MAX = 4 * 1024 * 1024;

/** Asks this host's region; null unless this is root on a region node, so that other users do not wait for a refusal. */
export function makeHostQuery(uid: number, socket = SOCKET): CliIo['askHost'] {
  if (uid !== 0 || !existsSync(socket)) return null;
  return (path, timeoutMs) => ask(socket, path, timeoutMs);
}

function ask(socketPath: string, path: string, timeoutMs: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    // An ordinary import of node:http evaluates all its exports. This loads only the module.
    const request = process.getBuiltinModule('node:http').request({ socketPath, path, agent: false });
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), timeoutMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ANSWER_MAX) request.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(timer);
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    request.end();
  });
}

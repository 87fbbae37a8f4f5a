import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { MEMORY_PATH, parseMemory } from '../../contract/cluster/memory.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { durableText } from '../../host/durable-text.ts';
import { PORTS, REGION_SERVER_NAME } from '../../model/cluster.ts';
import type { MemoryWays } from '../../region/cluster/memory.ts';
import type { TlsFiles } from './tls.ts';

const TIMEOUT_MS = 1000;
const ANSWER_MAX = 16 * 1024 * 1024;

/** Asks other regions over mutual TLS; without a certificate nobody. */
export function memoryWays(
  files: TlsFiles | null,
  layoutFile: string | null,
  log: Log,
  port: number = PORTS.region,
): MemoryWays {
  const layout = layoutFile === null ? null : durableText(layoutFile);
  return {
    ask: async (address) => {
      if (files === null) return null;
      try {
        return parseMemory(await fetchMemory(files, address, port));
      } catch (error) {
        log.debug('a region does not tell what it remembers', { address, why: sentenceOf(error) });
        return null;
      }
    },
    layout: {
      read: async () => (await layout?.read()) ?? null,
      write: async (text) => {
        await layout?.write(text).catch((error: unknown) => {
          log.warn('the layout of the site could not be kept', { error: sentenceOf(error) });
        });
      },
    },
  };
}

async function fetchMemory(files: TlsFiles, address: string, port: number): Promise<string> {
  const [ca, cert, key] = await Promise.all(
    [files.authority, files.certificate, files.key].map((path) => readFile(path)),
  );
  return new Promise((resolve, reject) => {
    const asked = request({
      host: address,
      port,
      path: MEMORY_PATH,
      ca,
      cert,
      key,
      servername: REGION_SERVER_NAME,
      agent: false,
    });
    const timer = setTimeout(() => asked.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    asked.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > ANSWER_MAX) asked.destroy(new Error('the answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        clearTimeout(timer);
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`it answered ${response.statusCode}`));
      });
    });
    asked.end();
  });
}

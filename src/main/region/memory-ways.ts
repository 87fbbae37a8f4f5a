import { MEMORY_PATH, parseMemory } from '../../contract/cluster/memory.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import { durableText } from '../../host/own/durable-text.ts';
import { PORTS, REGION_SERVER_NAME } from '../../model/cluster/cluster.ts';
import type { MemoryAccess } from '../../region/cluster/memory.ts';
import type { TlsFiles } from './tls.ts';
import { askTls } from './tls-ask.ts';

const TIMEOUT_MS = 1000;
const ANSWER_MAX = 16 * 1024 * 1024;

/** Asks other regions over mutual TLS; without a certificate nobody. */
export function openMemoryPort(
  files: TlsFiles | null,
  layoutFile: string | null,
  log: Log,
  port: number = PORTS.region,
): MemoryAccess {
  const layout = layoutFile === null ? null : durableText(layoutFile);
  return {
    ask: async (address) => {
      if (files === null) return null;
      try {
        return parseMemory(await fetchMemory(files, address, port));
      } catch (error) {
        log.debug('a region does not report its memory', { address, why: sentenceOf(error) });
        return null;
      }
    },
    layout: {
      read: async () => {
        try {
          return (await layout?.read()) ?? null;
        } catch (error) {
          log.warn('the stored layout of the site cannot be read', { error: sentenceOf(error) });
          return null;
        }
      },
      write: async (text) => {
        await layout?.write(text).catch((error: unknown) => {
          log.warn('the layout of the site cannot be stored', { error: sentenceOf(error) });
        });
      },
    },
  };
}

async function fetchMemory(files: TlsFiles, host: string, port: number): Promise<string> {
  const { status, text } = await askTls({
    files,
    host,
    port,
    path: MEMORY_PATH,
    servername: REGION_SERVER_NAME,
    timeoutMs: TIMEOUT_MS,
    answerMax: ANSWER_MAX,
  });
  if (status === 200) return text;
  throw new Error(`it answered ${status}`);
}

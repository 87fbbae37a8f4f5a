import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { textOf } from '../calls/answer-text.ts';
import type { TlsFiles } from './tls.ts';

/** One question over mutual TLS. */
export interface TlsQuestion {
  /** Own certificate and the authority that both sides trust; read at each question: they are renewed. */
  readonly files: TlsFiles;
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Sent as JSON by POST; without it the question is a GET. */
  readonly body?: unknown;
  /** Value of the header of that name. */
  readonly authorization?: string;
  /** Breaks the question off. */
  readonly signal?: AbortSignal;
  /** Name that the other side's certificate must bear; without it, `host`. */
  readonly servername?: string;
  /** For the connection and the whole answer, ms. */
  readonly timeoutMs: number;
  /** Characters that an answer may have. */
  readonly answerMax: number;
}

/** Asks on a connection of its own. Rejects with what failed: a file, the connection, its time, the length of the answer. */
export async function askTls(question: TlsQuestion): Promise<{ readonly status: number; readonly text: string }> {
  const { files, host, port, path, body, servername, timeoutMs, answerMax, authorization, signal } = question;
  const [ca, cert, key] = await Promise.all(
    [files.authority, files.certificate, files.key].map((file) => readFile(file)),
  );
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  const outgoing = request({
    host,
    port,
    path,
    method: body === undefined ? 'GET' : 'POST',
    ca,
    cert,
    key,
    agent: false,
    ...(servername === undefined ? {} : { servername }),
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(authorization === undefined ? {} : { authorization }),
    },
    ...(signal === undefined ? {} : { signal }),
  });
  const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  outgoing.on('error', reject);
  outgoing.on('response', (response) => {
    textOf(response, answerMax).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
  });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  return await promise.finally(() => clearTimeout(timer));
}

import type { IncomingMessage } from 'node:http';
import { sentenceOf } from '../../core/errors.ts';
import { oauthHeader } from '../../core/oauth-header.ts';
import type { CliIo } from '../io.ts';
import { CliError, EXIT } from '../exit.ts';

/** Tries of one call: some ten seconds of an outage. */
const TRIES = 6;
const FIRST_MS = 500;
const MOST_MS = 8000;
/** How long one answer may take: a list of thousands of objects takes MAAS a minute. */
const ANSWER_MS = 180_000;
/** Bytes of one answer. */
const ANSWER_MAX = 512 * 1024 * 1024;
const AGAIN: ReadonlySet<number> = new Set([408, 409, 429, 500, 502, 503, 504]);

/** What an answer has: its status, its text, and how many seconds the server asks to wait. */
interface MaasReply {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: number | null;
  readonly location: string | null;
}

/** Sends one GET; rejects if there is no answer. */
export type SendMaas = (
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<MaasReply>;

/** Reads a MAAS by its API 2.0. */
export interface MaasReader {
  /** The JSON of a path below `/MAAS/api/2.0/`; null: it has no such path (404, 410). Refusals and faults are `CliError`. */
  get(path: string, query?: readonly (readonly [string, string])[]): Promise<unknown>;
}

/** `key`: consumer:token:secret. `again`: what to do after a fault that lasts, a sentence. */
export interface MaasAccess {
  readonly url: string;
  readonly key: string;
  readonly again: string;
  readonly send: SendMaas;
}

/** Makes the reader. Nothing is ever changed: it sends GET only. A fault of the server is tried again, after jittered pauses. */
export function openMaas(
  io: Pick<CliIo, 'sleep' | 'fraction' | 'interrupted' | 'now' | 'uuid'>,
  access: MaasAccess,
): MaasReader {
  const base = `${access.url.replace(/\/+$/, '').replace(/\/MAAS(?:\/api\/2\.0)?$/i, '')}/MAAS/api/2.0/`;
  return {
    get: async (path, query = []) => {
      const search = new URLSearchParams(query.map(([name, value]): [string, string] => [name, value])).toString();
      const url = `${base}${path}${search === '' ? '' : `?${search}`}`;
      let why = '';
      for (let tries = 1; tries <= TRIES; tries += 1) {
        const stamp = { nonce: io.uuid().replaceAll('-', ''), seconds: Math.floor(io.now() / 1000) };
        const headers = { accept: 'application/json', authorization: oauthHeader(access.key, stamp) };
        const signal = AbortSignal.any([AbortSignal.timeout(ANSWER_MS), io.interrupted]);
        let pauseMs = Math.min(MOST_MS, FIRST_MS * 2 ** (tries - 1));
        try {
          const reply = await access.send(url, headers, signal);
          if (!AGAIN.has(reply.status)) return valueOf(reply, url);
          why = `it answered ${reply.status}`;
          pauseMs = Math.max(pauseMs, Math.min(60, reply.retryAfter ?? 0) * 1000);
        } catch (error) {
          io.interrupted.throwIfAborted();
          if (error instanceof CliError) throw error;
          const fatal = fatalOf(error);
          if (fatal !== null) throw new CliError(EXIT.error, `${base}: ${fatal.why}.`, fatal.next, { cause: error });
          why = signal.aborted ? `no answer within ${ANSWER_MS / 1000} s` : deepest(error);
        }
        if (tries < TRIES) await io.sleep(pauseMs * (0.5 + io.fraction()), io.interrupted);
      }
      throw new CliError(EXIT.error, `${base}${path}: ${why}, ${TRIES} times.`, [access.again]);
    },
  };
}

/** The JSON of an answer; null where there is no such path. */
function valueOf({ status, text, location }: MaasReply, url: string): unknown {
  const path = new URL(url).pathname;
  if (status >= 300 && status < 400)
    throw new CliError(EXIT.error, `${path}: it answered with a redirection to ${location ?? 'nowhere'}.`, [
      'Give the address that it names, with https:// if it has that. The key is sent to no other address by itself.',
    ]);
  if (status === 401)
    throw new CliError(EXIT.error, `${path}: the key is refused (401). Rule: CONSUMER:TOKEN:SECRET of an admin.`, [
      'A key of MAAS: sudo maas apikey --username ADMIN',
    ]);
  if (status === 403)
    throw new CliError(EXIT.error, `${path}: the key’s user may not read it (403). Rule: an admin of MAAS.`);
  if (status === 404 || status === 410) return null;
  if (status !== 200) throw new CliError(EXIT.error, `${path}: it answered ${status}, which no MAAS does to a read.`);
  try {
    return JSON.parse(text);
  } catch {
    throw notMaas(url, 'its answer is no JSON');
  }
}

/** The refusal of an address that is no MAAS. */
export function notMaas(url: string, why: string): CliError {
  return new CliError(EXIT.error, `${url} is no MAAS: ${why}.`, [
    'Give the address of its region, such as http://maas.example.net:5240 (with or without /MAAS).',
  ]);
}

const UNTRUSTED = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
].concat(['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UNABLE_TO_GET_ISSUER_CERT']);

/** A fault that a second try does not help; null: it may. */
function fatalOf(error: unknown): { readonly why: string; readonly next: readonly string[] } | null {
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  if (UNTRUSTED.includes(code))
    return {
      why: 'its certificate is of an authority that is not known here',
      next: ['Give --ca-file with that authority.'],
    };
  if (code === 'CERT_HAS_EXPIRED') return { why: 'its certificate has expired', next: [] };
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return { why: 'its certificate is of another name', next: ['Give the address by the name of the certificate.'] };
  if (code === 'ENOTFOUND') return { why: 'its name is not known', next: [] };
  if (/^ERR_SSL|EPROTO/.test(code))
    return { why: 'it speaks no TLS at this port', next: ['Try http:// or another port.'] };
  return null;
}

function deepest(error: unknown): string {
  return error instanceof Error && error.cause !== undefined
    ? deepest(error.cause)
    : sentenceOf(error).replace(/\.$/, '');
}

/** The real sender. `authority`: in PEM, besides those that Node knows; null: none. Redirections are not followed: the key goes to one address only. */
export function maasSender(authority: string | null): SendMaas {
  const { rootCertificates } = process.getBuiltinModule('node:tls');
  const ca = authority === null ? {} : { ca: [...rootCertificates, authority] };
  return async (target, headers, signal) => {
    const url = new URL(target);
    const { request } = url.protocol === 'https:' ? await import('node:https') : process.getBuiltinModule('node:http');
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request(url, { headers, signal, agent: false, ...ca }, resolve);
      outgoing.on('error', reject);
      outgoing.end();
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of incoming) {
      bytes += (chunk as Buffer).length;
      if (bytes > ANSWER_MAX) throw new CliError(EXIT.error, `${url.pathname}: its answer is larger than 512 MiB.`);
      chunks.push(chunk as Buffer);
    }
    const retryAfter = Number(incoming.headers['retry-after']);
    return {
      status: incoming.statusCode ?? 0,
      text: Buffer.concat(chunks).toString('utf8'),
      retryAfter: Number.isFinite(retryAfter) ? retryAfter : null,
      location: incoming.headers.location ?? null,
    };
  };
}

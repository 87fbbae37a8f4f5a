import { sentenceOf } from '../../../core/errors.ts';
import { errnoOf } from '../../system-error.ts';
import type { NoAnswer } from './interface.ts';

const CERTIFICATE = /^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_CERT|HOSTNAME_MISMATCH|INVALID_CA)/;
/** Codes of answers that are not HTTP, or not TLS. */
const GARBAGE = /^(?:HPE_|ERR_SSL_|EPROTO|ERR_HTTP|ERR_INVALID_HTTP)/;

/** A failure of the network, classified by its code. */
export function noAnswer(place: string, error: unknown): NoAnswer {
  const code = errnoOf(error);
  const why = CERTIFICATE.test(code) ? 'untrusted' : GARBAGE.test(code) ? 'garbage' : 'unreachable';
  return { kind: 'none', why, sentence: `${place}: ${sentenceOf(error)}` };
}

/** No answer came in time. */
export function silence(place: string, timeoutMs: number): NoAnswer {
  return { kind: 'none', why: 'silent', sentence: `${place} did not answer for ${(timeoutMs / 1000).toFixed(1)} s` };
}

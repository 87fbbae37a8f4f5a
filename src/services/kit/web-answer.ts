import type { ExecResult } from '../../core/host-values.ts';
import { jsonOrNull } from '../../core/json.ts';

/** An answer to a question over HTTP. */
export interface WebAnswer {
  readonly status: number;
  /** Its lines, the first with the status. */
  readonly head: string;
  readonly body: string;
}

/** Parses an answer; null: there is none, see `silenceOf`. */
export function webAnswerOf(answer: ExecResult | undefined): WebAnswer | null {
  if (answer?.code !== 0) return null;
  const end = answer.stdout.indexOf('\r\n\r\n');
  const status = /^HTTP\/[0-9.]+ (\d{3})/.exec(answer.stdout)?.[1];
  if (end < 0 || status === undefined) return null;
  return { status: Number(status), head: answer.stdout.slice(0, end), body: answer.stdout.slice(end + 4) };
}

/** A sentence that says why there is no answer. */
export function silenceOf(answer: ExecResult | undefined): string {
  if (!answer) return 'no query was sent';
  if (answer.failure !== null) return answer.failure;
  if (answer.timedOut) return 'no answer in time';
  const status = webAnswerOf(answer)?.status;
  return status === undefined ? 'no answer' : `no answer that could be read (status ${status})`;
}

/** The question could not leave this host: its link is down, or the queried address is not on it. */
export function hasNoRoute(answer: ExecResult | undefined): boolean {
  return /\b(ENETUNREACH|ENETDOWN|EADDRNOTAVAIL)\b/.test(answer?.failure ?? '');
}

/** The JSON of an answer with status 200; null for every other one. */
export function jsonOf(answer: ExecResult | undefined): unknown {
  const web = webAnswerOf(answer);
  return web?.status === 200 ? jsonOrNull(web.body) : null;
}

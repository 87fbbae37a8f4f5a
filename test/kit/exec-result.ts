import type { ExecResult } from '../../src/core/host-values.ts';

/** What was answered over HTTP: a text, or a value as JSON. */
export function webAnswer(said: unknown, status = 200, ...fields: readonly string[]): ExecResult {
  return answer([`HTTP/1.1 ${status} X`, ...fields, '', answer(said).stdout].join('\r\n'));
}

/** A daemon that could not be asked. */
export function notAsked(failure: string): ExecResult {
  return answer('', { code: null, failure });
}

/** A daemon that was silent. */
export const SILENT: ExecResult = answer('', { code: null, timedOut: true });

/** What a command that ended well answered: a text, or a value as JSON; `changes` last. */
export function answer(said: unknown, changes: Partial<ExecResult> = {}): ExecResult {
  const stdout = typeof said === 'string' ? said : JSON.stringify(said);
  return { code: 0, signal: null, stdout, stderr: '', timedOut: false, failure: null, ...changes };
}

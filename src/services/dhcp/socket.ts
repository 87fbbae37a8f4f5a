import type { ExecResult } from '../../core/host-values.ts';

/** Kea's result codes (ARM, "Control Channel"): done; nothing found. */
export const DONE = 0;
export const EMPTY = 3;

/** An answer of Kea's control socket. */
export interface KeaAnswer {
  readonly result: number;
  readonly text: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Reads an answer. Throws what JSON.parse throws; the engine says then that the answer cannot be read. */
export function readAnswer(answer: ExecResult | undefined): KeaAnswer {
  const value = recordOf(JSON.parse(answer?.stdout ?? ''));
  const { result, text } = value;
  return {
    result: typeof result === 'number' ? result : -1,
    text: typeof text === 'string' ? text : 'no reason given',
    args: recordOf(value['arguments']),
  };
}

/** A JSON object's members; none of anything else. */
export function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}

import { expect } from 'vitest';
import type { MaasAnswer, MaasClient, MaasOptions } from './maas.ts';

export type Values = Readonly<Record<string, string | readonly string[]>>;

/** The body of an answer that worked. */
export function ok(answer: MaasAnswer, status = 200) {
  expect([answer.status, answer.raw.slice(0, 400)]).toEqual([status, answer.raw.slice(0, 400)]);
  // What an answer has in it is what a test looks for.
  // oxlint-disable-next-line typescript/no-explicit-any
  return answer.body as any;
}

/** Calls of a MAAS client, each with its answer as a line of a table. `maas`: read when a call is made. */
export function createMaasTable(maas: () => MaasClient) {
  const lines: string[] = [];

  /** Calls `POST machines/ allocate` with values. */
  async function ask(row: string, call: string, values: Values = {}, options: MaasOptions = {}): Promise<MaasAnswer> {
    const [method = 'GET', path = '', op] = call.split(' ');
    const more = op === undefined ? options : { ...options, op };
    const answer =
      method === 'GET' ? await maas().get(path, values, more) : await maas().call(method as 'POST', path, values, more);
    const given = Object.entries(values).map(([name, value]) => `${name}=${String(value)}`);
    const shown = answer.raw.length > 150 ? `${answer.raw.slice(0, 150)}…` : answer.raw;
    lines.push(`${row}: ${call} ${given.join(' ')} → ${answer.status} ${shown.replaceAll('\n', ' ')}`);
    return answer;
  }

  /** The answer must be exactly this status and this body. */
  async function refused(
    [row, call]: readonly [row: string, call: string],
    values: Values,
    status: number,
    body: unknown,
  ): Promise<void> {
    const answer = await ask(row, call, values);
    expect({ call, values, status: answer.status, body: answer.body }).toEqual({ call, values, status, body });
  }

  return { lines, ask, refused };
}

import { Compile } from 'typebox/compile';
import type { ExecResult } from '../../core/host-values.ts';

import Type, { type Static } from 'typebox';

/** named's last answer: the serial of each zone of the probe (the zones that changed last). */
export const DnsFacts = Type.Object({ serials: Type.Record(Type.String(), Type.Number()) });
export type DnsFacts = Static<typeof DnsFacts>;

const validator = Compile(DnsFacts);

/** Reads the facts of a `dns` observation; null when there are none or they are of another shape. */
export const parseDnsFacts = (value: unknown): DnsFacts | null => (validator.Check(value) ? value : null);

/** A name server's answer to a question for an SOA. `status` null: no answer in time; `seconds`: when, since 1970 by the host's clock. */
export interface SoaAnswer {
  readonly status: string | null;
  readonly serial: number | null;
  readonly seconds: number | null;
}

/** Reads the answer to a `NameQuestion`. */
export function readSoa({ stdout, timedOut }: ExecResult): SoaAnswer {
  const status = timedOut ? null : (/status: ([A-Z]+)/.exec(stdout)?.[1] ?? null);
  return {
    status,
    serial: numberIn(/\sSOA\s+\S+\s+\S+\s+(\d+)\s/.exec(stdout)),
    seconds: numberIn(/^when: (\d+)$/m.exec(stdout)),
  };
}

const numberIn = (match: RegExpExecArray | null): number | null => (match?.[1] === undefined ? null : Number(match[1]));

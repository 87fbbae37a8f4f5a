import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/** What named answered when it was asked last: the serial of each zone of the probe (those that changed last). */
export const DnsFacts = Type.Object({ serials: Type.Record(Type.String(), Type.Number()) });
export type DnsFacts = Static<typeof DnsFacts>;

const validator = Compile(DnsFacts);

/** Reads the facts of a `dns` observation; null when there are none or they are of another shape. */
export function parseDnsFacts(value: unknown): DnsFacts | null {
  return validator.Check(value) ? value : null;
}

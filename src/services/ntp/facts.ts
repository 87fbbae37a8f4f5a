import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';

/**
 * The clock. `offsetSeconds`: its distance from its source, without sign; null: it follows none. `apart`: the region node whose clock differs most
 * from this one, and by how much; null: none has answered. An agent of an earlier release does not send it.
 */
export const NtpFacts = Type.Object({
  isSynchronised: Type.Boolean(),
  offsetSeconds: Type.Union([Type.Null(), Type.Number()]),
  apart: Type.Optional(Type.Union([Type.Null(), Type.Object({ address: Type.String(), seconds: Type.Number() })])),
});
export type NtpFacts = Static<typeof NtpFacts>;

const validator = Compile(NtpFacts);

/** Reads the facts of an `ntp` observation; null when there are none or they are of another shape. */
export const parseNtpFacts = (value: unknown): NtpFacts | null => (validator.Check(value) ? value : null);

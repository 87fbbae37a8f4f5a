import Type, { type Static } from 'typebox';
import { Desired } from './agent.ts';
import { BodyPart } from '../base/wire/body-parts.ts';

/**
 * A desired state with its body by parts: those that the generation which the agent holds does not have. The query requests it by
 * `parts`. The agent requests missing parts, and parts that do not match their digest, at `PARTS_PATH`; if that fails, it requests the whole body.
 */
export const DesiredParts = Type.Object({
  ...Type.Omit(Desired, ['body']).properties,
  root: Desired.properties.digest,
  parts: Type.Record(Type.String(), BodyPart),
});
export type DesiredParts = Static<typeof DesiredParts>;

/** `POST`: parts of what is published for the node, by digest. Those that are not known are left out of the answer. */
export const PARTS_PATH = '/agent/v1/parts';
/** Parts of one question; an agent that misses more asks for the whole body. */
export const PARTS_PER_QUESTION = 500;
export const PartsQuestion = Type.Object({
  digests: Type.Array(Desired.properties.digest, { minItems: 1, maxItems: PARTS_PER_QUESTION }),
});
export type PartsQuestion = Static<typeof PartsQuestion>;
export const PartsAnswer = Type.Object({ parts: Type.Record(Type.String(), BodyPart) });
export type PartsAnswer = Static<typeof PartsAnswer>;

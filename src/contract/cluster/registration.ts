import Type, { type Static } from 'typebox';
import { RACK_STATES } from '../../model/cluster/rack.ts';
import { nullable, oneOf, strict, text } from '../base/common.ts';

/** Path of the registration, on the agent's socket and on the API's port. */
export const REGISTER_PATH = '/agent/v1/register';

/** On the agent's socket a region node says by its credential which node it is. */
export const NODE_CREDENTIAL_HEADER = 'x-regent-node-credential';

/** A rack announces itself, at its start and again and again. Signed by the key that it names (`rack-signature.ts`). */
export const RegisterRequest = strict({ uuid: text(64), name: text(255, "the host's name"), publicKey: text(64) });
export type RegisterRequest = Static<typeof RegisterRequest>;

/** The whole answer to a rack. `nodeId`: its node's, null unless accepted. `why`: a sentence for its log. */
export const RegisterAnswer = strict({
  state: oneOf(RACK_STATES),
  nodeId: nullable(Type.String()),
  why: Type.String(),
});
export type RegisterAnswer = Static<typeof RegisterAnswer>;

import Type, { type Static } from 'typebox';
import { IDENTITY_MAX } from '../../core/node-identity.ts';
import { nullable, strict } from '../base/common.ts';

// Between region and agent: the protocol, version 1, which only grows.

/** Bytes of the arguments, as the database writes them. */
export const TRIED_MAX = 65_536;
/** Parts that one answer names. */
export const REFUSED_MAX = 16;
/** Characters of a sentence of a checker. */
export const CHECKER_SENTENCE_MAX = 700;

const Sentence = Type.String({ maxLength: CHECKER_SENTENCE_MAX });

/** What a DHCP server of the node is to be tried with: its part of a desired state, as it would be published. */
export const CheckDhcpArgs = strict({
  service: Type.String({ maxLength: IDENTITY_MAX, description: 'dhcp, or an instance such as dhcp@k1_k2' }),
  desired: Type.Record(Type.String(), Type.Unknown()),
});

/** The answer of the server's own checker. */
export const CheckDhcpResult = strict({
  isAccepted: Type.Boolean(),
  why: { ...Sentence, description: 'why it refuses; empty where it accepts' },
  line: nullable(Type.Integer({ description: 'of the file, where the checker names one' })),
  parts: Type.Array(strict({ name: Type.String({ maxLength: 100 }), why: Sentence, remedy: Sentence }), {
    maxItems: REFUSED_MAX,
    description: 'what it refuses, such as `snippet phones`; none: something else',
  }),
  unseen: Type.Array(Sentence, { maxItems: REFUSED_MAX, description: 'what is not in the file on this node' }),
});
export type CheckDhcpResult = Static<typeof CheckDhcpResult>;

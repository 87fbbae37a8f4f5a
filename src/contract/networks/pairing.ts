import Type, { type Static } from 'typebox';
import { Id, nullable, strict, text } from '../base/common.ts';

/** Names of the racks of a VLAN; null: none is named. */
export const RackPair = strict({ primary: nullable(Type.String()), secondary: nullable(Type.String()) });

const PairingChange = strict({
  vlan: Type.String({ description: 'FABRIC/NAME' }),
  vlanId: Id,
  before: RackPair,
  after: RackPair,
  why: Type.String({ description: 'what is wrong now, without a full stop' }),
});
export type PairingChange = Static<typeof PairingChange>;

/** How many VLANs with DHCP name a rack, before and after. */
const RackLoad = strict({
  name: Type.String(),
  primary: Type.Integer(),
  secondary: Type.Integer(),
  primaryAfter: Type.Integer(),
  secondaryAfter: Type.Integer(),
});

/** Which racks are to serve DHCP on which VLANs: a proposal, and what became of one. Nothing is changed until an operator applies it. */
export const Pairing = strict({
  digest: Type.String({ description: 'names this proposal; another one has another digest' }),
  changes: Type.Array(PairingChange),
  stays: Type.Array(Type.String(), { description: 'VLANs whose pair is good: FABRIC/NAME' }),
  left: Type.Array(strict({ vlan: Type.String({ description: 'FABRIC/NAME' }), why: Type.String() }), {
    description: 'VLANs for which nothing better is to be had now',
  }),
  racks: Type.Array(RackLoad),
  limit: Type.Integer({ description: 'VLANs that a rack should be primary rack of at most: its share and one more' }),
});
export type Pairing = Static<typeof Pairing>;

export const PairingApply = strict({
  digest: Type.Optional(
    text(128, 'of the proposal that was reviewed: another one is refused; left out: whatever is proposed now'),
  ),
});

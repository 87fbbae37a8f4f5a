import Type, { type Static } from 'typebox';
import { nullable, oneOf, strict, text, Time } from '../base/common.ts';
import { ClusterSource } from './status.ts';

/** What may happen to a node: its power goes; an operator hands its work on; its links go and it runs on. */
export const WHAT_IF_EVENTS = ['dies', 'drains', 'is-cut-off'] as const;
export type WhatIfEvent = (typeof WHAT_IF_EVENTS)[number];

/** The question. */
export const WhatIfQuery = strict({ node: text(64, 'name or id'), event: oneOf(WHAT_IF_EVENTS) });

/** For how long something is not served. `mostMs` null: until the node is back, or somebody acts. `probe`: the drills' name of it. */
const PredictedOutage = strict({
  probe: Type.String({ description: 'write, read, vip, lookup, proxy or `dhcp VLAN`' }),
  leastMs: Type.Integer({ minimum: 0 }),
  mostMs: nullable(Type.Integer({ minimum: 0 })),
  why: Type.String({ description: 'where the range comes from' }),
});
export type PredictedOutage = Static<typeof PredictedOutage>;

export const Handover = strict({
  before: nullable(Type.String()),
  after: nullable(Type.String({ description: 'the likeliest; null: nobody' })),
  candidates: Type.Array(Type.String(), { description: 'who may get it, the likeliest first' }),
});
export type Handover = Static<typeof Handover>;

/** What becomes of DHCP on a VLAN. */
const WhatIfVlan = strict({
  vlan: Type.String(),
  left: Type.Array(Type.String(), { description: 'racks that stand on it still' }),
  before: nullable(Type.String({ description: 'who serves DHCP on it now; null: nobody says that it does' })),
  after: nullable(Type.String({ description: 'who does then; null: nobody' })),
  why: Type.String(),
});
export type WhatIfVlan = Static<typeof WhatIfVlan>;

/** What would come of it, concluded from what is known at this moment; nothing is done. */
export const WhatIf = strict({
  node: Type.String(),
  event: oneOf(WHAT_IF_EVENTS),
  summary: Type.String(),
  source: ClusterSource,
  time: Time,
  vip: nullable(Handover),
  primary: Handover,
  outages: Type.Array(PredictedOutage),
  redundancy: strict({
    before: Type.Integer({ minimum: 0, description: 'region nodes that can be lost now' }),
    after: Type.Integer({ minimum: 0, description: 'and after it' }),
    why: Type.Array(Type.String()),
  }),
  vlans: Type.Array(WhatIfVlan, { description: 'VLANs with DHCP that the node stands on as a rack' }),
  risks: Type.Array(Type.String()),
});
export type WhatIf = Static<typeof WhatIf>;

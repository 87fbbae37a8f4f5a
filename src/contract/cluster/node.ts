import Type, { type Static } from 'typebox';
import { Facts } from './agent.ts';
import { Flag, listQuery, nullable, oneOf, page, strict, Time, text } from '../base/common.ts';

/** What a node's agent reported last. */
const AgentReport = strict({
  version: Type.String(),
  since: Time,
  reportedAt: Time,
  isStale: Type.Boolean({ description: 'nothing was reported for more than 30 s' }),
  staleSince: nullable(Time),
});

/** A VLAN that the node stands on, by its own report. */
export const NodeVlan = strict({
  vlan: Type.String({ description: 'FABRIC/NAME' }),
  interface: Type.String(),
  addresses: Type.Array(Type.String({ description: 'ADDRESS/PREFIX' })),
});

/** What an operator has handed on: since when, and who serves the VLANs that the node is a rack of. */
const Drain = strict({
  since: nullable(Time),
  vlans: Type.Array(
    strict({
      vlan: Type.String({ description: 'FABRIC/NAME' }),
      servedBy: nullable(Type.String({ description: 'the rack that says that it serves it now' })),
    }),
    { description: 'with DHCP, that it is a rack of' },
  ),
});

/** A host that runs the agent. */
export const Node = strict({
  id: Type.String(),
  name: Type.String(),
  isRegion: Type.Boolean(),
  isRack: Type.Boolean(),
  state: oneOf(
    ['joining', 'member', 'leaving'],
    'joining: let in, and not carrying its part yet; leaving: it stops what it runs, because it is taken out',
  ),
  isDrained: Type.Boolean({
    description: 'its work was handed on: it takes no call, role or address that another can',
  }),
  drain: nullable(Drain),
  addresses: Type.Array(Type.String()),
  wanted: Type.Integer({ description: 'generation that is published for it; 0 before the first' }),
  applied: nullable(Type.Integer({ description: 'generation that it reports as in force' })),
  isCurrent: Type.Boolean(),
  agent: nullable(AgentReport),
  facts: nullable(Facts),
  vlans: Type.Array(NodeVlan),
});
export type Node = Static<typeof Node>;

export const NodeParams = strict({ node: text(64, 'id or name') });
export const NodeListQuery = listQuery({ name: Type.Optional(text(63)), is_stale: Type.Optional(Flag) }, [
  'id',
  'name',
]);
export const NodePage = page(Node);

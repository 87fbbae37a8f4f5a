import Type, { type Static } from 'typebox';
import { RACK_STATES } from '../../model/cluster/rack.ts';
import { Flag, listQuery, nullable, oneOf, page, strict, Time, text } from '../base/common.ts';
import { NodeVlan } from './node.ts';

/** A rack controller; or the placeholder `master`, which holds machines while no rack is accepted and has no UUID. */
export const Rack = strict({
  uuid: nullable(Type.String({ description: 'CLUSTER_UUID of its rack.conf; null: the placeholder' })),
  name: Type.String(),
  state: oneOf(RACK_STATES),
  isMaster: Type.Boolean(),
  isPlaceholder: Type.Boolean(),
  node: nullable(Type.String({ description: 'name of its node; null unless accepted' })),
  publicKey: nullable(Type.String({ description: 'Ed25519, base64url' })),
  mayRekey: Type.Boolean({ description: 'its own node may bring a new key' }),
  registeredAt: nullable(Time),
  acceptedAt: nullable(Time),
  seenAt: nullable(Time),
  source: nullable(Type.String({ description: 'where its last registration came from' })),
  machines: Type.Integer({ description: 'machines that belong to it; the master has those that name no rack' }),
  vlans: Type.Array(NodeVlan),
});
export type Rack = Static<typeof Rack>;

export const RackParams = strict({ rack: text(64, 'UUID, name, or "master" for whoever is the master') });
export const RackAccept = strict({
  name: Type.Optional(text(63, 'name of its node; the name that it registered with when left out')),
});
export type RackAccept = Static<typeof RackAccept>;
export const RackResetKey = strict({
  publicKey: Type.Optional(
    text(64, 'the new key, which counts at once; left out: its own node, known by its certificate, may bring one'),
  ),
});
export type RackResetKey = Static<typeof RackResetKey>;
export const RackListQuery = listQuery(
  { state: Type.Optional(oneOf(RACK_STATES)), is_master: Type.Optional(Flag), name: Type.Optional(text(63)) },
  ['name', 'state', 'registered'],
);
export const RackPage = page(Rack);

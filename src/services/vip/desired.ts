import Type, { type Static } from 'typebox';

const LABEL = '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const IPV4 = '^[0-9]{1,3}(?:\\.[0-9]{1,3}){3}$';

/** Desired state of keepalived and `ha/vip` on a node. */
export const VipDesired = Type.Object({
  /** Names the cluster in the beacons of `ha/vip`. */
  clusterId: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }),
  /** VRRP's number of the floating address on its network (RFC 9568 §5.2.3). */
  router: Type.Integer({ minimum: 1, maximum: 255 }),
  /** The floating address, `ADDRESS/PREFIX`. */
  vip: Type.String({ pattern: '^[0-9]{1,3}(?:\\.[0-9]{1,3}){3}/[0-9]{1,2}$' }),
  /** A different priority on every node. The holder of the address keeps it (no preemption). */
  priority: Type.Integer({ minimum: 1, maximum: 254 }),
  name: Type.String({ pattern: LABEL }),
  address: Type.String({ pattern: IPV4 }),
  /** False: this node is still joining and does not take the address. */
  isMember: Type.Boolean(),
  /** An operator has drained the node: it leaves the address to others while one of them may hold it. */
  isDrained: Type.Optional(Type.Boolean()),
  /** The other region nodes. */
  peers: Type.Array(Type.Object({ name: Type.String({ pattern: LABEL }), address: Type.String({ pattern: IPV4 }) })),
});
export type VipDesired = Static<typeof VipDesired>;

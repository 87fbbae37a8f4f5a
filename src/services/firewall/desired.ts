import Type, { type Static } from 'typebox';

const Address = Type.String({ pattern: '^[0-9a-f.:]{2,45}$' });

/** Who may reach what only nodes of the cluster may reach; everything else is nobody's matter here. */
export const FirewallDesired = Type.Object({
  /** Addresses of region nodes, the floating one too: database, etcd, Patroni, each other's regiond, VRRP. */
  members: Type.Array(Address, { minItems: 1 }),
  /** Addresses of all nodes: the agents' port. */
  nodes: Type.Array(Address, { minItems: 1 }),
});
export type FirewallDesired = Static<typeof FirewallDesired>;

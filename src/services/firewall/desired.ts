import Type, { type Static } from 'typebox';

const Address = Type.String({ pattern: '^[0-9a-f.:]{2,45}$' });

/** Who may reach what only nodes of the cluster may reach; everything else is nobody's matter here. */
export const FirewallDesired = Type.Object({
  /** Addresses of region nodes, the floating one too: database, etcd, Patroni, each other's regiond, VRRP. */
  members: Type.Array(Address, { minItems: 1 }),
  /** Addresses of all nodes: the agents' port. */
  nodes: Type.Array(Address, { minItems: 1 }),
  /** Ports of this rack's DHCP servers for their partners, who alone may reach them. Left out: it is in no pair. */
  partners: Type.Optional(
    Type.Array(Type.Object({ port: Type.Integer({ minimum: 1024, maximum: 65_535 }), address: Address })),
  ),
});
export type FirewallDesired = Static<typeof FirewallDesired>;

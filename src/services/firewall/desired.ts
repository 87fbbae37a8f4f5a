import Type, { type Static } from 'typebox';

const Address = Type.String({ pattern: '^[0-9a-f.:]{2,45}$' });

const Port = Type.Integer({ minimum: 1024, maximum: 65_535 });

/** Who may reach the ports that only nodes of the cluster may reach. It does not touch anything else. */
export const FirewallDesired = Type.Object({
  /** Addresses of region nodes, the floating one too: database, etcd, Patroni, each other's regiond, VRRP. */
  members: Type.Array(Address, { minItems: 1 }),
  /** Addresses of all nodes: the agents' port. */
  nodes: Type.Array(Address, { minItems: 1 }),
  /**
   * Ports of this rack's DHCP servers for their partners; only the partners may reach them. `partnerPort`: the same of the partner, which only the DHCP servers of
   * this rack may call; a region of an earlier release does not send it. Missing: it is in no pair.
   */
  partners: Type.Optional(Type.Array(Type.Object({ port: Port, address: Address, partnerPort: Type.Optional(Port) }))),
});
export type FirewallDesired = Static<typeof FirewallDesired>;

/**
 * TCP and UDP ports of a node. A port marked "members" is open only to region nodes, by packet filter
 * and certificate.
 */
export const PORTS = {
  /** API, plain HTTP: haproxy, for everybody (firmware and old clients need it). */
  http: 5240,
  /** API over TLS: haproxy, for everybody. */
  https: 5443,
  /** Agent channel: regiond, mutual TLS, for nodes of the cluster. */
  agents: 5250,
  /** API as haproxies reach it: regiond, mutual TLS, members. */
  region: 5251,
  /** Boot files, images and the proxy to regions' metadata on racks: nginx, for machines. */
  bootFiles: 5248,
  /** What a machine boots, on racks: the agent's boot listener, for machines. */
  bootScripts: 5249,
  /** Root file systems of images for machines that boot by iSCSI, on racks: tgtd, on the rack's addresses in machines' VLANs (RFC 7143's own port). */
  iscsi: 3260,
  /** Votes of the floating address's holders: UDP, keyed, members. */
  beacon: 5254,
  /** The database's primary, wherever it is: haproxy, only on 127.0.0.1. */
  databaseLocal: 5433,
  /** PostgreSQL, members. */
  database: 5432,
  /** Patroni's REST API, mutual TLS, members. */
  patroni: 8008,
  /** pgBackRest's server, mutual TLS, members. */
  backup: 5257,
  /** etcd for its clients and for its members, mutual TLS, members. */
  etcdClient: 2379,
  etcdPeer: 2380,
  /** Patroni's proxy to an etcd that answers: `ha/etcd/way.ts`, only on 127.0.0.1. */
  etcdProxy: 2378,
} as const;

/** Ports that no other daemon of a node may be given: ours, and 5240 to 5270, which MAAS keeps for itself. Ordered. */
export const TAKEN_PORTS: readonly number[] = [
  ...new Set([...Object.values(PORTS), ...Array.from({ length: 31 }, (_, index) => 5240 + index)]),
].sort((a, b) => a - b);

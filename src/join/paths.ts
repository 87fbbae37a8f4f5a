/** Paths that init and join read and write on a product host; `scripts/install` made their folders. */
export const PATHS = {
  product: '/opt/regent',
  conf: '/etc/regent/regent.conf',
  /** The agent's own: it may not read `regent.conf`, which can hold the database's password. */
  agentConf: '/etc/regent/agent.conf',
  /** Who this host is as a rack, and where its region is. */
  rackConf: '/etc/regent/rack.conf',
  /** The agent's copy of the UUID: it outlives a lost `rack.conf`. */
  rackUuid: '/var/lib/regent/agent/rack-uuid',
  rackKey: '/var/lib/regent/agent/rack-key',
  credential: '/var/lib/regent/agent/credential',
  /** What the agent goes by while no region answers. */
  ledger: '/var/lib/regent/agent/ledger.json',
  /** What the agent's engine remembers. */
  applied: '/var/lib/regent/agent/applied.json',
  /** There when init has ended; holds no secret. */
  initDone: '/var/lib/regent/init.json',
  /** There while init is under way, so that a second run goes on with the same node. */
  initUnderWay: '/var/lib/regent/init-under-way.json',
  /** There when a join has ended; holds no secret. */
  joinDone: '/var/lib/regent/join.json',
  /** There while a join is under way. */
  joinUnderWay: '/var/lib/regent/join-under-way.json',
  rootConfig: '/root/.config/regent/config.json',
  /** The node's certificates (group regent-pki may read the key). */
  authority: '/etc/regent/pki/ca.crt',
  certificate: '/etc/regent/pki/node.crt',
  key: '/etc/regent/pki/node.key',
  /** Certificate and key in one, as haproxy wants them. */
  pem: '/etc/regent/pki/node.pem',
  /** Region nodes alone. */
  authorityKey: '/var/lib/regent/region/pki/ca.key',
  secrets: '/var/lib/regent/region/pki/secrets.json',
  patroniSecrets: '/etc/regent/secrets/patroni.env',
  databasePassword: '/etc/regent/secrets/database.password',
  beaconKey: '/etc/regent/secrets/beacon.key',
  /** Data that daemons make. */
  etcdData: '/var/lib/etcd/regent',
  postgresData: '/var/lib/postgresql/17/regent',
} as const;

/** Units of ours that a region node runs, in the order of their start; a rack runs the last two. */
export const UNITS = {
  region: 'regent-regiond.service',
  helper: 'regent-helper.socket',
  agent: 'regent-agent.service',
} as const;

/** Units of the daemons that the pipeline runs on a region node before there is a region. */
export const CLUSTER_UNITS = {
  firewall: 'regent-firewall.service',
  dcs: 'etcd.service',
  db: 'patroni.service',
  lb: 'haproxy.service',
  vip: 'keepalived.service',
} as const;

/** User of the first admin, and the label of the key that init makes. */
export const FIRST_ADMIN = { user: 'admin', label: 'regent init', consumer: 'regent' } as const;

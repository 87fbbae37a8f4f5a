/** Paths that init and join read and write on a product host; `scripts/install` made their folders. */
export const PATHS = {
  product: '/opt/regent',
  conf: '/etc/regent/regent.conf',
  /** The agent's own settings: it may not read `regent.conf`, which can hold the database's password. */
  agentConf: '/etc/regent/agent.conf',
  /** This host's identity as a rack, and its region's address. */
  rackConf: '/etc/regent/rack.conf',
  /** The agent's copy of the UUID, which survives a lost `rack.conf`. */
  rackUuid: '/var/lib/regent/agent/rack-uuid',
  rackKey: '/var/lib/regent/agent/rack-key',
  credential: '/var/lib/regent/agent/credential',
  /** The desired state that the agent uses while no region answers. */
  ledger: '/var/lib/regent/agent/ledger.json',
  /** The memory of the agent's engine. */
  applied: '/var/lib/regent/agent/applied.json',
  /** Exists when init has ended; no secret. */
  initDone: '/var/lib/regent/init.json',
  /** Exists during init, so that a second run continues with the same node. */
  initNote: '/var/lib/regent/init-under-way.json',
  /** Exists when a join has ended; no secret. */
  joinDone: '/var/lib/regent/join.json',
  /** Exists during a join. */
  joinNote: '/var/lib/regent/join-under-way.json',
  /** Exists while a node that was taken out is cleaned. */
  leaveNote: '/var/lib/regent/leave-under-way.json',
  /** Exists during a recovery of the cluster. */
  recoverNote: '/var/lib/regent/recover-under-way.json',
  /** Exists during a restore of the site. */
  restoreNote: '/var/lib/regent/restore-unfinished.json',
  /** `ha/epoch` writes it when the epoch of this host's cluster is over. */
  epochOver: '/var/lib/regent/epoch-over.json',
  rootConfig: '/root/.config/regent/config.json',
  /** The node's certificates (group regent-pki may read the key). */
  authority: '/etc/regent/pki/ca.crt',
  certificate: '/etc/regent/pki/node.crt',
  key: '/etc/regent/pki/node.key',
  /** Certificate and key in one file for haproxy. */
  pem: '/etc/regent/pki/node.pem',
  /** Only on region nodes. */
  authorityKey: '/var/lib/regent/region/pki/ca.key',
  secrets: '/var/lib/regent/region/pki/secrets.json',
  patroniSecrets: '/etc/regent/secrets/patroni.env',
  databasePassword: '/etc/regent/secrets/database.password',
  beaconKey: '/etc/regent/secrets/beacon.key',
  /** Data of daemons. */
  etcdData: '/var/lib/etcd/regent',
  postgresData: '/var/lib/postgresql/17/regent',
} as const;

/** Our units on a region node, in the order of their start; a rack runs the last two. */
export const UNITS = {
  region: 'regent-regiond.service',
  helper: 'regent-helper.socket',
  agent: 'regent-agent.service',
} as const;

/** Units of daemons that the pipeline runs on a region node before there is a region. */
export const CLUSTER_UNITS = {
  firewall: 'regent-firewall.service',
  dcs: 'etcd.service',
  db: 'patroni.service',
  lb: 'haproxy.service',
  vip: 'keepalived.service',
} as const;

/** User of the first admin, and the label of the key that init makes. */
export const FIRST_ADMIN = { user: 'admin', label: 'regent init', consumer: 'regent' } as const;

/** Paths that init reads and writes on a product host; `scripts/install` made their folders. */
export const PATHS = {
  product: '/opt/regent',
  conf: '/etc/regent/regent.conf',
  /** The agent's own: it may not read `regent.conf`, which can hold the database's password. */
  agentConf: '/etc/regent/agent.conf',
  /** Who this host is as a rack, and where its region is. */
  rackConf: '/etc/regent/rack.conf',
  /** The agent's copy of the UUID: it outlives a lost `rack.conf`. */
  rackUuid: '/var/lib/regent/agent/rack-uuid',
  credential: '/var/lib/regent/agent/credential',
  /** There when init has ended; holds no secret. */
  done: '/var/lib/regent/init.json',
  /** There while init is under way, so that a second run goes on with the same node. */
  underWay: '/var/lib/regent/init-under-way.json',
  databaseMark: '/var/lib/regent/db/17/PG_VERSION',
  rootConfig: '/root/.config/regent/config.json',
} as const;

/** Units that init starts, in this order. The database's only without an own DATABASE_URL. */
export const UNITS = {
  database: 'regent-db.service',
  databaseWatch: 'regent-db-watch.service',
  region: 'regent-regiond.service',
  helper: 'regent-helper.socket',
  agent: 'regent-agent.service',
} as const;

/** User of the first admin, and the label of the key that init makes. */
export const FIRST_ADMIN = { user: 'admin', label: 'regent init', consumer: 'regent' } as const;

/** A row of the headline table: what is promised, and of what it is measured. */
export interface Headline {
  /** As the table names it; the `headline` of its hazards. */
  readonly name: string;
  /** The lane whose outage is the number; null: the number counts failovers that nothing called for. */
  readonly probe: string | null;
  /** The longest outage that is promised, ms; absent: none is named. */
  readonly withinMs?: number;
  /** How many calls may fail; absent: it is not promised. */
  readonly failures?: number;
  /** The promise as text, for a table. */
  readonly target: string;
}

/** What the product promises when something fails. 95 of 100 rounds must keep within the time, a drill asks it of each. */
export const HEADLINES = {
  primaryHost: {
    name: "the primary's host dies",
    probe: 'write',
    withinMs: 4_000,
    target: 'writes back within 4 s (p95)',
  },
  primaryHostWithLeader: {
    name: "the primary's host dies, and etcd's leader with it",
    probe: 'write',
    withinMs: 5_000,
    target: 'writes back within 5 s (p95)',
  },
  primaryUnreachable: {
    name: "the primary's link cut, partitioned; Patroni, PostgreSQL or the host frozen",
    probe: 'write',
    withinMs: 4_000,
    target: 'writes back within 4 s (p95)',
  },
  postgresKilled: {
    name: "the primary's PostgreSQL killed",
    probe: 'write',
    withinMs: 2_000,
    target: 'writes back within 2 s',
  },
  switchover: {
    name: 'planned switchover',
    probe: 'write',
    withinMs: 3_000,
    failures: 0,
    target: 'writes pause for 3 s at most, no call fails',
  },
  vipHost: {
    name: "the VIP holder's host dies",
    probe: 'vip',
    withinMs: 1_000,
    target: 'the VIP answers within 1 s (p95)',
  },
  vipMove: { name: 'planned move of the VIP', probe: 'vip', withinMs: 300, target: 'the VIP answers within 0.3 s' },
  regiondKilled: {
    name: 'a regiond killed',
    probe: 'write',
    failures: 0,
    target: 'no call fails that may be repeated',
  },
  rackLost: {
    name: "a rack's host dies, or is cut off",
    probe: 'dhcp',
    withinMs: 3_000,
    target: 'leases on its VLANs within 3 s, no address of two machines',
  },
  calm: { name: '5 % loss; short pauses; both processors busy', probe: null, target: 'no failover' },
} as const satisfies Record<string, Headline>;

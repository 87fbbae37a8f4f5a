import { describe, expect, it } from 'vitest';
import type { InvariantState } from '../../../../src/contract/cluster/doctor.ts';
import { CHECKS, diagnose, judge } from '../../../../src/region/cluster/doctor.ts';
import { QUOTA_BYTES } from '../../../../src/services/dcs/view.ts';
import type { LeaseOverview, ShownSite } from '../../../../src/region/cluster/site.ts';
import type { LeaseGap } from '../../../../src/store/queries/networks/lease-gaps.ts';
import type { NamedClash } from '../../../../src/store/queries/networks/named-clashes.ts';
import type { ServerState } from '../../../../src/store/pool/server-states.ts';
import type { Status } from '../../../../src/contract/site/status.ts';
import { judgeCluster } from '../../../../src/region/cluster/view.ts';
import type { TrackedNode } from '../../../../src/region/base/tracking.ts';
import { summarise } from '../../../../src/region/cluster/status-summary.ts';
import { BACKUP_TABLE } from './backup-table.ts';
import { anImageOn, aServer, aSite, BACKUPS, days, EXTERNAL, NOW, POOL, SHOWN, type SiteChanges } from './fixture.ts';

const GIB = 2 ** 30;
const all = (changes: object) => Object.fromEntries(['r1', 'r2', 'r3'].map((name) => [name, changes]));
const member = (name: string, role: 'primary' | 'standby', more: object = {}) => ({
  name,
  role,
  state: role === 'primary' ? 'running' : 'streaming',
  timeline: 7,
  lagBytes: 0,
  isSynchronous: role === 'standby',
  ...more,
});
const members = (...standbys: readonly ReturnType<typeof member>[]): SiteChanges => ({
  nodes: { r1: { db: { members: [member('r1', 'primary'), ...standbys] } } },
});
const voter = (name: string, more: object = {}) => ({ name, id: `a${name}`, isLearner: false, ...more });
const slots = (...list: readonly object[]) => ({
  site: {
    wal: {
      maxKeepBytes: GIB,
      slots: list.map((slot) => ({ name: 'r2', isActive: true, isLost: false, retainedBytes: 0, ...slot })),
    },
  },
});
const disk = (size: number, free: number): SiteChanges => ({
  nodes: { r2: { host: { disks: [{ path: '/var/lib/postgresql', sizeBytes: size * GIB, freeBytes: free * GIB }] } } },
});
const bodies = (sizeBytes: number | null): SiteChanges => ({
  nodes: {
    k1: { host: { boundedFolders: [{ service: 'http', path: '/var/lib/x', sizeBytes, mostBytes: 256 * 2 ** 20 }] } },
  },
});
const certificate = (left: number): SiteChanges => ({
  nodes: { r2: { host: { certificate: { serial: '0a', notBefore: days(-20), notAfter: days(left) } } } },
});

const DAY = 86_400_000;
const shownSite = (changes: Partial<ShownSite>): SiteChanges => ({ site: { shown: { ...SHOWN, ...changes } } });

const leasesOf = (changes: Partial<LeaseOverview>): SiteChanges => ({
  site: { leases: { pairs: aSite().leases?.pairs ?? [], gaps: [], pools: [], ...changes } },
});
const poolOf = (changes: Partial<typeof POOL>) => leasesOf({ pools: [{ ...POOL, ...changes }] });
const gap = (changes: Partial<LeaseGap> = {}): LeaseGap => ({
  address: '10.10.10.100',
  node: 'k1',
  mac: '52:54:00:00:00:64',
  other: 'k2',
  otherMac: null,
  isLacking: true,
  seconds: 300,
  ...changes,
});

const external = (...servers: readonly ServerState[]): SiteChanges => ({ site: { ...EXTERNAL, servers } });

const namedOf = (changes: Pick<NamedClash, 'use' | 'holder'>): SiteChanges => ({
  site: {
    named: { count: 2, clashes: [{ address: '10.0.0.2', named: 'a resolver of the subnet 10.0.0.0/24', ...changes }] },
  },
});

/** What etcd 3.5.16 leaves in its store of r2, which votes. */
const UNWRITTEN = { id: 'ar2', place: '10.77.0.12:2380' };
const STUCK = { id: 7, kind: 'node-drain', target: 'r2', seconds: 75 };

/** id, what is wrong, state, a part of what is said. */
const RECOVERY = {
  number: 2,
  id: '4f2e90ab',
  at: Date.UTC(2026, 10, 20),
  node: 'r1',
  lost: ['r8', 'r9'].map((name) => ({ name, address: '10.77.0.18' })),
  told: [],
  signature: 'c2lnbmVk',
};

const TABLE: readonly (readonly [string, string, SiteChanges, InvariantState, string])[] = [
  ...BACKUP_TABLE,
  ['database-servers', 'nobody asked', { site: EXTERNAL }, 'unknown', 'The servers have not been queried'],
  [
    'database-servers',
    'no primary',
    external(aServer('a:5432', 'standby'), aServer('b:5432', 'silent')),
    'broken',
    'No server takes writes: a:5432 is standby',
  ],
  [
    'database-servers',
    'two',
    external(aServer('a:5432', 'primary'), aServer('b:5432', 'primary')),
    'broken',
    'Two primaries',
  ],
  [
    'database-servers',
    'read-only',
    external(aServer('a:5432', 'read-only'), aServer('b:5432', 'standby')),
    'broken',
    'No server takes writes',
  ],
  [
    'database-servers',
    'one away',
    external(aServer('a:5432', 'primary'), aServer('b:5432', 'silent')),
    'warning',
    'b:5432 is silent',
  ],
  ['database-servers', 'one alone', external(aServer('a:5432', 'primary')), 'warning', 'names only this server'],
  [
    'database-servers',
    'nobody is waited for',
    external(aServer('a:5432', 'primary', false), aServer('b:5432', 'standby')),
    'warning',
    'may be lost in a failover',
  ],
  ['etcd-quorum', 'no majority', { nodes: all({ dcs: { hasQuorum: false } }) }, 'broken', 'etcd has no majority'],
  [
    'etcd-quorum',
    'a voter is hung',
    { nodes: { r2: { dcs: null } } },
    'broken',
    '2 of 3 voters answer: dcs on r2 is unhealthy',
  ],
  ['etcd-quorum', 'a host is dead', { nodes: { r3: { silentFor: 60 } } }, 'broken', 'r3 has not reported for 60 s'],
  ['etcd-quorum', 'nobody speaks', { nodes: all({ silentFor: 60 }) }, 'unknown', 'r1 has not reported for 60 s'],
  [
    'etcd-members',
    'a stranger',
    { nodes: { r1: { dcs: { members: [voter('r1'), voter('r2'), voter('r3'), voter('old')] } } } },
    'broken',
    'old (aold)',
  ],
  [
    'etcd-members',
    'one that never started',
    { nodes: { r1: { dcs: { members: [voter('r1'), voter('r2'), voter('r3'), voter('', { id: 'b0' })] } } } },
    'broken',
    'a member that never started (b0)',
  ],
  [
    'etcd-members',
    'a member without a vote',
    { nodes: { r1: { dcs: { members: [voter('r1'), voter('r2')] } } } },
    'broken',
    'not voters of etcd: r3',
  ],
  [
    'etcd-members',
    'a learner',
    {
      regions: 3,
      nodes: {
        r3: { state: 'joining' },
        r1: { dcs: { members: [voter('r1'), voter('r2'), voter('r3', { isLearner: true })] } },
      },
    },
    'warning',
    'Still a learner: r3',
  ],
  [
    'etcd-learners',
    'etcd 3.6 is installed',
    { nodes: { r3: { daemons: { dcs: 'etcd Version: 3.6.4' } } }, site: { storedLearners: [UNWRITTEN] } },
    'broken',
    'etcd 3.6 or later is installed on r3.',
  ],
  ['etcd-learners', 'not read', { site: { storedLearners: null } }, 'unknown', 'could not be read'],
  ['etcd-space', 'an alarm', { nodes: { r2: { dcs: { alarms: ['NOSPACE'] } } } }, 'broken', 'r2: NOSPACE'],
  ['etcd-space', 'nearly full', { nodes: { r2: { dcs: { sizeBytes: 0.95 * QUOTA_BYTES } } } }, 'broken', 'r2'],
  ['etcd-space', 'half full', { nodes: { r2: { dcs: { sizeBytes: 0.6 * QUOTA_BYTES } } } }, 'warning', 'r2'],
  [
    'database-writes',
    'away',
    { site: { database: { isUp: false, why: 'Connection refused.', latencyMs: null } } },
    'broken',
    'Connection refused.',
  ],
  [
    'upstreams',
    'a resolver is dead',
    {
      nodes: {
        r1: {
          host: {
            upstreams: [
              { service: 'dns', place: '10.9.9.9', isAnswering: false, why: 'no answer in time', since: days(-1) },
            ],
          },
        },
      },
    },
    'warning',
    'The resolver 10.9.9.9 answers no node (r1): no answer in time',
  ],
  [
    'vip-reach',
    'somebody else answers',
    {
      nodes: {
        r1: { vip: { isHolder: true, mac: '52:54:00:00:00:11', otherMacs: ['52:54:00:de:ad:01'] } },
      },
    },
    'broken',
    '10.77.0.10 is also answered by 52:54:00:de:ad:01',
  ],
  ['one-primary', 'two', { nodes: { r2: { db: { role: 'primary' } } } }, 'broken', 'r1 and r2 each report'],
  [
    'one-primary',
    'none',
    { nodes: { r1: { db: { role: 'none' } } } },
    'broken',
    'No node reports that it is the primary.',
  ],
  [
    'one-primary',
    'one is silent',
    { nodes: { r2: { silentFor: 50 } } },
    'unknown',
    'r1 is the primary. r2 has not reported',
  ],
  [
    'standbys',
    'one does not stream',
    members(member('r2', 'standby'), member('r3', 'standby', { state: 'start failed', isSynchronous: false })),
    'broken',
    '1 of 2 standbys are synchronous: r3 is start failed',
  ],
  [
    'standbys',
    'a copy broke off',
    {
      nodes: {
        r1: {
          db: {
            members: [
              member('r1', 'primary'),
              member('r2', 'standby'),
              member('r3', 'standby', { state: 'stopped', isSynchronous: false }),
            ],
          },
        },
        r3: { db: { role: 'none', state: 'stopped', isBrokenOff: true } },
      },
    },
    'broken',
    '1 of 2 standbys are synchronous: the copy of the primary on r3 broke off',
  ],
  ['standbys', 'one is away', members(member('r2', 'standby')), 'broken', 'r3 is missing'],
  [
    'standbys',
    'far behind',
    members(member('r2', 'standby'), member('r3', 'standby', { lagBytes: 200 * 1024 ** 2 })),
    'warning',
    'r3 by 200 MiB',
  ],
  ['standbys', 'no primary', { nodes: { r1: { db: { role: 'none' } } } }, 'unknown', 'No primary reports'],
  [
    'timeline',
    'an older one',
    members(member('r2', 'standby'), member('r3', 'standby', { timeline: 6 })),
    'broken',
    'r3 is on timeline 6',
  ],
  ['database-configuration', 'another one', { nodes: { r2: { db: { isConfigured: false } } } }, 'warning', 'r2'],
  [
    'failover',
    'paused',
    { nodes: all({ db: { isPaused: true } }), site: { pausedSince: '2026-03-01T09:58:00.000Z' } },
    'broken',
    'Patroni is paused since 2026-03-01T09:58:00.000Z, resume with: patronictl',
  ],
  ['drained', 'one', { nodes: { r2: { isDrained: true } } }, 'warning', 'r2.'],
  ['vip-holder', 'two', { nodes: { r2: { vip: { isHolder: true } } } }, 'broken', 'r1 and r2 each hold 10.77.0.10/24'],
  [
    'vip-holder',
    'none',
    { nodes: { r1: { vip: { isHolder: false } } } },
    'broken',
    'No node reports that it holds 10.77.0.10/24.',
  ],
  [
    'vip-holder',
    'an unfit one',
    { nodes: { r1: { vip: { isFit: false, why: 'haproxy does not answer' } } } },
    'broken',
    'haproxy does not answer',
  ],
  [
    'vip-holder',
    'one is not fit',
    { nodes: { r3: { vip: { isFit: false, why: 'no majority' } } } },
    'warning',
    'r3 is not fit (no majority)',
  ],
  [
    'vip-holder',
    'one says nothing',
    { nodes: { r3: { vip: null } } },
    'unknown',
    'r1 holds it. vip on r3 is unhealthy',
  ],
  [
    'regions',
    'one is away',
    { nodes: { r3: { region: { isReady: false, version: '0.3.0' } } } },
    'broken',
    'Not on r3.',
  ],
  [
    'load-balancers',
    'no primary is seen',
    { nodes: { r2: { lb: { primary: null } } } },
    'broken',
    'r2 sees no primary',
  ],
  ['load-balancers', 'another primary', { nodes: { r2: { lb: { primary: 'r2' } } } }, 'broken', 'the primaries differ'],
  [
    'load-balancers',
    'a region is not seen',
    { nodes: { r2: { lb: { regions: [{ name: 'r3', isUp: false }] } } } },
    'broken',
    'r2 does not see the region of r3',
  ],
  [
    'zone-serials',
    'they differ',
    { nodes: { r2: { serials: { 'regent.internal': 1_790_000_000 } } } },
    'broken',
    'r1 1790000001, r2 1790000000',
  ],
  [
    'zone-serials',
    'they differ for a moment',
    { nodes: { r2: { report: 'applying', serials: { 'regent.internal': 1 } } } },
    'warning',
    'A change is being taken over',
  ],
  ['zone-serials', 'one says nothing', { nodes: { r2: { serials: null } } }, 'unknown', 'dns on r2 is unhealthy'],
  [
    'firewall',
    'not in force',
    { nodes: { r2: { firewall: 'install_failed' } } },
    'broken',
    'firewall on r2 is install_failed',
  ],
  ['firewall', 'no word', { nodes: { r2: { silentFor: 40 } } }, 'unknown', 'r2 has not reported for 40 s'],
  ['agents', 'silent', { nodes: { k1: { silentFor: 61 } } }, 'broken', 'k1 has not reported for 61 s'],
  ['agents', 'late', { nodes: { k1: { silentFor: 25 } } }, 'unknown', 'k1 has not reported for 25 s'],
  ['agents', 'one that never reported', { nodes: { k1: { never: true } } }, 'unknown', 'k1 has never reported'],
  ['agents', 'behind', { nodes: { k1: { report: 'applying' } } }, 'warning', 'k1 has generation 4 of 4'],
  [
    'configuration',
    'an error of a compiler',
    {
      site: {
        findings: [
          {
            node: 'r1',
            service: 'dns',
            code: 'x',
            severity: 'error',
            subject: 'zone a',
            sentence: 'Zone a is old.',
            remedy: 'Mend zone a.',
          },
        ],
      },
    },
    'broken',
    'dns on r1: Zone a is old.',
  ],
  ['services', 'ill', { nodes: { r2: { serials: null } } }, 'broken', 'dns on r2 is unhealthy'],
  ['services', 'silent', { nodes: { k1: { silentFor: 61 } } }, 'unknown', 'ntp on k1 is stale'],
  ['rack-pairs', 'nobody serves', { nodes: { k1: { dhcp: null } } }, 'broken', 'Nobody serves fabric-1/vlan10: k1'],
  ['rack-pairs', 'no word', { nodes: { k1: { silentFor: 60 } } }, 'unknown', 'k1 has not reported for 60 s'],
  ['certificates', 'none', { nodes: { r2: { host: { certificate: null } } } }, 'broken', 'r2 has no certificate'],
  [
    'certificates',
    'a rack without',
    { nodes: { k1: { host: { certificate: null } } } },
    'warning',
    'k1 has no certificate',
  ],
  ['certificates', 'ended', certificate(-1), 'broken', 'the certificate of r2 has ended'],
  ['certificates', 'soon', certificate(6.5), 'broken', 'the certificate of r2 ends in 6.5 days'],
  ['certificates', 'no word', { nodes: { r2: { host: null } } }, 'unknown', 'r2 does not report host'],
  ['authority', 'soon', { site: { authority: { notAfter: days(80) } } }, 'broken', 'It ends in 80 days'],
  ['authority', 'not readable', { site: { authority: null } }, 'unknown', 'cannot read'],
  ['disks', 'full', disk(100, 3), 'broken', '/var/lib/postgresql on r2 has 3 %'],
  ['disks', 'tight', disk(50, 5), 'warning', '10 %'],
  ['bounded-folders', 'none', bodies(null), 'warning', 'http on k1 should have a file system of 256 MiB'],
  ['bounded-folders', 'a larger one', bodies(2 ** 30), 'warning', 'has one of 1024 MiB'],
  ['bounded-folders', 'no word', { nodes: { k1: { silentFor: 60 } } }, 'unknown', 'k1'],
  ['wal-bounds', 'no bound', { site: { wal: { maxKeepBytes: null, slots: [] } } }, 'broken', 'max_slot_wal_keep_size'],
  ['wal-bounds', 'lost', slots({ isLost: true }), 'broken', 'WAL that r2 needs'],
  ['wal-bounds', 'a slot of nobody', slots({ name: 'gone', isActive: false }), 'warning', 'gone'],
  ['wal-bounds', 'a large one', slots({ retainedBytes: 0.7 * GIB }), 'warning', 'r2 holds 717 MiB'],
  ['wal-bounds', 'no word', { site: { wal: null } }, 'unknown', 'away'],
  ['clock', 'far off', { nodes: { r2: { ntp: { offsetSeconds: -3.2 } } } }, 'broken', 'r2 is off by -3.20 s'],
  ['clock', 'a little off', { nodes: { r2: { ntp: { offsetSeconds: 0.3 } } } }, 'warning', '0.30 s'],
  [
    'clock',
    'without a source',
    { nodes: { k1: { ntp: { isSynchronised: false, offsetSeconds: null } } } },
    'warning',
    'k1: synchronised with no source',
  ],
  [
    'clocks-agree',
    'two are apart',
    { nodes: { k1: { ntp: { apart: { address: '10.77.0.12', seconds: 0.8 } } } } },
    'warning',
    '0.8 s apart',
  ],
  [
    'clocks-agree',
    'far apart, each right by its own words',
    { nodes: { r1: { ntp: { apart: { address: '10.77.0.99', seconds: 42.04 } } } } },
    'broken',
    'r1 and 10.77.0.99 are 42.0 s apart.',
  ],
  ['clocks-agree', 'no word', { nodes: { k1: { ntp: null } } }, 'unknown', 'ntp on k1 is unhealthy'],
  ['clock', 'no word', { nodes: { k1: { ntp: null } } }, 'unknown', 'ntp on k1 is unhealthy'],
  ['versions', 'two releases', { nodes: { r2: { version: '0.2.0' } } }, 'warning', '0.2.0 on r2'],
  ['jobs', 'left alone', { site: { stuckJobs: [STUCK] } }, 'broken', 'job 7 (node-drain r2) for 75 s'],
  ['jobs', 'no word', { site: { stuckJobs: null } }, 'unknown', 'away'],
  [
    'bmcs',
    'a secret travels in clear',
    {
      site: { bmcs: { count: 2, misfits: [{ name: 'hook', problem: 'its secret travels in clear by power_on_uri' }] } },
    },
    'warning',
    'hook: its secret travels in clear by power_on_uri.',
  ],
  [
    'images',
    'one lacks it',
    { site: { images: [anImageOn(['r1', 'r2'], ['r3'])] } },
    'warning',
    'micro/6.12 is incomplete on r3.',
  ],
  ['images', 'one has not looked', { site: { images: [anImageOn(['r1', 'r2'])] } }, 'warning', 'incomplete on r3.'],
  [
    'images',
    'nobody has it',
    { site: { images: [anImageOn([], ['r1', 'r2', 'r3'])] } },
    'broken',
    'incomplete on r1, r2 and r3.',
  ],
  [
    'pair-leases',
    'one lacks it',
    leasesOf({ gaps: [gap()] }),
    'warning',
    '1 lease: k1 has 10.10.10.100 for 52:54:00:00:00:64, k2 lacks it.',
  ],
  [
    'pair-leases',
    'two clients',
    leasesOf({ gaps: [gap(), gap({ isLacking: false, otherMac: '52:54:00:00:00:65', address: '10.10.10.101' })] }),
    'broken',
    '2 leases: k1 has 10.10.10.100 for 52:54:00:00:00:64, k2 lacks it; k1 has 10.10.10.101 for 52:54:00:00:00:64, k2 for 52:54:00:00:00:65.',
  ],
  ['pair-leases', 'many', leasesOf({ gaps: Array.from({ length: 9 }, () => gap()) }), 'warning', '9 leases: '],
  [
    'pair-leases',
    'half a pair',
    leasesOf({ pairs: [{ vlanId: 1, vlan: 'vlan10', primary: 'k1', secondary: 'k2', isWhole: false }] }),
    'unknown',
    'Not compared on vlan10: its pair is not whole.',
  ],
  ['pools', 'full', poolOf({ used: 100 }), 'warning', '10.10.10.100-10.10.10.199 is full.'],
  ['pools', 'short', poolOf({ used: 96, before: 96 }), 'warning', 'has 4 of 100 addresses free.'],
  [
    'pools',
    'filling',
    poolOf({ used: 60, before: 55 }),
    'warning',
    'has 40 of 100 addresses free and is full in 8.0 hours',
  ],
  [
    'epoch',
    'the cluster was recovered, and bears no loss since',
    { regions: 2, site: { recovery: RECOVERY } },
    'warning',
    'Epoch 2 (4f2e90ab) began on r1 at 2026-11-20T00:00:00.000Z; r8 and r9 were lost. It has 2 region nodes since.',
  ],
  ['site-certificate', 'there is none', { site: { shown: null } }, 'warning', 'There is none yet'],
  ['site-certificate', 'renewal fails', shownSite({ notAfter: NOW + 7 * DAY }), 'broken', 'should have been renewed'],
  ['site-certificate', 'it has ended', shownSite({ notAfter: NOW - DAY }), 'broken', 'It ended at'],
  [
    'site-certificate',
    "an operator's own ends soon",
    shownSite({ isOwn: true, notAfter: NOW + 29 * DAY }),
    'warning',
    'It ends in 29.0 days.',
  ],
  [
    'site-certificate',
    "an operator's own has ended",
    shownSite({ isOwn: true, notAfter: NOW - DAY }),
    'broken',
    "It is an operator's own",
  ],
  [
    'site-certificate',
    'what is doubtful of it',
    shownSite({
      isOwn: true,
      notAfter: NOW + 99 * DAY,
      warnings: ['The certificate does not cover the floating address.'],
    }),
    'warning',
    'does not cover',
  ],
  [
    'site-certificate',
    'a node shows its own certificate',
    { nodes: { r2: { lb: { certificate: '' } } } },
    'broken',
    'r2 shows its own certificate.',
  ],
  [
    'site-certificate',
    'a node shows another one',
    { nodes: { r3: { lb: { certificate: 'cd'.repeat(20) } } } },
    'broken',
    'r3 shows another one.',
  ],
  [
    'named-addresses',
    'a resolver in a pool',
    namedOf({ use: 'pool', holder: 'the dynamic range 10.0.0.2-10.0.0.99' }),
    'warning',
    '10.0.0.2 (a resolver of the subnet 10.0.0.0/24) is in the dynamic range 10.0.0.2-10.0.0.99',
  ],
  [
    'named-addresses',
    'a machine got the address of a resolver',
    namedOf({ use: 'auto', holder: '10.0.0.2, the address of eth0 of the machine m1' }),
    'warning',
    'of the machine m1',
  ],
  [
    'named-addresses',
    'a system that is gone from the records still has it',
    namedOf({ use: 'held', holder: 'the system on m1' }),
    'warning',
    'the system on m1',
  ],
  [
    'machine-owners',
    'its user was removed',
    { site: { ownerless: [{ machine: 'm1.example.test', state: 'deployed' }] } },
    'warning',
    'm1.example.test is deployed',
  ],
  ['node-count', 'even', { regions: 4 }, 'warning', '4 region nodes, an even number'],
];

/** A node that has what is published. */
const WELL: TrackedNode = {
  id: 'r1',
  name: 'r1',
  published: { generation: 1, at: new Date(NOW).toISOString(), behindSince: null, services: {} },
  report: { generation: 1, at: new Date(NOW).toISOString(), versions: {}, services: [] },
  findings: [],
};

/** What `regent status` makes of a site whose nodes are all well by their own word. */
const statusOf = (changes: SiteChanges = {}) =>
  summarise({
    version: '0.4.0',
    now: NOW,
    revision: 1,
    published: 1,
    unpublishedSince: null,
    publisher: { version: '0.4.0', isLiving: true },
    database: { isUp: true, why: '', latencyMs: 1 },
    nodes: [WELL],
    services: [],
    counts: {} as Status['counts'],
    cluster: judgeCluster(aSite(changes)),
  });

describe('status and doctor have one truth', () => {
  it('is content where the doctor is', () => {
    expect(statusOf()).toMatchObject({ state: 'ok' });
  });

  // Services, agents and the database are read by both from the same reports; status names them in its own words.
  const own = ['agents', 'services', 'configuration', 'database-writes'];
  it.each(TABLE.filter(([id]) => !own.includes(id)))('%s: %s', (...[id, , changes, state]) => {
    const { state: seen, summary } = statusOf(changes);
    expect(seen).toMatch(state === 'warning' ? /ok|degraded/ : /degraded/);
    // What is wrong is a problem, and a warning is named.
    const word = judgeCluster(aSite(changes));
    const named = state === 'warning' ? word.warnings : word.problems.map((line) => line.slice(0, line.indexOf(':')));
    expect(named).toContain(id);
    expect(state !== 'warning' || summary.includes(id)).toBe(true);
  });
});

describe('the doctor', () => {
  it('finds nothing where all is well', () => {
    const doctor = diagnose(aSite());
    expect(doctor.invariants.filter((row) => row.state !== 'ok')).toEqual([]);
    expect(doctor).toMatchObject({ state: 'ok', summary: `All ${CHECKS.length - 5} invariants hold, as of 1 s ago.` });
    // One is about a cluster that was recovered, one about a database that no node runs, three about a site with a backup target.
    expect(CHECKS.filter((check) => !check.concerns(aSite())).map(({ id }) => id)).toEqual([
      'epoch',
      'database-servers',
      'backup',
      'backup-archive',
      'backup-drill',
    ]);
    const withBackups = aSite({ site: { backups: BACKUPS } });
    expect(judge(withBackups).filter((row) => row.state !== 'ok')).toEqual([]);
  });

  it.each(TABLE)('%s: %s', (...[id, , changes, state, part]) => {
    const found = judge(aSite(changes)).find((row) => row.id === id);
    expect(found).toMatchObject({ state });
    expect(found?.detail).toContain(part);
    // What is not well names what to do.
    expect(found?.remedy.length).toBeGreaterThan(10);
  });

  it('is content with bodies in a file system of their own, and with a rack that reports no folder', () => {
    const found = (changes: SiteChanges) => judge(aSite(changes)).find(({ id }) => id === 'bounded-folders');
    expect(found(bodies(256 * 2 ** 20))).toMatchObject({
      state: 'ok',
      detail: '1 folder, each with a bound of its own.',
    });
    expect(found({})?.state).toBe('ok');
    expect(found(bodies(null))?.remedy).toContain('regent service restart http --node k1');
  });

  it('is content with an address that somebody entered for a host, and names it', () => {
    const entered = namedOf({ use: 'entered', holder: '10.0.0.2, the address of eth0 of the machine ns1' });
    const found = judge(aSite(entered)).find(({ id }) => id === 'named-addresses');
    expect(found).toMatchObject({ state: 'ok', detail: expect.stringContaining('of the machine ns1') });
  });

  it('has a case for every invariant in which it is broken, or at least not well', () => {
    const covered = new Set(TABLE.map(([id]) => id));
    expect(CHECKS.map((check) => check.id).filter((id) => !covered.has(id))).toEqual([]);
    const broken = new Set(TABLE.filter(([, , , state]) => state === 'broken').map(([id]) => id));
    const never = [
      'pools',
      'upstreams',
      'versions',
      'node-count',
      'drained',
      'database-configuration',
      'epoch',
      'bmcs',
      'named-addresses',
      'machine-owners',
      'bounded-folders',
    ];
    expect(CHECKS.map((check) => check.id).filter((id) => !broken.has(id) && !never.includes(id))).toEqual([]);
    expect(new Set(CHECKS.map((check) => check.id)).size).toBe(CHECKS.length);
  });

  it('gives nodes a minute to fetch a new site certificate', () => {
    const changes = (seconds: number): SiteChanges => ({
      ...shownSite({ changedAt: NOW - seconds * 1000 }),
      nodes: { r2: { lb: { certificate: 'cd'.repeat(20) } } },
    });
    const stateOf = (seconds: number) =>
      judge(aSite(changes(seconds))).find(({ id }) => id === 'site-certificate')?.state;
    expect([stateOf(59), stateOf(61)]).toEqual(['ok', 'broken']);
  });

  it('never takes silence for well-being', () => {
    const states = judge(aSite({ nodes: { ...all({ silentFor: 90 }), k1: { silentFor: 90 } } })).filter(
      (row) => row.state === 'ok',
    );
    // These are known without any word of a node.
    expect(states.map((row) => row.id)).toEqual(
      [
        'etcd-learners database-writes configuration authority wal-bounds versions drained node-count jobs pair-leases',
        'pools bmcs named-addresses machine-owners',
      ].flatMap((line) => line.split(' ')),
    );
  });

  it('names three of many leases, and none that may be on its way to the partner', () => {
    const many = judge(aSite(leasesOf({ gaps: Array.from({ length: 9 }, () => gap()) })));
    expect(many.find((row) => row.id === 'pair-leases')?.detail.match(/k2 lacks it/g)).toHaveLength(3);
    expect(many.find((row) => row.id === 'pair-leases')?.detail).toMatch(/, and 6 more\.$/);
    const young = judge(aSite(leasesOf({ gaps: [gap({ seconds: 60 })] })));
    expect(young.find((row) => row.id === 'pair-leases')).toMatchObject({ state: 'ok' });
  });

  it('says that a container is one, and judges its clock no further', () => {
    const inside = { isContainer: true, ntp: { isSynchronised: false, offsetSeconds: null } };
    const found = judge(aSite({ nodes: { ...all(inside), k1: inside } })).find((row) => row.id === 'clock');
    expect(found).toMatchObject({ state: 'ok' });
    expect(found?.detail).toContain('Container: r1, r2, r3 and k1');
  });

  it('is content with a single node, whose doctor asks for no standby', () => {
    const { state, invariants } = diagnose(aSite({ regions: 1 }));
    expect([state, invariants.some((row) => row.id === 'standbys')]).toEqual(['ok', false]);
  });

  it('does not count on a node that still joins', () => {
    const joining = { state: 'joining' as const, silentFor: 100, firewall: 'unhealthy' as const };
    const wrong = judge(aSite({ regions: 4, nodes: { r4: joining } })).filter((row) => row.state !== 'ok');
    // Its etcd is in the fixture's list of voters.
    expect(wrong.map((row) => row.id)).toEqual(['etcd-quorum']);
  });

  it('finds a drained node that leaves the address to others drained, and nothing else', () => {
    const drained = aSite({ nodes: { r3: { isDrained: true, vip: { isFit: false, why: 'this node was drained' } } } });
    const found = judge(drained).filter((row) => row.state !== 'ok');
    expect(found.map(({ id, state }) => `${id} ${state}`)).toEqual(['drained warning']);
    expect(diagnose(drained).state).toBe('ok');
  });

  it('judges a site that is no cluster by what it has', () => {
    const ids = judge(aSite({ site: { cluster: null } })).map((row) => row.id);
    expect(['etcd-quorum', 'services'].map((id) => ids.includes(id))).toEqual([false, true]);
  });

  it('counts what it found, and is degraded by what is unknown', () => {
    const doctor = diagnose(aSite({ nodes: { k1: { silentFor: 25 } } }));
    expect(doctor.state).toBe('degraded');
    expect(doctor.summary).toMatch(/^Of \d+ invariants: \d+ unknown, as of 1 s ago\.$/);
    const even = diagnose(aSite({ regions: 4 }));
    expect([even.state, even.summary]).toEqual(['ok', expect.stringContaining('a warning')]);
  });
});

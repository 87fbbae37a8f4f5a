import type { RouteOutput } from '../../../src/contract/routes.ts';
import { type NetworkData, networks } from './networks.ts';
import { before } from './when.ts';

type Cluster = RouteOutput<'cluster.show'>;
type Service = RouteOutput<'service.list'>['items'][number];

/** What a region answers of a site, for tests of models. */
export interface SiteData {
  cluster: Cluster;
  services: Service[];
  doctor: RouteOutput<'cluster.doctor'>;
  networks: NetworkData;
}

const HOUR = 3_600_000;

const KINDS = ['db', 'dcs', 'dns', 'lb', 'ntp', 'proxy', 'vip'] as const;

/** Three region nodes and two racks, all well. */
export function wellSite(): SiteData {
  const regions = ['r1', 'r2', 'r3'];
  const racks = ['k1', 'k2'];
  return {
    cluster: cluster(regions, racks),
    services: [
      ...regions.flatMap((node) => KINDS.map((kind) => service(node, kind))),
      ...racks.flatMap((node) => [service(node, 'http'), service(node, 'dhcp@vlan10'), service(node, 'dhcp@vlan20')]),
    ],
    doctor: {
      state: 'ok',
      summary: 'Everything that always has to be true is true.',
      source: 'database',
      time: before(0),
      invariants: [
        invariant('vip-holder', 'One node holds the floating address'),
        invariant('quorum', 'etcd has a majority'),
        invariant('replication', 'A synchronous standby follows the primary'),
      ],
    },
    networks: networks(),
  };
}

/** One node that has just been set up: nothing else is there yet. */
export function newSite(): SiteData {
  const site = wellSite();
  const alone = cluster(['r1'], []);
  return {
    ...site,
    cluster: {
      ...alone,
      summary: 'one region node alone: none can be lost',
      losses: { now: 0, promised: 0, why: ['there is one region node'] },
      vip: null,
    },
    services: [],
    networks: { vlans: [] },
    doctor: { ...site.doctor, invariants: [] },
  };
}

/** r3 is silent, DNS on r2 is ill, a certificate ends soon, and a job is under way. */
export function illSite(): SiteData {
  const site = wellSite();
  const { cluster: well } = site;
  return {
    ...site,
    cluster: {
      ...well,
      state: 'degraded',
      summary: '0 region nodes can be lost now: r3 is silent',
      losses: { now: 0, promised: 1, why: ['r3 has not reported for 3 min', 'etcd has 2 of 3 voters'] },
      warnings: ['The certificate of r2 ends in 5 days.'],
      nodes: well.nodes.map((row) =>
        row.name === 'r3' ? { ...row, report: 'silent', reportedAt: before(3 * 60_000), region: 'away' } : row,
      ),
      services: well.services.map((row) => (row.service === 'dns' ? { ...row, healthy: 2, ill: ['r2'] } : row)),
      certificates: well.certificates.map((row) => (row.node === 'r2' ? { ...row, daysLeft: 5.4 } : row)),
      ...(well.site ? { site: { ...well.site, daysLeft: 12, state: 'warning', detail: 'It ends in 12.0 days.' } } : {}),
      vip: well.vip && { ...well.vip, fit: ['r1', 'r2'], unfit: [{ node: 'r3', why: 'it is silent' }] },
    },
    services: site.services.map((row): Service => {
      if (row.node === 'r3')
        return { ...row, state: 'stale', why: 'r3 has not reported for 3 min', lastState: 'healthy' };
      if (row.node !== 'r2' || row.service !== 'dns') return row;
      const why = 'named: /etc/bind/zones.conf:4: unknown option';
      return {
        ...row,
        state: 'rolled_back',
        why,
        findings: [
          {
            code: 'cname-clash',
            severity: 'error',
            subject: 'name www.example.test',
            sentence: 'It has a CNAME and an A record.',
            remedy: 'Delete one of them.',
          },
        ],
      };
    }),
    doctor: {
      ...site.doctor,
      state: 'degraded',
      summary: 'r3 does not report.',
      invariants: [
        ...site.doctor.invariants.slice(0, 1),
        {
          ...invariant('reports', 'Every node reports'),
          state: 'broken',
          detail: 'r3 has not reported for 3 min.',
          remedy: 'Look whether it has power; then `regent node replace r3`.',
        },
        { ...invariant('certificates', 'Certificates last'), state: 'warning', detail: 'r2 ends in 5 days.' },
      ],
    },
  };
}

/** As many racks as a list must bear. */
export function largeSite(racks: number): SiteData {
  const site = wellSite();
  const names = Array.from({ length: racks }, (_, index) => `rack${index + 1}`);
  return { ...site, cluster: cluster(['r1', 'r2', 'r3'], names) };
}

function cluster(regions: readonly string[], racks: readonly string[]): Cluster {
  const all = [...regions, ...racks];
  return {
    state: 'ok',
    summary: '1 region node can be lost now',
    source: 'database',
    time: before(0),
    version: '0.4.0',
    cluster: {
      id: 'lab',
      vip: '10.77.0.10',
      virtualRouter: 51,
    },
    losses: {
      now: 1,
      promised: 1,
      why: ['etcd needs 2 of 3 voters'],
    },
    warnings: [],
    nodes: all.map((name, index) => ({
      name,
      isRegion: regions.includes(name),
      isRack: racks.includes(name),
      state: 'member',
      address: `10.77.${Math.floor(index / 200)}.${11 + (index % 200)}`,
      report: 'current',
      reportedAt: before(4e3),
      wanted: 12,
      applied: 12,
      agent: {
        version: '0.4.0',
        since: before(5 * HOUR),
      },
      region: regions.includes(name) ? 'ready' : null,
    })),
    database: {
      state: 'ok',
      why: '',
      primary: 'r1',
      timeline: 3,
      members: regions.map((name, index) => ({
        node: name,
        role: index === 0 ? 'primary' : 'standby',
        state: index === 0 ? 'running' : 'streaming',
        timeline: 3,
        lagBytes: index === 0 ? null : 2048 * index,
        isSynchronous: index === 1,
      })),
    },
    dcs: {
      leader: 'r1',
      hasQuorum: true,
      voters: [...regions],
      learners: [],
    },
    vip: {
      address: '10.77.0.10',
      holders: ['r1'],
      fit: [...regions],
      unfit: [],
    },
    racks: racks.slice(0, 50).map((name, index) => ({
      name,
      isMaster: index === 0,
      vlans: ['lab/vlan10', 'lab/vlan20'],
    })),
    services: KINDS.map((service) => ({
      service,
      wanted: regions.length,
      healthy: regions.length,
      ill: [],
    })),
    certificates: all.map((name) => ({
      node: name,
      notAfter: before(-80 * 24 * HOUR),
      daysLeft: 80,
    })),
    authority: {
      notAfter: before(-3650 * 24 * HOUR),
      daysLeft: 3650,
    },
    site: {
      isOwn: true,
      subject: 'CN=regent.example',
      issuer: 'CN=Example authority',
      notAfter: before(-60 * 24 * HOUR),
      daysLeft: 60,
      state: 'ok',
      detail: 'An own one.',
    },
  } as Cluster;
}

function service(node: string, kind: string): Service {
  return {
    node,
    service: kind,
    state: 'healthy',
    since: before(3 * HOUR),
    why: '',
    isWanted: true,
    wanted: 12,
    applied: 12,
    isCurrent: true,
    reportedAt: before(4e3),
    lastState: 'healthy',
    version: '1.2.3',
    lastAction: {
      kind: 'reload',
      why: 'zone example.test changed',
      at: before(2 * HOUR),
      trigger: 'change',
    },
    restart: null,
    findings: [],
  };
}

function invariant(id: string, title: string): SiteData['doctor']['invariants'][number] {
  return {
    id,
    title,
    state: 'ok',
    detail: 'As it must be.',
    explanation: 'Without it a failure costs more.',
    remedy: '',
  };
}

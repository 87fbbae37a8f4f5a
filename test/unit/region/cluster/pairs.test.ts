import { describe, expect, it } from 'vitest';
import type { ServiceObservation } from '../../../../src/contract/cluster/agent.ts';
import { isRejected } from '../../../../src/core/errors.ts';
import { judge } from '../../../../src/region/cluster/doctor.ts';
import { rackLossText } from '../../../../src/region/cluster/pairs/now.ts';
import type { ClusterSite, ServedVlan } from '../../../../src/region/cluster/site.ts';
import { viewCluster } from '../../../../src/region/cluster/view.ts';
import { whatIf } from '../../../../src/region/cluster/what-if/what-if.ts';
import type { WhatIfEvent } from '../../../../src/contract/cluster/what-if.ts';
import type { PairFacts } from '../../../../src/services/dhcp/pair/health.ts';
import { aSite, NOW, siteNodes } from './fixture.ts';

/** What differs on one side of the pair k1 → k2. */
interface Side extends Partial<PairFacts> {
  readonly service?: ServiceObservation['state'];
  readonly words?: string;
  readonly silentFor?: number;
  readonly isApplying?: boolean;
  readonly drainedAt?: string;
  readonly version?: string;
}

const ON: ServedVlan[] = ['a', 'b'].map((vlan) => ({ vlan, primary: 'k1', secondary: 'k2', others: [] }));

/** A cluster with the racks k1 and k2, which serve the VLANs a and b as a pair: k1 serves. */
function site(sides: { readonly k1?: Side; readonly k2?: Side } = {}, served = ON): ClusterSite {
  const base = aSite();
  const racks = (['k1', 'k2'] as const).map((name) => {
    const { service, words, silentFor = 1, isApplying, drainedAt, version = '2.6.3', ...facts } = sides[name] ?? {};
    const model = base.nodes.find((node) => node.name === 'k1');
    const row = model?.observed.find((one) => one.service === 'dhcp');
    if (model === undefined || row === undefined) throw new Error('the fixture has no rack');
    const pair: PairFacts = {
      role: name === 'k1' ? 'primary' : 'standby',
      partner: name === 'k1' ? 'k2' : 'k1',
      kea: 'hot-standby',
      partnerKea: 'hot-standby',
      isServing: name === 'k1',
      state: name === 'k1' ? 'serving' : 'standby',
      since: '2026-03-01T09:00:00.000Z',
      why: null,
      hearsPartner: true,
      isWhole: true,
      ...facts,
    };
    const own = { ...row, service: 'dhcp@k1_k2', state: service ?? 'healthy', why: words ?? row.why, facts: { pair } };
    return {
      ...model,
      name,
      id: `n-${name}`,
      versions: { dhcp: version },
      ...(drainedAt === undefined ? {} : { isDrained: true, drainedAt }),
      report: isApplying ? ('applying' as const) : ('current' as const),
      reportedAt: new Date(NOW - silentFor * 1000).toISOString(),
      observed: [...model.observed.filter((one) => one.service !== 'dhcp'), own],
    };
  });
  return {
    ...base,
    nodes: siteNodes([...base.nodes.filter((node) => node.isRegion), ...racks]),
    racks: ['k1', 'k2'].map((name) => ({ name, isMaster: name === 'k1', vlans: ['a', 'b'] })),
    served,
  };
}

const look = (one: ClusterSite) => judge(one).find(({ id }) => id === 'rack-pairs');
const alone = (secondary: string | null, others: string[]): ServedVlan[] => [
  ...ON,
  { vlan: 'c', primary: 'k2', secondary, others },
];

const T = '2026-03-01T09:30:00.000Z';
/** k1 has handed its VLANs on, and k2 serves alone: what both say then (health.ts). */
const HANDED = {
  k1: { drainedAt: T, isServing: false, kea: null, state: 'fenced', words: 'this rack may not serve now: k2 owns it' },
  k2: { isServing: true, kea: 'partner-down', state: 'taken-over', words: 'Kea serves, and k1 is away.' },
} as const;

/** Every fault of a pair: what it is, the state, what is said, and a part of the remedy. */
const TABLE: readonly (readonly [string, ClusterSite, string, string, string])[] = [
  ['all well', site(), 'ok', '2 VLANs with DHCP: k1 serves 2.', ''],
  [
    'taken over, the primary is dead',
    site({
      k1: { silentFor: 60 },
      k2: { isServing: true, kea: 'partner-down', state: 'taken-over', words: 'Kea serves.' },
    }),
    'broken',
    'k2 serves a and b, and nobody would take over: k1 has not reported for 60 s and k2: Kea serves.',
    'Start k1: then the pair becomes whole by itself. If it is lost: regent pairing propose.',
  ],
  [
    'a fenced rack says why',
    site({
      k1: {
        isServing: false,
        state: 'fenced',
        service: 'unhealthy',
        words: 'this rack may not serve now: no majority',
      },
    }),
    'broken',
    'Nobody serves a and b: k1: this rack may not serve now: no majority.',
    'journalctl -u regent-pairs -n 50 shows why, on k1 and k2',
  ],
  [
    'two serve',
    site({ k2: { isServing: true } }),
    'broken',
    'k1 and k2 both report that they serve a and b.',
    'On k2: systemctl stop',
  ],
  [
    'both are silent',
    site({ k1: { silentFor: 60 }, k2: { silentFor: 50 } }),
    'unknown',
    'It is not known who serves a and b: k1 has not reported for 60 s and k2 has not reported for 50 s.',
    'systemctl status regent-agent',
  ],
  [
    'neither hears the other',
    site({
      k1: { hearsPartner: false, kea: 'partner-down' },
      k2: { hearsPartner: false, kea: 'communication-recovery' },
    }),
    'broken',
    'k1 and k2 share a and b and do not reach each other.',
    'TCP port 5256',
  ],
  [
    'Kea finds its partner just now',
    site({ k2: { kea: 'syncing', service: 'unhealthy', words: 'Kea is syncing' } }),
    'warning',
    'k1 serves a and b, and nobody would take over: k2: Kea is syncing.',
    'It ends within seconds',
  ],
  [
    'the standby has not every lease',
    site({ k1: { isWhole: false } }),
    'broken',
    'k1 serves a and b, and nobody would take over: k2 does not have every lease yet.',
    'journalctl -u regent-pairs -n 50 shows why',
  ],
  [
    'a configuration is taken over',
    site({ k1: { isApplying: true, isServing: false, kea: null, service: 'unhealthy', words: 'it starts' } }),
    'warning',
    'k1 and k2 take over a and b just now: k1: it starts.',
    'It ends within seconds',
  ],
  [
    'the partner’s Kea is of another version',
    site({ k2: { version: '3.0.1' } }),
    'warning',
    'k1 runs Kea 2.6.3 and k2 runs Kea 3.0.1, and both serve a and b as a pair.',
    'Install the same version on both',
  ],
  [
    'the primary is drained',
    site(HANDED),
    'warning',
    `k1 is drained since ${T}: k2 serves a and b, and nobody would take over.`,
    'When the work on it is done: regent node undrain k1.',
  ],
  [
    'the secondary is drained',
    site({ k2: { drainedAt: T } }),
    'warning',
    `k2 is drained since ${T}: k1 serves a and b, and nobody would take over.`,
    'regent node undrain k2.',
  ],
  [
    'the primary is drained, and its partner is dead',
    site({ k1: HANDED.k1, k2: { silentFor: 60 } }),
    'broken',
    'Nobody serves a and b: k1 is drained and k2 has not reported for 60 s.',
    'Start k2',
  ],
  [
    'the primary is drained, and its partner has a fault of its own',
    site({ k1: HANDED.k1, k2: { ...HANDED.k2, service: 'unhealthy', words: 'Kea has no threads.' } }),
    'broken',
    'k2 serves a and b, and nobody would take over: k1 is drained and k2: Kea has no threads.',
    'journalctl -u regent-pairs',
  ],
  [
    'a VLAN without a rack',
    site({}, [...ON, { vlan: 'c', primary: null, secondary: null, others: [] }]),
    'warning',
    'No rack has an interface on c: nobody serves DHCP there.',
    'regent pairing propose',
  ],
];

describe('the doctor of rack pairs', () => {
  it.each(TABLE)('%s', (...[, one, state, detail, remedy]) => {
    const found = look(one);
    expect({ state: found?.state, detail: found?.detail }).toEqual({ state, detail });
    expect(found?.remedy).toContain(remedy);
  });

  it('asks for a secondary rack only where another rack stands', () => {
    const dhcp = (served: ServedVlan[]) => {
      const one = site({}, served);
      const row = one.nodes[3]?.observed.at(-1);
      const nodes = one.nodes.map((node) =>
        node.name === 'k2' && row
          ? { ...node, observed: [...node.observed, { ...row, service: 'dhcp', state: 'healthy' as const }] }
          : node,
      );
      return look({ ...one, nodes });
    };
    expect(dhcp(alone(null, []))).toMatchObject({
      state: 'ok',
      detail: '3 VLANs with DHCP: k1 serves 2 and k2 serves 1; no other rack has an interface on c.',
    });
    expect(dhcp(alone(null, ['k1']))).toMatchObject({
      state: 'warning',
      detail: 'c has no secondary rack, although another rack has an interface there.',
    });
  });

  it('is not asked where no VLAN has DHCP', () => {
    expect(look(site({}, []))).toBeUndefined();
  });
});

it('says how many racks can be lost', () => {
  expect(rackLossText(site())).toBe('1 rack');
  expect(rackLossText(site({ k2: { silentFor: 60 } }))).toBe('no rack: 2 of 2 VLANs with DHCP would have no other one');
  expect(rackLossText(site({}, alone(null, ['k1'])))).toBe('no rack: 1 of 3 VLANs with DHCP would have no other one');
  expect(rackLossText(site({}, []))).toBeNull();
});

describe('a drained rack', () => {
  const warnings = (one: ClusterSite) => viewCluster(one, { state: 'ok', summary: '' }).warnings;

  it('is no secondary rack for anybody, until it is drained no more', () => {
    for (const one of [site(HANDED), site({ k2: { drainedAt: T } }), site({ k1: { drainedAt: T } })]) {
      expect(rackLossText(one)).toMatch(
        /^no rack: 2 of 2 VLANs with DHCP would have no other one while k[12] is drained$/u,
      );
    }
    expect(ask(site(HANDED), 'k2', 'dies').fate).toEqual(['k2', null, 'the pair is not whole: k1 is drained', 0, null]);
    expect(ask(site({ k2: { drainedAt: T } }), 'k1', 'dies').fate.slice(0, 2)).toEqual(['k1', null]);
    expect(ask(site(HANDED), 'k1', 'dies').fate.slice(0, 3)).toEqual(['k2', 'k2', 'k2 serves it, and goes on']);
    expect(rackLossText(site())).toBe('1 rack');
    expect(warnings(site())).toEqual([]);
  });

  it('is told of with its time and who serves', () => {
    expect(warnings(site(HANDED))).toEqual([
      `k1 is drained since ${T}: k2 serves a and b. To undo: regent node undrain k1`,
    ]);
    expect(warnings(site({ k1: HANDED.k1, k2: { silentFor: 60 } }))).toEqual([
      `k1 is drained since ${T}: nobody serves a and b. To undo: regent node undrain k1`,
    ]);
    expect(warnings(site({ k2: { drainedAt: T } }, []))).toEqual([
      `k2 is drained since ${T}: no VLAN has it as its rack. To undo: regent node undrain k2`,
    ]);
  });
});

function ask(one: ClusterSite, node: string, event: WhatIfEvent) {
  const answer = whatIf(one, node, event);
  if (isRejected(answer)) throw new Error(answer.message);
  const [vlan] = answer.vlans;
  const range = answer.outages.find(({ probe }) => probe === 'dhcp a');
  return { ...answer, fate: [vlan?.before, vlan?.after, vlan?.why, range?.leastMs, range?.mostMs] };
}

describe('what if a rack is lost', () => {
  it('says for each VLAN who takes over', () => {
    const answer = ask(site(), 'k1', 'dies');
    expect(answer.fate).toEqual(['k1', 'k2', 'k2 takes over from k1', 1_800, 3_000]);
    expect(answer.vlans.map(({ vlan, after }) => [vlan, after])).toEqual([
      ['a', 'k2'],
      ['b', 'k2'],
    ]);
    expect(answer.risks).toEqual([]);
    expect(answer.summary).toContain('k2 serves DHCP on 2 VLANs; everything is served again by itself');
    expect(ask(site(), 'k1', 'is-cut-off').fate.slice(0, 2)).toEqual(['k1', 'k2']);
  });

  it('tells of a secondary rack, and of a drain', () => {
    expect(ask(site(), 'k2', 'dies').fate).toEqual(['k1', 'k1', 'k1 serves it, and goes on', 0, 1_000]);
    expect(ask(site(), 'k1', 'drains').fate).toEqual(['k1', 'k2', 'k1 hands it over to k2', 900, 1_200]);
    expect(ask(site(), 'k2', 'drains').fate).toEqual(['k1', 'k1', 'k1 serves it, and goes on', 0, 0]);
    expect(ask(site(HANDED), 'k1', 'drains').fate.slice(0, 3)).toEqual(['k2', 'k2', 'k1 is drained already']);
    expect(ask(site(HANDED), 'k2', 'drains').fate.slice(0, 3)).toEqual([
      'k2',
      'k2',
      'the drain is refused while the pair is not whole: k1 is drained',
    ]);
  });

  it('says that nobody does, and why', () => {
    const half = ask(site({ k2: { kea: null, service: 'unhealthy', words: 'Kea is down.' } }), 'k1', 'dies');
    expect(half.fate).toEqual(['k1', null, 'the pair is not whole: k2: Kea is down', 0, null]);
    expect(half.risks).toContain('Nobody serves DHCP on a without k1: the pair is not whole: k2: Kea is down.');
    const taken = site({ k1: { silentFor: 60 }, k2: { isServing: true, kea: 'partner-down', words: 'alone' } });
    expect(ask(taken, 'k2', 'dies').fate.slice(0, 2)).toEqual(['k2', null]);
    // Whoever is dead already is no loss any more.
    expect(ask(taken, 'k1', 'dies').fate.slice(0, 2)).toEqual(['k2', 'k2']);
  });
});

it.each([
  [{ k1: { isServing: false } }, 'neither of its racks reports that it serves'],
  [{ k2: { isServing: true } }, 'both of its racks report that they serve'],
])('a prediction says what a pair lacks where no rack names a fault', (sides, reason) => {
  expect(whatIf(site(sides), 'k1', 'dies')).toMatchObject({
    vlans: [{ why: `the pair is not whole: ${reason}` }, {}],
  });
});

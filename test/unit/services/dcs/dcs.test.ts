import { describe, expect, it } from 'vitest';
import { compileDcs, lintSiteDcs } from '../../../../src/services/dcs/compile.ts';
import { activateDcs, checkDcs, parseProbeDcs, roleChangeDcs } from '../../../../src/services/dcs/daemon.ts';
import type { DcsDesired } from '../../../../src/services/dcs/desired.ts';
import { parseDcsFacts } from '../../../../src/services/dcs/facts.ts';
import { EPOCH_JSON, ETCD_YML, MEMBERS_YML, viewDcs } from '../../../../src/services/dcs/view.ts';
import { aCluster, clusterSnapshot, emptySnapshot } from '../../../kit/snapshots.ts';
import { notAsked, SILENT, webAnswer } from '../../../kit/exec-result.ts';

const site = (count: number, states: readonly ('joining' | 'member')[] = []) => {
  const all = clusterSnapshot();
  const regions = all.nodes.filter((node) => node.isRegion).slice(0, count);
  return clusterSnapshot({
    nodes: [
      ...regions.map((node, index) => ({ ...node, state: states[index] ?? node.state })),
      ...all.nodes.filter((node) => !node.isRegion),
    ],
  });
};
const desired = (): DcsDesired => {
  const part = compileDcs(clusterSnapshot(), 'n-r1');
  if (part === null) throw new Error('absent');
  return part;
};

describe('compile', () => {
  it('runs on region nodes of a cluster alone, joining ones too', () => {
    expect(compileDcs(site(2, ['member', 'joining']), 'n-r2')).toEqual({
      clusterId: 'regent-0f3a9c21',
      name: 'r2',
      address: '10.77.0.12',
      members: [
        { name: 'r1', address: '10.77.0.11' },
        { name: 'r2', address: '10.77.0.12' },
      ],
      isNew: false,
    });
    expect(compileDcs(clusterSnapshot(), 'n-k1')).toBeNull();
    expect(compileDcs(clusterSnapshot(), 'n-nobody')).toBeNull();
    expect(compileDcs(emptySnapshot(), 'n-r1')).toBeNull();
  });

  it('begins a cluster in the seed alone', () => {
    const seed = { ...site(1), cluster: aCluster({ isSeed: true }) };
    expect(compileDcs(seed, 'n-r1')?.isNew).toBe(true);
    expect(desired().isNew).toBe(false);
  });

  it('writes IPv6 addresses as URLs want them', () => {
    const view = viewDcs({ ...desired(), address: 'fd00:77::11', members: [{ name: 'r1', address: 'fd00:77::11' }] });
    expect(view).toMatchObject({
      peerUrl: 'https://[fd00:77::11]:2380',
      members: 'r1=https://[fd00:77::11]:2380',
      state: 'existing',
    });
  });
});

describe('lint', () => {
  it('warns of an even number of members, with the reason', () => {
    expect(lintSiteDcs(site(1))).toEqual([]);
    expect(lintSiteDcs(site(3))).toEqual([]);
    expect(lintSiteDcs(emptySnapshot())).toEqual([]);
    expect(lintSiteDcs(site(3, ['member', 'member', 'joining']))).toMatchObject([
      {
        code: 'dcs_even',
        severity: 'warning',
        sentence:
          '2 region nodes survive the loss of none of them, as 1 would: a majority of 2 is 2. Rule: an odd number of region nodes; join one more.',
      },
    ]);
  });
});

describe('check and activation', () => {
  it('checks both files together, from where each is', () => {
    const staged = [
      { target: MEMBERS_YML, staged: '/etc/etcd/regent/.stage/members.yml', isChanged: true },
      { target: ETCD_YML, staged: ETCD_YML, isChanged: false },
    ];
    expect(checkDcs(staged)).toMatchObject([
      { argv: ['/opt/regent/current/ha/etcd/check', ETCD_YML, '/etc/etcd/regent/.stage/members.yml'], user: 'etcd' },
    ]);
    expect(checkDcs(staged.map((file) => ({ ...file, isChanged: false })))).toEqual([]);
  });

  it.each([
    [[{ target: ETCD_YML, kind: 'changed' }], 'restart'],
    [
      [
        { target: ETCD_YML, kind: 'added' },
        { target: MEMBERS_YML, kind: 'added' },
      ],
      'restart',
    ],
    [[{ target: MEMBERS_YML, kind: 'changed' }], 'none'],
    [
      [
        { target: MEMBERS_YML, kind: 'changed' },
        { target: EPOCH_JSON, kind: 'added' },
      ],
      'restart',
    ],
    [[{ target: EPOCH_JSON, kind: 'removed' }], 'none'],
    [[], 'none'],
  ] as const)('takes %j by %s: who comes or goes restarts nothing', (changes, kind) => {
    expect(activateDcs(changes).kind).toBe(kind);
  });

  it('does nothing when roles change', () => {
    expect(roleChangeDcs({ kind: 'vip', state: 'active' }).kind).toBe('none');
    expect(roleChangeDcs({ kind: 'database', state: 'primary' }).kind).toBe('none');
  });
});

describe('probe', () => {
  const header = { cluster_id: '2210840164926350619', member_id: '10326462293385335272', revision: '1' };
  const status = (changes: object = {}) =>
    webAnswer({ header, version: '3.5.16', dbSize: '20480', leader: '10326462293385335272', ...changes });
  const list = webAnswer({
    header,
    members: [
      { ID: '10326462293385335272', name: 'r1' },
      { ID: '6595446330402012123', name: 'r2' },
      { ID: '12', isLearner: true },
    ],
  });
  const refused = notAsked('connect ECONNREFUSED 127.0.0.1:2379');

  it('tells what etcd is and who its members are', () => {
    const health = parseProbeDcs([status(), list], desired());
    expect(health).toMatchObject({
      isHealthy: true,
      detail: 'etcd leads, 2 voting members; it has members that are no region nodes: c, which has not started yet',
    });
    expect(parseDcsFacts(health.facts)).toEqual({
      memberId: '8f4ef6be6fb2d1e8',
      isLeader: true,
      isLearner: false,
      hasQuorum: true,
      members: [
        { name: 'r1', id: '8f4ef6be6fb2d1e8', isLearner: false },
        { name: 'r2', id: '5b87bb7e4ac3fbdb', isLearner: false },
        { name: '', id: 'c', isLearner: true },
      ],
      sizeBytes: 20_480,
      alarms: [],
    });
  });

  it.each([
    [
      'no majority',
      [status({ leader: undefined }), refused],
      true,
      'etcd answers and waits for a majority of its members',
    ],
    [
      'a learner',
      [status({ leader: '1', isLearner: true }), refused],
      true,
      'etcd learns from the others and has no vote yet',
    ],
    ['a follower', [status({ leader: '1' }), list], true, /^etcd follows, 2 voting members/],
    ['full', [status({ errors: ['memberID:10326462293385335272 alarm:NOSPACE '] }), list], true, /alarms: NOSPACE$/],
    ['dead', [refused, refused], false, 'etcd at https://127.0.0.1:2379/v3: connect ECONNREFUSED 127.0.0.1:2379'],
    ['hung', [SILENT, refused], false, /no answer in time/],
    ['no certificate', [notAsked('this node has no certificate to present'), refused], false, /has no certificate/],
    ['an error', [webAnswer({ error: 'x' }, 500), refused], false, /no answer that could be read \(status 500\)/],
    ['a stranger', [webAnswer('<html>'), refused], false, /no answer that could be read/],
    ['not asked', [], false, /no query was sent/],
  ] as const)('%s', (what, answers, isHealthy, detail) => {
    const health = parseProbeDcs(answers, desired());
    expect(health.isHealthy).toBe(isHealthy);
    expect(health.detail).toMatch(detail);
    expect(parseDcsFacts(health.facts) !== null).toBe(isHealthy);
    expect(health.isSettling === true).toBe(what === 'a learner');
  });
});

import { describe, expect, it } from 'vitest';
import type { ExecResult } from '../../../../src/core/host-values.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileSite } from '../../../../src/services/compile-node.ts';
import { activateDb, amendDb, certificateDb, checkDb, roleChangeDb } from '../../../../src/services/db/daemon.ts';
import type { DbDesired } from '../../../../src/services/db/desired.ts';
import { parseDbFacts } from '../../../../src/services/db/facts.ts';
import { db } from '../../../../src/services/db/index.ts';
import { parseProbeDb } from '../../../../src/services/db/probe.ts';
import { DYNAMIC_JSON, PATRONI_YML, viewDb } from '../../../../src/services/db/view.ts';
import { clusterSnapshot, emptySnapshot } from '../../../kit/snapshots.ts';
import { answer, notAsked, SILENT, webAnswer } from '../../../kit/exec-result.ts';

/** What a node gets from a whole compile: with the number of the common part. */
function compile(snapshot: Snapshot, nodeId = 'n-r1', nowSeconds = 1000): DbDesired | null {
  const site = compileSite(snapshot, [db], new Map(), nowSeconds);
  return (site.nodes.get(nodeId)?.body.services['db']?.desired ?? null) as DbDesired | null;
}

function desired(): DbDesired {
  const part = compile(clusterSnapshot());
  if (part === null) throw new Error('absent');
  return part;
}

function regions(...states: readonly ('joining' | 'member')[]): Snapshot {
  const all = clusterSnapshot().nodes.filter((node) => node.isRegion);
  return clusterSnapshot({
    nodes: all.slice(0, states.length).map((node, index) => ({ ...node, state: states[index] ?? 'member' })),
  });
}

describe('compile', () => {
  it('runs on region nodes of a cluster alone, its own address first', () => {
    expect(compile(clusterSnapshot(), 'n-r2')).toEqual({
      name: 'r2',
      regions: ['10.77.0.12', '10.77.0.11', '10.77.0.13'],
      standbys: 2,
      version: 1000,
    });
    expect(compile(clusterSnapshot(), 'n-k1')).toBeNull();
    const cluster = { ...clusterSnapshot().cluster, isDatabaseExternal: true } as Snapshot['cluster'];
    expect(compile(clusterSnapshot({ cluster }))).toBeNull();
    expect(compile(emptySnapshot())).toBeNull();
  });

  it('waits for members alone, and for two of them at most', () => {
    expect(compile(regions('member'))?.standbys).toBe(0);
    expect(compile(regions('member', 'joining'))).toMatchObject({ standbys: 0, regions: ['10.77.0.11', '10.77.0.12'] });
    expect(compile(regions('member', 'member'))?.standbys).toBe(1);
    expect(compile(regions('member', 'member', 'joining'))?.standbys).toBe(1);
    expect(compile(regions('member', 'member', 'member'))?.standbys).toBe(2);
  });

  it('numbers what all members share: it grows with each change, by whatever clock, and is kept else', () => {
    const one = compileSite(regions('member'), [db], new Map(), 5000);
    const same = compileSite({ ...regions('member', 'joining'), versions: one.versions }, [db], new Map(), 6000);
    expect(same.versions).toEqual(one.versions);
    const two = compileSite({ ...regions('member', 'member'), versions: one.versions }, [db], new Map(), 4000);
    expect(two.nodes.get('n-r1')?.body.services['db']?.desired).toMatchObject({ version: 5001 });
  });

  it('writes what Patroni takes: never a 0 of standbys, IPv6 in brackets', () => {
    expect(viewDb({ ...desired(), standbys: 0 })).toMatchObject({ isSynchronous: false, standbys: 1 });
    expect(viewDb({ ...desired(), regions: ['fd00:77::11'] })).toMatchObject({
      restPlace: '[fd00:77::11]:8008',
      listen: '[fd00:77::11],127.0.0.1:5432',
      networks: ['127.0.0.1/32', 'fd00:77::11/128'],
    });
  });
});

describe('check and activation', () => {
  it('gives Patroni its own file to check', () => {
    const staged = [
      { target: DYNAMIC_JSON, staged: DYNAMIC_JSON, isChanged: false },
      { target: PATRONI_YML, staged: '/etc/patroni/regent/.stage/patroni.yml', isChanged: true },
    ];
    expect(checkDb(staged)).toMatchObject([
      { user: 'postgres', argv: [expect.stringMatching(/check$/), staged[1]?.staged, DYNAMIC_JSON] },
    ]);
    expect(checkDb([])).toEqual([]);
  });

  it.each([
    [
      [
        { target: PATRONI_YML, kind: 'added' },
        { target: DYNAMIC_JSON, kind: 'added' },
      ],
      'restart',
    ],
    [[{ target: PATRONI_YML, kind: 'changed' }], 'reload'],
    [[{ target: DYNAMIC_JSON, kind: 'changed' }], 'reload'],
    [[], 'none'],
  ] as const)('takes %j by %s: PostgreSQL is never stopped for a change', (changes, kind) => {
    expect(activateDb(changes).kind).toBe(kind);
    expect(activateDb(changes).why).not.toBe('');
  });

  it('leaves roles to Patroni, and reads a new certificate by a reload', () => {
    expect(roleChangeDb({ kind: 'database', state: 'primary' }).kind).toBe('none');
    expect(roleChangeDb({ kind: 'vip', state: 'backup' }).kind).toBe('none');
    expect(certificateDb().kind).toBe('reload');
  });
});

describe('probe', () => {
  /** Answers as Patroni gives them: its page with the status of the node's role. */
  const asked = (loop: number, own: object, members: readonly object[] | null, dynamic = config()) => [
    webAnswer('', loop),
    webAnswer(own, 503),
    members === null ? SILENT : webAnswer({ members, scope: 'regent' }),
    dynamic,
  ];
  const members = [
    { name: 'r2', role: 'sync_standby', state: 'streaming', timeline: 2, lag: 16 },
    { name: 'r1', role: 'leader', state: 'running', timeline: 2 },
    { name: 'r3', role: 'replica', state: 'stopped', lag: 'unknown' },
  ];
  const primary = { state: 'running', role: 'primary', timeline: 2, server_version: 170_012 };
  const standby = {
    state: 'running',
    role: 'replica',
    timeline: 2,
    replication_state: 'streaming',
    sync_standby: true,
  };
  const config = (changes: object = {}) =>
    webAnswer({
      regent_version: 1000,
      synchronous_mode: true,
      synchronous_mode_strict: true,
      synchronous_node_count: 2,
      ...changes,
    });
  const refused = notAsked('connect ECONNREFUSED 10.77.0.11:8008');

  it.each([
    [true, 'connect ENETUNREACH 10.77.0.11:8008 - Local (0.0.0.0:0)'],
    [undefined, 'connect ECONNREFUSED 10.77.0.11:8008'],
  ])('says %s to: the host has lost the address that Patroni is asked at (%s)', (isOutOfReach, failure) => {
    expect(parseProbeDb([notAsked(failure)], desired()).isOutOfReach).toBe(isOutOfReach);
  });

  it('knows a PostgreSQL that was started without an archive', () => {
    const offOf = (own: object) =>
      parseDbFacts(parseProbeDb(asked(200, own as typeof primary, members), desired()).facts)?.isArchivingOff;
    const reason = { archive_mode: { old_value: 'off', new_value: 'on' } };

    expect(offOf({ ...primary, pending_restart: true, pending_restart_reason: reason })).toBe(true);
    expect(
      offOf({ ...primary, pending_restart: true, pending_restart_reason: { max_connections: {} } }),
    ).toBeUndefined();
    expect(offOf(primary)).toBeUndefined();
  });

  it('tells of the primary and of all members', () => {
    const health = parseProbeDb(asked(200, primary, members), desired());
    expect(health).toMatchObject({ isHealthy: true, detail: 'PostgreSQL is the primary; commits wait for r2' });
    expect(parseDbFacts(health.facts)).toEqual({
      role: 'primary',
      state: 'running',
      timeline: 2,
      lagBytes: null,
      isSynchronous: false,
      isStreaming: false,
      isConfigured: true,
      isArmed: false,
      members: [
        { name: 'r1', role: 'primary', state: 'running', timeline: 2, lagBytes: null, isSynchronous: false },
        { name: 'r2', role: 'standby', state: 'streaming', timeline: 2, lagBytes: 16, isSynchronous: true },
        { name: 'r3', role: 'standby', state: 'stopped', timeline: null, lagBytes: null, isSynchronous: false },
      ],
    });
  });

  it('tells whether the keeper vouches for a primary', () => {
    const armedOf = (own: object) => {
      const file = answer('1066.54143\n');
      return parseDbFacts(parseProbeDb([...asked(200, own, members), file], desired()).facts)?.isArmed;
    };
    expect(armedOf(primary)).toBe(true);
    expect(armedOf(standby)).toBe(false);
  });

  it.each([
    ['a standby', asked(200, standby, members), true, 'PostgreSQL is a standby and follows the primary'],
    [
      'a standby that waits',
      asked(200, { ...standby, replication_state: 'in archive recovery' }, members),
      true,
      /does not follow the primary right now \(running\)$/,
    ],
    [
      'a clone being made',
      asked(200, { state: 'creating replica', role: 'replica' }, members),
      true,
      /does not run here \(creating replica\); Patroni handles it$/,
    ],
    [
      'a copy that broke off',
      asked(200, { state: 'stopped', role: 'uninitialized' }, members),
      true,
      /does not run here: its copy of the primary broke off; a new one is made after half a minute$/,
    ],
    [
      'an empty folder while nobody leads',
      asked(200, { state: 'stopped', role: 'uninitialized' }, members.slice(2)),
      true,
      /does not run here \(stopped\); Patroni handles it$/,
    ],
    [
      'etcd away',
      asked(200, primary, null, webAnswer('', 502)),
      true,
      /; its dynamic configuration could not be read$/,
    ],
    [
      'an older configuration',
      asked(200, primary, members, config({ regent_version: 7 })),
      true,
      /is not the published one \(it has number 7\)$/,
    ],
    [
      'one changed by hand',
      asked(200, primary, members, config({ synchronous_mode_strict: false })),
      true,
      /is not the published one/,
    ],
    ['a loop that hangs', asked(503, primary, members), false, /its loop has not run for longer than its lease/],
    [
      'dead',
      [refused, refused, refused, refused],
      false,
      'Patroni at https://10.77.0.11:8008: connect ECONNREFUSED 10.77.0.11:8008',
    ],
    ['hung', [SILENT, SILENT, SILENT, SILENT], false, /no answer in time/],
    ['a stranger', [webAnswer('<html>', 404), refused], false, /no answer that could be read \(status 404\)/],
    ['not asked', [], false, /no query was sent/],
  ] as const)('%s', (_what, answers, isHealthy, detail) => {
    const health = parseProbeDb(answers, desired());
    expect(health.detail).toMatch(detail);
    expect(health.isHealthy).toBe(isHealthy);
    expect(parseDbFacts(health.facts) !== null).toBe(isHealthy);
  });

  it.each([
    ['a standby that follows', asked(200, standby, members), false],
    ['a standby that does not', asked(200, { ...standby, replication_state: 'in archive recovery' }, members), true],
    ['a clone being made', asked(200, { state: 'creating replica', role: 'replica' }, members), true],
    ['a primary with a standby that is not synchronous yet', asked(200, primary, members), true],
    ['a primary whose other standby is gone', asked(200, primary, members.slice(0, 2)), false],
    ['an older configuration', asked(200, standby, members, config({ regent_version: 7 })), true],
    ['etcd away', asked(200, standby, null, webAnswer('', 502)), false],
  ] as const)('asks again soon: %s', (_what, answers, isSettling) => {
    expect(parseProbeDb(answers, desired()).isSettling).toBe(isSettling);
  });

  it('puts a newer configuration of ours in force, never an older one, and none blindly', () => {
    const amend = (dynamic: ExecResult) => amendDb(asked(200, primary, members, dynamic), desired());
    expect(amend(config({ regent_version: 999 }))).toMatchObject([{ argv: [expect.stringMatching(/dynamic$/)] }]);
    expect(amend(config({ regent_version: undefined }))).toHaveLength(1);
    for (const dynamic of [config(), config({ regent_version: 1001 }), webAnswer('', 502), SILENT]) {
      expect(amend(dynamic)).toEqual([]);
    }
  });
});

import { describe, expect, it } from 'vitest';
import { formatJoinToken, type JoinToken } from '../../../src/contract/cluster/token.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { digestOf } from '../../../src/core/stable-json.ts';
import { adoptedDesired, seedDesired } from '../../../src/join/init/seed.ts';
import type { HostPorts } from '../../../src/join/ports.ts';
import { openEtcd, parseMembers, peerUrl } from '../../../src/join/member/etcd.ts';
import { parseJoinNote } from '../../../src/join/member/note.ts';
import { parseJoinOptions, parseLeaveOptions } from '../../../src/join/member/options.ts';
import { type JoinInputs, judgeJoin } from '../../../src/join/member/preflight.ts';
import { removeContext, unsetConfValues } from '../../../src/join/texts.ts';

const NOW = Date.UTC(2026, 10, 20);
const TOKEN: JoinToken = {
  id: 'abcdef012345',
  secret: 's3cr3tS3CR3Ts3cr3t',
  pin: 'a'.repeat(64),
  urls: ['https://192.0.2.11:5443'],
  isRegion: true,
  isRack: false,
  expiresAt: new Date(NOW + 600_000).toISOString(),
};
const REGION = { url: TOKEN.urls[0] ?? '', why: '', isOtherCluster: false, skewMs: 200, regionNow: NOW };
const GOOD: JoinInputs = {
  uid: 0,
  productRoot: '/opt/regent/releases/0.3.0',
  facts: {
    hostname: 'r2',
    os: { id: 'debian', version: '13' },
    isContainer: false,
    interfaces: [{ name: 'eth0', mac: '52:54:00:00:00:02', addresses: ['192.0.2.12'] }],
    versions: {},
  },
  missingUnits: [],
  listeners: [],
  freeMegabytes: 9000,
  now: NOW,
  conf: '',
  rackConf: null,
  notes: { isInit: false, isInitDone: false, isJoin: false, isJoinDone: false },
  data: [],
  versions: { patroni: 'patroni 4.0.4', postgres: 'postgres (PostgreSQL) 17.6', etcd: 'etcd Version: 3.5.16' },
  note: null,
  token: TOKEN,
  regions: [REGION],
};
const OPTIONS = { token: '', name: null, address: null, isConfirmed: false, isJson: false, deadlineMs: 1000 };
const NOTE = {
  name: 'r2',
  address: '192.0.2.12',
  isRegion: true,
  isRack: false,
  pin: TOKEN.pin,
  urls: TOKEN.urls,
  admission: null,
};

const judge = (changes: Partial<JoinInputs>, options = {}) =>
  judgeJoin({ ...GOOD, ...changes }, { ...OPTIONS, ...options });
const sentences = (changes: Partial<JoinInputs>, options = {}) =>
  judge(changes, options).findings.map((finding) => `${finding.severity}: ${finding.sentence}`);

describe('preflight of join', () => {
  it('finds nothing on a good host, and who it is to be', () => {
    const { admission: _, ...plan } = NOTE;
    expect(judge({})).toEqual({ findings: [], plan });
  });

  it.each<[string, Partial<JoinInputs>, RegExp]>([
    [
      'another cluster',
      { regions: [{ ...REGION, why: 'x', isOtherCluster: true }] },
      /^error: .*not the cluster of this token/,
    ],
    [
      'no region',
      { regions: [{ ...REGION, why: 'refused' }] },
      /^error: No region of the token answers.*refused.*5443/,
    ],
    [
      'a clock far off',
      { regions: [{ ...REGION, skewMs: 90_000 }] },
      /^error: This host's clock is 90 s behind the region's/,
    ],
    ['a clock a little off', { regions: [{ ...REGION, skewMs: -9_000 }] }, /^warning: .*9 s ahead of/],
    [
      'an expired token',
      { regions: [{ ...REGION, regionNow: NOW + 700_000 }] },
      /^error: The token expired at .*token create/,
    ],
    [
      'a cluster of its own',
      { notes: { ...GOOD.notes, isInitDone: true }, data: ['/var/lib/etcd/regent/member'] },
      /^error: This host has already started a cluster of its own/,
    ],
    [
      'an interrupted init',
      { notes: { ...GOOD.notes, isInit: true } },
      /^error: An init of this host was interrupted.*--undo/,
    ],
    [
      'data of another cluster',
      { data: ['/var/lib/etcd/regent/member'] },
      /^error: This host has data of an earlier cluster.*scripts\/uninstall --purge/,
    ],
    ['Patroni 3', { versions: { ...GOOD.versions, patroni: 'patroni 3.0.2' } }, /^error: Patroni/],
  ])('explains %s', (_, changes, wanted) => {
    expect(sentences(changes)).toEqual([expect.stringMatching(wanted)]);
  });

  it('asks a rack for nothing that only region nodes need', () => {
    const token = { ...TOKEN, isRegion: false, isRack: true };
    expect(judge({ token, versions: { patroni: null, postgres: null, etcd: null } }).plan).toMatchObject({
      isRegion: false,
      isRack: true,
    });
  });

  it('goes on with what an interrupted join began, also without the token once it was let in', () => {
    const admission = { nodeId: 'n', clusterId: 'c', vip: null, regions: [] };
    expect(judge({ note: { ...NOTE, admission }, token: null, regions: [] }).plan).toMatchObject({ name: 'r2' });
    expect(judge({ note: NOTE }, { name: 'r9' }).plan).toMatchObject({ name: 'r9' });
    expect(sentences({ note: { ...NOTE, admission } }, { name: 'r9' })[1]).toMatch(
      /^error: An interrupted join began with --name r2, and r9/,
    );
    expect(sentences({ note: { ...NOTE, undo: 'begun' } })[1]).toMatch(
      /^error: An undo of an earlier join was interrupted/,
    );
    const other = { ...TOKEN, pin: 'b'.repeat(64) };
    expect(sentences({ note: NOTE, token: other })[1]).toMatch(/^error: .*token of another cluster/);
  });
});

describe('etcd of join', () => {
  it('reads the list of members, also one that has never started', () => {
    const text = [
      '8e9e05c52164694d, started, r1, https://192.0.2.11:2380, https://192.0.2.11:2379, false',
      'fd422379fda50e48, unstarted, , https://192.0.2.12:2380, , true',
      '',
    ].join('\n');
    expect(parseMembers(text)).toEqual([
      { id: '8e9e05c52164694d', name: 'r1', isStarted: true, isLearner: false, peerUrls: [peerUrl('192.0.2.11')] },
      { id: 'fd422379fda50e48', name: '', isStarted: false, isLearner: true, peerUrls: [peerUrl('192.0.2.12')] },
    ]);
    expect(() => parseMembers('nonsense\n')).toThrow('cannot be read');
  });
});

describe('arguments of join and leave', () => {
  it('reads them, and never shows the token', () => {
    const token = formatJoinToken(TOKEN);
    expect(parseJoinOptions([token, '--name', 'R2', '--yes'])).toMatchObject({ token, name: 'r2', isConfirmed: true });
    expect(parseJoinOptions(['-'])).toMatchObject({ token: '-', deadlineMs: 300_000 });
    for (const argv of [[], [token, token], [token, '--nmae', 'x']]) {
      const refusal = parseJoinOptions(argv);
      expect(isRejected(refusal) && refusal.message).toMatch(/^regent join: /);
      expect(JSON.stringify(refusal)).not.toContain(token.slice(20, 60));
    }
    expect(parseLeaveOptions(['--undo'])).toEqual({
      isUndo: true,
      isConfirmed: false,
      isForced: false,
      deadlineMs: 60_000,
    });
    expect(parseLeaveOptions([])).toMatchObject({ isUndo: false });
    expect(isRejected(parseLeaveOptions(['--unod']))).toBe(true);
  });
});

describe('notes and files of join', () => {
  it('takes a note that is whole, and no other', () => {
    expect(parseJoinNote(JSON.stringify(NOTE))).toEqual(NOTE);
    for (const text of [null, '', '{', '{}', JSON.stringify({ ...NOTE, admission: 3 })])
      expect(parseJoinNote(text)).toBeNull();
  });

  it('takes values out of a file again', () => {
    expect(unsetConfValues('A=1\nexport NODE_NAME=r1\nB=2\n', ['NODE_NAME'])).toBe('A=1\n#NODE_NAME=\nB=2\n');
    const config = { current: 'default', contexts: { b: { apiKey: 'x' }, default: { apiKey: 'regent:a:b' } } };
    expect(JSON.parse(removeContext(JSON.stringify(config), 'regent'))).toEqual({
      current: 'b',
      contexts: { b: { apiKey: 'x' } },
    });
  });

  it('keeps what an older node serves when it becomes a cluster', () => {
    const part = (words: string) => ({ desired: { words }, restart: null });
    const off = { desired: null, restart: null };
    const held = seedDesired('n1', { services: { dns: part('zones'), db: off } });
    const seed = { services: { dns: part('seed'), db: part('db') }, regions: [] };
    const next = adoptedDesired('n1', held, seed);
    expect(next).toMatchObject({ generation: 2, body: { services: { dns: part('zones'), db: part('db') } } });
    expect(next.digest).toBe(digestOf(next.body));
    expect(adoptedDesired('n1', next, seed)).toBe(next);
    // An adoption that was cut off may have told etcd already which number its configuration has.
    const later = { ...seed, services: { dns: part('seed'), db: part('db with a later number') } };
    expect(adoptedDesired('n1', next, later)).toBe(next);
  });
});

describe('etcd that takes in nobody', () => {
  const refusing = (error: string) => {
    const exec = async () => ({ ...ANSWER, code: 1, stderr: `{"level":"warn","error":"${error}"}\nError: ${error}\n` });
    return openEtcd({ host: { exec } } as unknown as HostPorts, ['10.77.0.11']);
  };
  it('because a region node is away is told with what helps; any other refusal as it is', async () => {
    await expect(refusing('etcdserver: unhealthy cluster').addLearner('r4', peerUrl('10.77.0.14'))).rejects.toThrow(
      /unhealthy cluster\. A region node is away.* regent node replace NAME, or regent node remove NAME/,
    );
    await expect(refusing('etcdserver: too many learner members').promote('a')).rejects.toThrow(
      /too many learner members$/,
    );
  });
});
const ANSWER = { code: 0, signal: null, stdout: '', stderr: '', timedOut: false, failure: null };

import { spawn } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Beacon, seal } from '../../../ha/vip/beacon.ts';
import { decide, findHolder, isSuperseded, MAJORITY_MS, type HealthInputs } from '../../../ha/vip/decide.ts';
import { Leave } from '../../../ha/vip/leave.ts';
import { watchProcesses } from '../../../ha/vip/processes.ts';
import { until } from '../../kit/until.ts';

const NOW = 1_000_000;
const AGO = (ms: number) => NOW - ms;
const WELL: HealthInputs = {
  now: NOW,
  name: 'r1',
  regions: 3,
  isMember: true,
  isDrained: false,
  isHolder: false,
  heldMs: null,
  isReleased: false,
  isStarved: false,
  proxy: { answeredAt: AGO(100), isRefused: false },
  regionAt: AGO(100),
  etcdAt: AGO(100),
  peers: [],
};
const HELD: Partial<HealthInputs> = { isHolder: true, heldMs: 60_000 };
const SILENT = { answeredAt: AGO(2100), isRefused: false };
const peer = (changes: Partial<HealthInputs['peers'][number]> = {}): HealthInputs['peers'][number] => ({
  name: 'r2',
  seenAt: AGO(200),
  holder: null,
  hasEtcd: false,
  seesRegion: true,
  canTake: false,
  ...changes,
});

describe('who may hold the floating address', () => {
  it.each<[string, Partial<HealthInputs>, boolean, RegExp]>([
    ['all is well', {}, true, /etcd answers/],
    ['its cluster was recovered without it', { ...HELD, isOver: true }, false, /its epoch has ended/],
    ['well and alone', { regions: 1 }, true, /etcd answers/],
    ['haproxy is dead', { proxy: { answeredAt: AGO(50), isRefused: true } }, false, /does not listen/],
    ['haproxy is frozen', { proxy: { answeredAt: AGO(2100), isRefused: false } }, false, /haproxy does not answer/],
    ['haproxy has never answered', { proxy: { answeredAt: null, isRefused: false } }, false, /haproxy does not answer/],
    [
      'haproxy is frozen, and another one can take it',
      { ...HELD, proxy: SILENT, peers: [peer({ canTake: true })] },
      false,
      /haproxy does not answer/,
    ],
    ['haproxy is frozen, and nobody can take it', { ...HELD, proxy: SILENT, peers: [peer()] }, true, /no other node/],
    [
      'haproxy is dead, and nobody can take it',
      { ...HELD, proxy: { ...SILENT, isRefused: true }, peers: [peer()] },
      false,
      /does not listen/,
    ],
    [
      'haproxy is silent, nobody can take it, and the majority is gone',
      { ...HELD, proxy: SILENT, etcdAt: AGO(MAJORITY_MS + 1) },
      false,
      /1 of 3 region nodes/,
    ],
    [
      'haproxy is silent on who has just taken it',
      { ...HELD, heldMs: 9_000, proxy: SILENT, regionAt: AGO(3100), peers: [peer({ canTake: true })] },
      true,
      /just come here/,
    ],
    [
      'the same, for long',
      {
        ...HELD,
        heldMs: 9_000,
        proxy: { answeredAt: AGO(10_100), isRefused: false },
        regionAt: AGO(10_100),
        peers: [peer({ canTake: true })],
      },
      false,
      /haproxy does not answer/,
    ],
    [
      'haproxy is silent on who has had it for 10 s',
      { ...HELD, heldMs: 10_000, proxy: SILENT, peers: [peer({ canTake: true })] },
      false,
      /haproxy does not answer/,
    ],
    [
      'who has just taken it sees no region for a moment',
      { ...HELD, heldMs: 9_000, regionAt: AGO(3100), peers: [peer({ canTake: true })] },
      true,
      /a region answer/,
    ],
    [
      'haproxy is silent for want of a processor',
      { ...HELD, isStarved: true, proxy: { ...SILENT, answeredAt: AGO(29_900) }, peers: [peer({ canTake: true })] },
      true,
      /waits for a processor/,
    ],
    [
      'the same, for longer',
      { ...HELD, isStarved: true, proxy: { ...SILENT, answeredAt: AGO(30_100) }, peers: [peer({ canTake: true })] },
      false,
      /haproxy does not answer/,
    ],
    [
      'haproxy sees no region for want of a processor',
      { ...HELD, isStarved: true, regionAt: AGO(29_900), peers: [peer({ canTake: true })] },
      true,
      /a region answer/,
    ],
    [
      'the same, for longer',
      { ...HELD, isStarved: true, regionAt: AGO(30_100), peers: [peer({ canTake: true })] },
      false,
      /through the haproxy/,
    ],
    [
      'who is starved and has not got it does not take it',
      { isStarved: true, proxy: SILENT },
      false,
      /does not answer/,
    ],
    ['still joining', { isMember: false }, false, /joining/],
    ['released by hand', { isReleased: true, isHolder: true }, false, /operator/],
    [
      'drained, another one can take it',
      { isDrained: true, isHolder: true, peers: [peer({ canTake: true })] },
      false,
      /drained/,
    ],
    [
      'another one hears a holder that is not heard here',
      { peers: [peer({ holder: 'r3' })] },
      false,
      /r2 hears r3 as holder/,
    ],
    ['the same, and this one holds it', { isHolder: true, peers: [peer({ holder: 'r3' })] }, true, /etcd answers/],
    [
      'the holder is heard here too',
      { peers: [peer({ holder: 'r3' }), peer({ name: 'r3', seenAt: AGO(350) })] },
      true,
      /etcd answers/,
    ],
    [
      'the holder was heard here, and is no more',
      { peers: [peer({ holder: 'r3' }), peer({ name: 'r3', seenAt: AGO(MAJORITY_MS + 1) })] },
      false,
      /r2 hears r3 as holder/,
    ],
    [
      'the holder is silent, and the other one does not know it yet',
      { peers: [peer({ holder: 'r3' }), peer({ name: 'r3', seenAt: AGO(MAJORITY_MS - 1) })] },
      true,
      /etcd answers/,
    ],
    ['another one hears this one hold it', { peers: [peer({ holder: 'r1' })] }, true, /etcd answers/],
    [
      'who tells of a holder is silent',
      { peers: [peer({ holder: 'r3', seenAt: AGO(MAJORITY_MS + 1) })] },
      true,
      /etcd answers/,
    ],
    ['drained, the others cannot', { isDrained: true, peers: [peer(), peer()] }, true, /etcd answers/],
    ['drained and alone', { isDrained: true, regions: 1 }, true, /etcd answers/],
    [
      'drained, who could take it is silent',
      { isDrained: true, peers: [peer({ canTake: true, seenAt: AGO(MAJORITY_MS + 1) })] },
      true,
      /etcd answers/,
    ],
    ['not drained, others can take it too', { isHolder: true, peers: [peer({ canTake: true })] }, true, /etcd answers/],
    [
      'no region here, others see one',
      { regionAt: null, isHolder: true, peers: [peer()] },
      false,
      /through the haproxy/,
    ],
    [
      'no region anywhere, holder',
      { regionAt: AGO(9000), isHolder: true, peers: [peer({ seesRegion: false })] },
      true,
      /no node sees/,
    ],
    ['no region anywhere, not holder', { regionAt: null, peers: [peer({ seesRegion: false })] }, false, /no region/],
    ['cut off, holder', { etcdAt: AGO(MAJORITY_MS + 1), isHolder: true }, false, /1 of 3 region nodes/],
    ['cut off, was well a moment ago', { etcdAt: AGO(MAJORITY_MS + 1) }, false, /2 needed/],
    ['etcd elects, two see each other', { etcdAt: AGO(1500), peers: [peer()] }, true, /paused/],
    [
      'etcd elects, the word of the peer is old',
      { etcdAt: AGO(1500), peers: [peer({ seenAt: AGO(MAJORITY_MS + 1) })] },
      false,
      /1 of 3/,
    ],
    [
      'own etcd is dead, others have theirs, holder',
      { etcdAt: AGO(6000), isHolder: true, peers: [peer({ hasEtcd: true }), peer()] },
      false,
      /answers other nodes/,
    ],
    [
      'etcd is gone everywhere, holder',
      { etcdAt: AGO(60_000), isHolder: true, peers: [peer()] },
      true,
      /gone everywhere/,
    ],
    ['etcd is gone everywhere, not holder', { etcdAt: AGO(60_000), peers: [peer(), peer()] }, false, /only the holder/],
    ['etcd was never there, holder, sees nobody', { etcdAt: null, isHolder: true }, false, /1 of 3/],
    ['alone, etcd is gone, holder', { regions: 1, etcdAt: null, isHolder: true }, true, /gone everywhere/],
    ['alone, etcd is gone, not holder', { regions: 1, etcdAt: null }, false, /only the holder/],
    ['two nodes, the other is gone', { regions: 2, etcdAt: null, isHolder: true }, false, /2 needed/],
    ['five nodes, two are seen', { regions: 5, etcdAt: null, isHolder: true, peers: [peer()] }, false, /3 needed/],
    [
      'five nodes, three are seen',
      { regions: 5, etcdAt: null, isHolder: true, peers: [peer(), peer()] },
      true,
      /3 of 5/,
    ],
  ])('%s', (_name, changes, isFit, why) => {
    const verdict = decide({ ...WELL, ...changes });
    expect(verdict.isFit).toBe(isFit);
    expect(verdict.why).toMatch(why);
  });

  it.each([
    [true, 'released', { isReleased: true }],
    [true, 'drained, another one can take it', { isDrained: true, peers: [peer({ canTake: true })] }],
    [undefined, 'released, and cut off', { isReleased: true, etcdAt: AGO(MAJORITY_MS + 1) }],
    [undefined, 'drained, and its proxy is gone', { isDrained: true, proxy: { answeredAt: null, isRefused: true } }],
  ])('may take its time (%s) when it is %s', (isPlanned, _what, changes) => {
    const verdict = decide({ ...WELL, isHolder: true, ...changes });
    expect(verdict.isFit).toBe(false);
    expect(verdict.isPlanned).toBe(isPlanned);
  });

  it('ends the keepalived of a node whose address another one has taken over, and of that one alone', () => {
    const other = (heldMs: number | null, seenAt = AGO(100)) => [{ name: 'r2', seenAt, heldMs }];
    expect(isSuperseded({ now: NOW, heldMs: 60_000, peers: other(1000) })).toBe(true);
    expect(isSuperseded({ now: NOW, heldMs: 1000, peers: other(60_000) })).toBe(false);
    expect(isSuperseded({ now: NOW, heldMs: 60_000, peers: other(300) })).toBe(false);
    expect(isSuperseded({ now: NOW, heldMs: 60_000, peers: other(1000, AGO(5000)) })).toBe(false);
    expect(isSuperseded({ now: NOW, heldMs: null, peers: other(1000) })).toBe(false);
    expect(isSuperseded({ now: NOW, heldMs: 60_000, peers: other(null) })).toBe(false);
  });

  it('tells the others of a holder as long as it hears it itself', () => {
    const holder = (heldMs: number | null, seenAt: number) => [{ name: 'r3', seenAt, heldMs }];
    expect(findHolder(NOW, holder(10, AGO(300)))).toBe('r3');
    expect(findHolder(NOW, holder(10, AGO(500)))).toBeNull();
    expect(findHolder(NOW, holder(null, AGO(100)))).toBeNull();
  });
});

describe('a holder that is to let the address go', () => {
  const open = () => {
    const begun: (() => void)[] = [];
    return { begun, leave: new Leave((done) => begun.push(done)) };
  };

  it('keeps it until the calls that are on their way are answered, once', () => {
    const { begun, leave } = open();
    expect(leave.holdsOn(false, 0)).toBe(false);
    expect(begun).toHaveLength(0);
    expect([100, 200, 340].map((now) => leave.holdsOn(true, now))).toEqual([true, true, true]);
    begun[0]?.();
    expect([350, 360].map((now) => leave.holdsOn(true, now))).toEqual([false, false]);
    expect(begun).toHaveLength(1);
  });

  it('does not wait for ever to be told so', () => {
    const { leave } = open();
    expect([100, 1299, 1300].map((now) => leave.holdsOn(true, now))).toEqual([true, true, false]);
  });

  it('lets it go at once when more than a wish is against it, and takes its time again the next time', () => {
    const { begun, leave } = open();
    expect(leave.holdsOn(true, 100)).toBe(true);
    expect(leave.holdsOn(false, 200)).toBe(false);
    expect(leave.holdsOn(true, 10_000)).toBe(true);
    begun[0]?.();
    expect(leave.holdsOn(true, 10_100)).toBe(true);
    begun[1]?.();
    expect(leave.holdsOn(true, 10_200)).toBe(false);
  });
});

describe('beacons', () => {
  const KEY = Buffer.alloc(32, 7);
  const WORD = { hasEtcd: true, seesRegion: true, heldMs: null, canTake: true, holder: null };
  const open = () =>
    new Beacon(
      { clusterId: 'c', name: 'r1', address: '127.0.0.1', peers: [{ name: 'r2', address: '127.0.0.2' }] },
      KEY,
      () => {},
    );
  const packet = (changes: object = {}, key = KEY) =>
    seal({ cluster: 'c', from: 'r2', to: 'r1', nonce: 'n', echo: '', ...WORD, ...changes }, createSecretKey(key));

  it('are believed when they repeat a fresh word of this node, and never from another key, cluster, sender or for another', () => {
    const beacon = open();
    const sent: string[] = [];
    beacon.onSend = (nonce) => sent.push(nonce);
    beacon.send(WORD, 1000);
    const echo = sent[0] ?? '';
    beacon.receive(packet(), 1100);
    expect(beacon.views).toEqual([]);
    for (const bad of [
      packet({ echo }, Buffer.alloc(32, 8)),
      packet({ echo, cluster: 'd' }),
      packet({ echo, from: 'r9' }),
      packet({ echo, to: 'r3' }),
      Buffer.alloc(10),
      Buffer.alloc(2000),
    ]) {
      beacon.receive(bad, 1100);
    }
    expect(beacon.views).toEqual([]);
    beacon.receive(packet({ echo }), 1200);
    expect(beacon.views).toEqual([{ name: 'r2', seenAt: 1000, ...WORD }]);
    beacon.close();
  });

  it('of an earlier release say nothing of taking the address over: then nothing is left to its sender', () => {
    const beacon = open();
    const sent: string[] = [];
    beacon.onSend = (nonce) => sent.push(nonce);
    beacon.send(WORD, 1000);
    beacon.receive(packet({ echo: sent[0], canTake: undefined, holder: undefined }), 1100);
    expect(beacon.views).toEqual([{ name: 'r2', seenAt: 1000, ...WORD, canTake: false }]);
    beacon.close();
  });

  it('are worth nothing when they are recorded and repeated', () => {
    const beacon = open();
    const sent: string[] = [];
    beacon.onSend = (nonce) => sent.push(nonce);
    beacon.send(WORD, 1000);
    const recorded = packet({ echo: sent[0] });
    beacon.receive(recorded, 1100);
    beacon.send(WORD, 5000);
    beacon.receive(recorded, 5100);
    expect(beacon.views).toEqual([{ name: 'r2', seenAt: 1000, ...WORD }]);
    beacon.close();
  });
});

describe('the look at a daemon', () => {
  it('sees that it runs, that it is stopped, and that it is gone', async () => {
    const name = `t-${process.pid}`;
    const child = spawn(process.execPath, ['-e', `process.title = '${name}'; setInterval(() => {}, 1000)`]);
    const isGone = new Promise((resolve) => child.once('exit', resolve));
    const look = watchProcesses(name);
    let now = 0;
    const see = (wanted: string) => () => look((now += 1000)) === wanted;
    await until('it is there', see('runs'));
    child.kill('SIGSTOP');
    await until('it is stopped', see('frozen'));
    child.kill('SIGCONT');
    await until('it goes on', see('runs'));
    child.kill('SIGKILL');
    await isGone;
    await until('it is gone', see('gone'));
  });
});

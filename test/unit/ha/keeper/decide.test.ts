import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideOther,
  decideOwn,
  afterAnswer,
  mayBePrimary,
  type FenceLease,
  type OwnState,
  type EtcdView,
} from '../../../../ha/keeper/decide.ts';

const NOW = 1_000_000;
const AGO = (ms: number) => NOW - ms;
const PATIENCE = { ttl: 2000, margin: 600, silence: 2000, starved: 10_000, absence: 8000 };
const HEARD = { answeredAt: AGO(200), reactedAt: AGO(200), silences: 0, isStarved: false };
const VIEW: EtcdView = {
  at: AGO(100),
  leader: { name: 'r1', term: '7' },
  isPaused: false,
  isSynchronous: true,
  fences: new Map([['r1', '7']]),
  armed: new Map([['r1', { term: '7', revision: '3' }]]),
};
const FENCE_LEASE: FenceLease = {
  term: '7',
  armedAt: AGO(60_000),
  renewedAt: AGO(100),
  seenAt: AGO(100),
  isGone: false,
};
const WELL: OwnState = {
  now: NOW,
  name: 'r1',
  patience: PATIENCE,
  isPrimary: true,
  allowedAt: AGO(100),
  lateAt: AGO(90_000),
  patroni: HEARD,
  postgres: HEARD,
  view: VIEW,
  fenceLease: FENCE_LEASE,
};
const UNARMED = { ...VIEW, fences: new Map<string, string>(), armed: new Map() };
const SILENT = { answeredAt: AGO(2100), reactedAt: AGO(2100), silences: 2, isStarved: false };

describe('what a keeper does about its own host', () => {
  it.each<[string, Partial<OwnState>, string, RegExp]>([
    ['all is well', {}, 'rest', /^$/],
    ['its lease is due', { fenceLease: { ...FENCE_LEASE, renewedAt: AGO(150) } }, 'renew', /^$/],
    ['a standby', { isPrimary: false, fenceLease: null }, 'rest', /^$/],
    ['PostgreSQL went down', { isPrimary: false }, 'yield', /not the primary/],
    ['it was promoted', { fenceLease: null, view: UNARMED }, 'arm', /term 7/],
    ['promoted, Patroni has not answered yet', { fenceLease: null, view: UNARMED, patroni: SILENT }, 'rest', /^$/],
    ['promoted, the view is old', { fenceLease: null, view: { ...UNARMED, at: AGO(1100) } }, 'rest', /^$/],
    ['promoted, the host was late', { fenceLease: null, view: UNARMED, lateAt: AGO(9000) }, 'rest', /^$/],
    ['its fence was lost in this very term', { fenceLease: null, view: { ...VIEW, fences: new Map() } }, 'rest', /^$/],
    ['Patroni began a new term', { view: { ...VIEW, leader: { name: 'r1', term: '8' } } }, 'arm', /term 8/],
    ['etcd has not said whether it took the key', { fenceLease: { ...FENCE_LEASE, armedAt: null } }, 'arm', /term 7/],
    ['no renewal', { fenceLease: { ...FENCE_LEASE, renewedAt: AGO(1400) } }, 'fence', /no proof/],
    ['renewed, and no view shows it', { fenceLease: { ...FENCE_LEASE, seenAt: AGO(1400) } }, 'fence', /no proof/],
    ['etcd knows no such lease', { fenceLease: { ...FENCE_LEASE, isGone: true } }, 'fence', /lease is gone/],
    ['the key is gone', { view: { ...VIEW, fences: new Map() } }, 'fence', /lease is gone/],
    [
      'a view of before it was armed shows no key',
      { fenceLease: { ...FENCE_LEASE, armedAt: AGO(50) }, view: UNARMED },
      'rest',
      /^$/,
    ],
    [
      'a view of the tick in which it was armed shows no key',
      { fenceLease: { ...FENCE_LEASE, armedAt: AGO(100) }, view: UNARMED },
      'rest',
      /^$/,
    ],
    ['PostgreSQL hangs', { postgres: SILENT }, 'fence', /PostgreSQL is silent/],
    ['PostgreSQL waits for a processor', { postgres: { ...SILENT, isStarved: true } }, 'rest', /^$/],
    [
      'PostgreSQL waits for a processor, its lease is due',
      { postgres: { ...SILENT, isStarved: true }, fenceLease: { ...FENCE_LEASE, renewedAt: AGO(150) } },
      'renew',
      /^$/,
    ],
    ['PostgreSQL waits for a processor for too long', { postgres: starvedFor(10_100) }, 'fence', /silent for 10100 ms/],
    ['Patroni waits for a processor', { patroni: { ...starvedFor(7900) } }, 'rest', /^$/],
    [
      'PostgreSQL waits for a processor, and the lease is lost',
      { postgres: { ...SILENT, isStarved: true }, fenceLease: { ...FENCE_LEASE, renewedAt: AGO(1400) } },
      'fence',
      /no proof/,
    ],
    ['one late answer proves nothing', { postgres: { ...SILENT, silences: 1 } }, 'rest', /^$/],
    ['Patroni hangs', { patroni: SILENT }, 'fence', /Patroni is silent/],
    ['Patroni hangs, no lease', { patroni: SILENT, fenceLease: null, view: UNARMED }, 'rest', /^$/],
    ['Patroni comes back', { patroni: { ...HEARD, answeredAt: AGO(7900) } }, 'rest', /^$/],
    ['Patroni does not come back', { patroni: { ...HEARD, answeredAt: AGO(8100) } }, 'fence', /no Patroni/],
    ['the host was late and is back', { lateAt: AGO(100) }, 'disarm', /too slow/],
    [
      'late, and etcd answers slowly',
      { lateAt: AGO(100), fenceLease: { ...FENCE_LEASE, seenAt: AGO(890) } },
      'disarm',
      /too slow/,
    ],
    ['late, and etcd is away', { lateAt: AGO(100), fenceLease: { ...FENCE_LEASE, seenAt: AGO(910) } }, 'rest', /^$/],
    ['paused', { view: { ...VIEW, isPaused: true } }, 'forget', /paused/],
    ['paused, without etcd for long', { view: { ...VIEW, isPaused: true, at: AGO(50_000) } }, 'forget', /paused/],
    ['paused and free', { fenceLease: null, view: { ...UNARMED, isPaused: true } }, 'rest', /^$/],
    ['one member', { view: { ...VIEW, isSynchronous: false } }, 'forget', /one member/],
    [
      'one member that hangs',
      { fenceLease: null, view: { ...UNARMED, isSynchronous: false }, postgres: SILENT },
      'rest',
      /^$/,
    ],
    [
      'paused, armed by a keeper that was killed',
      { fenceLease: null, view: { ...VIEW, isPaused: true } },
      'forget',
      /paused/,
    ],
    ['another leads for a moment', { fenceLease: null, view: otherLeads(), allowedAt: AGO(4900) }, 'rest', /^$/],
    ['another leads', { fenceLease: null, view: otherLeads(), allowedAt: AGO(5100) }, 'fence', /r2 leads/],
    [
      'thawed after long, before etcd was asked',
      { fenceLease: null, view: UNARMED, allowedAt: AGO(20_000) },
      'fence',
      /not named/,
    ],
    [
      'thawed after long, armed',
      { fenceLease: { ...FENCE_LEASE, renewedAt: AGO(20_000), seenAt: AGO(20_000) } },
      'fence',
      /no proof/,
    ],
  ])('%s', (_, changes, what, why) => {
    const step = decideOwn({ ...WELL, ...changes });
    expect(step.do).toBe(what);
    expect(step.why).toMatch(why);
  });

  it('is blessed by its own lead, a pause and a cluster of one', () => {
    expect(mayBePrimary(VIEW, 'r1')).toBe(true);
    expect(mayBePrimary(VIEW, 'r2')).toBe(false);
    expect(mayBePrimary({ ...VIEW, isPaused: true }, 'r2')).toBe(true);
    expect(mayBePrimary({ ...VIEW, isSynchronous: false }, 'r2')).toBe(true);
  });
});

it('hears an answer, a refusal and a silence', () => {
  const before = { answeredAt: 10, reactedAt: 20, silences: 3, isStarved: true };
  expect(afterAnswer(before, 50, 'answered', false)).toEqual({
    answeredAt: 50,
    reactedAt: 50,
    silences: 0,
    isStarved: false,
  });
  expect(afterAnswer(before, 50, 'refused', false)).toEqual({
    answeredAt: 10,
    reactedAt: 50,
    silences: 0,
    isStarved: false,
  });
  expect(afterAnswer(before, 50, 'silent', true)).toEqual({ ...before, silences: 4 });
});

function starvedFor(ms: number) {
  return { answeredAt: AGO(ms), reactedAt: AGO(ms), silences: 9, isStarved: true };
}

function otherLeads(): EtcdView {
  return { ...VIEW, leader: { name: 'r2', term: '8' }, fences: new Map(), armed: new Map() };
}

describe('what a keeper does about a leader elsewhere', () => {
  const LOST: EtcdView = { ...VIEW, fences: new Map() };
  it.each<[string, EtcdView | null, { term: string; at: number } | null, string]>([
    ['all is well', VIEW, null, 'rest'],
    ['its fence is gone', LOST, null, 'reject'],
    ['the others may not have the rule yet', LOST, { term: '7', at: AGO(200) }, 'rest'],
    ['they have', LOST, { term: '7', at: AGO(300) }, 'revoke'],
    ['it came back in a new term', { ...LOST, leader: { name: 'r1', term: '8' } }, { term: '7', at: AGO(300) }, 'rest'],
    ['it never had a keeper', { ...LOST, armed: new Map() }, null, 'rest'],
    ['armed in an earlier term', { ...LOST, armed: new Map([['r1', { term: '6', revision: '1' }]]) }, null, 'rest'],
    ['paused', { ...LOST, isPaused: true }, null, 'rest'],
    ['no standbys', { ...LOST, isSynchronous: false }, null, 'rest'],
    ['the view is old', { ...LOST, at: AGO(1100) }, { term: '7', at: AGO(300) }, 'rest'],
    ['nobody leads', { ...LOST, leader: null }, null, 'rest'],
    ['it leads itself', { ...LOST, leader: { name: 'r2', term: '7' } }, null, 'rest'],
    ['nothing was seen', null, null, 'rest'],
  ])('%s', (_, view, rejection, what) => {
    expect(decideOther(NOW, 'r2', view, rejection)).toBe(what);
  });

  it('never releases a leader whose fence is alive, or that was not armed in this term', () => {
    const term = fc.constantFrom('7', '8');
    const host = fc.constantFrom<string>('r1', 'r2', 'r3');
    const views = fc.record({
      at: fc.integer({ min: NOW - 3000, max: NOW }),
      leader: fc.option(fc.record({ name: host, term })),
      isPaused: fc.boolean(),
      isSynchronous: fc.boolean(),
      fences: fc.array(fc.tuple(host, term)).map((list) => new Map(list)),
      armed: fc.array(fc.tuple(host, fc.record({ term, revision: fc.constant('1') }))).map((list) => new Map(list)),
    });
    const rejections = fc.option(fc.record({ term, at: fc.integer({ min: NOW - 2000, max: NOW }) }));
    fc.assert(
      fc.property(views, rejections, (view, rejection) => {
        if (decideOther(NOW, 'r2', view, rejection) === 'rest') return;
        const { leader } = view;
        expect(leader?.name).not.toBe('r2');
        expect(view.fences.has(leader?.name ?? '')).toBe(false);
        expect(view.armed.get(leader?.name ?? '')?.term).toBe(leader?.term);
      }),
      { numRuns: 500 },
    );
  });
});

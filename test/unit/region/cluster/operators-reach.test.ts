import { afterAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../../src/region/cluster/doctor.ts';
import { lossesOf } from '../../../../src/region/cluster/losses.ts';
import { judgeCluster } from '../../../../src/region/cluster/view.ts';
import type { Reach } from '../../../../src/services/vip/facts.ts';
import { aSite, NOW, type SiteChanges } from './fixture.ts';

const OWN = '52:54:00:00:00:11';
const STRANGER = '52:54:00:de:ad:01';
const LONG_AGO = new Date(NOW - 3_600_000).toISOString();
const well = { isHolder: false, isFit: true, why: 'all is well' };
const found = (reach: Partial<Reach> = {}) => ({
  vip: { ...well, reach: { isAnswered: true, node: 'r1', mac: OWN, times: 9, ageSeconds: 1, ...reach } },
});
const mute = (reach: Partial<Reach> = {}) => found({ isAnswered: false, node: null, ...reach });
const holder = (otherMacs: readonly string[] = [], since = LONG_AGO) => ({
  vip: { ...well, isHolder: true, mac: OWN, otherMacs: [...otherMacs] },
  began: { primary: LONG_AGO, vip: since },
});
const site = (r1: object, r2: object, r3: object): SiteChanges => ({ nodes: { r1, r2, r3 } }) as SiteChanges;
const justNow = new Date(NOW - 2_000).toISOString();

const NOBODY_ANSWERS = 'r1 holds 10.77.0.10, but r2 and r3 get no answer at 10.77.0.10, port 5240';

/** What the nodes found → what the doctor says, and whether a node may be lost. */
const CASES: readonly (readonly [string, SiteChanges, 'ok' | 'broken', string])[] = [
  [
    'both others reach the holder',
    site(holder(), found(), found()),
    'ok',
    'r2 and r3 called 10.77.0.10, and r1 answered.',
  ],
  [
    'a stranger answers ARP, and nothing listens there',
    site(holder(), mute({ mac: STRANGER }), mute({ mac: STRANGER })),
    'broken',
    `10.77.0.10 is also answered by ${STRANGER}, not only by r1 (seen by r2 and r3).`,
  ],
  [
    'a stranger answers one of two',
    site(holder(), mute({ mac: STRANGER }), found()),
    'broken',
    `10.77.0.10 is also answered by ${STRANGER}, not only by r1 (seen by r2).`,
  ],
  [
    'a stranger with a server of its own',
    site(holder(), found({ node: null, mac: STRANGER }), found()),
    'broken',
    `10.77.0.10 is also answered by ${STRANGER}, not only by r1 (seen by r2).`,
  ],
  [
    'only the holder hears two strangers',
    site(holder([STRANGER, '52:54:00:de:ad:02']), found(), found()),
    'broken',
    `10.77.0.10 is also answered by ${STRANGER} and 52:54:00:de:ad:02, not only by r1 (seen by r1).`,
  ],
  [
    'port 5240 is dropped on the holder',
    site(holder(), mute({ mac: OWN }), mute({ mac: OWN })),
    'broken',
    `${NOBODY_ANSWERS}.`,
  ],
  [
    'the same, behind a router',
    site(holder(), mute({ mac: null }), mute({ mac: null })),
    'broken',
    `${NOBODY_ANSWERS}.`,
  ],
  [
    'one of two gets no answer',
    site(holder(), mute({ mac: OWN }), found()),
    'broken',
    'r1 holds 10.77.0.10, but r2 gets no answer at 10.77.0.10, port 5240.',
  ],
  [
    'another node answers',
    site(holder(), found({ node: 'r3', mac: '52:54:00:00:00:13' }), found({ node: 'r3', mac: '52:54:00:00:00:13' })),
    'broken',
    'r1 holds 10.77.0.10, but r2 is answered by r3 and r3 is answered by r3.',
  ],
  ['one question is lost', site(holder(), mute({ times: 1 }), found()), 'ok', 'r3 called 10.77.0.10, and r1 answered.'],
  [
    'the address has just moved: what was found before says nothing',
    site(holder([], justNow), mute({ ageSeconds: 0.5 }), found({ node: 'r3', ageSeconds: 0.5 })),
    'ok',
    'No other node has called 10.77.0.10 for long enough to find a fault.',
  ],
  [
    'an answer of a minute ago',
    site(holder([], new Date(NOW - 30_000).toISOString()), mute({ ageSeconds: 60 }), found()),
    'ok',
    'r3 called 10.77.0.10, and r1 answered.',
  ],
  [
    'a haproxy of an earlier release names nobody',
    site(holder(), found({ node: null }), found({ node: null })),
    'ok',
    'No other node has called 10.77.0.10 for long enough to find a fault.',
  ],
  [
    'an earlier release asks nobody',
    site({ vip: { ...well, isHolder: true } }, { vip: well }, { vip: well }),
    'ok',
    'No other node has called 10.77.0.10 for long enough to find a fault.',
  ],
  [
    'a silent node found it',
    site(holder(), { ...mute({ mac: STRANGER }), silentFor: 60 }, found()),
    'ok',
    'r3 called 10.77.0.10, and r1 answered.',
  ],
];

describe('does the floating address lead to its holder', () => {
  const table: string[] = [];
  afterAll(() => console.log(['what was found → what is said', ...table].join('\n')));

  it.each(CASES)('%s', (name, changes, state, detail) => {
    const seen = aSite(changes);
    const row = diagnose(seen).invariants.find(({ id }) => id === 'vip-reach');
    table.push(`  ${name.padEnd(64)} ${row?.state}: ${row?.detail}`);
    expect(row).toMatchObject({ state, detail });
    expect(row?.remedy === '').toBe(state === 'ok');
    // On the first line of status, which is then degraded.
    const told = judgeCluster(seen);
    const isBroken = state === 'broken';
    expect(lossesOf(seen).now === 0 && told?.sentence.includes(detail.replace(/\.$/, ''))).toBe(isBroken);
    expect(told?.problems.filter((line) => line.startsWith('vip-reach'))).toEqual(
      isBroken ? [`vip-reach: ${detail}`] : [],
    );
  });

  it('says what to do', () => {
    const rows = (changes: SiteChanges) => diagnose(aSite(changes)).invariants.find(({ id }) => id === 'vip-reach');
    expect(rows(site(holder([STRANGER]), found(), found()))?.remedy).toContain(`Find the machine with ${STRANGER}`);
    expect(rows(site(holder(), mute(), mute()))?.remedy).toContain('On r1: nft list ruleset');
  });

  it('is a warning where one of many gets no answer', () => {
    const changes = { regions: 5, nodes: { r1: holder(), r2: mute(), r3: found(), r4: found(), r5: found() } };
    const seen = aSite(changes as SiteChanges);
    expect(diagnose(seen).invariants.find(({ id }) => id === 'vip-reach')).toMatchObject({ state: 'warning' });
    expect(lossesOf(seen).now).toBe(2);
  });

  it.each([
    ['a site without the address', { site: { cluster: { id: 'regent-0f3a9c21', vip: null, virtualRouter: 51 } } }],
    ['a single node', { regions: 1 }],
    ['an address that nobody holds', { nodes: { r1: { vip: well } } }],
    ['an address that two hold', { nodes: { r2: { vip: { ...well, isHolder: true } } } }],
  ])('does not concern %s', (_name, changes) => {
    expect(diagnose(aSite(changes)).invariants.map(({ id }) => id)).not.toContain('vip-reach');
  });
});

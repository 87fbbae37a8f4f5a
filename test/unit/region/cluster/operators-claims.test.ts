import { describe, expect, it } from 'vitest';
import { claimsOf, holdersOf, primariesOf } from '../../../../src/region/cluster/claims.ts';
import { diagnose } from '../../../../src/region/cluster/doctor.ts';
import { lossesOf } from '../../../../src/region/cluster/losses.ts';
import { viewCluster } from '../../../../src/region/cluster/view.ts';
import { aSite, type NodeChanges, NOW } from './fixture.ts';

const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const primary = (timeline: number, began: number, silentFor: number): NodeChanges => ({
  silentFor,
  db: { role: 'primary', timeline },
  began: { primary: ago(began), vip: null },
});
const standby = (silentFor = 1): NodeChanges => ({ silentFor, db: { role: 'standby' } });
const seesGone = (...names: string[]): NonNullable<NodeChanges['lb']> => ({
  primary: null,
  regions: ['r1', 'r2', 'r3'].map((name) => ({
    name,
    isUp: !names.includes(name),
    ...(names.includes(name) ? { isSilent: true } : {}),
  })),
});

/** What nodes say → who is the primary. */
const PRIMARIES: readonly (readonly [string, Readonly<Record<string, NodeChanges>>, string, string])[] = [
  ['one', { r1: primary(2, 900, 1) }, 'r1', ''],
  ['the old one died 12 s ago', { r1: primary(3, 5, 1), r3: primary(2, 900, 12) }, 'r1', 'r3'],
  ['the old one spoke last just as the new one began', { r1: primary(3, 5, 1), r3: primary(2, 900, 6) }, 'r1', 'r3'],
  ['a lower timeline that began later', { r1: primary(2, 5, 1), r3: primary(3, 900, 6) }, 'r3', 'r1'],
  ['… and the higher one is not heard any more', { r1: primary(2, 5, 1), r3: primary(3, 900, 26) }, 'r1', 'r3'],
  ['both say so at one moment', { r1: primary(3, 5, 1), r3: primary(2, 900, 2) }, 'r1 r3', ''],
  ['the old one alone, not silent for long enough to know', { r1: standby(), r3: primary(2, 900, 8) }, 'r3', ''],
  ['the old one alone, silent for 25 s', { r1: standby(), r3: primary(2, 900, 25) }, '', 'r3'],
  ['nobody', { r1: standby() }, '', ''],
];

describe('who is the primary', () => {
  it.each(PRIMARIES)('%s', (_what, nodes, now, past) => {
    const site = aSite({ nodes });
    const claims = claimsOf(site, 'primary');
    expect(claims.now.map(({ node }) => node.name).join(' ')).toBe(now);
    expect(claims.past.map(({ node }) => node.name).join(' ')).toBe(past);
    expect(primariesOf(site).map(({ node }) => node.name)).toEqual(now === '' ? [] : now.split(' '));
    expect(lossesOf(site).sentence.includes('each report')).toBe(now.includes(' '));
    const found = diagnose(site).invariants.find((row) => row.id === 'one-primary');
    expect(found?.detail.includes('at the same time')).toBe(now.includes(' '));
  });

  it('takes what a daemon said as old as it is, though the report is of now', () => {
    const host = { ages: { db: 7000 } };
    const site = aSite({ nodes: { r1: primary(3, 5, 1), r3: { ...primary(2, 900, 1), host } } });
    expect(primariesOf(site).map(({ node }) => node.name)).toEqual(['r1']);
  });
});

describe('who holds the address', () => {
  const holder = (began: number, silentFor: number): NodeChanges => ({
    silentFor,
    vip: { isHolder: true },
    began: { primary: null, vip: ago(began) },
  });
  it.each([
    ['the one before is dead', { r1: holder(900, 9), r2: holder(4, 1) }, ['r2']],
    ['both at once', { r1: holder(900, 2), r2: holder(4, 1) }, ['r2', 'r1']],
    ['by the address itself, though the health program said otherwise before', byAddress(), ['r2']],
  ] as const)('%s', (_what, nodes, expected) => {
    const site = aSite({ nodes });
    expect(holdersOf(site).map(({ node }) => node.name)).toEqual(expected);
    expect(viewCluster(site, { state: 'ok', summary: '' }).vip?.holders).toEqual(expected);
  });

  function byAddress(): Readonly<Record<string, NodeChanges>> {
    const roles = (state: 'active' | 'backup') => ({ roles: { vip: { state, since: ago(2) }, database: null } });
    return { r1: { host: roles('backup') }, r2: { host: roles('active') } };
  }
});

describe('a node that is gone', () => {
  const said = (nodes: Readonly<Record<string, NodeChanges>>) => {
    const site = aSite({ nodes });
    return { site, sentence: lossesOf(site).sentence, view: viewCluster(site, { state: 'degraded', summary: '' }) };
  };

  it('is gone when both others say so, long before it is silent for 20 s', () => {
    const { site, sentence, view } = said({
      r1: { silentFor: 4 },
      r2: { lb: seesGone('r1') },
      r3: { lb: seesGone('r1') },
    });
    expect(sentence).toBe(
      'can lose none: r1 does not answer r2 and r3 (last report 4 s ago), etcd 2 of 3 voters, ' +
        'no node reports that it is the primary (last: r1, 4 s ago), as of 1 s ago',
    );
    expect(view.database.primary).toBeNull();
    expect(view.vip?.holders).toEqual([]);
    expect(diagnose(site).invariants.filter((row) => row.detail.includes('r1 is the primary'))).toEqual([]);
  });

  it.each([
    [
      'it spoke after them',
      { r1: { silentFor: 1 }, r2: { silentFor: 3, lb: seesGone('r1') }, r3: { silentFor: 3, lb: seesGone('r1') } },
    ],
    ['one way alone is cut', { r1: { silentFor: 4 }, r2: { lb: seesGone('r1') } }],
    [
      'their word is old',
      {
        r1: { silentFor: 4 },
        r2: { silentFor: 1, lb: seesGone('r1'), host: { ages: { lb: 5000 } } },
        r3: { silentFor: 6 },
      },
    ],
  ] as const)('is there when %s', (_what, nodes) => {
    expect(lossesOf(aSite({ nodes })).now).toBe(1);
  });

  it('is gone by the word of the one other that is heard', () => {
    const { sentence } = said({ r1: { silentFor: 5 }, r2: { silentFor: 1, lb: seesGone('r1') }, r3: { silentFor: 7 } });
    expect(sentence).toContain('r1 does not answer r2 (last report 5 s ago)');
  });
});

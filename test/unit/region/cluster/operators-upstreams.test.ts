import { afterAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../../src/region/cluster/doctor.ts';
import { judgeCluster } from '../../../../src/region/cluster/view.ts';
import { aSite, type SiteChanges } from './fixture.ts';

const SINCE = '2026-03-01T09:58:00.000Z';
const row = (service: string, place: string, why = '') => ({
  service,
  place,
  isAnswering: why === '',
  why,
  since: SINCE,
});
const node = (...upstreams: ReturnType<typeof row>[]) => ({ host: { upstreams } });
const resolver = (why = '') => row('dns', '10.9.9.9', why);
const parent = (why = '') => row('proxy', '10.9.9.8:3128', why);

/** What nodes find → what the doctor says of it. */
const CASES: readonly (readonly [string, SiteChanges, string, string])[] = [
  ['nobody outside is asked', {}, 'ok', 'No node queries a server outside of the site.'],
  [
    'all answer',
    { nodes: { r1: node(resolver(), parent()), r2: node(resolver()) } },
    'ok',
    '2 places, each answers: 10.9.9.9 and 10.9.9.8:3128.',
  ],
  [
    'a resolver is dead',
    { nodes: { r1: node(resolver('no answer in time')), r2: node(resolver('no answer in time')) } },
    'warning',
    `The resolver 10.9.9.9 answers no node (r1 and r2): no answer in time, since ${SINCE}.`,
  ],
  [
    'one node does not reach it',
    { nodes: { r1: node(resolver()), r2: node(resolver('no answer in time')), r3: node(resolver()) } },
    'warning',
    `The resolver 10.9.9.9 does not answer r2: no answer in time, since ${SINCE}.`,
  ],
  [
    'the parent proxy takes no calls',
    { nodes: { r1: node(parent('connect ECONNREFUSED 10.9.9.8:3128')) } },
    'warning',
    `The parent proxy 10.9.9.8:3128 answers no node (r1): connect ECONNREFUSED 10.9.9.8:3128, since ${SINCE}.`,
  ],
  [
    'both are dead',
    { nodes: { r1: node(resolver('no answer in time'), parent('no answer in time')) } },
    'warning',
    `The resolver 10.9.9.9 answers no node (r1): no answer in time, since ${SINCE}; the parent proxy 10.9.9.8:3128 answers no node (r1): no answer in time, since ${SINCE}.`,
  ],
  [
    'a silent node said so',
    { nodes: { r1: node(resolver()), r2: { ...node(resolver('no answer in time')), silentFor: 60 } } },
    'unknown',
    'r2 has not reported for 60 s.',
  ],
];

describe('resolvers and proxies outside of the site', () => {
  const table: string[] = [];
  afterAll(() => console.log(['what nodes find → what the doctor says', ...table].join('\n')));

  it.each(CASES)('%s', (name, changes, state, detail) => {
    const site = aSite(changes);
    const found = diagnose(site).invariants.find(({ id }) => id === 'upstreams');
    table.push(`  ${name.padEnd(34)} ${found?.state}: ${found?.detail}`);
    expect(found).toMatchObject({ state, detail });
    expect((found?.remedy ?? '') !== '').toBe(state !== 'ok');
    // A warning takes nothing of what can be lost; what nobody knows is a problem of the status, too.
    const isProblem = judgeCluster(site).problems.some((line) => line.startsWith('upstreams'));
    expect(isProblem).toBe(state === 'unknown');
  });
});

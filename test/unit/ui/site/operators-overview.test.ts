import { afterAll, describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../../../../src/contract/cluster/status.ts';
import { headline } from '../../../../src/ui/models/site/overview.ts';
import { OVERVIEW } from '../../../../src/ui/texts/site/overview.ts';
import { newSite, wellSite } from '../../../kit/ui/site.ts';

/** The overview's first sentences: each state of a cluster with what is said of it. */

const table: string[] = [];
afterAll(() => void process.stdout.write(`\nui F45: state → headline\n${table.join('\n')}\n`));

const well = wellSite().cluster;
type Losses = ClusterStatus['losses'];
const losses = (now: number, promised = 1): Losses => ({ now, promised, why: ['r3 is silent'] });
const applying = (names: readonly string[]) => ({
  nodes: well.nodes.map((node) => (names.includes(node.name) ? { ...node, report: 'applying' as const } : node)),
});
const racks = (alone: number) => ({ rackLosses: { vlans: 2, alone } });

/** All that the page says of it, and its colour. */
function said(cluster: ClusterStatus): readonly [string, string] {
  const found = headline(cluster);
  const { applying: nodes, alone, tone } = found;
  const detail = nodes.length > 0 ? OVERVIEW.applying(nodes, alone) : alone > 0 ? OVERVIEW.noStandby(alone) : '';
  return [tone, `${OVERVIEW.headline(found)} ${detail}`.trim()];
}

describe('F45: the headline and its details never contradict each other', () => {
  it.each<[string, Partial<ClusterStatus>, string, string]>([
    ['all well', racks(0), 'ok', 'Healthy. Any one region node and any one rack can fail without an outage.'],
    ['no VLAN with DHCP', { rackLosses: null }, 'ok', 'Healthy. Any one region node can fail without an outage.'],
    ['a region of before', {}, 'ok', 'Healthy. Any one region node can fail without an outage.'],
    [
      'the moment after a change',
      { ...racks(2), ...applying(['k1']) },
      'warn',
      'Any one region node can fail without an outage. No rack can. A change is being applied on k1. Until it is done, DHCP on 2 VLANs has no standby rack.',
    ],
    [
      'a change that no VLAN waits for',
      { ...racks(0), ...applying(['k1', 'r2']) },
      'ok',
      'Any one region node and any one rack can fail without an outage. A change is being applied on r2 and k1.',
    ],
    [
      'a VLAN without a second rack',
      racks(1),
      'warn',
      'Any one region node can fail without an outage. No rack can. DHCP on 1 VLAN has no standby rack now.',
    ],
    [
      'a region node is away',
      { ...racks(0), losses: losses(0), state: 'degraded' },
      'bad',
      'No region node can fail without an outage. Any one rack can.',
    ],
    [
      'both',
      { ...racks(2), losses: losses(0), state: 'degraded' },
      'bad',
      'No region node can fail without an outage. DHCP on 2 VLANs has no standby rack now.',
    ],
    [
      'five region nodes',
      { ...racks(0), losses: losses(2, 2) },
      'ok',
      'Healthy. Any 2 region nodes and any one rack can fail without an outage.',
    ],
    [
      'four of five',
      { ...racks(0), losses: losses(1, 2), state: 'degraded' },
      'warn',
      'Any one region node and any one rack can fail without an outage.',
    ],
  ])('%s', (name, changes, tone, sentence) => {
    const found = said({ ...well, ...changes });
    table.push(`${name} → ${found.join(': ')}`);
    expect(found).toEqual([tone, sentence]);
  });

  it('says of no state that it is healthy or green while a rack or a node may not fail', () => {
    for (const now of [0, 1, 2])
      for (const alone of [0, 1, 2])
        for (const names of [[], ['k1']])
          for (const state of ['ok', 'degraded'] as const) {
            const [tone, sentence] = said({
              ...well,
              ...racks(alone),
              ...applying(names),
              losses: losses(now, 1),
              state,
            });
            const isBad = now === 0 || alone > 0 || state !== 'ok';
            expect([sentence, tone === 'ok']).toEqual([sentence, !isBad]);
            expect([sentence, sentence.includes('Healthy')]).toEqual([sentence, !isBad && names.length === 0]);
            expect([sentence, /any one rack|Any one rack/.test(sentence)]).toEqual([sentence, alone === 0]);
          }
  });

  it('says of one region node only what is so', () => {
    expect(said(newSite().cluster)).toEqual([
      'ok',
      'Healthy. There is one region node only: it cannot fail without an outage.',
    ]);
  });
});

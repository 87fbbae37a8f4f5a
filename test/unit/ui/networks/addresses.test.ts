import { describe, expect, it } from 'vitest';
import { addressMap, runText, useCounts } from '../../../../src/ui/models/networks/address-map.ts';
import { dataArgument, readTtl } from '../../../../src/ui/models/names/dns.ts';
import type { SubnetAddresses } from '../../../../src/contract/site/screens.ts';

const run = (
  first: string,
  last: string,
  use: SubnetAddresses['runs'][number]['use'],
  what = 'w',
): SubnetAddresses['runs'][number] => ({ first, last, use, what, mac: null, until: null });
const RUNS = [
  run('10.10.10.1', '10.10.10.9', 'reserved'),
  run('10.10.10.2', '10.10.10.2', 'node'),
  run('10.10.10.50', '10.10.10.50', 'reservation'),
  run('10.10.10.60', '10.10.10.60', 'machine', 'm10'),
  run('10.10.10.100', '10.10.10.199', 'dynamic'),
  run('10.10.10.100', '10.10.10.100', 'lease'),
];

describe('the map of a subnet', () => {
  it('has a square of 16 × 16 for a /24, and paints the particular over the general', () => {
    const map = addressMap('10.10.10.0/24', RUNS);
    expect(map?.grids).toHaveLength(1);
    const cells = map?.grids[0]?.cells ?? [];
    expect(cells).toHaveLength(256);
    const uses = [0, 1, 2, 50, 60, 99, 100, 101, 199, 200, 255].map((index) => cells[index]?.use);
    expect(uses).toEqual([
      'edge',
      'reserved',
      'node',
      'reservation',
      'machine',
      'free',
      'lease',
      'dynamic',
      'dynamic',
      'free',
      'edge',
    ]);
    expect(cells[60]?.label).toBe('10.10.10.60 machine m10');
    const counts = map === null ? new Map() : useCounts(map);
    expect([...counts.values()].reduce((sum, count) => sum + count, 0)).toBe(256);
    expect(counts.get('dynamic')).toBe(99);
  });

  it.each([
    ['10.0.0.0/22', 4, 256],
    ['10.0.0.0/25', 1, 128],
    ['10.0.0.0/30', 1, 4],
    ['10.0.0.7/32', 1, 1],
  ])('of %s has %i squares, the first of %i cells', (cidr, grids, cells) => {
    const map = addressMap(cidr, []);
    expect(map?.block).toBe(1);
    expect(map?.grids.length).toBe(grids);
    expect(map?.grids[0]?.cells.length).toBe(cells);
  });

  it('has blocks above a /22, filled by what of them is taken, counted once', () => {
    const runs = [run('10.0.0.0', '10.0.0.127', 'dynamic'), run('10.0.0.64', '10.0.0.127', 'lease')];
    const map = addressMap('10.0.0.0/16', runs);
    expect(map?.block).toBe(256);
    const [first, second] = map?.grids[0]?.cells ?? [];
    expect(first).toEqual({ use: 'lease', taken: 0.5, label: '10.0.0.0–10.0.0.255 50 %' });
    expect(second).toMatchObject({ use: 'free', taken: 0 });
    expect(addressMap('0.0.0.0/0', [run('0.0.0.0', '255.255.255.255', 'reserved')])?.grids[0]?.cells[255]?.taken).toBe(
      1,
    );
  });

  it('leaves out what lies outside, and is none of IPv6 or of nonsense', () => {
    const map = addressMap('10.0.1.0/24', [
      run('10.0.0.200', '10.0.1.3', 'dynamic'),
      run('10.0.2.0', '10.0.2.9', 'machine'),
    ]);
    expect(map?.grids[0]?.cells.filter((cell) => cell.use === 'dynamic')).toHaveLength(4);
    for (const text of ['2001:db8::/64', '', '10.0.0/24', '10.0.0.0/33', '10.0.0.256/24', '<img>']) {
      expect(addressMap(text, [])).toBeNull();
    }
    expect([runText({ first: 'a', last: 'a' }), runText({ first: 'a', last: 'b' })]).toEqual(['a', 'a–b']);
  });
});

describe('a record', () => {
  it('has the TTL that was written, and leaves nonsense to the site', () => {
    expect([readTtl(''), readTtl(' 60 '), readTtl(undefined)]).toEqual([null, 60, null]);
    expect(readTtl('soon')).toBe('soon');
    expect([dataArgument('10.0.0.1'), dataArgument('a b')]).toEqual(['10.0.0.1', "'a b'"]);
  });
});

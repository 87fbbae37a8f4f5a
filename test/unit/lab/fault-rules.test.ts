import { describe, expect, it } from 'vitest';
import { cutPorts, faultRules, faultsIn, withFault, withoutHost } from '../../../src/lab/faults/rules.ts';
import { faultText, type NetworkFault, parseFault } from '../../../src/lab/faults/fault-text.ts';
import { clusterOf } from '../../../src/lab/topologies.ts';

const SITE = clusterOf({ regions: 3, racks: 1 });
const of = (...texts: string[]): NetworkFault[] => texts.map((text) => parseFault(SITE, text.split(' ')));
const texts = (faults: readonly NetworkFault[]) => faults.map(faultText);

describe('the words of a fault', () => {
  it.each([
    'cut r1',
    'cut k1 vlan10',
    'partition r1,k1|r2,r3',
    'partition r1|r2|r3',
    'oneway r1 k1',
    'loss r3 12.5',
    'block r3 2379',
    'still k1',
    'halfopen r1 k1',
  ])('%s is read and told back', (text) => expect(texts(of(text))).toEqual([text]));

  it.each([
    ['cut', /no host ""/],
    ['cut r9', /no host "r9".*r1, r2, r3, k1/],
    ['cut r1 vlan10', /no cable to "vlan10".*mgmt/],
    ['cut r1 mgmt more', /too many/],
    ['partition r1,r2', /one side/],
    ['partition r1|', /no host ""/],
    ['partition r1,r2|r2', /twice/],
    ['oneway r1 r1', /two hosts/],
    ['oneway r1', /no host ""/],
    ['loss r1', /not a percentage/],
    ['loss r1 101', /not a percentage/],
    ['loss r1 -1', /not a percentage/],
    ['loss r1 1e1', /not a percentage/],
    ['loss r1 50;flush', /not a percentage/],
    ['block r1', /not a TCP port/],
    ['block r1 0', /not a TCP port/],
    ['block r1 65536', /not a TCP port/],
    ['still', /no host ""/],
    ['still r1 5', /too many/],
    ['halfopen r1', /no host ""/],
    ['halfopen r2 r2', /two hosts/],
    ['burn r1', /not a network fault/],
  ])('%s is refused', (text, words) => expect(() => of(text)).toThrow(words));
});

describe('the list of faults', () => {
  it('takes the same once, and one loss for each host', () => {
    const faults = ['cut r1', 'loss r1 5', 'cut r1', 'loss r1 7', 'loss r2 1'].reduce<NetworkFault[]>(
      (all, text) => withFault(all, parseFault(SITE, text.split(' '))),
      [],
    );
    expect(texts(faults)).toEqual(['cut r1', 'loss r1 7', 'loss r2 1']);
    expect(texts(withFault(faults, { kind: 'loss', host: 'r1', percent: 0 }))).toEqual(['cut r1', 'loss r2 1']);
  });

  it('loses all of a host when it is healed', () => {
    const faults = of(
      'cut r1',
      'cut r1 mgmt',
      'loss r1 5',
      'oneway r1 r2',
      'oneway r3 r1',
      'oneway r2 r3',
      'partition r1|r2',
      'partition r1,k1|r2|r3',
      'block r1 5432',
      'block r2 5432',
      'still r1',
      'still r2',
      'halfopen r2 r1',
    );
    const left = ['oneway r2 r3', 'partition k1|r2|r3', 'block r2 5432', 'still r2'];
    expect(texts(withoutHost(faults, 'r1'))).toEqual(left);
  });
});

describe('the rules', () => {
  it('without a fault there is no table', () => {
    expect(faultRules(SITE, [])).toBe('table bridge regent-lab {}\ndelete table bridge regent-lab\n');
  });

  it('judge each frame by the port it came in by and the port it leaves by', () => {
    expect(faultRules(SITE, of('oneway r1 k1', 'loss r2 12.5', 'cut k1 vlan10'))).toMatchInlineSnapshot(`
      "table bridge regent-lab {}
      delete table bridge regent-lab
      table bridge regent-lab {
        chain in {
          type filter hook prerouting priority -300; policy accept;
          iifname { "v-r1-0" } meta mark set 1
          iifname { "v-r2-0" } meta mark set 2
          iifname { "v-r3-0" } meta mark set 3
          iifname { "v-k1-0", "v-k1-1", "v-k1-2" } meta mark set 4
          iifname { "v-r2-0" } numgen random mod 10000 < 1250 drop comment "loss r2 12.5"
          iifname { "v-k1-1" } drop comment "cut k1 vlan10"
        }
        chain out {
          type filter hook postrouting priority 300; policy accept;
          meta mark 1 oifname { "v-k1-0", "v-k1-1", "v-k1-2" } drop comment "oneway r1 k1"
          oifname { "v-r2-0" } numgen random mod 10000 < 1250 drop comment "loss r2 12.5"
          oifname { "v-k1-1" } drop comment "cut k1 vlan10"
        }
      }
      "
    `);
  });

  it('a partition drops both ways between every two sides, and nothing within one', () => {
    const drops = faultRules(SITE, of('partition r1,k1|r2|r3')).match(/meta mark \d oifname.*drop/g) ?? [];
    // Of ordered pairs: 4 with r2 and 4 with r3 against {r1,k1}, 2 between r2 and r3.
    expect(drops).toHaveLength(10);
    expect(drops.filter((line) => line.startsWith('meta mark 1 ') && line.includes('v-k1'))).toEqual([]);
  });

  it('who stands still has what waits in its sockets, and nothing that its kernel would answer', () => {
    const drops = faultRules(SITE, of('still r2')).match(/[io]ifname { "v-r2-0" } .*drop/g);
    const what = ['ether type != ip', 'ip protocol icmp', 'tcp flags & (syn | rst) != 0'];
    expect(drops).toEqual(
      ['iifname', 'oifname'].flatMap((way) => what.map((one) => `${way} { "v-r2-0" } ${one} drop`)),
    );
  });

  it('a loss of everything drops without drawing lots: nft refuses 10000 of 10000', () => {
    const [lines, most] = [faultRules(SITE, of('loss r2 100')), faultRules(SITE, of('loss r2 99.99'))];
    expect(lines).toContain('iifname { "v-r2-0" } drop comment "loss r2 100"');
    expect(lines).not.toContain('numgen');
    expect(most).toContain('oifname { "v-r2-0" } numgen random mod 10000 < 9999 drop');
  });

  it('only cuts pull cables', () => {
    expect(cutPorts(SITE, of('cut k1', 'loss r1 3', 'partition r1|r2'))).toEqual(['v-k1-0', 'v-k1-1', 'v-k1-2']);
    expect(cutPorts(SITE, of('cut k1 bmc'))).toEqual(['v-k1-2']);
  });

  it('are read back from what nft tells', () => {
    const rule = (comment?: string) => ({ rule: { family: 'bridge', expr: [], ...(comment ? { comment } : {}) } });
    const json = JSON.stringify({
      nftables: [{ metainfo: {} }, rule(), rule('cut k1'), rule('cut k1'), rule('oneway r1 r2')],
    });
    expect(texts(faultsIn(SITE, json))).toEqual(['cut k1', 'oneway r1 r2']);
  });
});

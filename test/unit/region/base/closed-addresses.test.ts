import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import type { BmcPlace } from '../../../../src/model/machines/bmc-hosts.ts';
import type { DnsRecord } from '../../../../src/model/names/record.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileProxy } from '../../../../src/services/proxy/compile.ts';
import { ProxyDesired } from '../../../../src/services/proxy/desired.ts';
import { withClosedBmcs } from '../../../../src/region/base/closed-addresses.ts';
import { aDomain, clusterSnapshot, machine } from '../../../kit/snapshots.ts';

const DOMAIN = 'regent.internal';

function ipmi(address: string): BmcPlace {
  return { name: address, powerType: 'ipmi', parameters: { power_address: address } };
}

function record(name: string, type: DnsRecord['type'], data: string): Omit<DnsRecord, 'id'> {
  return { domainId: 1, name, type, data, ttl: null };
}

function close(
  bmcs: readonly BmcPlace[],
  records: readonly Omit<DnsRecord, 'id'>[] = [],
  more: Partial<Snapshot> = {},
) {
  const { closedAddresses, closedNames } = withClosedBmcs(
    clusterSnapshot({
      bmcs,
      domains: [aDomain(1, DOMAIN)],
      records: records.map((item, index) => ({ ...item, id: index + 1 })),
      ...more,
    }),
  );
  return { addresses: closedAddresses, names: closedNames };
}

describe('hosts of BMCs that nobody is led to', () => {
  it('are addresses, of every driver and in one text', () => {
    const uris = { power_on_uri: 'https://192.0.2.8/on', power_off_uri: 'https://[2001:db8::8]/off' };
    const bmcs: BmcPlace[] = [
      ipmi('::ffff:192.0.2.7'),
      { name: 'w', powerType: 'webhook', parameters: { ...uris, power_query_uri: 'https://192.0.2.8/' } },
      { name: 'v', powerType: 'virsh', parameters: { power_address: 'qemu+ssh://u@192.0.2.9/system', power_id: 'm' } },
    ];
    expect(close(bmcs)).toEqual({
      addresses: ['192.0.2.7', '192.0.2.8', '192.0.2.9', '2001:db8::8'],
      names: undefined,
    });
    expect(close([])).toEqual({ addresses: undefined, names: undefined });
  });

  it('are names of other people’s DNS, without case and final dot', () => {
    const webhook = { power_on_uri: 'https://BMC.Example.com./x', power_off_uri: 'https://b_1.example/' };
    expect(close([ipmi('BMC7.Corp.Example.'), { name: 'w', powerType: 'webhook', parameters: webhook }])).toEqual({
      addresses: undefined,
      names: ['b_1.example', 'bmc.example.com', 'bmc7.corp.example'],
    });
  });

  it('are left out where Squid could not compare them: the proxy of the site goes on', () => {
    const odd = ['https://a!b.example/', 'https://a..b/', 'https://*.b/', `https://${'x'.repeat(64)}.b/`];
    const bmcs = odd.map(
      (uri): BmcPlace => ({ name: uri, powerType: 'webhook', parameters: { power_query_uri: uri } }),
    );
    expect(close(bmcs).names).toBeUndefined();
    const closed = withClosedBmcs(clusterSnapshot({ bmcs, closedNames: ['a_b.c'] }));
    const desired = compileProxy(closed, 'n-r1', { parent: null, findings: [] });
    expect(Check(ProxyDesired, desired)).toBe(true);
  });

  it('are names of the site, and the addresses that they have there', () => {
    const records = [
      record('bmc7', 'A', '192.0.2.7'),
      record('bmc7', 'AAAA', '2001:db8::7'),
      record('x', 'A', '192.0.2.1'),
    ];
    expect(close([ipmi(`bmc7.${DOMAIN}`)], records)).toEqual({
      addresses: ['192.0.2.7', '2001:db8::7'],
      names: [`bmc7.${DOMAIN}`],
    });
    expect(close([ipmi('bmc7')], records)).toEqual({
      addresses: ['192.0.2.7', '2001:db8::7'],
      names: ['bmc7', `bmc7.${DOMAIN}`],
    });
    const hosts = { machines: [machine('box', 1, { eth0: ['10.10.10.21'] })] };
    expect(close([ipmi(`box.${DOMAIN}`)], [], hosts).addresses).toEqual(['10.10.10.21']);
  });

  it('are what a chain of aliases comes to, and the aliases that come to a BMC', () => {
    const records = [
      record('door', 'CNAME', `hall.${DOMAIN}`),
      record('hall', 'CNAME', `bmc7.${DOMAIN}`),
      record('bmc7', 'A', '192.0.2.7'),
      record('side', 'CNAME', `hall.${DOMAIN}`),
      record('out', 'CNAME', 'bmc8.corp.example'),
      record('loop', 'CNAME', `loop.${DOMAIN}`),
    ];
    const all = ['bmc7', 'door', 'hall', 'side'].map((name) => `${name}.${DOMAIN}`);
    expect(close([ipmi(`door.${DOMAIN}`)], records)).toEqual({ addresses: ['192.0.2.7'], names: all });
    expect(close([ipmi('bmc8.corp.example')], records).names).toEqual(['bmc8.corp.example', `out.${DOMAIN}`]);
    expect(close([ipmi(`loop.${DOMAIN}`)], records)).toEqual({ addresses: undefined, names: [`loop.${DOMAIN}`] });
  });

  it('are what a wildcard answers for a name that does not exist', () => {
    const records = [record('*.lab', 'A', '192.0.2.7'), record('own.lab', 'A', '192.0.2.9')];
    expect(close([ipmi(`bmc7.lab.${DOMAIN}`)], records).addresses).toEqual(['192.0.2.7']);
    expect(close([ipmi(`own.lab.${DOMAIN}`)], records).addresses).toEqual(['192.0.2.9']);
    expect(close([ipmi(`a.own.lab.${DOMAIN}`)], records).addresses).toBeUndefined();
  });

  it('are no nodes, on which clients reach the API', () => {
    const records = [record('site', 'CNAME', `r1.${DOMAIN}`), record('vip', 'A', '10.77.0.10')];
    expect(close([ipmi(`r1.${DOMAIN}`)], records)).toEqual({ addresses: undefined, names: [`site.${DOMAIN}`] });
    expect(close([ipmi(`vip.${DOMAIN}`)], records).addresses).toBeUndefined();
  });
});

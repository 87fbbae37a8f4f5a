import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { dns } from '../../src/services/dns/index.ts';
import { aDomain, machine } from '../kit/snapshots.ts';
import { DnsPair, pairSite } from '../kit/dns-pair.ts';
import { until } from '../kit/until.ts';
import type { Domain } from '../../src/model/names/domain.ts';

/** The server of the company, by the wire that region and rack share, at a port of its own. */
const CORP = '10.77.0.99:5300';
/** The same at port 53, which only the region reaches. */
const PLAIN = '192.0.2.5';
const QUICK = { deadlineMs: 20_000 };

const CONF = (port: number, name: string) => `options {
  directory "/var/cache/bind"; pid-file "/run/named/${name}.pid"; session-keyfile "/run/named/${name}.key";
  listen-on port ${port} { any; }; listen-on-v6 { none; }; recursion no; dnssec-validation no;
};
controls { };
zone "corp.test" { type primary; file "/root/corp/db"; };
zone "lab.example.test" { type primary; file "/root/corp/db"; };
`;
const ZONE = `$TTL 60
@ IN SOA ns hostmaster 1 60 60 60 60
@ IN NS ns
ns IN A 192.0.2.5
www IN A 192.0.2.99
`;

/** Domains that others answer for, on a region node and on a rack: both with the real named, as is the company's. */
describe('a domain that others answer for', () => {
  let pair: DnsPair;

  const site = (domains: readonly Domain[] = [], changes: Partial<Snapshot> = {}): Snapshot =>
    pairSite({ domains: [...pairSite().domains, ...domains], ...changes });

  async function publish(...what: Parameters<DnsPair['publish']>) {
    const { kinds, findings } = await pair.publish(...what);
    expect(findings).toEqual([]);
    return kinds;
  }

  const dig = async (who: DnsPair['client'], server: string, ...question: readonly string[]) =>
    (await who(['dig', '+time=2', '+tries=1', `@${server}`, ...question])).stdout;
  const onRegion = (...question: readonly string[]) =>
    dig((argv) => pair.region.run(argv), '127.0.0.1', '+short', ...question);
  const onRack = (...question: readonly string[]) => dig(pair.client, '10.10.10.1', '+short', ...question);
  const arrives = (ask: typeof onRack, answer: string, ...question: readonly string[]) =>
    until(`the answer is ${answer}`, async () => (await ask(...question)) === answer, QUICK);

  beforeAll(async () => {
    pair = await DnsPair.open(PLAIN);
    const { region, partner } = pair;
    await region.run(['ip', 'address', 'add', '10.77.0.99/24', 'dev', 'w0']);
    region.write('/root/corp/db', ZONE);
    region.write('/root/corp/ported.conf', CONF(5300, 'ported'));
    region.write('/root/corp/plain.conf', CONF(53, 'plain'));
    for (const ran of [
      await region.run(['named', '-c', '/root/corp/ported.conf']),
      await partner(['named', '-c', '/root/corp/plain.conf']),
    ])
      if (ran.code !== 0) throw new Error(`the company's named does not start: ${ran.stderr}`);
    await publish(site());
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  it('is asked for there, by region and rack, though nobody has signed it, and both take that by reconfig', async () => {
    expect(await publish(site([aDomain(3, 'corp.test', { authoritative: false, forwardTo: [CORP] })]))).toEqual([
      'command',
      'command',
    ]);
    expect(await onRegion('www.corp.test')).toBe('192.0.2.99\n');
    expect(await onRack('www.corp.test')).toBe('192.0.2.99\n');
    expect(await onRack('web1.example.test')).toBe('10.10.10.21\n');
  });

  it('is asked for at port 53 where no port is named', async () => {
    await publish(site([aDomain(3, 'corp.test', { authoritative: false, forwardTo: [PLAIN] })]), ['region']);
    await pair.region.run(['rndc', '-k', '/etc/bind/rndc.key', '-s', '127.0.0.1', 'flush']);
    expect(await onRegion('www.corp.test')).toBe('192.0.2.99\n');
    expect(
      dns.outside?.({
        forwarders: [],
        forwarded: [{ zone: 'corp.test', servers: [{ address: PLAIN, port: 53 }] }],
      } as never),
    ).toHaveLength(1);
  });

  it('is found in a domain of ours, which tells strangers where it is', async () => {
    await publish(site([aDomain(3, 'lab.example.test', { authoritative: false, forwardTo: [PLAIN] })]), ['region']);
    expect(await onRegion('www.lab.example.test')).toBe('192.0.2.99\n');
    const told = await dig(pair.partner, '192.0.2.1', '+norecurse', 'www.lab.example.test');
    expect(told).toMatch(/lab\.example\.test\.\s+\d+\s+IN\s+NS\s+ns1\.lab\.example\.test\./);
    expect(told).toMatch(/ns1\.lab\.example\.test\.\s+\d+\s+IN\s+A\s+192\.0\.2\.5/);
    await publish(site([aDomain(3, 'lab.example.test', { authoritative: false, forwardTo: [CORP] })]));
    await arrives(onRack, '192.0.2.99\n', 'www.lab.example.test');
  });

  it('goes over to this site and back, whoever hears of it first', async () => {
    const machines = [...site().machines, machine('www', 3, { eth0: ['10.10.10.77'] })];
    const here = site([aDomain(3, 'corp.test')], { machines });
    const there = site([aDomain(3, 'corp.test', { authoritative: false, forwardTo: [CORP] })], { machines });
    for (const order of [
      ['region', 'rack'],
      ['rack', 'region'],
    ] as const) {
      for (const place of order) await publish(here, [place]);
      await arrives(onRegion, '10.10.10.77\n', 'www.corp.test');
      await arrives(onRack, '10.10.10.77\n', 'www.corp.test');
      for (const place of order) await publish(there, [place]);
      await arrives(onRegion, '192.0.2.99\n', 'www.corp.test');
      await arrives(onRack, '192.0.2.99\n', 'www.corp.test');
      // Its address is of the site all the same.
      await arrives(onRack, 'www.corp.test.\n', '-x', '10.10.10.77');
    }
  });
});

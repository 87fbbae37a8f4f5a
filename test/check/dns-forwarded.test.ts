import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import type { Domain, Node, Snapshot } from '../../src/model/snapshot.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { dns } from '../../src/services/dns/index.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { aDomain, aRack, aSubnet, clusterSnapshot, machine } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const NAMED = ['/usr/sbin/named', '-f', '-u', 'bind', '-c', '/etc/bind/regent/named.conf'];
const REGION = '10.77.0.11';
const RACK = '10.77.0.21';
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
  let region: DebianHost;
  let rack: DebianHost;
  let primary: DaemonBench;
  let copy: DaemonBench;
  let client: (argv: readonly string[]) => Promise<Ran>;
  let partner: (argv: readonly string[]) => Promise<Ran>;
  let versions: Snapshot['versions'] = [];

  function site(domains: readonly Domain[] = [], changes: Partial<Snapshot> = {}): Snapshot {
    const node = (id: string, address: string, isRegion: boolean): Node => ({
      id,
      name: id.slice(2),
      isRegion,
      isRack: !isRegion,
      addresses: [address],
      state: 'member',
    });
    return clusterSnapshot({
      nodes: [node('n-k1', RACK, false), node('n-r1', REGION, true)],
      racks: [aRack(1, 'n-k1', true)],
      subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24')],
      domains: [aDomain(1, 'regent.internal'), aDomain(2, 'example.test'), ...domains],
      machines: [machine('web1', 2, { eth0: ['10.10.10.21'] })],
      ...changes,
    });
  }

  async function publish(snapshot: Snapshot, places: readonly ('region' | 'rack')[] = ['region', 'rack']) {
    const compiled = compileSite({ ...snapshot, versions }, [dns], new Map(), Math.floor(Date.now() / 1000));
    versions = compiled.versions;
    const of = (id: string) => compiled.nodes.get(id)?.body.services['dns']?.desired;
    expect(compiled.nodes.get('n-r1')?.findings).toEqual([]);
    const kinds = [];
    if (places.includes('region')) kinds.push((await primary.apply(of('n-r1'))).kind);
    if (places.includes('rack')) kinds.push((await copy.apply(of('n-k1'))).kind);
    return kinds;
  }

  const dig = async (who: typeof client, server: string, ...question: readonly string[]) =>
    (await who(['dig', '+time=2', '+tries=1', `@${server}`, ...question])).stdout;
  const onRegion = (...question: readonly string[]) =>
    dig((argv) => region.run(argv), '127.0.0.1', '+short', ...question);
  const onRack = (...question: readonly string[]) => dig(client, '10.10.10.1', '+short', ...question);
  const arrives = (ask: typeof onRack, answer: string, ...question: readonly string[]) =>
    until(`the answer is ${answer}`, async () => (await ask(...question)) === answer, QUICK);

  beforeAll(async () => {
    const templates = await readTemplates(join(import.meta.dirname, '../../templates'));
    region = await DebianHost.open();
    rack = await DebianHost.open();
    for (const host of [region, rack]) {
      await host.run(['install', '-d', '-o', 'root', '-g', 'bind', '-m', '775', '/run/named']);
      await host.run(['sh', '-c', 'test -e /etc/bind/rndc.key || rndc-confgen -a -u bind']);
    }
    await region.wire(rack, `${REGION}/24`, `${RACK}/24`);
    client = await rack.stranger('10.10.10.1/24', '10.10.10.100/24');
    partner = await region.stranger('192.0.2.1/24', `${PLAIN}/24`);
    await region.run(['ip', 'address', 'add', '10.77.0.99/24', 'dev', 'w0']);
    region.write('/root/corp/db', ZONE);
    region.write('/root/corp/ported.conf', CONF(5300, 'ported'));
    region.write('/root/corp/plain.conf', CONF(53, 'plain'));
    for (const ran of [
      await region.run(['named', '-c', '/root/corp/ported.conf']),
      await partner(['named', '-c', '/root/corp/plain.conf']),
    ])
      if (ran.code !== 0) throw new Error(`the company's named does not start: ${ran.stderr}`);
    primary = new DaemonBench(region, dns, templates, NAMED);
    copy = new DaemonBench(rack, dns, templates, NAMED);
    await publish(site());
  });
  afterAll(async () => {
    await primary.stop();
    await copy.stop();
    await region[Symbol.asyncDispose]();
    await rack[Symbol.asyncDispose]();
  });

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
    await region.run(['rndc', '-k', '/etc/bind/rndc.key', '-s', '127.0.0.1', 'flush']);
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
    const told = await dig(partner, '192.0.2.1', '+norecurse', 'www.lab.example.test');
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

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DaemonBench } from '../kit/daemon-bench.ts';
import type { DebianHost } from '../kit/debian-root.ts';
import { aCopyKey, aDomain, aSubnet, machine } from '../kit/snapshots.ts';
import { DnsPair, pairSite, REGION } from '../kit/dns-pair.ts';
import { until } from '../kit/until.ts';

const PARTNER = '192.0.2.5';
const QUICK = { deadlineMs: 20_000 };

/** A region node's named, a rack's, and a partner's host: every file as it is rendered, every key on the wire. */
describe('a rack copies the zones of a region node', () => {
  let region: DebianHost;
  let rack: DebianHost;
  let primary: DaemonBench;
  let copy: DaemonBench;
  let client: DnsPair['client'];
  let partner: DnsPair['partner'];
  let pair: DnsPair;
  let wanted: unknown;

  async function publish(...what: Parameters<DnsPair['publish']>) {
    const published = await pair.publish(...what);
    wanted = published.wanted;
    return published.kinds;
  }

  async function ask(who: typeof client, server: string, ...question: readonly string[]): Promise<string> {
    return (await who(['dig', '+time=1', '+tries=1', `@${server}`, ...question])).stdout;
  }
  /** What a zone has is there at once or within seconds: a rack is healthy while it is on its way. */
  const arrives = (answer: string, ...question: readonly string[]) =>
    until(`the rack answers ${answer}`, async () => (await onRack('+short', ...question)) === `${answer}\n`, QUICK);
  const onRack = (...question: readonly string[]) => ask(client, '10.10.10.1', ...question);
  const transfer = (...words: readonly string[]) => ask(partner, '192.0.2.1', ...words, 'AXFR');
  const keyFile = (key: ReturnType<typeof aCopyKey>) => {
    region.write('/root/partner.key', `key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secret}"; };\n`);
    return ['-k', '/root/partner.key'];
  };

  beforeAll(async () => {
    pair = await DnsPair.open(PARTNER);
    ({ region, rack, primary, copy, client, partner } = pair);
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  it('has every zone, forward and reverse, and its own local ones', async () => {
    expect(await publish(pairSite())).toEqual(['restart', 'restart']);
    await arrives('10.10.10.21', 'web1.example.test');
    await arrives('web1.example.test.', '-x', '10.10.10.21');
    expect(await onRack('+short', '-x', '10.10.10.21')).toBe('web1.example.test.\n');
    expect(await onRack('+short', 'localhost')).toBe('127.0.0.1\n');
    expect(await onRack('example.test', 'SOA')).toMatch(/flags:[^;]* aa/);
    expect(await onRack('catalog.regent.invalid', 'SOA')).toContain('status: REFUSED');
    expect(await onRack('example.test', 'AXFR')).toContain('Transfer failed');
    const keys = await rack.run(['stat', '-c', '%a %U %G', '/etc/bind/regent/keys.conf']);
    expect(keys.stdout).toBe('640 root bind\n');
  });

  it('gets a change at once, as a difference, without a change of its own files', async () => {
    copy.log = '';
    const machines = Array.from({ length: 200 }, (_, index) =>
      machine(`m${index}`, 2, { eth0: [`10.10.10.${index + 30}`] }),
    );
    await publish(pairSite({ machines }));
    copy.log = '';
    const kinds = await publish(pairSite({ machines: [...machines, machine('web2', 2, { eth0: ['10.10.10.22'] })] }));
    expect(kinds).toEqual(['command', 'none']);
    await arrives('10.10.10.22', 'web2.example.test');
    await arrives('web2.example.test.', '-x', '10.10.10.22');
    await until('the log tells of the transfer', async () => /example\.test.*Transfer completed/.test(copy.log), QUICK);
    const transfers = await region.run(['sh', '-c', 'ls /var/cache/bind']);
    expect(transfers.stdout).toMatch(/^ixfr-[0-9a-f]{40}$/m);
    expect(primary.log).toMatch(/transfer of 'example\.test\/IN': IXFR ended/);
  });

  it('gets a zone that came, loses one that went, and one that comes again', async () => {
    const domains = [...pairSite().domains, aDomain(3, 'added.test')];
    const records = (data: string) => [{ id: 1, domainId: 3, name: 'x', type: 'A' as const, data, ttl: 5 }];
    expect(await publish(pairSite({ domains, records: records('192.0.2.77') }))).toEqual(['command', 'none']);
    await arrives('192.0.2.77', 'x.added.test');
    await publish(pairSite({ domains, records: records('192.0.2.78') }));
    await arrives('192.0.2.78', 'x.added.test');
    await publish(pairSite());
    await until(
      'the zone is gone',
      async () => (await onRack('+norecurse', 'x.added.test')).includes('ANSWER: 0'),
      QUICK,
    );
    expect(await publish(pairSite({ domains, records: records('192.0.2.79') }))).toEqual(['command', 'none']);
    await arrives('192.0.2.79', 'x.added.test');
  });

  it('takes a zone that was a local one of its own, and gives it back', async () => {
    const wide = { subnets: [...pairSite().subnets, aSubnet(2, 'wide', '10.0.0.0/8')] };
    const soa = async () => (await onRack('+short', '10.in-addr.arpa', 'SOA')).split(' ')[0];
    expect(await soa()).toBe('localhost.');
    expect(await publish(pairSite(wide))).toEqual(['command', 'restart']);
    await until('the copy is served', async () => (await soa()) === 'r1.regent.internal.', QUICK);
    expect(await publish(pairSite(), ['rack'])).toEqual(['restart']);
    await publish(pairSite());
    await until('the local zone is back', async () => (await soa()) === 'localhost.', QUICK);
  });

  it('tells a stranger nothing: a transfer is refused, whatever he has', async () => {
    expect(await transfer('example.test')).toContain('Transfer failed');
    expect(await transfer('catalog.regent.invalid')).toContain('Transfer failed');
    expect(await ask(partner, '192.0.2.1', 'catalog.regent.invalid', 'SOA')).toContain('status: REFUSED');
    expect(primary.log).toMatch(/192\.0\.2\.5#\d+ \(example\.test\): zone transfer 'example\.test\/AXFR\/IN' denied/);
    const wrong = aCopyKey({ secret: 'YW5vdGhlciB2YWx1ZSB0aGF0IGlzIG5vdCB0aGUga2V5' });
    expect(await transfer(...keyFile(wrong), 'example.test')).toMatch(/Transfer failed|BADSIG/);
  });

  it('lets another server copy a domain: by its address, by its key, by both', async () => {
    const key = aCopyKey({ name: 'ns-partner', algorithm: 'hmac-sha512' });
    const domain = (changes: object) => [aDomain(1, 'regent.internal'), aDomain(2, 'example.test', changes)];
    const tsigKeys = [key];
    const ok = /web1\.example\.test\.\s+\d+\s+IN\s+A/;

    await publish(pairSite({ domains: domain({ transferTo: [PARTNER] }), tsigKeys }));
    expect(await transfer('example.test')).toMatch(ok);
    expect(await transfer('regent.internal')).toContain('Transfer failed');

    await publish(pairSite({ domains: domain({ transferKey: 'ns-partner' }), tsigKeys }));
    expect(await transfer('example.test')).toContain('Transfer failed');
    expect(await transfer(...keyFile(key), 'example.test')).toMatch(ok);

    await publish(pairSite({ domains: domain({ transferTo: [PARTNER], transferKey: 'ns-partner' }), tsigKeys }));
    expect(await transfer('example.test')).toContain('Transfer failed');
    expect(await transfer(...keyFile(key), 'example.test')).toMatch(ok);

    await publish(pairSite({ domains: domain({ transferTo: ['192.0.2.6'], transferKey: 'ns-partner' }), tsigKeys }));
    expect(await transfer(...keyFile(key), 'example.test')).toContain('Transfer failed');

    // A key with a new secret is taken by reconfig.
    const next = aCopyKey({ ...key, number: 2, secret: 'YW5vdGhlciB2YWx1ZSB0aGF0IGlzIG5vdCB0aGUga2V5' });
    await publish(pairSite({ domains: domain({ transferKey: 'ns-partner' }), tsigKeys: [next] }));
    expect(await transfer(...keyFile(key), 'example.test')).toMatch(/Transfer failed|BADSIG/);
    expect(await transfer(...keyFile(next), 'example.test')).toMatch(ok);
    await publish(pairSite());
    await arrives('10.10.10.21', 'web1.example.test');
  });

  it('goes on with another key, which regions and racks take by reconfig', async () => {
    const copyKey = aCopyKey({ number: 2, secret: 'YW5vdGhlciB2YWx1ZSB0aGF0IGlzIG5vdCB0aGUga2V5' });
    expect(await publish(pairSite({ copyKey }))).toEqual(['command', 'command']);
    await publish(pairSite({ copyKey, machines: [machine('web5', 2, { eth0: ['10.10.10.25'] })] }));
    await arrives('10.10.10.25', 'web5.example.test');
    expect(await transfer(...keyFile(aCopyKey()), 'example.test')).toMatch(/Transfer failed|BADSIG/);
    expect(await transfer(...keyFile(copyKey), 'example.test')).toContain('web5.example.test.');
    // The rack has it first this time.
    await publish(pairSite(), ['rack']);
    await publish(pairSite(), ['region']);
    await arrives('10.10.10.21', 'web1.example.test');
  });

  it('says which zone is behind when the region node does not give it, and since it is late is not healthy', async () => {
    const late = structuredClone(wanted) as { copies: { published: { name: string; serial: number }[] } };
    late.copies.published = [{ name: 'example.test', serial: Math.floor(Date.now() / 1000) + 60 }];
    const soon = await copy.probe(late);
    expect(soon).toMatchObject({ isHealthy: true, isSettling: true });
    expect(soon.detail).toMatch(
      /^copies from 10\.77\.0\.11 are on their way: example\.test \(\d+, published is \d+\)$/,
    );
    late.copies.published = [{ name: 'missing.test', serial: Math.floor(Date.now() / 1000) - 600 }];
    const never = await copy.probe(late);
    expect(never).toMatchObject({ isHealthy: false, isOutOfReach: true });
    expect(never.detail).toMatch(/are behind: missing\.test \(not here, published is \d+\)$/);
  });

  it('answers with the region dead, also after a restart of its own, and follows when it is back', async () => {
    await primary.stop();
    expect(await onRack('+short', 'web1.example.test')).toBe('10.10.10.21\n');
    await copy.restart();
    await copy.healthy(wanted);
    expect(await onRack('+short', 'web1.example.test')).toBe('10.10.10.21\n');
    expect(await onRack('+short', '-x', '10.10.10.21')).toBe('web1.example.test.\n');
    expect(await onRack('+short', 'localhost')).toBe('127.0.0.1\n');
    // As systemd does before each start: without it a zone whose file changed meanwhile is not loaded beside its journal.
    await region.run(['sh', '-c', 'rm -f /var/cache/bind/ixfr-*']);
    await primary.restart();
    await publish(pairSite({ machines: [machine('web3', 2, { eth0: ['10.10.10.23'] })] }));
    await arrives('10.10.10.23', 'web3.example.test');
  });

  it('needs no restart of a region node when the last rack goes and another one comes', async () => {
    expect(await publish(pairSite({ racks: [] }), ['region'])).toEqual(['command']);
    expect(await ask(partner, '192.0.2.1', '+short', 'web1.example.test')).toBe('10.10.10.21\n');
    expect(await transfer(...keyFile(aCopyKey()), 'example.test')).toContain('Transfer failed');
    const machines = [machine('web6', 2, { eth0: ['10.10.10.26'] })];
    expect(await publish(pairSite({ machines }))).toEqual(['command', 'none']);
    await arrives('10.10.10.26', 'web6.example.test');
  });

  it('follows a primary that has another address by reconfig', async () => {
    const moved = '10.77.0.12';
    await region.run(['ip', 'address', 'add', `${moved}/24`, 'dev', 'w0']);
    const nodes = pairSite().nodes.map((node) => (node.isRegion ? { ...node, addresses: [moved] } : node));
    expect(await publish(pairSite({ nodes }))).toEqual(['command', 'command']);
    // The kernel takes the second address of a network away with the first one.
    await region.run(['ip', 'address', 'del', `${REGION}/24`, 'dev', 'w0']);
    await region.run(['ip', 'address', 'replace', `${moved}/24`, 'dev', 'w0']);
    await publish(pairSite({ nodes, machines: [machine('web4', 2, { eth0: ['10.10.10.24'] })] }));
    await arrives('10.10.10.24', 'web4.example.test');
  });
});

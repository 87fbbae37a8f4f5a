import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import type { DnsRecord } from '../../src/model/names/record.ts';
import { type CompiledSite, compileSite } from '../../src/services/compile-node.ts';
import { dns } from '../../src/services/dns/index.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { aDomain, aSubnet, emptySnapshot, GOLDEN_SECONDS, R1 } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

/** A CNAME beside an address, on the wire: a real named serves that name as it was, and everything else as it is now. */

const NAMED = ['/usr/sbin/named', '-f', '-u', 'bind', '-c', '/etc/bind/regent/named.conf'];
const OWN = '10.10.10.1';

const row = (id: number, name: string, type: 'A' | 'CNAME', data: string): DnsRecord =>
  ({ id, domainId: 2, name, type, data, ttl: null }) as DnsRecord;

describe('a held name on the wire', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  let client: (argv: readonly string[]) => Promise<Ran>;
  let last: CompiledSite | null = null;
  let seconds = GOLDEN_SECONDS;
  const table: string[] = [];

  /** Compiles after what was published last, and has named serve it. */
  async function publish(...records: DnsRecord[]): Promise<readonly (string | undefined)[]> {
    seconds += 1;
    const site = emptySnapshot({
      nodes: [{ ...R1, addresses: [OWN] }],
      subnets: [aSubnet(1, 'clients', '10.10.10.0/24')],
      domains: [aDomain(1, 'regent.internal'), aDomain(2, 'x.a.test'), aDomain(3, 'other.test')],
      records,
      versions: last?.versions ?? [],
    });
    const before = new Map([...(last?.nodes ?? [])].map(([id, { body }]) => [id, body] as const));
    last = compileSite(site, [dns], before, seconds);
    const node = last.nodes.get(R1.id);
    await bench.apply(node?.body.services['dns']?.desired);
    return node?.findings.map(({ held }) => held) ?? [];
  }

  async function ask(question: string): Promise<string> {
    const ran = await client(['dig', '+short', '+norec', '+time=2', '+tries=1', `@${OWN}`, ...question.split(' ')]);
    return ran.stdout.trim().replaceAll('\n', ' ');
  }

  beforeAll(async () => {
    host = await DebianHost.open();
    await host.run(['install', '-d', '-o', 'root', '-g', 'bind', '-m', '775', '/run/named']);
    await host.run(['sh', '-c', 'test -e /etc/bind/rndc.key || rndc-confgen -a -u bind']);
    client = await host.stranger(`${OWN}/24`, '10.10.10.100/24');
    bench = new DaemonBench(host, dns, await readTemplates(join(import.meta.dirname, '../../templates')), NAMED);
  });
  afterAll(async () => {
    process.stdout.write(`\na held name on the wire\n${table.join('\n')}\n`);
    await bench.stop();
    await host[Symbol.asyncDispose]();
  });

  it('keeps its last good data while other names and zones go on, and is served anew once it is mended', async () => {
    const alias = row(1, 'www', 'CNAME', 'other.test');
    const clash = row(2, 'www', 'A', '192.0.2.1');
    const later = row(3, 'later', 'A', '192.0.2.60');
    const elsewhere = { ...row(4, 'new', 'A', '192.0.2.61'), domainId: 3 };
    const answers = async (expected: Readonly<Record<string, string>>) => {
      for (const [question, answer] of Object.entries(expected)) {
        await until(`${question} is ${answer}`, async () => (await ask(question)) === answer);
        table.push(`    ${question.padEnd(24)} ${answer}`);
      }
    };
    expect(await publish(alias)).toEqual([]);
    table.push('  www.x.a.test CNAME other.test');
    await answers({ 'www.x.a.test CNAME': 'other.test.' });
    expect(await publish(alias, clash, later, elsewhere)).toEqual(['name www.x.a.test']);
    table.push('  and A 192.0.2.1 beside it');
    await answers({
      'later.x.a.test A': '192.0.2.60',
      'new.other.test A': '192.0.2.61',
      'www.x.a.test CNAME': 'other.test.',
    });
    expect(await publish(clash, later, elsewhere)).toEqual([]);
    table.push('  the CNAME is gone');
    await answers({ 'www.x.a.test A': '192.0.2.1' });
  });
});

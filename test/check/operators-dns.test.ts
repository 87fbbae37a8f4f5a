import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { dns } from '../../src/services/dns/index.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { aDomain, aSubnet, emptySnapshot, GOLDEN_SECONDS, machine, R1 } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

/**
 * Names with a special use and reverse names on the wire: a real named whose upstream, a second named, answers every question with telltale
 * data. The file prints each question with its answer (`scripts/test --only operators`).
 */

const NAMED = ['/usr/sbin/named', '-f', '-u', 'bind', '-c', '/etc/bind/regent/named.conf'];
const OWN = '10.10.10.1';
const UPSTREAM = '203.0.113.9';
const TOLD = 'upstream.told.';
const UPSTREAM_CONF = `options { directory "/var/cache/bind/upstream"; pid-file "/var/cache/bind/upstream/pid"; recursion no; dnssec-validation no;
  empty-zones-enable no; listen-on { ${UPSTREAM}; }; listen-on-v6 { none; }; };
controls { };
zone "." { type primary; file "/var/cache/bind/upstream/root"; };
`;
const UPSTREAM_ROOT = `$TTL 5
@ SOA ns.told. x.told. ( 1 3600 1200 604800 5 )
@ NS ns.told.
ns.told. A ${UPSTREAM}
* A 192.0.2.200
* PTR ${TOLD}
`;

type Case = readonly [question: string, answer: string];

const NXDOMAIN = 'NXDOMAIN, by us';
const NO_DATA = 'NOERROR without data, by us';
const told = (question: string): Case => [
  question,
  `${question.startsWith('-x') ? TOLD : '192.0.2.200'}, by the upstream`,
];

const ALWAYS: readonly Case[] = [
  ['localhost A', '127.0.0.1, by us'],
  ['localhost AAAA', '::1, by us'],
  ['x.localhost A', '127.0.0.1, by us'],
  ['a.b.localhost AAAA', '::1, by us'],
  ['-x 127.0.0.1', 'localhost., by us'],
  ['-x 127.1.2.3', NXDOMAIN],
  ['-x ::1', 'localhost., by us'],
  ['-x 0.0.0.1', NXDOMAIN],
  ['-x 255.255.255.255', NO_DATA],
  ['invalid A', NO_DATA],
  ['www.invalid A', NXDOMAIN],
  ['x.onion A', NXDOMAIN],
  ['web1.example.test A', '192.0.2.2, by us'],
  ['-x 192.0.2.2', 'web1.example.test., by us'],
  ['-x 192.0.2.1', NO_DATA],
  ['-x 192.0.2.17', 'web2.example.test., by us'],
  ['-x 10.20.0.2', 'web3.example.test., by us'],
  ['-x 2001:db8::2', 'web4.example.test., by us'],
  ['-x 198.51.100.7', 'web5.example.test., by us'],
  ['-x 198.51.100.8', NXDOMAIN],
];
/** In no subnet of ours, and not private. */
const FOREIGN: readonly Case[] = [
  '-x 192.0.2.6',
  '-x 192.0.2.15',
  '-x 192.0.2.32',
  '-x 192.0.2.255',
  '-x 2001:db8::8',
  '-x 8.8.8.8',
  'www.example.com A',
  'other.test A',
  'dc.corp.local A',
].map(told);
const PRIVATE = [
  '-x 10.20.0.70',
  '-x 10.99.0.1',
  '-x 172.16.5.5',
  '-x 172.31.255.1',
  '-x 192.168.1.1',
  '-x 100.64.0.1',
  '-x 100.127.0.1',
  '-x 169.254.1.1',
  '-x fd00::1',
  '-x fe80::1',
];

describe('special names and reverse names on the wire', () => {
  const table: string[] = [];
  let host: DebianHost;
  let bench: DaemonBench;
  let client: (argv: readonly string[]) => Promise<Ran>;
  let upstream: (argv: readonly string[]) => Promise<Ran>;
  let versions: Snapshot['versions'] = [];
  let seconds = GOLDEN_SECONDS;

  async function publish(settings: Partial<Snapshot['settings']>, changes: Partial<Snapshot> = {}) {
    seconds += 1;
    const site = emptySnapshot({
      nodes: [{ ...R1, addresses: [OWN] }],
      subnets: [
        aSubnet(1, 'clients', '10.10.10.0/24'),
        aSubnet(2, 'small', '192.0.2.0/30'),
        aSubnet(3, 'other', '192.0.2.16/28'),
        aSubnet(4, 'private', '10.20.0.0/26'),
        aSubnet(5, 'six', '2001:db8::/125'),
        aSubnet(6, 'whole', '198.51.100.0/24'),
      ],
      domains: [aDomain(1, 'regent.internal'), aDomain(2, 'example.test')],
      machines: ['192.0.2.2', '192.0.2.17', '10.20.0.2', '2001:db8::2', '198.51.100.7'].map((address, index) =>
        machine(`web${index + 1}`, 2, { eth0: [address] }),
      ),
      ...changes,
    });
    const full = { ...site.settings, dnssec_validation: 'no' as const, ...settings };
    const compiled = compileSite({ ...site, settings: full, versions }, [dns], new Map(), seconds);
    versions = compiled.versions;
    const node = compiled.nodes.get(R1.id);
    expect(node?.findings).toEqual([]);
    return bench.apply(node?.body.services['dns']?.desired);
  }

  /** What dig says: the data, or the status; and whether we answer ourselves (the bit `aa`). */
  async function ask(question: string): Promise<string> {
    const ran = await client(['dig', '+time=2', '+tries=1', `@${OWN}`, ...question.split(' ')]);
    const data = ran.stdout
      .split('\n')
      .filter((line) => /^[^;\s].*\sIN\s+(?:A|AAAA|PTR)\s/.test(line))
      .map((line) => line.split(/\s+/).at(-1));
    const status = /status: ([A-Z]+)/.exec(ran.stdout)?.[1] ?? 'no answer';
    const answer = data.join(' ') || (status === 'NOERROR' ? 'NOERROR without data' : status);
    return `${answer}, by ${/flags:[^;]*\baa\b/.test(ran.stdout) ? 'us' : 'the upstream'}`;
  }

  async function expectAnswers(what: string, cases: readonly Case[]) {
    const answers: Case[] = [];
    for (const [question] of cases) answers.push([question, await ask(question)]);
    table.push(`  ${what}`, ...answers.map(([question, answer]) => `    ${question.padEnd(24)} ${answer}`));
    expect(answers).toEqual(cases);
  }

  beforeAll(async () => {
    host = await DebianHost.open();
    await host.run(['install', '-d', '-o', 'root', '-g', 'bind', '-m', '775', '/run/named']);
    await host.run(['install', '-d', '-o', 'bind', '-g', 'bind', '/var/cache/bind/upstream']);
    await host.run(['sh', '-c', 'test -e /etc/bind/rndc.key || rndc-confgen -a -u bind']);
    host.write('/var/cache/bind/upstream/named.conf', UPSTREAM_CONF, { mode: 0o644 });
    host.write('/var/cache/bind/upstream/root', UPSTREAM_ROOT, { mode: 0o644 });
    client = await host.stranger(`${OWN}/24`, '10.10.10.100/24');
    upstream = await host.stranger('203.0.113.1/24', `${UPSTREAM}/24`);
    const started = await upstream(['/usr/sbin/named', '-c', '/var/cache/bind/upstream/named.conf', '-u', 'bind']);
    if (started.code !== 0) throw new Error(started.stderr);
    await until('the upstream answers', async () => {
      return (
        (await host.run(['dig', '+short', '+time=1', '+tries=1', `@${UPSTREAM}`, 'x.test'])).stdout === '192.0.2.200\n'
      );
    });
    bench = new DaemonBench(host, dns, await readTemplates(join(import.meta.dirname, '../../templates')), NAMED);
  });
  afterAll(async () => {
    process.stdout.write(`\nspecial names and reverse names on the wire\n${table.join('\n')}\n`);
    await bench.stop();
    await upstream(['sh', '-c', 'kill $(cat /var/cache/bind/upstream/pid)']);
    await host[Symbol.asyncDispose]();
  });

  it('with an upstream, private reverse space is answered here', async () => {
    await publish({ upstream_dns: [UPSTREAM] });
    const here = PRIVATE.map((question): Case => [question, NXDOMAIN]);
    await expectAnswers('upstream_dns set, dns_private_reverse here', [...ALWAYS, ...FOREIGN, ...here]);
  });

  it('names come to addresses of a small subnet and go, without a restart', async () => {
    const pid = (await host.run(['cat', '/run/named/named.pid'])).stdout;
    const named = machine('new', 2, { eth0: ['192.0.2.1'] });
    const activation = await publish({ upstream_dns: [UPSTREAM] }, { machines: [named] });
    expect(activation.kind).toBe('command');
    await until('the name is there', async () => (await ask('-x 192.0.2.1')) === 'new.example.test., by us');
    await publish({ upstream_dns: [UPSTREAM] });
    await until('the name is gone', async () => (await ask('-x 192.0.2.1')) === NO_DATA);
    await until('the other is back', async () => (await ask('-x 192.0.2.2')) === 'web1.example.test., by us');
    expect((await host.run(['cat', '/run/named/named.pid'])).stdout).toBe(pid);
  });

  it('an upstream that is to have private reverse space gets it', async () => {
    await publish({ upstream_dns: [UPSTREAM], dns_private_reverse: 'upstream' });
    await until('reconfigured', async () => (await ask('-x 10.99.0.1')).includes(TOLD));
    const theirs = PRIVATE.map(told);
    await expectAnswers('upstream_dns set, dns_private_reverse upstream', [...ALWAYS, ...FOREIGN, ...theirs]);
  });

  it('without an upstream the same names are answered here', async () => {
    await publish({});
    await until('reconfigured', async () => (await ask('-x 10.99.0.1')) === NXDOMAIN);
    const here = PRIVATE.map((question): Case => [question, NXDOMAIN]);
    await expectAnswers('no upstream_dns', [...ALWAYS, ...here]);
  });

  it('a subnet that holds a private block has its names', async () => {
    const subnets = [aSubnet(1, 'clients', '10.0.0.0/8'), aSubnet(2, 'large', '172.0.0.0/8')];
    const machines = [machine('m1', 2, { eth0: ['172.16.5.5'] }), machine('m2', 2, { eth0: ['10.99.0.1'] })];
    for (const upstream_dns of [[UPSTREAM], []]) {
      await publish({ upstream_dns }, { subnets, machines });
      await until('reconfigured', async () => (await ask('-x 10.99.0.1')) === 'm2.example.test., by us');
      await expectAnswers(`subnets 10.0.0.0/8 and 172.0.0.0/8, upstream_dns ${upstream_dns.join()}`, [
        ['-x 172.16.5.5', 'm1.example.test., by us'],
        ['-x 172.16.5.6', NXDOMAIN],
      ]);
    }
  });
});

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { dns } from '../../src/services/dns/index.ts';
import { zoneFile } from '../../src/services/dns/view.ts';
import { argvOf } from '../kit/argv-of.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { aDomain, aSubnet, emptySnapshot, GOLDEN_SECONDS, hostileSnapshot, machine, R1 } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const NAMED = ['/usr/sbin/named', '-f', '-u', 'bind', '-c', '/etc/bind/regent/named.conf'];
const OWN = '10.10.10.1';
const CLIENT = '10.10.10.100';
const STRANGER = '203.0.113.9';

/** One real named through several generations, asked from a subnet that may recurse and by a stranger. */
describe('named on rendered files', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  let client: (argv: readonly string[]) => Promise<Ran>;
  let stranger: (argv: readonly string[]) => Promise<Ran>;
  let versions: Snapshot['versions'] = [];
  let seconds = GOLDEN_SECONDS;

  /** Publishes a snapshot as the region would and applies it as the agent would. */
  async function publish(snapshot: Snapshot) {
    seconds += 1;
    const site = compileSite({ ...snapshot, versions }, [dns], new Map(), seconds);
    versions = site.versions;
    const node = site.nodes.get(R1.id);
    expect(node?.findings).toEqual([]);
    const desired = node?.body.services['dns']?.desired;
    return { desired, activation: await bench.apply(desired) };
  }

  function site(changes: Partial<Snapshot> = {}): Snapshot {
    return emptySnapshot({
      nodes: [{ ...R1, addresses: [OWN] }],
      subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24')],
      domains: [aDomain(1, 'regent.internal'), aDomain(2, 'example.test')],
      machines: [machine('web1', 2, { eth0: ['10.10.10.21'] })],
      ...changes,
    });
  }

  async function ask(who: typeof client, server: string, ...question: readonly string[]): Promise<string> {
    const ran = await who(['dig', '+time=1', '+tries=1', `@${server}`, ...question]);
    return ran.stdout;
  }

  beforeAll(async () => {
    host = await DebianHost.open();
    await host.run(['install', '-d', '-o', 'root', '-g', 'bind', '-m', '775', '/run/named']);
    await host.run(['sh', '-c', 'test -e /etc/bind/rndc.key || rndc-confgen -a -u bind']);
    client = await host.stranger(`${OWN}/24`, `${CLIENT}/24`);
    stranger = await host.stranger('203.0.113.1/24', `${STRANGER}/24`);
    bench = new DaemonBench(host, dns, await readTemplates(join(import.meta.dirname, '../../templates')), NAMED);
  });
  afterAll(async () => {
    await bench.stop();
    await host[Symbol.asyncDispose]();
  });

  it('starts and answers name and reverse', async () => {
    const { activation } = await publish(site());
    expect(activation.kind).toBe('restart');
    expect(await ask(client, OWN, '+short', 'web1.example.test')).toBe('10.10.10.21\n');
    expect(await ask(client, OWN, '+short', '-x', '10.10.10.21')).toBe('web1.example.test.\n');
    expect(await ask(client, OWN, '+short', 'r1.regent.internal')).toBe(`${OWN}\n`);
    expect(bench.log).toContain('running');
    expect(bench.log).not.toMatch(/not writable|permission denied/);
  });

  it('listens on the floating address when it comes, and leaves it when it goes, without a restart', async () => {
    const vip = '10.10.10.200';
    const pid = async () => (await host.run(['pgrep', '-x', 'named'])).stdout;
    const before = await pid();
    const role = dns.onRoleChange({ kind: 'vip', state: 'active' });
    await host.run(['ip', 'address', 'add', `${vip}/24`, 'dev', 'v1']);
    const commands = role.kind === 'command' ? role.commands.map(argvOf) : [];
    expect(commands).toHaveLength(1);
    for (const argv of commands) expect((await host.run(argv)).code).toBe(0);
    await until('the address answers', async () => (await ask(client, vip, '+short', 'web1.example.test')) !== '', {
      deadlineMs: 3000,
    });
    await host.run(['ip', 'address', 'del', `${vip}/24`, 'dev', 'v1']);
    const listens = async () => (await host.run(['ss', '-Hlnu', 'src', vip])).stdout;
    await until('named has left it', async () => (await listens()) === '', { deadlineMs: 3000 });
    // By the kernel's own word (automatic-interface-scan), before anybody tells named.
    await host.run(['ip', 'address', 'add', `${vip}/24`, 'dev', 'v1']);
    await until('named has seen it by itself', async () => (await listens()) !== '', { deadlineMs: 3000 });
    await host.run(['ip', 'address', 'del', `${vip}/24`, 'dev', 'v1']);
    await until('named has left it again', async () => (await listens()) === '', { deadlineMs: 3000 });
    expect(await pid()).toBe(before);
  });

  it('reloads single zones, with a higher serial', async () => {
    const before = (await ask(client, OWN, '+short', 'example.test', 'SOA')).split(' ')[2];
    const { activation } = await publish(site({ machines: [machine('web1', 2, { eth0: ['10.10.10.22'] })] }));
    const commands = activation.kind === 'command' ? activation.commands.map((item) => argvOf(item).slice(-2)) : [];
    expect(commands).toEqual([
      ['reload', 'example.test'],
      ['reload', '10.10.10.in-addr.arpa'],
    ]);
    expect(await ask(client, OWN, '+short', 'web1.example.test')).toBe('10.10.10.22\n');
    expect(await ask(client, OWN, '+short', '-x', '10.10.10.22')).toBe('web1.example.test.\n');
    expect(await ask(client, OWN, '-x', '10.10.10.21')).toContain('status: NXDOMAIN');
    const after = (await ask(client, OWN, '+short', 'example.test', 'SOA')).split(' ')[2];
    expect(Number(after)).toBeGreaterThan(Number(before));
  });

  it('adds a zone and removes it again by reconfig, without a restart', async () => {
    const pid = (await host.run(['cat', '/run/named/named.pid'])).stdout;
    const domains = [...site().domains, aDomain(3, 'added.test')];
    const records = [{ id: 1, domainId: 3, name: 'x', type: 'TXT' as const, data: 'a "quoted"; \\ text', ttl: 5 }];
    const added = await publish(site({ domains, records }));
    expect(
      added.activation.kind === 'command' && added.activation.commands.map((item) => argvOf(item).at(-1)),
    ).toContain('reconfig');
    expect(await ask(client, OWN, '+short', 'x.added.test', 'TXT')).toBe('"a \\"quoted\\"; \\\\ text"\n');
    await publish(site());
    // Nothing forwards here: what is no longer ours cannot be resolved.
    await until('the zone is gone', async () => !(await ask(client, OWN, 'x.added.test', 'TXT')).includes('quoted'));
    expect(await ask(client, OWN, 'added.test', 'SOA')).not.toMatch(/flags:[^;]* aa/);
    expect((await host.run(['cat', '/run/named/named.pid'])).stdout).toBe(pid);
  });

  it('refuses recursion, cache, transfer, its version and updates to a stranger, and answers for its zones', async () => {
    expect(await ask(stranger, '203.0.113.1', '+short', 'web1.example.test')).toBe('10.10.10.21\n');
    expect(await ask(stranger, '203.0.113.1', 'other.example')).toContain('status: REFUSED');
    expect(await ask(stranger, '203.0.113.1', '+norecurse', 'other.example')).toContain('status: REFUSED');
    expect(await ask(stranger, '203.0.113.1', 'example.test', 'AXFR')).toContain('Transfer failed');
    expect(await ask(client, OWN, 'example.test', 'AXFR')).toContain('Transfer failed');
    expect(await ask(stranger, '203.0.113.1', '+short', 'version.bind', 'CH', 'TXT')).toBe('');
    expect(await ask(stranger, '203.0.113.1', '+short', 'hostname.bind', 'CH', 'TXT')).toBe('');
    const update = 'printf "server 203.0.113.1\\nupdate add evil.example.test 60 A 6.6.6.6\\nsend\\n" | nsupdate -t 2';
    expect((await stranger(['sh', '-c', update])).stderr).toMatch(/REFUSED|NOTAUTH/);
    // A client may ask for foreign names; here nobody answers them.
    expect(await ask(client, OWN, '+time=3', 'other.example')).not.toContain('REFUSED');
  });

  it('takes clients, rate limit, forwarders and validation by reconfig', async () => {
    const settings = { ...site().settings, dns_trusted_acl: ['203.0.113.0/24'], upstream_dns: ['192.0.2.1'] };
    const { activation } = await publish(
      site({ settings: { ...settings, dnssec_validation: 'no', dns_rate_limit: 0 } }),
    );
    expect(activation.kind).toBe('command');
    await until('the stranger is trusted', async () => {
      return !(await ask(stranger, '203.0.113.1', '+norecurse', 'other.example')).includes('REFUSED');
    });
    await publish(site());
    await until('the stranger is one again', async () => {
      return (await ask(stranger, '203.0.113.1', '+norecurse', 'other.example')).includes('REFUSED');
    });
  });

  it('slows a stranger that asks too fast, and no client', async () => {
    const burst = (server: string) => [
      'sh',
      '-c',
      `for n in $(seq 60); do dig +time=1 +tries=1 +ignore +noall +comments @${server} web1.example.test & done; wait`,
    ];
    const flood = (await stranger(burst('203.0.113.1'))).stdout;
    expect(/flags:[^;]* tc/.test(flood) || flood.includes('timed out')).toBe(true);
    const calm = (await client(burst(OWN))).stdout;
    expect(calm.match(/status: NOERROR/g)).toHaveLength(60);
    expect(calm).not.toMatch(/flags:[^;]* tc|timed out/);
  });

  it('carries hostile texts unchanged', async () => {
    const hostile = hostileSnapshot();
    const texts = hostile.records.filter((record) => record.type === 'TXT');
    const records = texts.map((record) => ({ ...record, domainId: 2 }));
    await publish(site({ records }));
    for (const record of records) {
      const answer = await ask(client, OWN, '+tcp', '+short', `${record.name}.example.test`, 'TXT');
      expect(unquote(answer), record.name).toBe(record.data);
    }
  });

  it('skips a file that is older than its last load, so restored files must arrive with a fresh time', async () => {
    await publish(site());
    const file = zoneFile('example.test');
    const serial = async () => (await ask(client, OWN, '+short', 'example.test', 'SOA')).split(' ')[2];
    const before = await serial();
    await host.run(['cp', '--preserve', file, '/root/previous']);
    await publish(site({ machines: [] }));
    const after = await serial();
    await host.run(['cp', '--preserve', '/root/previous', file]);
    const reload = await host.run(rndc('reload', 'example.test'), { user: 'bind' });
    expect(reload.stdout).toContain('up-to-date');
    expect(await serial()).toBe(after);
    await host.run(['touch', file]);
    await host.run(rndc('reload', 'example.test'), { user: 'bind' });
    await until('named has the restored file', async () => (await serial()) === before);
    await host.run(['rm', '/root/previous']);
  });

  it('takes a zone of ten thousand records, and one change in it', async () => {
    const machines = Array.from({ length: 10_000 }, (_, index) =>
      machine(`m${index}`, 2, { eth0: [`10.20.${index >> 8}.${index & 255}`] }),
    );
    const subnets = [...site().subnets, aSubnet(2, 'large', '10.20.0.0/16')];
    await publish(site({ machines, subnets }));
    expect(await ask(client, OWN, '+short', 'm9999.example.test')).toBe('10.20.39.15\n');
    expect(await ask(client, OWN, '+short', '-x', '10.20.39.15')).toBe('m9999.example.test.\n');
    const { activation } = await publish(site({ machines: machines.slice(0, -1), subnets }));
    expect(activation.kind === 'command' && activation.commands.map((item) => argvOf(item).at(-1))).toEqual([
      'example.test',
      '20.10.in-addr.arpa',
    ]);
    expect(await ask(client, OWN, 'm9999.example.test')).toContain('status: NXDOMAIN');
  });

  it('is healthy without any zone, with and without forwarders', async () => {
    const nothing = { domains: [], subnets: [], machines: [] };
    const forwarding = { ...site().settings, upstream_dns: ['192.0.2.1'] };
    for (const settings of [site().settings, forwarding]) {
      const { desired } = await publish(site({ ...nothing, settings }));
      expect(desired).toMatchObject({ zones: [] });
      expect(await bench.probe(desired)).toMatchObject({ isHealthy: true });
    }
  });

  it('sees a file that named could not load, and a daemon that hangs', async () => {
    const { desired } = await publish(site({ machines: [machine('web2', 2, { eth0: ['10.10.10.23'] })] }));
    expect(await bench.probe(desired)).toMatchObject({ isHealthy: true });
    const stale = { ...desired, zones: [{ name: 'example.test', serial: 1 }] };
    const health = await bench.probe(stale);
    expect(health.isHealthy).toBe(false);
    expect(health.detail).toMatch(/^SOA of example\.test at \S+: its serial is \d+, published is 1$/);
    await host.run(['sh', '-c', 'kill -STOP $(cat /run/named/named.pid)']);
    const hung = await bench.probe(desired);
    await host.run(['sh', '-c', 'kill -CONT $(cat /run/named/named.pid)']);
    expect(hung).toMatchObject({ isHealthy: false });
    expect(hung.detail).toContain('no answer');
  });

  it('looks for addresses when the virtual IP moves', async () => {
    const activation = dns.onRoleChange({ kind: 'vip', state: 'active' });
    expect(activation.kind).toBe('command');
    await host.run(['ip', 'address', 'add', '198.51.100.1/32', 'dev', 'lo']);
    for (const command of activation.kind === 'command' ? activation.commands : []) {
      expect(await host.exec(command)).toMatchObject({ code: 0 });
    }
    await until('named answers on the new address', async () => {
      const ran = await host.run(['dig', '+short', '+time=1', '+tries=1', '@198.51.100.1', 'r1.regent.internal']);
      return ran.stdout === `${OWN}\n`;
    });
  });
});

function rndc(...words: readonly string[]): string[] {
  return ['rndc', '-k', '/etc/bind/rndc.key', '-s', '127.0.0.1', ...words];
}

/** The text of an answer in dig's short form: strings in quotes, `\` before quotes and backslashes, `\DDD` for the rest. */
function unquote(answer: string): string {
  const strings = answer.trim().match(/"(?:[^"\\]|\\.)*"/g) ?? [];
  return strings
    .map((part) =>
      part
        .slice(1, -1)
        .replace(/\\(\d{3}|.)/g, (_, code: string) => (code.length === 3 ? String.fromCharCode(Number(code)) : code)),
    )
    .join('');
}

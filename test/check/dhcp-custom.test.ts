import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import { KNOWN_OPTIONS } from '../../src/model/networks/dhcp/dhcp-option-table.ts';
import { parseDhcpOptions } from '../../src/model/networks/dhcp/dhcp-option.ts';
import { decodeReply, type DhcpQuestion, encodeQuestion } from '../../src/drills/probes/dhcp/packet.ts';
import type { Machine } from '../../src/model/machines/machine.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import type { DhcpDesired } from '../../src/services/dhcp/desired.ts';
import { dhcp } from '../../src/services/dhcp/index.ts';
import { SNIPPET_PARTS } from '../../src/services/dhcp/custom/snippets.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { searchParts } from '../../src/reconcile/spare.ts';
import { goldenTemplates } from '../kit/goldens.ts';
import { checkFiles, DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { furnishKea, PREPARE_AND_START_KEA } from '../kit/dhcp/kea-root.ts';
import { askLease, PRINT_ALL_SCRIPT } from '../kit/dhcp-client.ts';
import { aRange, aReservation, aSnippet, aSubnet, aVlan, emptySnapshot, FACTS, R1 } from '../kit/snapshots.ts';

const PRINTER = '52:54:00:bb:00:01';
const STRANGER = '52:54:00:cc:00:01';

/** Sends a packet as it is, and gives the first answer of two seconds. */
const ASK_RAW = `import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for name in (socket.SO_REUSEADDR, socket.SO_BROADCAST): s.setsockopt(socket.SOL_SOCKET, name, 1)
s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'eth0')
s.bind(('', 68)); s.settimeout(2)
s.sendto(bytes.fromhex(sys.argv[1]), ('255.255.255.255', 67))
try: print(s.recv(2048).hex())
except TimeoutError: pass`;

async function rawAnswer(run: (argv: readonly string[]) => Promise<Ran>, question: DhcpQuestion) {
  const ran = await run(['python3', '-c', ASK_RAW, encodeQuestion(question).toString('hex')]);
  if (ran.code !== 0) throw new Error(ran.stderr);
  return decodeReply(Buffer.from(ran.stdout.trim(), 'hex'));
}

/** What operators set of DHCP, as clients of a real Kea get it. */
describe('custom DHCP on the wire', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  let one: (argv: readonly string[]) => Promise<Ran>;
  let two: typeof one;

  function site(changes: Partial<Snapshot>): DhcpDesired {
    const snapshot = emptySnapshot({
      nodes: [{ ...R1, addresses: ['10.10.10.1'] }],
      attachments: [
        { nodeId: R1.id, vlanId: 1, interface: 'v1', addresses: ['10.10.10.1/24'] },
        { nodeId: R1.id, vlanId: 2, interface: 'v2', addresses: ['10.20.0.1/16'] },
      ],
      vlans: [aVlan(1, 10, { dhcpOn: true }), aVlan(2, 20, { dhcpOn: true })],
      subnets: [aSubnet(1, 'vlan10', '10.10.10.0/24'), aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2 })],
      ranges: [
        aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.200']),
        aRange(2, 2, 'dynamic', ['10.20.200.0', '10.20.200.255']),
      ],
      ...changes,
    });
    const { body, findings } = compileSite(snapshot, [dhcp], new Map(), 1).nodes.get(R1.id) ?? {};
    expect(findings?.filter(({ severity }) => severity === 'error')).toEqual([]);
    return body?.services['dhcp']?.desired as DhcpDesired;
  }
  const nic = (name: string, address: string) => {
    return { name, mac: '', addresses: [address], index: 7, isUp: true, hasCarrier: true };
  };
  async function apply(changes: Partial<Snapshot>): Promise<void> {
    await bench.apply(site(changes));
  }
  const parsed = (...texts: string[]) => {
    const options = parseDhcpOptions(texts);
    if ('kind' in options) throw new Error(options.message);
    return options;
  };

  beforeAll(async () => {
    host = await DebianHost.open();
    host.write('/usr/local/bin/regent-lease', PRINT_ALL_SCRIPT, { mode: 0o755 });
    await furnishKea(host);
    one = await host.stranger('10.10.10.1/24', '10.10.10.250/24');
    two = await host.stranger('10.20.0.1/16', '10.20.0.250/16');
    bench = new DaemonBench(
      host,
      dhcp,
      await readTemplates(join(import.meta.dirname, '../../templates')),
      PREPARE_AND_START_KEA,
    );
    bench.facts = { ...FACTS, interfaces: [nic('v1', '10.10.10.1'), nic('v2', '10.20.0.1')] };
  });
  afterAll(async () => {
    await bench?.stop();
    await host[Symbol.asyncDispose]();
  });

  it('options of the site, a subnet and a host: the nearest stands', async () => {
    const machine: Machine = {
      id: 'web1',
      hostname: 'web1',
      domainId: 1,
      interfaces: [
        {
          id: 1,
          name: 'eth0',
          mac: '52:54:00:aa:00:01',
          kind: 'physical',
          vlanId: 1,
          addresses: [{ subnetId: 1, address: '10.10.10.21' }],
        },
      ],
      dhcpOptions: parsed('224:string=machine, not pool'),
    };
    await apply({
      settings: {
        ...emptySnapshot().settings,
        dhcp_options: parsed('224:string=site', '225:uint16[]=1, 256', 'ntp-servers=192.0.2.9'),
      },
      subnets: [
        aSubnet(1, 'vlan10', '10.10.10.0/24', {
          dhcpOptions: parsed('224:string=subnet', 'domain-search=a.test, b.test', 'domain-name=a.test'),
          leaseTime: 120,
        }),
        aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2 }),
      ],
      machines: [machine],
      reservations: [
        aReservation(1, 1, '10.10.10.30', {
          mac: PRINTER,
          hostname: 'printer',
          dhcpOptions: parsed(
            '43.1:ipv4-address=192.0.2.1',
            '43.2:string=ab',
            '121=10.0.0.0/9 via 10.10.10.254, 0.0.0.0/0 via 10.10.10.253',
            `224:string=it's "x" #/*`,
            `root-path=it's, "x" #/*`,
          ),
        }),
      ],
    });
    const request = [224, 225, 43, 121, 66, 17, 42];
    const text = (of: string) => Buffer.from(of).toString('hex');
    const ask = (mac: string) => askLease(one, { mac, request });
    expect(await ask(STRANGER)).toMatchObject({
      opt224: text('subnet'),
      opt225: '00010100',
      ntp: '192.0.2.9',
      search: 'a.test b.test',
      domain: 'a.test',
      lease: '120',
    });
    expect(await ask('52:54:00:aa:00:01')).toMatchObject({ ip: '10.10.10.21', opt224: text('machine, not pool') });
    expect(await ask(PRINTER)).toMatchObject({
      ip: '10.10.10.30',
      opt224: text(`it's "x" #/*`),
      rootpath: `it's, "x" #/*`,
      opt43: `0104c00002010202${text('ab')}`,
      staticroutes: '10.0.0.0/9 10.10.10.254 0.0.0.0/0 10.10.10.253',
    });
    expect(await askLease(two, { request })).toMatchObject({ opt224: text('site'), lease: '600', ntp: '192.0.2.9' });
  });

  it('a subnet boots something of its own, whoever asks', async () => {
    await apply({
      subnets: [
        aSubnet(1, 'vlan10', '10.10.10.0/24', { bootServer: '192.0.2.7', bootFile: 'pxe/own.0' }),
        aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2 }),
      ],
    });
    for (const asking of [{}, { arch: '0000' }, { arch: '0007' }, { arch: '0000', userClass: 'iPXE' }])
      expect(await askLease(one, asking), JSON.stringify(asking)).toMatchObject({
        siaddr: '192.0.2.7',
        file: 'pxe/own.0',
      });
    expect(await askLease(two, { arch: '0007' })).toMatchObject({ siaddr: '10.20.0.1', file: 'snponly.efi' });
  });

  it('a client that boots and that nobody knows has its address for minutes, whatever leases last; its system has the usual one', async () => {
    const settings = { ...emptySnapshot().settings, dhcp_lease_time: 86_400 };
    await apply({ settings, reservations: [aReservation(1, 1, '10.10.10.30', { mac: PRINTER })] });
    const mac = '52:54:00:cc:00:55';
    const booting = await askLease(one, { mac, arch: '0000' });
    expect(booting).toMatchObject({ lease: '300', file: 'undionly.kpxe' });
    expect(await askLease(one, { mac, arch: '0000', userClass: 'iPXE' })).toMatchObject({
      lease: '300',
      ip: booting?.['ip'],
      file: expect.stringContaining('ipxe.cfg'),
    });
    expect(await askLease(one, { mac })).toMatchObject({ lease: '86400', ip: booting?.['ip'] });
    expect(await askLease(one, { mac: PRINTER, arch: '0000' })).toMatchObject({ lease: '86400', ip: '10.10.10.30' });
    // Never longer than somebody asked for.
    await apply({
      subnets: [
        aSubnet(1, 'vlan10', '10.10.10.0/24', { leaseTime: 120 }),
        aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2 }),
      ],
    });
    expect(await askLease(one, { mac: '52:54:00:cc:00:56', arch: '0007' })).toMatchObject({ lease: '120' });
  });

  it('a subnet that ignores unknown clients answers those with a static lease alone', async () => {
    await apply({
      subnets: [
        aSubnet(1, 'vlan10', '10.10.10.0/24', { ignoreUnknown: true }),
        aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2 }),
      ],
      reservations: [aReservation(1, 1, '10.10.10.30', { mac: PRINTER })],
    });
    expect(await askLease(one, { mac: '52:54:00:cc:00:77' })).toBeNull();
    expect(await askLease(one, { mac: PRINTER })).toMatchObject({ ip: '10.10.10.30' });
    // A client of another server asks for its address again: a refusal would take it away.
    const again = (wants: string) => rawAnswer(one, { kind: 'request', xid: 77, mac: '52:54:00:cc:00:78', wants });
    expect(await again('10.10.10.222')).toBeNull();
    expect(await again('10.10.10.150')).toBeNull();
    expect(
      await rawAnswer(two, { kind: 'request', xid: 77, mac: '52:54:00:cc:00:78', wants: '10.99.0.1' }),
    ).toMatchObject({
      kind: 'nak',
    });
    expect(await askLease(two)).toMatchObject({ ip: expect.stringMatching(/^10\.20\.200\./) });
  });

  it('a snippet for all, a subnet and a host does what it says', async () => {
    await apply({
      reservations: [aReservation(1, 1, '10.10.10.30', { mac: PRINTER })],
      snippets: [
        aSnippet(1, 'own', 'global', {
          'option-def': [{ name: 'hall', code: 240, type: 'string' }],
          'option-data': [{ name: 'hall', data: 'site', 'always-send': true }],
          'client-classes': [
            { name: 'phones', test: "substring(option[60].hex,0,5) == 'Phone'", 'boot-file-name': 'phone.0' },
          ],
        }),
        aSnippet(2, 'two', '10.20.0.0/16', { 'option-data': [{ name: 'hall', data: 'two', 'always-send': true }] }),
        aSnippet(3, 'printer', PRINTER, {
          'boot-file-name': 'printer.cfg',
          'next-server': '192.0.2.7',
          'option-data': [{ name: 'hall', data: 'desk', 'always-send': true }],
        }),
        aSnippet(4, 'short', '10.10.10.0/24', { 'max-valid-lifetime': 600, 'renew-timer': 77 }),
      ],
    });
    const text = (of: string) => Buffer.from(of).toString('hex');
    expect(await askLease(one, { mac: STRANGER, request: [58] })).toMatchObject({
      opt240: text('site'),
      opt58: '0000004d',
    });
    expect(await askLease(two)).toMatchObject({ opt240: text('two') });
    expect(await askLease(one, { mac: PRINTER })).toMatchObject({
      ip: '10.10.10.30',
      opt240: text('desk'),
      siaddr: '192.0.2.7',
      file: 'printer.cfg',
    });
    expect(await askLease(one, { mac: STRANGER, vendor: 'Phone-7' })).toMatchObject({ file: 'phone.0' });
  });

  it('statements of dhcpd.conf reach clients as octets of their own types', async () => {
    const written = (id: number, name: string, scope: string, text: string) => ({ id, name, scope, text });
    await apply({
      snippets: [
        written(
          1,
          'all',
          'global',
          'option hall code 240 = text; option hall "site"; # ours\ndefault-lease-time 600; max-lease-time 7200;',
        ),
        written(
          2,
          'two',
          '10.20.0.0/16',
          `option hall "two"; option option-224 0a:0b; default-lease-time 900; server-name "tftp1";
           option routes code 121 = array of integer 8; option routes 24, 192,168,1, 10,20,0,1;
           option ien116-name-servers 10.20.0.9; option static-routes 10.1.0.0 10.20.0.1, 10.2.0.0 10.20.0.2;
           option time-offset -3600; option ip-forwarding on; option vendor-encapsulated-options 01:04:c0:00:02:01;`,
        ),
      ],
    });
    const text = (of: string) => Buffer.from(of).toString('hex');
    expect(await askLease(one, { mac: STRANGER, request: [240] })).toMatchObject({
      opt240: text('site'),
      lease: '600',
    });
    expect(await askLease(two, { request: [240, 224, 121, 5, 19, 43] })).toMatchObject({
      opt240: text('two'),
      opt224: '0a0b',
      staticroutes: '192.168.1.0/24 10.20.0.1',
      opt5: '0a140009',
      opt19: '01',
      opt43: '0104c0000201',
      lease: '900',
    });
  });

  it('Kea says itself which snippets it does not take in place', async () => {
    const desired = site({
      reservations: [aReservation(1, 1, '10.10.10.30', { mac: PRINTER })],
      snippets: [
        aSnippet(1, 'good', 'global', { 'renew-timer': 100 }),
        aSnippet(2, 'no-address', '10.10.10.0/24', { 'option-data': [{ name: 'log-servers', data: 'nowhere' }] }),
        aSnippet(3, 'no-test', 'global', { 'client-classes': [{ name: 'odd', test: 'option[60] is odd' }] }),
        aSnippet(4, 'too-long', '10.20.0.0/16', { 'min-valid-lifetime': 90_000 }),
        aSnippet(5, 'fine', PRINTER, { 'boot-file-name': 'x' }),
        aSnippet(6, 'unknown', '10.20.0.0/16', { 'option-data': [{ name: 'site-colour', data: 'red' }] }),
      ],
    });
    const templates = goldenTemplates();
    const found = await searchParts(SNIPPET_PARTS, desired, async (less) => {
      const files = renderService(dhcp, less, { facts: bench.facts, templates, generation: 1 });
      const refused = (await checkFiles(host, dhcp, files)).find(({ code }) => code !== 0);
      return refused ? { kind: 'rejected', why: refused.stderr } : { kind: 'passed' };
    });
    expect(found?.desired.snippets?.map(({ name }) => name)).toEqual(['good', 'fine']);
    expect(found?.held.map(({ name }) => name)).toEqual([
      'snippet no-address',
      'snippet no-test',
      'snippet too-long',
      'snippet unknown',
    ]);
    const words = found?.held.map(({ why }) => why) ?? [];
    expect(words[0]).toMatch(/Failed to convert string to address 'nowhere'/);
    expect(words[1]).toMatch(/expression: \[option\[60\] is odd\] error/);
    expect(words[2]).toMatch(/min-valid-lifetime/);
    expect(words[3]).toMatch(/definition for the option 'dhcp4\.site-colour' does not exist/);
    await bench.apply(found?.desired);
  });

  it('a relayed client gets a lease of the subnet that the relay has its address in', async () => {
    await apply({
      vlans: [
        aVlan(1, 10, { dhcpOn: true }),
        aVlan(2, 20, { dhcpOn: true }),
        aVlan(3, 30, { dhcpOn: true, relayVlanId: 1 }),
      ],
      subnets: [
        aSubnet(1, 'vlan10', '10.10.10.0/24'),
        aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2 }),
        aSubnet(3, 'vlan30', '10.30.0.0/24', { vlanId: 3 }),
        aSubnet(4, 'vlan30b', '10.31.0.0/24', { vlanId: 3 }),
      ],
      ranges: [
        aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.200']),
        aRange(2, 2, 'dynamic', ['10.20.200.0', '10.20.200.255']),
        aRange(3, 3, 'dynamic', ['10.30.0.100', '10.30.0.109']),
        aRange(4, 4, 'dynamic', ['10.31.0.100', '10.31.0.109']),
      ],
    });
    // The router of VLAN 30: it stands on VLAN 10, too, and hands four clients' requests to the rack there.
    const relayed = async (giaddr: string, mac: string) => {
      await one(['ip', 'address', 'add', `${giaddr}/24`, 'dev', 'eth0']);
      const flags = ['-4', '-l', giaddr, '-R', '4', '-n', '4', '-r', '20', '-b', `mac=${mac}`, '-W', '1000000'];
      await one(['perfdhcp', ...flags, '10.10.10.1']);
      await one(['ip', 'address', 'del', `${giaddr}/24`, 'dev', 'eth0']);
      const rows = await host.run(['sh', '-c', 'cat /var/lib/kea/kea-leases4.csv*']);
      const own = rows.stdout.split('\n').filter((row) => row.split(',')[1]?.startsWith(mac.slice(0, 8)));
      return [...new Set(own.map((row) => row.split(',')[0]?.replace(/\.\d+$/, '')))];
    };
    expect(await relayed('10.30.0.1', '02:30:00:00:00:00')).toEqual(['10.30.0']);
    expect(await relayed('10.31.0.1', '02:31:00:00:00:00')).toEqual(['10.31.0']);
    // A relay whose address is in no subnet: nobody is answered.
    expect(await relayed('10.99.0.1', '02:99:00:00:00:00')).toEqual([]);
    expect(await askLease(one, { mac: STRANGER })).toMatchObject({ ip: expect.stringMatching(/^10\.10\.10\./) });
    expect(await askLease(two)).toMatchObject({ ip: expect.stringMatching(/^10\.20\.200\./) });
  });

  it('Kea knows every option of the table by its name and type', async () => {
    const samples: Readonly<Record<string, string>> = {
      'ipv4-address': '192.0.2.1',
      boolean: 'true',
      string: 'a, "b" \'c\' #',
      fqdn: 'a.example.test',
      binary: '0102',
      routes: '10.0.0.0/8 via 192.0.2.1',
    };
    const names = Object.entries(KNOWN_OPTIONS);
    for (let start = 0; start < names.length; start += 30) {
      const texts = names.slice(start, start + 30).map(([name, { type, isList }]) => {
        const value = samples[type] ?? '7';
        return `${name}=${isList ? `${value}, ${value}` : value}`;
      });
      await apply({ settings: { ...emptySnapshot().settings, dhcp_options: parsed(...texts) } });
    }
  });
});

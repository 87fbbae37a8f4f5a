import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostFacts } from '../../src/core/host-values.ts';
import { readTemplates } from '../../src/main/templates.ts';
import type { Machine } from '../../src/model/machines/machine.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { OWN_PLACES } from '../../src/services/dhcp/places.ts';
import type { DhcpDesired } from '../../src/services/dhcp/desired.ts';
import { dhcp } from '../../src/services/dhcp/index.ts';
import { DaemonBench } from '../kit/daemon-bench.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { furnishKea, PREPARE_AND_START_KEA } from '../kit/dhcp/kea-root.ts';
import { askLease, PRINT_ALL_SCRIPT, PRINT_SCRIPT } from '../kit/dhcp-client.ts';
import { aDomain, aRange, aReservation, aSubnet, aVlan, emptySnapshot, FACTS, R1 } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const LEASES = '/var/lib/kea/kea-leases4.csv';
const MAC = '52:54:00:aa:00:01';

type Client = (argv: readonly string[]) => Promise<Ran>;

/** One real Kea through several generations, asked by real clients on two VLANs. */
describe('kea on rendered files', () => {
  let host: DebianHost;
  let bench: DaemonBench;
  let one: Client;
  let two: Client;

  const web1 = (address: string): Machine => ({
    id: 'web1',
    hostname: 'web1',
    domainId: 2,
    interfaces: [{ id: 1, name: 'eth0', mac: MAC, kind: 'physical', vlanId: 1, addresses: [{ subnetId: 1, address }] }],
  });

  function site(changes: Partial<Snapshot> = {}): DhcpDesired {
    const snapshot = emptySnapshot({
      nodes: [{ ...R1, addresses: ['10.10.10.1'] }],
      domains: [aDomain(1, 'regent.internal'), aDomain(2, 'example.test')],
      attachments: [
        { nodeId: R1.id, vlanId: 1, interface: 'v1', addresses: ['10.10.10.1/24'] },
        { nodeId: R1.id, vlanId: 2, interface: 'v2', addresses: ['10.20.0.1/16'] },
      ],
      vlans: [aVlan(1, 10, { dhcpOn: true }), aVlan(2, 20, { dhcpOn: true })],
      subnets: [
        aSubnet(1, 'vlan10', '10.10.10.0/24', { gateway: '10.10.10.254' }),
        aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2, resolvers: ['192.0.2.53', '192.0.2.54'] }),
      ],
      ranges: [
        aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.109']),
        aRange(2, 1, 'reserved', ['10.10.10.110', '10.10.10.119']),
        aRange(3, 1, 'dynamic', ['10.10.10.120', '10.10.10.129']),
        aRange(4, 2, 'dynamic', ['10.20.200.0', '10.20.200.255']),
      ],
      ...changes,
    });
    const part = compileSite(snapshot, [dhcp], new Map(), 1).nodes.get(R1.id)?.body.services['dhcp'];
    if (!part?.desired) throw new Error('dhcp is absent');
    return part.desired as DhcpDesired;
  }

  const nic = (name: string, address: string, changes: Partial<HostFacts['interfaces'][number]> = {}) => ({
    name,
    mac: '',
    addresses: [address],
    index: 7,
    isUp: true,
    hasCarrier: true,
    ...changes,
  });
  const factsOf = (...interfaces: HostFacts['interfaces'][number][]): HostFacts => ({ ...FACTS, interfaces });
  const bothThere = () => factsOf(nic('v1', '10.10.10.1'), nic('v2', '10.20.0.1'));

  async function apply(changes: Partial<Snapshot> = {}): Promise<DhcpDesired> {
    const desired = site(changes);
    await bench.apply(desired);
    return desired;
  }
  const ask = async (command: string, args?: object) => {
    const request = JSON.stringify({ command, ...(args ? { arguments: args } : {}) });
    const { stdout } = await host.exec({ socket: OWN_PLACES.socket, request, timeoutMs: 5_000 });
    return JSON.parse(stdout) as { result: number; text?: string; arguments?: Record<string, unknown> };
  };
  const keaPid = async () => (await host.run(['pgrep', '-x', 'kea-dhcp4'])).stdout.trim();
  const shell = (script: string) => host.run(['sh', '-c', script]);
  const leased = async (): Promise<string[]> => {
    const { stdout } = await shell(`cat ${LEASES}.* ${LEASES} 2>/dev/null | grep -a '^10\\.' | cut -d, -f1 | sort -u`);
    return stdout.trim().split('\n');
  };

  beforeAll(async () => {
    host = await DebianHost.open();
    host.write('/usr/local/bin/regent-lease', PRINT_SCRIPT, { mode: 0o755 });
    await furnishKea(host);
    one = await host.stranger('10.10.10.1/24', '10.10.10.250/24');
    two = await host.stranger('10.20.0.1/16', '10.20.0.250/16');
    bench = new DaemonBench(
      host,
      dhcp,
      await readTemplates(join(import.meta.dirname, '../../templates')),
      PREPARE_AND_START_KEA,
    );
    bench.facts = bothThere();
  });
  afterAll(async () => {
    await bench?.stop();
    await host[Symbol.asyncDispose]();
  });

  it('gives an address of the pool and says what the subnet has', async () => {
    const desired = await apply();
    expect((await bench.probe(desired)).detail).toBe('Kea answers and serves what is published on v1, v2');
    expect(await askLease(one, { mac: MAC })).toEqual({
      ip: expect.stringMatching(/^10\.10\.10\.1\d\d$/),
      router: '10.10.10.254',
      dns: '10.10.10.1',
      domain: 'regent.internal',
      search: 'regent.internal example.test',
      ntp: '10.10.10.1',
      siaddr: '10.10.10.1',
      file: '',
      hostname: '',
      lease: '600',
      mask: '255.255.255.0',
    });
    expect(await askLease(two)).toMatchObject({ dns: '192.0.2.53 192.0.2.54', router: '', mask: '255.255.0.0' });
    const numbers = await bench.metrics(desired);
    expect(numbers).toMatchObject({
      leases: 2,
      leases_declined: 0,
      'subnet_leases{subnet=10.10.10.0/24}': 1,
      'subnet_leases{subnet=10.20.0.0/16}': 1,
    });
    const sizes = ['10.10.10.0/24', '10.20.0.0/16'].map(
      (subnet) => numbers[`subnet_pool_addresses{subnet=${subnet}}`] ?? 0,
    );
    expect(sizes[0]).toBe(20);
    expect(numbers['pool_addresses']).toBe((sizes[0] ?? 0) + (sizes[1] ?? 0));
  });

  it('gives a machine its address by a reload, also while its pool lease lives', async () => {
    const pid = await keaPid();
    await apply({
      machines: [web1('10.10.10.21')],
      reservations: [aReservation(1, 2, '10.20.0.77', { mac: '52:54:00:bb:00:01', hostname: 'printer' })],
      settings: { ...emptySnapshot().settings, dhcp_lease_time: 120 },
    });
    expect(await keaPid()).toBe(pid);
    const lease = await askLease(one, { mac: MAC });
    expect(lease).toMatchObject({ ip: '10.10.10.21', hostname: 'web1', domain: 'example.test', lease: '120' });
    expect(await askLease(two, { mac: '52:54:00:bb:00:01' })).toMatchObject({ ip: '10.20.0.77', hostname: 'printer' });
  });

  it('tells a machine that has its address by DHCP its own name and domain, with any address of a pool', async () => {
    const mac = '52:54:00:aa:00:29';
    const dhcpLink = { id: 1, mode: 'dhcp' as const, address: null, subnetId: null, isGateway: false };
    const card = (vlanId: number | null): Machine => ({
      id: 'web29',
      hostname: 'web29',
      domainId: 2,
      interfaces: [{ id: 1, name: 'eth0', mac, kind: 'physical', vlanId, addresses: [], links: [dhcpLink] }],
    });
    const own = { hostname: 'web29', domain: 'example.test' };
    const pool = expect.stringMatching(/^10\.10\.10\.1\d\d$/) as string;
    await apply({ machines: [card(1)] });
    expect(await askLease(one, { mac })).toMatchObject({ ip: pool, ...own });
    expect(await askLease(one, { mac: '52:54:00:aa:00:30' })).toMatchObject({
      hostname: '',
      domain: 'regent.internal',
    });
    // Nobody knows its VLAN: it is told the same on each.
    await apply({ machines: [card(null)] });
    expect(await askLease(one, { mac })).toMatchObject({ ip: pool, ...own });
    expect(await askLease(two, { mac })).toMatchObject(own);
    // A static lease of the client's subnet counts before it, and a subnet for known hosts alone stays closed.
    await apply({
      machines: [card(null)],
      reservations: [aReservation(1, 2, '10.20.0.29', { mac })],
      subnets: [
        aSubnet(1, 'vlan10', '10.10.10.0/24', { gateway: '10.10.10.254', ignoreUnknown: true }),
        aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2 }),
      ],
    });
    expect(await askLease(two, { mac })).toMatchObject({ ip: '10.20.0.29', ...own });
    expect(await askLease(one, { mac })).toBeNull();
  });

  it('a replaced NIC has its machine’s address at once: the old one’s lease ends with the change', async () => {
    const next = '52:54:00:aa:00:02';
    const old = web1('10.10.10.21');
    const machines = [{ ...old, interfaces: old.interfaces.map((card) => ({ ...card, mac: next })) }];
    await apply({ machines });
    expect((await askLease(one, { mac: next }))?.['ip'], 'as long as the old lease stands').not.toBe('10.10.10.21');
    const desired = await apply({
      machines,
      leaseEnds: [{ address: '10.10.10.21', keptFor: next, mac: MAC, before: null }],
    });
    expect(await askLease(one, { mac: next })).toMatchObject({ ip: '10.10.10.21', hostname: 'web1' });
    expect((await askLease(one, { mac: MAC }))?.['ip']).not.toBe('10.10.10.21');
    // The new owner's own lease is left alone.
    expect((await bench.probe(desired)).isHealthy).toBe(true);
    expect((await ask('lease4-get', { 'ip-address': '10.10.10.21' })).arguments).toMatchObject({ 'hw-address': next });
  });

  it.each([
    ['BIOS', { arch: '0000', vendor: 'PXEClient:Arch:00000' }, 'undionly.kpxe'],
    ['UEFI x64', { arch: '0007' }, 'snponly.efi'],
    ['UEFI x64, the other code', { arch: '0009' }, 'snponly.efi'],
    ['UEFI arm64', { arch: '000b' }, 'ipxe-arm64.efi'],
    ['HTTP boot', { arch: '0010', vendor: 'HTTPClient:Arch:00016' }, 'http://10.10.10.1:5248/snponly.efi'],
    ['HTTP boot arm64', { arch: '0013', vendor: 'HTTPClient' }, 'http://10.10.10.1:5248/ipxe-arm64.efi'],
    ['iPXE', { arch: '0000', userClass: 'iPXE' }, 'http://10.10.10.1:5249/ipxe.cfg'],
    ['no network boot', {}, ''],
  ])('names a boot file to %s', async (_name, asking, file) => {
    expect(await askLease(one, asking)).toMatchObject({ siaddr: '10.10.10.1', file });
  });

  it('tells iPXE, and nobody else, not to wait for a ProxyDHCP server', async () => {
    host.write('/usr/local/bin/regent-lease', PRINT_ALL_SCRIPT, { mode: 0o755 });
    const asked = async (asking: object) => (await askLease(one, { ...asking, request: [175] }))?.['opt175'];
    try {
      expect(await asked({ arch: '0000', userClass: 'iPXE' })).toBe('b00101');
      expect(await asked({ arch: '0000' })).toBeUndefined();
      expect(await asked({})).toBeUndefined();
    } finally {
      host.write('/usr/local/bin/regent-lease', PRINT_SCRIPT, { mode: 0o755 });
    }
  });

  it('leases every address of two pools and none of the reserved range between them', async () => {
    await apply();
    await shell(`rm -f ${LEASES}*`);
    await bench.restart();
    await bench.healthy(site());
    const flags = ['-4', '-l', 'eth0', '-R', '40', '-n', '40', '-r', '20', '-b', 'mac=02:00:00:00:00:00'];
    await one(['perfdhcp', ...flags, '-W', '1000000']);
    const expected = ['10', '12'].flatMap((part) => Array.from({ length: 10 }, (_, last) => `10.10.10.${part}${last}`));
    expect(await leased()).toEqual(expected.sort());
    await shell(`rm -f ${LEASES}*`);
    await bench.restart();
    await bench.healthy(site());
  });

  it('refuses a wrong file, and goes on when it is told to read one', async () => {
    const desired = await apply();
    const good = (await host.run(['cat', OWN_PLACES.conf])).stdout;
    const wrong = good.replace('10.10.10.100-10.10.10.109', '10.99.0.1-10.99.0.2');
    host.write(OWN_PLACES.conf, wrong, { owner: 'root', group: '_kea', mode: 0o640 });
    expect(await host.run(['kea-dhcp4', '-t', OWN_PLACES.conf])).toMatchObject({ code: 1 });
    expect(await ask('config-reload')).toMatchObject({ result: 1 });
    expect(await bench.probe(desired)).toMatchObject({ isHealthy: true });
    expect(await askLease(one)).not.toBeNull();
    host.write(OWN_PLACES.conf, good, { owner: 'root', group: '_kea', mode: 0o640 });
  });

  it('sees a Kea that gave a configuration up half-way, though it says that all is ready', async () => {
    const desired = await apply();
    const good = (await host.run(['cat', OWN_PLACES.conf])).stdout;
    host.write(OWN_PLACES.conf, good.replace('v2/10.20.0.1', 'v9/10.20.0.1'), {
      owner: 'root',
      group: '_kea',
      mode: 0o640,
    });
    const reload = dhcp.activate([{ target: OWN_PLACES.conf, kind: 'changed' }], FACTS);
    const command = reload.kind === 'command' ? reload.commands.at(-1) : undefined;
    expect(command && (await host.exec(command))).toMatchObject({ code: 1 });
    const status = (await ask('status-get')).arguments;
    expect(status).toMatchObject({ sockets: { status: 'ready' } });
    expect(await askLease(one)).toBeNull();
    expect(await bench.probe(desired)).toEqual({
      isHealthy: false,
      detail: 'Kea gave its last configuration up half-way and serves nobody',
    });
    host.write(OWN_PLACES.conf, good, { owner: 'root', group: '_kea', mode: 0o640 });
    await bench.restart();
    await bench.healthy(desired);
    expect(await askLease(one)).not.toBeNull();
  });

  it('serves the other VLANs when one loses its carrier, and that one again by itself', async () => {
    await two(['ip', 'link', 'set', 'eth0', 'down']);
    // Another lease time: the file changes, and Kea opens its sockets anew.
    const shorter = { settings: { ...emptySnapshot().settings, dhcp_lease_time: 300 } };
    const desired = await apply(shorter);
    const sockets = async () => (await ask('status-get')).arguments?.['sockets'];
    expect(await sockets()).toMatchObject({ status: 'retrying', errors: [expect.stringContaining('v2')] });
    expect(await bench.probe(desired)).toMatchObject({ isHealthy: true, detail: expect.stringContaining('v2') });
    expect(await askLease(one)).toMatchObject({ lease: '300' });
    const before = bench.log.length;
    const uptime = async () => Number((await ask('status-get')).arguments?.['uptime']);
    const since = await uptime();
    await until('Kea has tried it again a few times', async () => (await uptime()) >= since + 2);
    expect(bench.log.slice(before)).not.toContain('OPEN_SOCKET_FAIL');
    await two(['ip', 'link', 'set', 'eth0', 'up']);
    await until(
      'the socket is open again',
      async () => (await sockets()) !== undefined && JSON.stringify(await sockets()).includes('ready'),
    );
    expect(await askLease(two)).toMatchObject({ lease: '300' });
  });

  it('leaves an interface out that is away, and takes it back when it is made anew', async () => {
    const { forced } = bench;
    await shell('ip link del v2');
    bench.facts = factsOf(nic('v1', '10.10.10.1'));
    const desired = await apply();
    expect(await askLease(one)).not.toBeNull();
    expect(await bench.probe(desired)).toMatchObject({ isHealthy: true });
    expect(dhcp.limits?.(desired, bench.facts)).toEqual([
      expect.objectContaining({ sentence: 'VLAN vlan20 gets no DHCP from this node: there is no interface v2.' }),
    ]);
    await shell(
      'ip link add v2 type veth peer name p2; ip address add 10.20.0.1/16 dev v2; ip link set p2 up; ip link set v2 up',
    );
    bench.facts = factsOf(nic('v1', '10.10.10.1'), nic('v2', '10.20.0.1', { index: 8 }));
    // Kea looks for interfaces after it has read the networks, so this reload fails, and the engine restarts it.
    expect((await bench.apply(desired)).kind).toBe('command');
    expect(bench.forced).toBe(forced + 1);
    await until('Kea listens on it', async () => JSON.stringify(await ask('status-get')).includes('"ready"'));
    // An index alone: the same name and address, another interface. Kea opens its sockets anew.
    bench.facts = factsOf(nic('v1', '10.10.10.1'), nic('v2', '10.20.0.1', { index: 9 }));
    expect((await bench.apply(desired)).kind).toBe('command');
    expect(bench.forced).toBe(forced + 1);
  });

  it('moves a subnet to another VLAN while it is leased', async () => {
    await apply();
    const before = await askLease(one, { mac: '52:54:00:ee:00:01' });
    expect(before?.['ip']).toMatch(/^10\.10\.10\./);
    await shell('ip address add 10.30.0.1/24 dev v1');
    bench.facts = factsOf({ ...nic('v1', '10.30.0.1') }, nic('v2', '10.20.0.1', { index: 9 }));
    await apply({
      attachments: [
        { nodeId: R1.id, vlanId: 1, interface: 'v1', addresses: ['10.30.0.1/24'] },
        { nodeId: R1.id, vlanId: 2, interface: 'v2', addresses: ['10.20.0.1/16'] },
      ],
      subnets: [
        aSubnet(1, 'vlan10', '10.10.10.0/24', { vlanId: 2 }),
        aSubnet(2, 'vlan20', '10.20.0.0/16', { vlanId: 2 }),
        aSubnet(3, 'new', '10.30.0.0/24'),
      ],
      ranges: [
        aRange(1, 1, 'dynamic', ['10.10.10.100', '10.10.10.109']),
        aRange(5, 3, 'dynamic', ['10.30.0.100', '10.30.0.109']),
      ],
    });
    // The old lease is known until it ends, so that nobody else gets the address; the client is moved at once.
    expect(await ask('lease4-get', { 'ip-address': before?.['ip'] })).toMatchObject({ result: 0 });
    expect((await askLease(one, { mac: '52:54:00:ee:00:01' }))?.['ip']).toMatch(/^10\.30\.0\.10\d$/);
    await shell('ip address del 10.30.0.1/24 dev v1');
    bench.facts = factsOf(nic('v1', '10.10.10.1'), nic('v2', '10.20.0.1', { index: 9 }));
  });

  it.each([
    ['half of its last line is missing', `truncate -s -20 ${LEASES}`],
    ['its first line is lost', `sed -i 1d ${LEASES}`],
    ['its first line is garbage', `sed -i '1s/.*/address,hwaddr,cli/' ${LEASES}`],
    ['it ends in zeros', `head -c 4096 /dev/zero >>${LEASES}`],
    ['its cleaner left an empty pid file', `: >${LEASES}.pid`],
    ['somebody else has the number of the pid file', 'echo 1 >/run/kea/kea-dhcp4.kea-dhcp4.pid'],
  ])('starts with a broken lease file: %s', async (_name, damage) => {
    const desired = await apply();
    const before = [];
    for (const last of ['01', '02', '03'])
      before.push((await askLease(one, { mac: `52:54:00:cc:00:${last}` }))?.['ip']);
    await bench.stop();
    await shell(`${damage}; chown _kea:_kea ${LEASES}* /run/kea/*`);
    await bench.restart();
    await bench.healthy(desired);
    // All but the last one are certain to be there; the file goes on whole lines.
    for (const address of before.slice(0, 2)) expect(await leased()).toContain(address);
    expect((await askLease(one, { mac: '52:54:00:cc:00:01' }))?.['ip']).toBe(before[0]);
    const rows = (await ask('lease4-get', { 'ip-address': before[0] })).result;
    expect(rows).toBe(0);
    const torn = await shell(
      `grep -a -c -v -E '^(address|[0-9.]+,[0-9a-f:]*,[0-9a-f:]*,[0-9]+,[0-9]+,[0-9]+,)' ${LEASES}`,
    );
    expect(Number(torn.stdout)).toBeLessThanOrEqual(1);
    await bench.stop();
    await shell(`rm -f ${LEASES}*`);
    await bench.restart();
  });

  it('says that its disk is full, and keeps what it had', async () => {
    const desired = await apply();
    await bench.stop();
    await shell(
      `rm -f ${LEASES}*; mount -t tmpfs -o size=64k,mode=0750,uid=$(id -u _kea),gid=$(id -g _kea) tmpfs /var/lib/kea`,
    );
    await bench.restart();
    await bench.healthy(desired);
    const first = await askLease(one, { mac: '52:54:00:dd:00:01' });
    expect(first).not.toBeNull();
    await shell('cat /dev/zero >/var/lib/kea/fill');
    expect(await bench.probe(desired)).toMatchObject({
      isHealthy: false,
      detail: 'the file system of /var/lib/kea is full: Kea gives and renews no lease',
    });
    await shell('rm /var/lib/kea/fill');
    await bench.restart();
    await bench.healthy(desired);
    expect((await askLease(one, { mac: '52:54:00:dd:00:01' }))?.['ip']).toBe(first?.['ip']);
    await bench.stop();
    await shell('umount /var/lib/kea');
    await bench.restart();
    await bench.healthy(desired);
  });

  it('sees a Kea that hangs, and one whose leases are gone', async () => {
    const desired = await apply();
    await host.run(['pkill', '-STOP', '-x', 'kea-dhcp4']);
    expect(await bench.probe(desired)).toMatchObject({
      isHealthy: false,
      detail: expect.stringContaining('no answer'),
    });
    await host.run(['pkill', '-CONT', '-x', 'kea-dhcp4']);
    await bench.healthy(desired);
    await shell(`sed -i '1s/.*/garbage/' ${LEASES}`);
    expect(await ask('config-reload')).toMatchObject({ result: 1 });
    expect(await bench.probe(desired)).toMatchObject({ isHealthy: false });
    await bench.restart();
    await bench.healthy(desired);
  });

  it('takes ten thousand reservations within seconds', { timeout: 60_000 }, async () => {
    const reservations = Array.from({ length: 10_000 }, (_, index) => {
      const hex = index.toString(16).padStart(4, '0');
      const mac = `52:54:01:00:${hex.slice(0, 2)}:${hex.slice(2)}`;
      return aReservation(index + 1, 2, `10.20.${(index >> 8) + 1}.${index & 255}`, { mac, hostname: `host-${index}` });
    });
    const started = performance.now();
    const desired = await apply({ reservations });
    const tookMs = performance.now() - started;
    console.log(`10,000 reservations, compiled, rendered, checked, reloaded and asked: ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(20_000);
    expect(await bench.probe(desired)).toMatchObject({ isHealthy: true });
  });
});

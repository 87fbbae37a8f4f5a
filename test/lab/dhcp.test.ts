import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { macOf } from '../../src/drills/probes/dhcp/packet.ts';
import { run } from '../../src/lab/command.ts';
import { askForLease, execDhcpClient } from '../../src/lab/dhcp/client.ts';
import { kill, up } from '../../src/lab/lab.ts';
import { switchPort } from '../../src/lab/layout.ts';
import { plug } from '../../src/lab/network.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import { perfdhcp } from '../kit/dhcp/perfdhcp.ts';
import { startCapture } from '../kit/dhcp/wire.ts';
import { type Clients, startClients } from '../kit/faults/probes.ts';
import { LAB_PROGRAM, openProductLab, PACKAGES_FILE, type ProductLab } from '../kit/lab.ts';
import { openSite, type Site, told } from '../kit/site.ts';
import { until } from '../kit/until.ts';

const ZONE = 'regent.internal';
const VLAN = 'vlan10';
const RESOLVER = '10.10.10.1';
/** A machine that becomes one of ours, and one that stays a stranger. */
const OURS = macOf(1, 1);
const STRANGER = macOf(1, 2);

const lastByte = (address: string) => Number(/^10\.10\.10\.(\d+)(?:\/24)?$/.exec(address)?.[1] ?? 'NaN');
const span = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => `10.10.10.${first + index}`);
const inOrder = (addresses: Iterable<string>) => [...new Set(addresses)].sort((a, b) => lastByte(a) - lastByte(b));

/** What a machine on the provisioning VLAN gets from a node that does the whole job. Each case goes on from the one before. */
describe('DHCP and the proxy on a whole host', () => {
  let lab: ProductLab;
  let site: Site;
  let clients: Clients;
  let strangersAddress = '';
  const machine = (mac: string, hostname?: string) => ({
    layout: lab.layout,
    network: VLAN,
    mac,
    ...(hostname === undefined ? {} : { hostname }),
  });
  /** Leases as the region tells them: address by MAC. */
  const leases = async () => {
    const byMac = new Map<string, string>();
    for await (const lease of site.client.all('lease.list', {})) byMac.set(lease.mac ?? '', lease.address);
    return byMac;
  };
  const servesAgain = (mac: string, address: string) =>
    until(`a lease for ${mac}`, async () => (await clients.dhcp.again(mac, address, 500)).address === address, {
      deadlineMs: 60_000,
    });

  const isRefused = async (...words: string[]) => {
    const result = await site.regent(...words);
    console.log(`  regent ${words.join(' ')} → ${result.stderr.trim().split('\n').join(' | ')}`);
    expect({ words, code: result.code }).toEqual({ words, code: 4 });
  };

  beforeAll(async () => {
    lab = await openProductLab('dhcp');
    site = openSite(lab);
    await site.well();
    clients = await startClients(lab.layout);
  }, 400_000);
  afterAll(async () => {
    clients?.close();
    site?.close();
    await lab?.close();
  }, 300_000);

  it('a real client gets an address of the pool, as the lab is after scripts/up', async () => {
    const start = performance.now();
    const lease = await askForLease(machine(STRANGER, 'stranger'));
    expect(lastByte(lease.address)).toBeGreaterThanOrEqual(200);
    expect(lastByte(lease.address)).toBeLessThanOrEqual(250);
    expect(lease).toMatchObject({ gateway: null, server: '10.10.10.1', seconds: 600, domain: ZONE });
    expect(lease.resolvers[0]).toBe('10.10.10.1');
    strangersAddress = lease.address.replace('/24', '');
    const listed = async () => (await leases()).get(STRANGER) === strangersAddress;
    await until('the lease in the list', listed, { deadlineMs: 30_000 });
    expect(await site.tell('lease', 'list')).toContain(strangersAddress);
    told('a client', `${lease.address}, in lease list`, start);
  });

  it("a client's own name is answered both ways where the domain wants it, and nowhere else", async () => {
    const start = performance.now();
    const own = `stranger.${ZONE}`;
    expect(await site.dig('+short', `@${RESOLVER}`, own)).toBe('');
    await site.tell('domain', 'set', ZONE, '--lease-names', 'on', '--wait');
    expect(await site.dig('+short', `@${RESOLVER}`, own)).toBe(strangersAddress);
    await site.digs(`${own}.`, `@${RESOLVER}`, '-x', strangersAddress);
    await site.tell('domain', 'set', ZONE, '--lease-names', 'off', '--wait');
    expect(await site.dig('+short', `@${RESOLVER}`, own)).toBe('');
    told('a name of its own', `${own} ${strangersAddress}`, start);
  });

  it('what would pull the ground from under the lease is refused', async () => {
    const start = performance.now();
    await isRefused('subnet', 'set', '10.10.10.0/24', '--vlan', 'untagged');
    await isRefused('subnet', 'delete', '10.10.10.0/24');
    await isRefused('vlan', 'delete', VLAN);
    await isRefused('range', 'create', '10.10.10.240-10.10.10.252', '--kind', 'reserved');
    await isRefused('reservation', 'create', strangersAddress, '--mac', macOf(1, 9));
    told('refusals', 'exit code 4', start);
  });

  it('after machine create with its MAC it gets the reserved address, and has its name both ways', async () => {
    const start = performance.now();
    const before = await askForLease(machine(OURS));
    expect(lastByte(before.address)).toBeGreaterThanOrEqual(200);
    await site.tell('machine', 'create', 'web1', '--mac', OURS, '--address', '10.10.10.60');
    const acknowledged = performance.now();
    const isThere = async () => (await clients.dhcp.lease(OURS, { timeoutMs: 500 })).address === '10.10.10.60';
    await until('the reserved address', isThere, { deadlineMs: 30_000, everyMs: 10 });
    const ms = Math.round(performance.now() - acknowledged);
    expect((await askForLease(machine(OURS))).address).toBe('10.10.10.60/24');
    // The address it had cannot be renewed any more: it is told so and asks anew.
    expect((await clients.dhcp.again(OURS, before.address.replace('/24', ''))).why).not.toBe('');
    // Kea and BIND take the change each in its own time.
    await site.digs('10.10.10.60', `web1.${ZONE}`);
    const inside = await execDhcpClient(machine(OURS), ['dig', '+short', `web1.${ZONE}`], { timeoutMs: 30_000 });
    expect(inside.stdout.trim()).toBe('10.10.10.60');
    await site.digs(`web1.${ZONE}.`, '-x', '10.10.10.60');
    await site.tell('reservation', 'create', '10.10.10.61', '--mac', macOf(1, 3), '--hostname', 'printer', '--wait');
    expect((await askForLease(machine(macOf(1, 3)))).address).toBe('10.10.10.61/24');
    expect(await site.dig('+short', `printer.${ZONE}`)).toBe('10.10.10.61');
    told('a static lease', `given ${ms} ms after the change was acknowledged; name and reverse`, start);
  });

  it('a client fetches through the proxy, the second time from its cache, and status is green', async () => {
    const start = performance.now();
    const url = 'http://10.10.10.100/debian/pool/main/h/hello/hello_2.10-3_amd64.deb';
    const fetch = ['curl', '-sS', '-x', 'http://10.10.10.1:8000', '-o', '/dev/null', '-D', '-', url];
    const [first, second] = [
      await execDhcpClient(machine(OURS), fetch, { timeoutMs: 30_000 }),
      await execDhcpClient(machine(STRANGER), fetch, { timeoutMs: 30_000 }),
    ];
    expect(first.stdout).toMatch(/^HTTP\/1\.1 200 /);
    expect(first.stdout).toMatch(/^x-asked: 1\r$/im);
    expect(second.stdout).toMatch(/^HTTP\/1\.1 200 /);
    expect(second.stdout).toMatch(/^cache-status: [^\r]*\bhit\b/im);
    // The web server itself was asked once.
    expect((await clients.proxy.fetch(new URL(url).pathname)).asked).toBe(1);
    await site.well();
    expect(await site.regent('status')).toMatchObject({ code: 0 });
    told('the proxy', /^cache-status: (.*)\r$/im.exec(second.stdout)?.[1] ?? '', start);
  });

  it('two pools, a reserved range between: every address leased, and on the wire none of the reserved', async () => {
    const start = performance.now();
    await site.tell('range', 'create', '10.10.10.110-10.10.10.149', '--kind', 'dynamic', '--wait');
    await site.tell('range', 'create', '10.10.10.150-10.10.10.199', '--kind', 'reserved', '--wait');
    const wire = await startCapture(lab, 'r1', 'eth1');
    const pools = [...span(110, 149), ...span(200, 250)];
    const before = [...(await leases()).values()].filter((address) => pools.includes(address));
    const offered = await perfdhcp(lab, { machines: 130, perSecond: 40, firstMac: macOf(2, 0) });
    const late = await Promise.all(
      Array.from({ length: 5 }, (_, index) => clients.dhcp.lease(macOf(3, index), { timeoutMs: 3000 })),
    );
    const seen = await wire.stop();
    const given = seen.filter((reply) => reply.kind === 'ack').map((reply) => reply.address);
    // Every address of both pools is somebody's, and nothing else was ever said.
    expect(inOrder([...before, ...given])).toEqual(inOrder(pools));
    const spoken = new Set([...seen.map((reply) => reply.address), ...offered]);
    expect([...spoken].filter((address) => !pools.includes(address) && address !== '0.0.0.0')).toEqual([]);
    expect(late.map((result) => [result.address, result.offered])).toEqual(late.map(() => [null, []]));
    // No address went to two machines.
    const holders = Map.groupBy(seen, (reply) => (reply.kind === 'ack' ? reply.address : '-'));
    holders.delete('-');
    const shared = [...holders].filter(([, acks]) => new Set(acks.map((ack) => ack.mac)).size > 1);
    expect(shared).toEqual([]);
    const all = () => leases().then((known) => pools.every((address) => [...known.values()].includes(address)));
    await until('every lease in the list', all, { deadlineMs: 60_000 });
    told('two pools', `${given.length} leases, ${pools.length} addresses, 5 more clients got no offer`, start);
  });

  it('serves again after its interface was without carrier, and after it was away', async () => {
    const start = performance.now();
    const cable = (to: 'up' | 'down') =>
      run(['ip', '-n', lab.layout.switchNetns, 'link', 'set', switchPort('r1', 1), to], { timeoutMs: 10_000 });
    await cable('down');
    expect((await clients.dhcp.again(STRANGER, strangersAddress, 1500)).address).toBeNull();
    const said = async () => (await site.tell('service', 'show', 'dhcp')).includes('eth1 has no carrier');
    await until('the service to say so', said, { deadlineMs: 30_000, everyMs: 250 });
    // systemd-networkd has taken the address away; that is no reason to stop serving.
    expect(await site.sh('systemctl is-active kea-dhcp4-server')).toBe('active');
    await cable('up');
    const up1 = performance.now();
    await servesAgain(STRANGER, strangersAddress);
    const carrier = performance.now() - up1;
    // Started while there is no carrier, Kea must not stay without its socket.
    await cable('down');
    await site.sh('systemctl restart kea-dhcp4-server');
    await cable('up');
    const up2 = performance.now();
    await servesAgain(STRANGER, strangersAddress);
    const restarted = performance.now() - up2;
    await site.sh('ip link del eth1');
    const nics = SINGLE.hosts[0]?.nics ?? [];
    await plug(lab.layout, 'r1', lab.layout.hostNetns('r1'), nics);
    const back = performance.now();
    await servesAgain(STRANGER, strangersAddress);
    const away = performance.now() - back;
    await site.well();
    const seconds = [carrier, restarted, away].map((ms) => (ms / 1000).toFixed(1));
    told('the interface', `serves ${seconds.join(', ')} s after carrier, start without carrier, a new device`, start);
  });

  it('off: files and daemon are gone, also after a reboot; on again: the leases are as they were', async () => {
    const start = performance.now();
    const kea = () => site.trySh('systemctl is-active kea-dhcp4-server').then((result) => result.stdout.trim());
    const files = () => site.sh('find /etc/kea/regent -type f 2>/dev/null | grep -v /.previous/ || true');
    await site.tell('vlan', 'set', VLAN, '--dhcp', 'off', '--wait');
    await until('Kea to stop', async () => (await kea()) === 'inactive', { deadlineMs: 30_000 });
    expect(await files()).toBe('');
    expect((await clients.dhcp.again(STRANGER, strangersAddress, 1500)).address).toBeNull();
    await kill(lab.layout, 'r1');
    const order = { layout: lab.layout, topology: SINGLE, packagesFile: PACKAGES_FILE, program: LAB_PROGRAM };
    await up({ ...order, progress: () => undefined });
    await site.well();
    expect(await kea()).toBe('inactive');
    expect(await files()).toBe('');
    await site.tell('vlan', 'set', VLAN, '--dhcp', 'on');
    const acknowledged = performance.now();
    await servesAgain(STRANGER, strangersAddress);
    const ms = Math.round(performance.now() - acknowledged);
    expect((await askForLease(machine(OURS))).address).toBe('10.10.10.60/24');
    expect((await askForLease(machine(STRANGER))).address).toBe(`${strangersAddress}/24`);
    await site.well();
    told('dhcp off, reboot, on', `leases as before ${ms} ms after it was on again`, start);
  });
});

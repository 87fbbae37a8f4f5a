import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/lab/command.ts';
import { askForLease, type DhcpClientOrder, execDhcpClient, leaseText, parseLease } from '../../src/lab/dhcp/client.ts';
import { netnsNames } from '../../src/lab/network.ts';
import { allProcesses } from '../../src/lab/process.ts';
import { LAB_PROGRAM, openLab, type TestLab } from '../kit/lab.ts';
import { until } from '../kit/until.ts';

/** Kea by hand: the product has no part in this file. */
const KEA = {
  Dhcp4: {
    'interfaces-config': { interfaces: ['eth1'] },
    'match-client-id': false,
    'valid-lifetime': 600,
    'lease-database': { type: 'memfile', persist: false },
    subnet4: [
      {
        id: 1,
        subnet: '10.10.10.0/24',
        pools: [{ pool: '10.10.10.200-10.10.10.219' }],
        'option-data': [
          { name: 'routers', data: '10.10.10.1' },
          { name: 'domain-name-servers', data: '10.10.10.1, 10.77.0.11' },
          { name: 'domain-search', data: 'one.test, two.test' },
        ],
        reservations: [{ 'hw-address': '52:54:00:00:00:99', 'ip-address': '10.10.10.99' }],
      },
    ],
  },
};

describe('machines of the lab with a real DHCP client', () => {
  let lab: TestLab;
  const running: ChildProcess[] = [];
  const order = (mac?: string): DhcpClientOrder => ({
    layout: lab.layout,
    network: 'vlan10',
    ...(mac === undefined ? {} : { mac }),
  });
  const left = () => netnsNames().filter((name) => name.startsWith(lab.layout.dhcpNetnsPrefix));
  /** `scripts/lab client vlan10 --dhcp` as its own process; its command sleeps for `seconds`. */
  const inBackground = (mac: string, seconds: number) => {
    const words = ['client', 'vlan10', '--dhcp', '--mac', mac, '--timeout', '100', '--', 'sleep', String(seconds)];
    const child = spawn(process.execPath, [LAB_PROGRAM, ...words], {
      env: { ...process.env, REGENT_LAB: lab.layout.instance },
      stdio: 'ignore',
    });
    running.push(child);
    const sleeps = () => allProcesses().some((item) => item.argv[0] === 'sleep' && item.argv[1] === String(seconds));
    return { child, sleeps, started: until('the command to run', sleeps, { deadlineMs: 20_000 }) };
  };

  beforeAll(async () => {
    lab = await openLab('clients');
    writeFileSync(`${lab.layout.rootOf('r1')}/etc/kea/kea-dhcp4.conf`, JSON.stringify(KEA));
    await lab.ask('r1', ['systemctl', 'start', 'kea-dhcp4-server']);
    await until('Kea to serve', () => askForLease(order('52:54:00:00:00:01'), 15_000), { deadlineMs: 40_000 });
  }, 200_000);
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await lab?.close();
  }, 300_000);

  it('has what the server gave: address, route, resolver; the same machine keeps its lease', async () => {
    const lease = await askForLease(order());
    expect(lease).toMatchObject({ gateway: '10.10.10.1', resolvers: ['10.10.10.1', '10.77.0.11'], seconds: 600 });
    expect(lease).toMatchObject({ search: ['one.test', 'two.test'], server: '10.10.10.1', domain: null });
    expect((await askForLease(order())).address).toBe(lease.address);
    expect(leaseText(lease)).toContain(`address    ${lease.address}\n`);
    const look = 'ip -4 -br addr show eth0; ip route; cat /etc/resolv.conf; ping -c1 -W2 10.77.0.11';
    const inside = await execDhcpClient(order(), ['sh', '-c', look], { timeoutMs: 20_000 });
    expect(inside.code).toBe(0);
    expect(inside.stdout).toContain(lease.address);
    expect(inside.stdout).toContain('default via 10.10.10.1');
    expect(inside.stdout).toContain('nameserver 10.10.10.1\nnameserver 10.77.0.11\nsearch one.test two.test');
    expect((await askForLease(order('52:54:00:00:00:99'))).address).toBe('10.10.10.99/24');
    expect(left()).toEqual([]);
  });

  it('many at once, each with its own address, none like the fixed client’s', async () => {
    const macs = Array.from({ length: 8 }, (_, index) => `52:54:00:00:01:0${index}`);
    const leases = await Promise.all(macs.map((mac) => askForLease(order(mac), 60_000)));
    expect(new Set(leases.map((lease) => lease.address)).size).toBe(8);
    expect(left()).toEqual([]);
  });

  it('refuses a MAC that runs, a MAC that is none, a name that is none, a network that is not there', async () => {
    const { started } = inBackground('52:54:00:00:00:01', 301);
    await started;
    await expect(askForLease(order('52:54:00:00:00:01'))).rejects.toThrow(/52:54:00:00:00:01 runs already/);
    expect(left()).toHaveLength(1);
    await expect(askForLease(order('01:00:5e:00:00:01'))).rejects.toThrow(/is not the MAC of a NIC/);
    await expect(askForLease({ ...order(), hostname: 'a b' })).rejects.toThrow(/not a host name/);
    await expect(askForLease({ ...order(), network: 'vlan11' })).rejects.toThrow(/no client on "vlan11"/);
    running.pop()?.kill('SIGTERM');
    await until('the client to tidy up', () => left().length === 0);
  });

  it('leaves nothing that runs when it is killed, and the next one removes the rest', async () => {
    const { child, sleeps, started } = inBackground('52:54:00:00:00:02', 302);
    await started;
    child.kill('SIGKILL');
    await until('the command to end', () => !sleeps());
    expect((await askForLease(order('52:54:00:00:00:02'))).address).toMatch(/^10\.10\.10\.2[01]\d\/24$/);
    expect(left()).toEqual([]);
    const ports = readdirSync('/sys/class/net').filter((name) => name.startsWith('d-'));
    expect(ports).toEqual([]);
  });

  it('says so when nobody gives a lease; a command that fails is the command’s own matter', async () => {
    const failed = await execDhcpClient(order(), ['sh', '-c', 'exit 7'], { timeoutMs: 20_000 });
    expect(failed.code).toBe(7);
    await lab.ask('r1', ['systemctl', 'stop', 'kea-dhcp4-server']);
    await expect(askForLease(order(), 20_000)).rejects.toThrow(/No DHCP server gave a lease on vlan10[^]*What to do/);
    expect(left()).toEqual([]);
  });

  it('ends with its lab', async () => {
    const { sleeps, started } = inBackground('52:54:00:00:00:03', 303);
    await lab.ask('r1', ['systemctl', 'start', 'kea-dhcp4-server']);
    await started;
    await lab.close();
    await until('the command to end', () => !sleeps());
    expect(left()).toEqual([]);
    const mounts = await run(['grep', '-c', lab.layout.folder, '/proc/self/mounts'], { timeoutMs: 5_000 });
    expect(mounts.stdout.trim()).toBe('0');
  });
});

describe('a lease as the event script tells it', () => {
  it('is read, with nothing where nothing was given', () => {
    const lease = parseLease('ip=10.0.0.9\nmask=25\nlease=60\nserverid=10.0.0.1\n', '52:54:00:00:00:01');
    expect(lease).toMatchObject({ address: '10.0.0.9/25', gateway: null, resolvers: [], search: [], seconds: 60 });
    expect(() => parseLease('', '52:54:00:00:00:01')).toThrow(/No address/);
  });
});

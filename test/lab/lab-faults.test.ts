import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { emptyDisks, fillDisk } from '../../src/lab/faults/fill.ts';
import { heal, pauseUnit, resumeUnits, setHostFrozen } from '../../src/lab/faults/hang.ts';
import { addFault } from '../../src/lab/faults/network.ts';
import { parseFault } from '../../src/lab/faults/fault-text.ts';
import { kill, placeOf, stop, up } from '../../src/lab/lab.ts';
import { readState } from '../../src/lab/state.ts';
import { labFaults, labStatus } from '../../src/lab/status.ts';
import { clusterOf, SINGLE } from '../../src/lab/topologies.ts';
import type { Topology } from '../../src/lab/topology.ts';
import { CHECKOUT, LAB_PROGRAM, openLab, PACKAGES_FILE, type TestLab } from '../kit/lab.ts';
import { until } from '../kit/until.ts';

/** Two regions and a rack: what three and two are made of, in less time. */
const SITE = clusterOf({ regions: 2, racks: 1 });
const R1 = '10.77.0.11';
const R2 = '10.77.0.12';
const K1 = '10.77.0.21';
const K1_ON_VLAN = '10.10.10.1';
const LOG = '/var/log';

/** Sends back what it is sent, to any number at once, for a minute. */
const ECHO = `alarm 60; use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 9, LocalPort => shift, ReuseAddr => 1) or die;
  while (my $c = $s->accept) { next if fork; while (<$c>) { print $c $_; $c->flush } exit }`;
/** Tells for a connection from before, after a line of input, and for a new one, whether an answer comes within a second. */
const ASK = `use IO::Socket::INET; $| = 1; $SIG{ALRM} = sub { die "late\\n" };
  my @where = (PeerAddr => shift, PeerPort => shift, Timeout => 1); my $old = IO::Socket::INET->new(@where);
  sub asks { my $c = shift or return "none"; my $r = eval { alarm 1; print $c "hello\\n"; $c->flush; my $l = <$c>; alarm 0; $l };
    return defined $r && $r eq "hello\\n" ? "answers" : "is silent" }
  print asks($old), "\\n"; <STDIN>; print asks($old), "\\n"; print asks(scalar IO::Socket::INET->new(@where)), "\\n"`;

describe('a lab of several hosts', () => {
  let lab: TestLab;
  beforeAll(async () => {
    lab = await openLab('faults', SITE);
  }, 120_000);
  afterAll(() => lab?.close(), 300_000);
  // The fault of a test that fails is none of the next one.
  afterEach(() => heal(lab.layout), 60_000);

  const fault = (...words: string[]) => addFault(lab.layout, parseFault(SITE, words));
  const bring = (topology: Topology, only?: string) =>
    up({
      layout: lab.layout,
      topology,
      packagesFile: PACKAGES_FILE,
      program: LAB_PROGRAM,
      progress: () => undefined,
      ...(only === undefined ? {} : { only }),
    });
  const start = (host: string) => bring(SITE, host);
  /** Per cent of echo requests without an answer. */
  const lost = async (from: string, to: string, count = 3) => {
    const argv = ['ping', '-q', `-c${count}`, '-i0.03', '-W0.5', to];
    const where = from.startsWith('vlan') || from === 'mgmt' ? lab.client(from, argv) : lab.exec(from, argv);
    return Number(/([\d.]+)% packet loss/.exec((await where).stdout)?.[1] ?? 100);
  };
  /** Soon: a question for a neighbour's address that was lost is asked again after a second. */
  const flows = (from: string, to: string) =>
    until(`a way from ${from} to ${to}`, async () => (await lost(from, to)) === 0);
  /** r1 and r2 know the hardware addresses of each other, and do not ask. */
  const pinned = async (work: () => Promise<void>) => {
    const ends = [
      ['r1', 'r2', R2],
      ['r2', 'r1', R1],
    ] as const;
    for (const [host, other, address] of ends) {
      const mac = await lab.ask(other, ['cat', '/sys/class/net/eth0/address']);
      await lab.ask(host, ['ip', 'neigh', 'replace', address, 'lladdr', mac, 'dev', 'eth0', 'nud', 'permanent']);
    }
    try {
      await work();
    } finally {
      for (const [host, , address] of ends) await lab.ask(host, ['ip', 'neigh', 'del', address, 'dev', 'eth0']);
    }
  };
  const diskOf = async (host: string) => (await lab.ask(host, ['df', '--output=avail', LOG])).split('\n')[1]?.trim();

  it('hosts, clients and the ways between their networks are there', async () => {
    expect(labStatus(lab.layout)).toMatchObject({ isUp: true, topology: '2 regions, 1 racks' });
    expect(await labFaults(lab.layout)).toEqual([]);
    const ways: [string, string][] = [
      ['vlan10', R1],
      ['vlan10', K1_ON_VLAN],
      ['mgmt', K1],
      ['mgmt', K1_ON_VLAN],
      ['r1', '10.10.10.100'],
      ['k1', '10.88.0.254'],
      ['r2', '10.88.0.21'],
    ];
    for (const [from, to] of ways) expect([from, to, await lost(from, to)]).toEqual([from, to, 0]);
    expect((await lab.exec('r1', ['ping', '-c1', '-W1', '192.0.2.1'])).stderr).toContain('Network is unreachable');
    expect((await lab.client('vlan10', ['cat', '/etc/resolv.conf'])).stdout).toContain(
      `nameserver ${R1}\nnameserver ${R2}\n`,
    );
  });

  it('cut takes the carrier, of one cable or of all; heal gives it back; both twice', async () => {
    const carriers = () => lab.ask('k1', ['sh', '-c', 'cat /sys/class/net/eth*/carrier | tr -d "\\n"']);
    await fault('cut', 'k1', 'vlan10');
    await fault('cut', 'k1', 'vlan10');
    expect(await carriers()).toBe('101');
    expect([await lost('vlan10', K1_ON_VLAN), await lost('mgmt', K1)]).toEqual([100, 0]);
    await fault('cut', 'k1');
    expect(await carriers()).toBe('000');
    expect(await labFaults(lab.layout)).toEqual(['cut k1 vlan10', 'cut k1']);
    await heal(lab.layout, 'k1');
    await heal(lab.layout, 'k1');
    await until('the cables', async () => (await carriers()) === '111');
    await flows('mgmt', K1);
    expect(await labFaults(lab.layout)).toEqual([]);
  });

  it('a partition parts its sides, on all networks, and nobody else', async () => {
    await fault('partition', 'r1,k1|r2');
    expect([await lost('r1', R2), await lost('r2', R1), await lost('r2', K1)]).toEqual([100, 100, 100]);
    // The router's way to the rack's other address is no way round.
    expect(await lost('r2', K1_ON_VLAN)).toBe(100);
    expect([await lost('r1', K1), await lost('mgmt', R1), await lost('mgmt', R2), await lost('vlan10', R2)]).toEqual([
      0, 0, 0, 0,
    ]);
    await heal(lab.layout, 'r1');
    expect(await labFaults(lab.layout)).toEqual(['partition k1|r2']);
    await flows('r1', R2);
    expect(await lost('r2', K1)).toBe(100);
    await heal(lab.layout);
    await flows('r2', K1);
  });

  it('oneway loses what is sent one way', async () => {
    const received = () =>
      lab.ask('r2', ['sed', '-n', 's/^Icmp: \\([0-9]*\\) .*/\\1/p', '/proc/net/snmp']).then(Number);
    await lost('r1', R2);
    await fault('oneway', 'r2', 'r1');
    const before = await received();
    expect(await lost('r1', R2)).toBe(100);
    // The questions arrive; their answers do not.
    expect((await received()) - before).toBeGreaterThanOrEqual(3);
    await heal(lab.layout);
    await flows('r1', R2);
  });

  it('loss loses about that much each way, and the last word counts', async () => {
    // The kernel asks for an address that it doubts, and drops a hundred packets when three such questions are lost: here it has no doubt.
    await pinned(async () => {
      await fault('loss', 'r1', '90');
      await fault('loss', 'r1', '30');
      expect(await labFaults(lab.layout)).toEqual(['loss r1 30']);
      // 1 - 0.7² = 51 %; 200 tosses are within 15 of it but once in 50,000 runs.
      const percent = await lost('r2', R1, 200);
      expect(percent).toBeGreaterThan(36);
      expect(percent).toBeLessThan(66);
      await fault('loss', 'r1', '0');
      expect(await labFaults(lab.layout)).toEqual([]);
    });
    await flows('r2', R1);
  });

  it('block loses what goes to a port, halfopen what connections from before carry, still what the kernel answers', async () => {
    const serve = (port: string) =>
      lab.exec('r2', ['sh', '-c', 'echo $$ >"/run/echo-$2"; exec perl -e "$1" "$2"', 'sh', ECHO, port], 70_000);
    const servers = [serve('7777'), serve('7778')];
    const ports = async () => (await lab.ask('r2', ['ss', '-Htln', 'sport', '>=', '7777'])).split('\n').length;
    await until('two echo servers', async () => (await ports()) >= 2);
    const asked = async (port: string, ...words: string[]) => {
      const argv = [process.execPath, LAB_PROGRAM, 'exec', 'r1', '--', 'perl', '-e', ASK, R2, port];
      const child = spawn(argv[0] ?? '', argv.slice(1), {
        env: { ...process.env, REGENT_LAB: lab.layout.instance },
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.on('data', (data: Buffer) => (said += data.toString()));
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await until('the first answer', () => said.includes('\n'));
      await fault(...words);
      child.stdin.end('\n');
      await ended;
      await heal(lab.layout);
      return said.trim().split('\n');
    };
    expect(await asked('7777', 'halfopen', 'r2', 'r1')).toEqual(['answers', 'is silent', 'answers']);
    expect(await asked('7777', 'block', 'r1', '7777')).toEqual(['answers', 'is silent', 'none']);
    expect(await asked('7778', 'block', 'r1', '7777')).toEqual(['answers', 'answers', 'answers']);
    expect(await asked('7778', 'still', 'r2')).toEqual(['answers', 'answers', 'none']);
    await lab.ask('r2', ['sh', '-c', 'kill $(cat /run/echo-*)']);
    await Promise.all(servers);
  });

  it('a unit or the whole host hangs and goes on; heal does it from outside', async () => {
    await pauseUnit(lab.layout, 'r2', 'dbus.service');
    await pauseUnit(lab.layout, 'r2', 'systemd-networkd.service');
    setHostFrozen(lab.layout, 'r1', true);
    setHostFrozen(lab.layout, 'r1', true);
    expect(await labFaults(lab.layout)).toEqual([
      'pause r1',
      'pause r2 dbus.service',
      'pause r2 systemd-networkd.service',
    ]);
    expect((await lab.exec('r1', ['systemctl', 'is-system-running'], 500)).isTimeout).toBe(true);
    resumeUnits(lab.layout, 'r2', 'dbus');
    expect(await labFaults(lab.layout)).toEqual(['pause r1', 'pause r2 systemd-networkd.service']);
    await heal(lab.layout);
    expect(await labFaults(lab.layout)).toEqual([]);
    expect((await lab.exec('r1', ['systemctl', 'is-system-running'])).code).toBe(0);
    await expect(pauseUnit(lab.layout, 'r2', 'nobody.service')).rejects.toThrow(/not loaded|list-units/);
  });

  it('fill takes the last block of a bounded file system only', async () => {
    const { host } = placeOf(lab.layout, 'k1');
    for (const path of ['/', '/etc', '/var/log/', '/var/log/../lib', '/var/lib/postgresql']) {
      await expect(fillDisk(lab.layout, host, path)).rejects.toThrow(
        /not a file system of bounded size.*\/var\/lib\/kea, \/var\/log/s,
      );
    }
    const free = await diskOf('k1');
    await lab.ask('k1', ['sh', '-c', `echo kept >${LOG}/note; sync`]);
    await fillDisk(lab.layout, host, LOG);
    await fillDisk(lab.layout, host, LOG);
    const write = await lab.exec('k1', ['sh', '-c', `head -c 100000 /dev/zero >${LOG}/more`]);
    expect(write.stderr).toContain('No space left on device');
    expect(await diskOf('k1')).toBe('0');
    expect(await labFaults(lab.layout)).toEqual([`fill k1 ${LOG}`]);
    emptyDisks(lab.layout, host, LOG);
    expect(Number(await diskOf('k1'))).toBeGreaterThan(Number(free) - 10_000);
  });

  it('faults outlast a kill and a start of their host', async () => {
    const { host } = placeOf(lab.layout, 'k1');
    const addresses = () => lab.ask('k1', ['sh', '-c', 'cat /sys/class/net/eth*/address']);
    const before = await addresses();
    await fault('cut', 'k1', 'vlan10');
    await fault('partition', 'k1|r1');
    await fillDisk(lab.layout, host, LOG);
    await kill(lab.layout, 'k1');
    // A dead host's cables stay out, whatever is healed: its kernel would answer.
    await heal(lab.layout, 'r1');
    await fault('partition', 'k1|r1');
    expect(await lost('mgmt', K1)).toBe(100);
    await start('k1');
    expect(await addresses()).toBe(before);
    expect(await labFaults(lab.layout)).toEqual(['cut k1 vlan10', 'partition k1|r1', `fill k1 ${LOG}`]);
    expect([await lost('vlan10', K1_ON_VLAN), await lost('r1', K1), await diskOf('k1')]).toEqual([100, 100, '0']);
    expect(await lab.ask('k1', ['cat', `${LOG}/note`])).toBe('kept');
    await heal(lab.layout);
    await flows('vlan10', K1_ON_VLAN);
    await flows('r1', K1);
    expect(await labFaults(lab.layout)).toEqual([]);
  });

  it('start boots one host alone, and twice is harmless', async () => {
    await stop(lab.layout, 'r1');
    await kill(lab.layout, 'r2');
    await kill(lab.layout, 'r2');
    await start('r1');
    await start('r1');
    const runs = labStatus(lab.layout).hosts.map((host) => [host.name, host.isRunning]);
    expect(runs).toEqual([
      ['r1', true],
      ['r2', false],
      ['k1', true],
    ]);
    await start('r2');
    await flows('r1', R2);
  });

  it('a command that was killed in the middle leaves nothing that heal and start do not take', async () => {
    const env = { ...process.env, REGENT_LAB: lab.layout.instance };
    const cutOff = async (afterMs: number, ...words: string[]) => {
      const child = spawn(process.execPath, [LAB_PROGRAM, ...words], { cwd: CHECKOUT, env, stdio: 'ignore' });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await delay(afterMs);
      child.kill('SIGKILL');
      await ended;
    };
    for (const ms of [150, 180, 210, 240]) {
      await cutOff(ms, 'cut', 'r2');
      await cutOff(ms, 'partition', 'r1|r2,k1');
    }
    await heal(lab.layout);
    expect(await labFaults(lab.layout)).toEqual([]);
    await flows('r1', R2);
    await flows('r1', K1);
    await kill(lab.layout, 'k1');
    for (const ms of [200, 350, 700]) await cutOff(ms, 'start', 'k1');
    await start('k1');
    await flows('mgmt', K1);
  });

  it('may grow, but is not turned into another one', async () => {
    await expect(bring(SINGLE)).rejects.toThrow(/cannot change to "single"/);
    const before = readState(lab.layout)?.hosts;
    // A second rack would be the partner of the first, which then had another cable.
    await expect(bring(clusterOf({ regions: 2, racks: 2 }))).rejects.toThrow(/cannot change to/);
    await bring(clusterOf({ regions: 3, racks: 1 }));
    expect(readState(lab.layout)?.hosts).toMatchObject(before ?? {});
    await flows('vlan10', '10.77.0.13');
    await expect(bring(SITE)).rejects.toThrow(/cannot change to/);
  });
});

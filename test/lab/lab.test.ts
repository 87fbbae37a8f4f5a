import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { removeAbandonedBuilds } from '../../src/lab/base.ts';
import { run } from '../../src/lab/command.ts';
import { execHost } from '../../src/lab/exec.ts';
import { pauseUnit, resumeUnits, setHostFrozen } from '../../src/lab/faults/hang.ts';
import { down, kill, up } from '../../src/lab/lab.ts';
import { LAB_ROOT, type Layout, layoutOf } from '../../src/lab/layout.ts';
import { mountsBelow } from '../../src/lab/mounts.ts';
import { netnsNames } from '../../src/lab/network.ts';
import { makeGroups, removeGroups } from '../../src/lab/outer/cgroup.ts';
import { allProcesses, identify, isRunning } from '../../src/lab/process.ts';
import { readState, writeState } from '../../src/lab/state.ts';
import { labStatus } from '../../src/lab/status.ts';
import { SINGLE } from '../../src/lab/topologies.ts';
import { CHECKOUT, LAB_PROGRAM, openLab, PACKAGES_FILE, type TestLab, testInstance } from '../kit/lab.ts';
import { isRealtimeDenied, realtimeRefusal } from '../kit/realtime.ts';
import { until } from '../kit/until.ts';

const open: Layout[] = [];
const quiet = () => {};

async function labOf(name: string): Promise<TestLab> {
  open.push(layoutOf(testInstance(name)));
  return openLab(name);
}

function upAgain(layout: Layout) {
  return up({ layout, topology: SINGLE, packagesFile: PACKAGES_FILE, program: LAB_PROGRAM, progress: quiet });
}

function purge(layout: Layout) {
  return down({ layout, isPurge: true, keepBases: true, progress: quiet });
}

afterEach(async () => {
  for (const layout of open.splice(0)) await purge(layout);
});

const THREE = ['r1', 'r2', 'r3'];
const NINE = [...THREE, 'r4', 'r5', 'r6', 'r7', 'r8', 'r9'];

/** The groups of a lab that has nothing but them, where the kernel gives shares of real time. */
function realtimeOf(name: string) {
  const layout = layoutOf(testInstance(name));
  const hierarchy = '/sys/fs/cgroup/cpu';
  const style = { kind: 'own', hierarchies: [hierarchy] } as const;
  return {
    layout,
    make: (host: string, among: number) => makeGroups(style, layout.cgroup(host), among),
    /** What the host's real-time processes may have of its period, in microseconds. */
    shareOf: (host: string) => Number(readFileSync(`${hierarchy}/${layout.cgroup(host)}/cpu.rt_runtime_us`, 'utf8')),
    remove: (group = `regent-lab/${layout.instance}`) => removeGroups(style, group),
  };
}

/** Everything of an instance that can be found on the machine, by any of its names. */
function tracesOf(layout: Layout): string[] {
  const groups = ['systemd', 'unified', 'freezer', 'cpu', '.'].map(
    (name) => `/sys/fs/cgroup/${name}/regent-lab/${layout.instance}`,
  );
  const nspawn = existsSync('/run/systemd/nspawn/propagate') ? readdirSync('/run/systemd/nspawn/propagate') : [];
  return [
    ...mountsBelow(layout.folder),
    ...netnsNames().filter((name) => name.startsWith(`rg-${layout.instance}-`)),
    ...allProcesses()
      .filter((item) =>
        item.argv.some((word) => word.includes(layout.folder) || word.includes(`rg-${layout.instance}-`)),
      )
      .map((item) => item.argv.join(' ')),
    ...[layout.folder, ...groups].filter((path) => existsSync(path)),
    ...nspawn.filter((name) => name.startsWith(`rg-${layout.instance}-`)),
  ];
}

/** The machine's own network, as a user would look at it. */
async function ownNetwork(): Promise<string> {
  const commands = [
    ['ip', '-o', 'link'],
    ['ip', '-o', 'address'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['ip', 'rule'],
  ];
  const texts = await Promise.all(commands.map((argv) => run(argv, { timeoutMs: 10_000 })));
  const rules = await run(['sh', '-c', 'command -v nft >/dev/null && nft list ruleset || true'], { timeoutMs: 10_000 });
  const files = ['/etc/resolv.conf', '/etc/hosts', '/proc/sys/net/ipv4/ip_forward'].map((path) =>
    readFileSync(path, 'utf8'),
  );
  // Counters and lifetimes move by themselves.
  return [...texts.map((item) => item.stdout.replace(/(valid|preferred)_lft \S+/g, '')), rules.stdout, ...files].join(
    '\n---\n',
  );
}

describe('a lab of one host', () => {
  it('boots Debian 13 with its addresses, and leaves the machine’s own network as it was', async () => {
    const before = await ownNetwork();
    const lab = await labOf('boot');
    expect(await lab.ask('r1', ['sh', '-c', '. /etc/os-release; echo $ID $VERSION_ID'])).toBe('debian 13');
    expect(await lab.ask('r1', ['hostname'])).toBe('r1');
    const addresses = await lab.ask('r1', ['ip', '-4', '-br', 'addr']);
    expect(addresses).toContain('10.77.0.11/24');
    expect(addresses).toContain('10.10.10.1/24');
    expect((await lab.client('vlan10', ['ping', '-c1', '-W2', '10.10.10.1'])).code).toBe(0);
    expect((await lab.client('vlan10', ['cat', '/etc/resolv.conf'])).stdout).toContain('nameserver 10.10.10.1');
    expect(await ownNetwork()).toBe(before);
    await lab.close();
    expect(await ownNetwork()).toBe(before);
    expect(tracesOf(lab.layout)).toEqual([]);
  });

  it.skipIf(isRealtimeDenied())('may run in real time what asks for it, as keepalived does', async () => {
    const lab = await labOf('rt');
    expect(await realtimeRefusal(lab, 'r1')).toBe('');
  });

  it.skipIf(isRealtimeDenied())(
    'shares real time among region nodes, whatever boots first, and among more of them when it has grown',
    () => {
      const { layout, make, shareOf, remove } = realtimeOf('shares');
      try {
        for (const rack of ['k1', 'k2']) make(rack, 0);
        for (const host of THREE) make(host, THREE.length);
        const most = shareOf('r1');
        expect(most).toBeGreaterThan(0);
        expect([...THREE, 'k1', 'k2'].map(shareOf)).toEqual([most, most, most, 0, 0]);
        // A host that was killed starts again, at once.
        remove(layout.cgroup('r2'));
        make('r2', THREE.length);
        expect(shareOf('r2')).toBe(most);
        for (const host of NINE) make(host, NINE.length);
        const less = shareOf('r9');
        expect(less).toBeGreaterThan(0);
        expect(NINE.map(shareOf)).toEqual(NINE.map(() => less));
        // The lab goes, and is made again at once.
        remove();
        make('r1', 1);
        expect(shareOf('r1')).toBeGreaterThan(0);
      } finally {
        remove();
      }
    },
  );

  it.skipIf(isRealtimeDenied())('shares what it had when it has grown and another lab has the rest', () => {
    const [lab, other] = [realtimeOf('shares'), realtimeOf('other')];
    try {
      for (const host of THREE) lab.make(host, THREE.length);
      for (const host of THREE) other.make(host, THREE.length);
      for (const host of NINE) lab.make(host, NINE.length);
      const share = lab.shareOf('r9');
      expect(share).toBeGreaterThan(0);
      expect(NINE.map(lab.shareOf)).toEqual(NINE.map(() => share));
    } finally {
      lab.remove();
      other.remove();
    }
  });

  it('has a base without keys or identities of one host', async () => {
    const lab = await labOf('base');
    const base = readState(lab.layout)?.base ?? '';
    expect(existsSync(`${base}/etc/bind/rndc.key`)).toBe(false);
    expect(readFileSync(`${base}/etc/machine-id`, 'utf8')).toBe('');
    expect(
      readdirSync(`${base}/etc`).includes('ssh')
        ? readdirSync(`${base}/etc/ssh`).filter((n) => n.startsWith('ssh_host_'))
        : [],
    ).toEqual([]);
    expect(await lab.ask('r1', ['systemctl', 'is-system-running'])).toBe('running');
    // Debian's daemons wait until they are wanted.
    const daemons = ['named', 'chrony', 'kea-dhcp4-server', 'squid'];
    const states = await lab.exec('r1', ['systemctl', 'is-active', ...daemons]);
    expect(states.stdout.trim().split('\n')).toEqual(daemons.map(() => 'inactive'));
  });

  it('second up leaves what runs alone', async () => {
    const lab = await labOf('again');
    const before = readState(lab.layout);
    await upAgain(lab.layout);
    expect(readState(lab.layout)).toEqual(before);
  });

  it('keeps files over down and up, and down twice is harmless', async () => {
    const lab = await labOf('keep');
    await lab.ask('r1', ['sh', '-c', 'echo kept >/root/note; sync']);
    await down({ layout: lab.layout, isPurge: false, progress: quiet });
    expect(labStatus(lab.layout).isUp).toBe(false);
    expect(mountsBelow(lab.layout.folder)).toEqual([]);
    await down({ layout: lab.layout, isPurge: false, progress: quiet });
    await upAgain(lab.layout);
    expect(await lab.ask('r1', ['cat', '/root/note'])).toBe('kept');
    await purge(lab.layout);
    await purge(lab.layout);
    expect(tracesOf(lab.layout)).toEqual([]);
  });

  it('ends a command at its deadline, also in a host whose daemon hangs', async () => {
    const lab = await labOf('deadline');
    const start = performance.now();
    const result = await lab.exec('r1', ['sh', '-c', 'trap "" TERM; sleep 4321 & sleep 4322'], 500);
    expect(result).toMatchObject({ isTimeout: true, code: null });
    expect(performance.now() - start).toBeLessThan(5_000);
    await until('the command’s processes to be gone', () => !allProcesses().some((item) => item.argv[1] === '4322'));
    await pauseUnit(lab.layout, 'r1', 'systemd-networkd.service');
    const pid = Number(await lab.ask('r1', ['systemctl', 'show', '--property=MainPID', '--value', 'systemd-networkd']));
    expect(await lab.ask('r1', ['sed', '-n', 's/^State:\\s*//p', `/proc/${pid}/status`])).toContain('T');
    resumeUnits(lab.layout, 'r1', 'systemd-networkd');
    expect(await lab.ask('r1', ['sed', '-n', 's/^State:\\s*//p', `/proc/${pid}/status`])).not.toContain('T');
  });

  it('ends a command at its deadline in a frozen host, and goes on after the thaw', async () => {
    const lab = await labOf('frozen');
    setHostFrozen(lab.layout, 'r1', true);
    const result = await lab.exec('r1', ['systemctl', 'is-system-running'], 1_000);
    setHostFrozen(lab.layout, 'r1', false);
    expect(result.isTimeout).toBe(true);
    expect((await lab.exec('r1', ['systemctl', 'is-system-running'])).code).toBe(0);
    setHostFrozen(lab.layout, 'r1', true);
    await lab.close();
    expect(tracesOf(lab.layout)).toEqual([]);
  });

  it('boots again after its power was cut', async () => {
    const lab = await labOf('power');
    await lab.ask('r1', ['sh', '-c', 'echo kept >/root/note; sync']);
    const addresses = await lab.ask('r1', ['sh', '-c', 'cat /sys/class/net/eth*/address']);
    await kill(lab.layout, 'r1');
    expect(labStatus(lab.layout).hosts[0]?.isRunning).toBe(false);
    await expect(execHost(lab.layout, 'r1', ['true'], { timeoutMs: 5_000 })).rejects.toThrow(/r1 does not run/);
    await upAgain(lab.layout);
    expect(await lab.ask('r1', ['cat', '/root/note'])).toBe('kept');
    expect(await lab.ask('r1', ['sh', '-c', 'cat /sys/class/net/eth*/address'])).toBe(addresses);
  });

  it('offers the API port on 127.0.0.1, at the next free port when it is taken, and again after a boot', async () => {
    const taken = createServer().listen(5240, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve).once('error', resolve));
    const lab = await labOf('port');
    taken.close();
    const url = labStatus(lab.layout).hosts[0]?.url ?? '';
    expect(Number(new URL(url).port)).toBeGreaterThan(5240);
    await kill(lab.layout, 'r1');
    await upAgain(lab.layout);
    expect(labStatus(lab.layout).hosts[0]?.url).toBe(url);
    const inside = ['systemd-run', '--quiet', '--', 'bash', '-c'];
    await lab.ask('r1', [...inside, 'systemd-socket-activate -a --inetd -l 127.0.0.1:5240 echo hello']);
    const answer = await until('an answer through the forwarder', () => askPort(Number(new URL(url).port)), {
      deadlineMs: 10_000,
    });
    expect(answer).toBe('hello\n');
  });
});

function askPort(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1', timeout: 2_000 });
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('close', () => resolve(text || null)).on('error', () => resolve(null));
    socket.on('timeout', () => socket.destroy());
  });
}

describe('a lab that was cut off', () => {
  /** Starts `up` as its own process and kills it when the condition holds. */
  async function killUpWhen(instance: string, condition: (layout: Layout) => boolean): Promise<Layout> {
    const layout = layoutOf(instance);
    open.push(layout);
    const child = spawn(process.execPath, [LAB_PROGRAM, 'up', '--single'], {
      cwd: CHECKOUT,
      env: { ...process.env, REGENT_LAB: instance },
      stdio: 'ignore',
    });
    await until('the moment to kill', () => condition(layout), { deadlineMs: 120_000, everyMs: 2 });
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    return layout;
  }

  const moments: readonly [string, (layout: Layout) => boolean][] = [
    ['switch', (layout) => existsSync(`/run/netns/${layout.switchNetns}`)],
    ['root', (layout) => mountsBelow(layout.rootOf('r1')).length > 0],
    ['netns', (layout) => existsSync(`/run/netns/${layout.hostNetns('r1')}`)],
    ['spawn', (layout) => allProcesses().some((item) => item.argv.includes(`--directory=${layout.rootOf('r1')}`))],
    ['client', (layout) => mountsBelow(layout.rootOf('c.vlan10')).length > 0],
  ];

  it.each(moments)('leaves nothing after purge when it was killed at: %s', async (name, condition) => {
    const layout = await killUpWhen(testInstance(`cut-${name}`), condition);
    await purge(layout);
    expect(tracesOf(layout)).toEqual([]);
  });

  it('comes up when it was killed in the middle', async () => {
    const layout = await killUpWhen(testInstance('resume'), (place) => mountsBelow(place.rootOf('r1')).length > 0);
    await upAgain(layout);
    expect((await execHost(layout, 'r1', ['true'], { timeoutMs: 10_000 })).code).toBe(0);
  });

  it('leaves nothing after purge when its state file is lost', async () => {
    const lab = await labOf('lost');
    rmSync(lab.layout.stateFile);
    await lab.close();
    expect(tracesOf(lab.layout)).toEqual([]);
  });

  it('ends and removes a build of the base whose process was killed, and leaves a living one alone', async () => {
    const self = identify(process.pid);
    const dead = `${LAB_ROOT}/base-00.build-1-1`;
    const living = `${LAB_ROOT}/base-00.build-${process.pid}-${self?.start}`;
    for (const path of [dead, living]) mkdirSync(path, { recursive: true });
    const builder = spawn('sh', ['-c', 'sleep 4323; :', 'sh', dead], { stdio: 'ignore' });
    try {
      await until('the build to run', () => allProcesses().some((item) => item.argv[1] === '4323'));
      await removeAbandonedBuilds();
      expect([existsSync(dead), existsSync(living)]).toEqual([false, true]);
      expect(identify(builder.pid ?? 0)).toBeNull();
      expect(allProcesses().some((item) => item.argv[1] === '4323')).toBe(false);
    } finally {
      rmSync(living, { recursive: true, force: true });
    }
  });

  it('never ends a process that only has the number of a recorded one', async () => {
    const lab = await labOf('stranger');
    const stranger = spawn('sleep', ['1000'], { stdio: 'ignore' });
    const id = identify(stranger.pid ?? 0);
    const state = readState(lab.layout);
    if (!id || !state) throw new Error('nothing to test with');
    const forged = { pid: id.pid, start: '1' };
    writeState(lab.layout, { ...state, forwarders: [{ ...forged, host: 'r1', port: 1 }, ...state.forwarders] });
    await lab.close();
    expect(isRunning(id)).toBe(true);
    stranger.kill('SIGKILL');
  });

  it('two labs live side by side; one’s purge leaves the other', async () => {
    const one = await labOf('one');
    const two = await labOf('one-b');
    await one.close();
    expect(await two.ask('r1', ['hostname'])).toBe('r1');
    expect(tracesOf(one.layout).filter((trace) => !trace.includes(two.layout.instance))).toEqual([]);
  });
});

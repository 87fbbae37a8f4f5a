import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import type { Activation } from '../../src/services/kit/contract.ts';
import { renderService } from '../../src/services/kit/render.ts';
import type { FirewallDesired } from '../../src/services/firewall/desired.ts';
import { firewall } from '../../src/services/firewall/index.ts';
import { REGENT_NFT } from '../../src/services/firewall/view.ts';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { FACTS } from '../kit/snapshots.ts';
import { until } from '../kit/until.ts';

const templates = await readTemplates(join(import.meta.dirname, '../../templates'));
const UNIT = readFileSync(join(import.meta.dirname, '../../systemd/regent-firewall.service'), 'utf8');
const OWN = '10.77.0.11';
const MEMBER = '10.77.0.12';
const RACK = '10.78.0.21';
const OUTER = '10.79.0.66';
const MEMBERS_ONLY = [2379, 2380, 5251, 5432, 8008];
const OPEN = [22, 53, 5240, 5443, 8000];
/** Answers on all of these ports, TCP, and UDP of the beacon. */
const LISTENER = `const net = require('node:net'); const dgram = require('node:dgram');
const ports = process.argv.slice(1).map(Number); let left = ports.length;
for (const port of ports) net.createServer((s) => { s.on('error', () => {}); s.write('hello\\n'); const t = setInterval(() => s.write('.\\n'), 50); s.on('close', () => clearInterval(t)); }).listen(port, '::', () => { if (--left === 0) console.log('ready'); });
const u = dgram.createSocket('udp6'); u.on('message', (m, from) => u.send('heard', from.port, from.address)); u.bind(5254);
process.stdin.resume(); process.stdin.on('end', () => process.exit(0));`;

/** The real nft, seen from a member, a rack and somebody else. */
describe('the packet filter on rendered files', () => {
  let host: DebianHost;
  let listener: ChildProcess;
  type Who = (argv: readonly string[]) => Promise<Ran>;
  let member: Who;
  let rack: Who;
  let outer: Who;
  const desired: FirewallDesired = { members: [OWN, MEMBER], nodes: [OWN, MEMBER, RACK] };

  /** The line of the unit that systemd would run. */
  const lineOf = (name: string) => (new RegExp(`^${name}=-?(.*)$`, 'm').exec(UNIT)?.[1] ?? '').split(' ');

  async function put(part: FirewallDesired, text?: string): Promise<Ran> {
    const [file] = renderService(firewall, part, { facts: FACTS, templates, generation: 1 });
    host.write(REGENT_NFT, text ?? file?.content ?? '');
    return await host.run(lineOf('ExecReload'));
  }

  const probe = async (part = desired) => {
    const answers = await Promise.all(firewall.probe(part).map((command) => host.exec(command)));
    return firewall.parseProbe(answers, part);
  };

  async function reaches(who: Who, address: string, port: number): Promise<boolean> {
    const { stdout } = await who(['timeout', '2', 'bash', '-c', `head -n 1 </dev/tcp/${address}/${port}`]);
    return stdout.includes('hello');
  }

  const openTo = async (who: Who, address: string) => {
    const ports = [...MEMBERS_ONLY, 5250, ...OPEN];
    const found = await Promise.all(ports.map(async (port) => ((await reaches(who, address, port)) ? [port] : [])));
    return found.flat();
  };
  const hears = async (who: Who, address: string) => {
    const script = `exec 3<>/dev/udp/${address}/5254; echo hi >&3; timeout 1 head -c 5 <&3`;
    return (await who(['timeout', '3', 'bash', '-c', script])).stdout === 'heard';
  };

  beforeAll(async () => {
    host = await DebianHost.open();
    member = await host.stranger(`${OWN}/24`, `${MEMBER}/24`);
    rack = await host.stranger('10.78.0.1/24', `${RACK}/24`);
    outer = await host.stranger('10.79.0.1/24', `${OUTER}/24`);
    const ports = [...MEMBERS_ONLY, 5250, ...OPEN].map(String);
    listener = host.startBeside([process.execPath, '-e', LISTENER, ...ports]);
    await new Promise((resolve) => listener.stdout?.once('data', resolve));
    await host.run(['nft', 'add', 'table', 'ip', 'mine']);
    await host.run([
      'nft',
      'add',
      'chain',
      'ip',
      'mine',
      'in',
      '{ type filter hook input priority 0; policy accept; }',
    ]);
    await host.run(['nft', 'add', 'rule', 'ip', 'mine', 'in', 'tcp', 'dport', '22', 'drop']);
  });
  afterAll(async () => {
    listener.kill('SIGKILL');
    await host[Symbol.asyncDispose]();
  });

  it('lets members, racks and others reach what each may reach, and keeps the rules of the operator', async () => {
    expect((await put(desired)).stderr).toBe('');
    const opened = OPEN.filter((port) => port !== 22);
    expect(await openTo(member, OWN)).toEqual([...MEMBERS_ONLY, 5250, ...opened]);
    expect(await openTo(rack, '10.78.0.1')).toEqual([5250, ...opened]);
    expect(await openTo(outer, '10.79.0.1')).toEqual(opened);
    expect([await hears(member, OWN), await hears(rack, '10.78.0.1'), await hears(outer, '10.79.0.1')]).toEqual([
      true,
      false,
      false,
    ]);
    // What the host asks of itself, also by its own address.
    expect(await reaches((argv) => host.run(argv), OWN, 5432)).toBe(true);
    expect(await probe()).toMatchObject({ isHealthy: true });
    expect((await host.run(['nft', 'list', 'table', 'ip', 'mine'])).stdout).toContain('dport 22 drop');
  });

  it('security S13: of a rack only Kea calls the DHCP server of a partner, and nobody that of this rack', async () => {
    const server = `import socket; s = socket.create_server(("", 21003)); print("ready", flush=True)
while True: c, _ = s.accept(); c.sendall(b"hello\\n"); c.close()`;
    const call = (user: string, address: string, port: number) =>
      reaches((argv) => host.run(['runuser', '-u', user, '--', ...argv]), address, port);
    const partner = member(['timeout', '30', 'python3', '-c', server]);
    const own = host.startBeside([process.execPath, '-e', LISTENER.replace('u.bind(5254);', ''), '21004']);
    await until('the DHCP server of the partner listens', () => call('nobody', MEMBER, 21_003));
    await until('that of this rack listens', () => call('nobody', OWN, 21_004));
    const part = { ...desired, partners: [{ port: 21_004, address: MEMBER, partnerPort: 21_003 }] };

    expect((await put(part)).stderr).toBe('');

    expect(await probe(part)).toMatchObject({ isHealthy: true });
    const places = [
      [MEMBER, 21_003],
      [OWN, 21_004],
      ['127.0.0.1', 21_004],
    ] as const;
    const opened = async (user: string) => await Promise.all(places.map(([at, port]) => call(user, at, port)));
    expect(await opened('_kea')).toEqual([true, false, false]);
    expect(await opened('nobody')).toEqual([false, false, false]);
    expect(await opened('root')).toEqual([false, false, false]);
    expect(await reaches(member, OWN, 21_004)).toBe(true);
    expect(await reaches(rack, '10.78.0.1', 21_004)).toBe(false);
    own.kill('SIGKILL');
    await put(desired);
    void partner;
  });

  it('is closed for IPv6 when no member has it', async () => {
    await host.run(['ip', '-6', 'address', 'add', 'fd00:79::1/64', 'dev', 'v3', 'nodad']);
    await outer(['ip', '-6', 'address', 'add', 'fd00:79::66/64', 'dev', 'eth0', 'nodad']);
    await until('IPv6 works', () => reaches(outer, 'fd00:79::1', 5240));
    expect(await openTo(outer, 'fd00:79::1')).toEqual([22, ...OPEN.filter((port) => port !== 22)]);
    await put({ ...desired, members: [...desired.members, 'fd00:79::66'] });
    expect(await reaches(outer, 'fd00:79::1', 5432)).toBe(true);
    await put(desired);
  });

  it('cuts the open connections of a member that was removed, and nobody else', async () => {
    const script = `exec 3<>/dev/tcp/${OWN}/5432; cat <&3`;
    const open = member(['timeout', '8', 'bash', '-c', script]);
    await until('the connection is open', async () =>
      (await host.run(['ss', '-Htn', 'state', 'established', 'sport', '=', ':5432'])).stdout.includes(MEMBER),
    );
    const other = { members: [OWN], nodes: [OWN, MEMBER, RACK] };
    await put(other);
    const before = performance.now();
    await open;
    expect(performance.now() - before).toBeLessThan(8500);
    expect(await openTo(member, OWN)).toEqual([5250, ...OPEN.filter((port) => port !== 22)]);
    expect((await probe()).detail).toContain('is in force');
    await put(desired);
    expect(await reaches(member, OWN, 5432)).toBe(true);
  });

  it('stays as it was when the file is broken', async () => {
    const ran = await put(
      desired,
      'table inet regent\ndelete table inet regent\ntable inet regent { chain input { nonsense } }\n',
    );
    expect(ran.code).not.toBe(0);
    expect(await probe()).toMatchObject({ isHealthy: true });
    expect(await openTo(outer, '10.79.0.1')).not.toContain(5432);
  });

  it('is missed when somebody flushes all tables or takes a rule out, and comes back', async () => {
    await host.run(['nft', 'flush', 'chain', 'inet', 'regent', 'members']);
    expect((await probe()).detail).toContain('rules');
    await host.run(['nft', 'flush', 'ruleset']);
    expect((await probe()).isHealthy).toBe(false);
    await put(desired);
    expect(await probe()).toMatchObject({ isHealthy: true });
  });

  it('goes without a trace, and takes no other table along', async () => {
    await host.run(['nft', 'add', 'table', 'ip', 'mine']);
    await host.run(lineOf('ExecStop'));
    expect((await host.run(['nft', 'list', 'tables'])).stdout.trim()).toBe('table ip mine');
    const change: Activation = firewall.activate([{ target: REGENT_NFT, kind: 'changed' }], FACTS);
    expect(change.kind).toBe('reload');
  });
});

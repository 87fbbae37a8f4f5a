import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { pause, until } from '../kit/until.ts';

const QUIET = readFileSync(join(import.meta.dirname, '../../ha/vip/quiet'), 'utf8');
const LEAVE = join(import.meta.dirname, '../../ha/vip/leave.ts');
const UNIT = join(import.meta.dirname, '../../systemd/keepalived.service.d');
const VIP = '10.77.0.5';
const ELSEWHERE = '10.77.0.6';
const configOf = (address: string) =>
  `vrrp_instance regent {\n    virtual_ipaddress {\n        ${address}/24 dev v1\n    }\n}\n`;
/** Answers a line `N` after N ms; prints it when it comes. */
const LISTENER = `require('node:net').createServer((s) => { s.on('error', () => {}); s.on('data', (data) => {
for (const ms of data.toString().trim().split('\\n')) { console.log('asked', ms); setTimeout(() => s.writable && s.write('answer\\n'), Number(ms)); } });
}).listen(5240, '::', () => console.log('ready')); setTimeout(() => {}, 600000);`;
const CONNECT = `exec 3<>/dev/tcp/${VIP}/5240`;

/** The real nft, in the moment before the floating address leaves a host in order. */
describe('the moment of quiet', () => {
  let host: DebianHost;
  let listener: ChildProcess;
  let client: (argv: readonly string[]) => Promise<Ran>;

  const quiet = (address: string, ...argv: readonly string[]) => {
    host.write('/etc/keepalived/regent/keepalived.conf', configOf(address));
    return host.run(argv);
  };
  const tables = async () => (await host.run(['nft', 'list', 'tables'])).stdout;
  /** Connections that the host knows of, besides listeners. */
  const known = async () => (await host.run(['ss', '-Htan', 'state', 'connected', 'src', VIP])).stdout;
  const bash = (seconds: number, script: string) => client(['timeout', String(seconds), 'bash', '-c', script]);
  /** A call on a connection of its own, answered after some ms. */
  const call = (seconds: number, ms = 0) => bash(seconds, `${CONNECT}; echo ${ms} >&3; head -n 1 <&3`);
  let heard = '';
  const asked = () => heard.split('asked').length - 1;
  const timed = async () => {
    const start = performance.now();
    expect(await quiet(VIP, 'env', 'MAINPID=1', '/quiet')).toMatchObject({ code: 0, stderr: '' });
    return performance.now() - start;
  };
  const over = () => until('the moment is over', async () => (await call(1)).stdout === 'answer\n');
  /** Starts calls; back when the host has heard so many. `before`: how many it had heard. */
  const begin = async (calling: () => Promise<Ran>, count = 1) => {
    const before = asked();
    const ran = calling();
    await until('they are heard', async () => asked() >= before + count);
    return { ran, before };
  };

  beforeAll(async () => {
    host = await DebianHost.open();
    client = await host.stranger('10.77.0.11/24', '10.77.0.66/24');
    await host.run(['ip', 'address', 'add', `${VIP}/24`, 'dev', 'v1']);
    // Three seconds instead of one: a busy machine comes in time to see it.
    host.write('/quiet', QUIET.replace('timeout 1s', 'timeout 3s'), { mode: 0o755 });
    listener = host.startBeside([process.execPath, '-e', LISTENER]);
    listener.stdout?.on('data', (data: Buffer) => (heard += data.toString()));
    await until('the listener is ready', async () => heard.includes('ready'));
  });
  afterAll(async () => {
    listener.kill('SIGKILL');
    await host[Symbol.asyncDispose]();
  });

  it('is none when keepalived is dead already, or the address is not here', async () => {
    expect(await quiet(VIP, '/quiet')).toMatchObject({ code: 0, stderr: '' });
    expect(await quiet(ELSEWHERE, '/quiet', 'now')).toMatchObject({ code: 0, stderr: '' });
    expect(await tables()).not.toContain('regent_vip');
  });

  it('is as long as calls take that are on their way, and makes new connections wait', async () => {
    const onItsWay = await begin(() => call(5, 550));
    expect(await timed()).toBeGreaterThan(250);
    expect((await onItsWay.ran).stdout).toBe('answer\n');
    expect(await tables()).toContain('table inet regent_vip');
    // Its first SYN is dropped; one that follows after a second, or after three, finds the address free again.
    const start = performance.now();
    expect((await call(8)).stdout).toBe('answer\n');
    expect(performance.now() - start).toBeGreaterThan(500);
    expect((await call(2)).stdout).toBe('answer\n');
  });

  it('ends for a call that gets no answer, whose client is told at once', async () => {
    const never = await begin(() => call(60, 60_000));
    expect(await timed()).toBeGreaterThan(690);
    const { stdout, stderr } = await never.ran;
    expect([stdout, stderr]).toEqual(['', expect.stringContaining('Connection reset by peer')]);
    await over();
  });

  it('ends kept connections, which ask nothing here any more', async () => {
    const again = `${CONNECT}; while echo 0 >&3 && read -r answer <&3; do echo got; sleep 0.03; done`;
    const { ran: kept, before } = await begin(() => bash(60, again), 4);
    await timed();
    expect(await known()).toBe('');
    const then = asked();
    // That nothing comes can only be waited for.
    await pause(500);
    expect(asked()).toBe(then);
    // Each that was heard was answered.
    expect((await kept).stdout.split('got').length - 1).toBe(asked() - before);
    await over();
  });

  it('leaves no connection behind that would answer for the next one, once the address has gone', async () => {
    const open = bash(5, `${CONNECT}; cat <&3`);
    await until('the connection is open', async () => (await known()).includes('10.77.0.66'));
    await host.run(['ip', 'address', 'delete', `${VIP}/24`, 'dev', 'v1']);
    expect(await known()).toContain('10.77.0.66');
    const program = `import { endConnections } from '${LEAVE}'; endConnections('${VIP}');`;
    const [code] = await once(host.startBeside([process.execPath, '--input-type=module', '-e', program]), 'exit');
    expect([code, await known()]).toEqual([0, '']);
    await host.run(['ip', 'address', 'add', `${VIP}/24`, 'dev', 'v1']);
    expect((await call(2)).stdout).toBe('answer\n');
    await open;
  });

  it('ends by the kernel after a second', () => {
    expect(QUIET).toContain('timeout 1s }');
  });

  it('is asked for in the unit, which does not fail for it', () => {
    expect(readFileSync(join(UNIT, 'regent.conf'), 'utf8')).toContain('\nExecStop=-/opt/regent/current/ha/vip/quiet\n');
  });
});

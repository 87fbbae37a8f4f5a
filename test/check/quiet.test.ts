import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { until } from '../kit/until.ts';

const QUIET = readFileSync(join(import.meta.dirname, '../../ha/vip/quiet'), 'utf8');
const LEAVE = join(import.meta.dirname, '../../ha/vip/leave.ts');
const UNIT = join(import.meta.dirname, '../../systemd/keepalived.service.d');
const VIP = '10.77.0.5';
const ELSEWHERE = '10.77.0.6';
const configOf = (address: string) =>
  `vrrp_instance regent {\n    virtual_ipaddress {\n        ${address}/24 dev v1\n    }\n}\n`;
/** Says hello at once, and a dot every 20 ms. */
const LISTENER = `require('node:net').createServer((s) => { s.on('error', () => {}); s.write('hello\\n');
const t = setInterval(() => s.write('.'), 20); s.on('close', () => clearInterval(t)); }).listen(5240, '::', () => console.log('ready')); setTimeout(() => {}, 600000);`;

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
  const hello = (seconds: number) =>
    client(['timeout', String(seconds), 'bash', '-c', `head -n 1 </dev/tcp/${VIP}/5240`]);

  beforeAll(async () => {
    host = await DebianHost.open();
    client = await host.stranger('10.77.0.11/24', '10.77.0.66/24');
    await host.run(['ip', 'address', 'add', `${VIP}/24`, 'dev', 'v1']);
    // Three seconds instead of one: a busy machine comes in time to see it.
    host.write('/quiet', QUIET.replace('timeout 1s', 'timeout 3s'), { mode: 0o755 });
    listener = host.startBeside([process.execPath, '-e', LISTENER]);
    await new Promise((resolve) => listener.stdout?.once('data', resolve));
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

  it('lets open connections go on and makes new ones wait', async () => {
    expect((await hello(2)).stdout).toBe('hello\n');
    const open = client(['timeout', '2', 'bash', '-c', `cat </dev/tcp/${VIP}/5240`]);
    await until('the connection is open', async () => (await known()).includes('10.77.0.66'));
    const start = performance.now();
    const done = await quiet(VIP, 'env', 'MAINPID=1', '/quiet');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(performance.now() - start).toBeGreaterThan(150);
    expect(await tables()).toContain('table inet regent_vip');
    // Its first SYN is dropped; one that follows after a second, or after three, finds the address free again.
    const asked = performance.now();
    const { stdout } = await hello(8);
    expect(stdout).toBe('hello\n');
    expect(performance.now() - asked).toBeGreaterThan(500);
    expect((await open).stdout.length).toBeGreaterThan(15);
    expect((await hello(2)).stdout).toBe('hello\n');
  });

  it('leaves no connection behind that would answer for the next one, once the address has gone', async () => {
    const open = client(['timeout', '5', 'bash', '-c', `cat </dev/tcp/${VIP}/5240`]);
    await until('the connection is open', async () => (await known()).includes('10.77.0.66'));
    await host.run(['ip', 'address', 'delete', `${VIP}/24`, 'dev', 'v1']);
    expect(await known()).toContain('10.77.0.66');
    const program = `import { endConnections } from '${LEAVE}'; endConnections('${VIP}');`;
    const [code] = await once(host.startBeside([process.execPath, '--input-type=module', '-e', program]), 'exit');
    expect([code, await known()]).toEqual([0, '']);
    await host.run(['ip', 'address', 'add', `${VIP}/24`, 'dev', 'v1']);
    expect((await hello(2)).stdout).toBe('hello\n');
    await open;
  });

  it('ends by the kernel after a second', () => {
    expect(QUIET).toContain('timeout 1s }');
  });

  it('is asked for in the unit, which does not fail for it', () => {
    expect(readFileSync(join(UNIT, 'regent.conf'), 'utf8')).toContain('\nExecStop=-/opt/regent/current/ha/vip/quiet\n');
  });
});

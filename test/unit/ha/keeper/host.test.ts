import { type ChildProcess, execFile, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { endPostgres, findOrphans, findProcesses, isPrimary, isStopped } from '../../../../ha/keeper/fence.ts';
import { settingsFrom } from '../../../../ha/keeper/host.ts';
import { PostgresProbe } from '../../../../ha/keeper/postgres.ts';
import { rulesOf } from '../../../../ha/keeper/reject.ts';
import { until } from '../../../kit/until.ts';

const ENDED = join(import.meta.dirname, '../../../../ha/keeper/ended');
const YML = readFileSync(join(import.meta.dirname, '../../../golden/db/cluster/patroni.yml'), 'utf8');

let folder = '';
let data = '';
const started: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'regent-keeper-'));
  data = join(folder, 'data');
  mkdirSync(data);
  mkdirSync(join(folder, 'other'));
  // A process is known by the name of its program.
  copyFileSync('/bin/sleep', join(folder, 'postgres'));
  chmodSync(join(folder, 'postgres'), 0o755);
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  for (const name of ['postmaster.pid', 'standby.signal']) rmSync(join(data, name), { force: true });
});
afterAll(() => rmSync(folder, { recursive: true }));

async function server(cwd: string): Promise<number> {
  const child = spawn(join(folder, 'postgres'), ['60'], { cwd, stdio: 'ignore' });
  started.push(child);
  const { pid = 0 } = child;
  await until('the program began', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'postgres\n');
  return pid;
}
const isAlive = (child: ChildProcess | undefined) => child?.exitCode === null && child.signalCode === null;

describe('the processes of a PostgreSQL', () => {
  it('are found by their data folder, stopped or not, and no stranger with them', async () => {
    const [first, second] = [await server(data), await server(data)];
    await server(join(folder, 'other'));
    expect(isPrimary(data)).toBe(false);
    expect(new Set(findOrphans(data))).toEqual(new Set([first, second]));
    writeFileSync(join(data, 'postmaster.pid'), `${first}\n${data}\n`);
    expect(isPrimary(data)).toBe(true);
    expect(findOrphans(data)).toEqual([]);
    expect(isStopped(data)).toBe(false);
    process.kill(first, 'SIGSTOP');
    await until('it is stopped', () => isStopped(data));
    writeFileSync(join(data, 'standby.signal'), '');
    expect(isPrimary(data)).toBe(false);
    expect(await endPostgres(data)).toBe(true);
    expect(findProcesses(data)).toEqual([]);
    await until('both ended', () => started.filter(isAlive).length === 1);
    expect(isAlive(started[2])).toBe(true);
  });

  it('are none of an old file: a stranger, a single user mode, nobody', async () => {
    const stranger = await server(join(folder, 'other'));
    for (const pid of [String(stranger), `-${stranger}`, '999999999', 'x', '']) {
      writeFileSync(join(data, 'postmaster.pid'), `${pid}\n`);
      expect(isPrimary(data)).toBe(false);
    }
    expect(await endPostgres(data)).toBe(true);
    expect(isAlive(started[0])).toBe(true);
  });

  it('end with a keeper that held its lease, and with no other', async () => {
    const armed = join(folder, 'armed');
    const run = () =>
      promisify(execFile)(ENDED, { env: { REGENT_KEEPER_ARMED: armed, REGENT_DB_DATA: data, PATH: '/usr/bin:/bin' } });
    await server(data);
    await server(join(folder, 'other'));
    await run();
    expect(started.filter(isAlive)).toHaveLength(2);
    writeFileSync(armed, '7\n');
    writeFileSync(join(data, 'standby.signal'), '');
    await run();
    expect(started.filter(isAlive)).toHaveLength(2);
    rmSync(join(data, 'standby.signal'));
    writeFileSync(armed, '7\n');
    await run();
    await until('it ended', () => !isAlive(started[0]));
    expect([isAlive(started[1]), existsSync(armed)]).toEqual([true, false]);
  });
});

describe('the probe of PostgreSQL', () => {
  let listener: Server | null = null;
  const open = new Set<Socket>();
  const message = (type: string, body: Buffer = Buffer.alloc(0)) => {
    const head = Buffer.alloc(5);
    head.write(type);
    head.writeUInt32BE(body.length + 4, 1);
    return Buffer.concat([head, body]);
  };
  const READY = message('Z', Buffer.from('I'));
  afterEach(() => {
    for (const socket of open) socket.destroy();
    listener?.close();
  });

  /** A server that says this to a newcomer and to each question. */
  async function listen(
    hello: Buffer | Promise<Buffer>,
    answer: Buffer,
  ): Promise<{ path: string; sessions: () => number }> {
    let sessions = 0;
    const path = join(folder, `socket-${Math.random()}`);
    listener = createServer((socket) => {
      sessions += 1;
      open.add(socket);
      socket.on('error', () => {});
      socket.once('data', () => {
        void Promise.resolve(hello).then((bytes) => {
          socket.write(bytes);
          socket.on('data', () => socket.write(answer));
        });
      });
    });
    await new Promise<void>((resolve) => listener?.listen(path, resolve));
    return { path, sessions: () => sessions };
  }
  const HELLO = Buffer.concat([message('R', Buffer.alloc(4)), message('S', Buffer.from('a\0b\0')), READY]);
  const ROW = Buffer.concat([message('T'), message('D'), message('C'), READY]);

  it('is answered in one session for a hundred questions', async () => {
    const { path, sessions } = await listen(HELLO, ROW);
    const probe = new PostgresProbe(path);
    for (let turn = 0; turn < 100; turn += 1) expect(await probe.ask()).toBe('answered');
    expect(sessions()).toBe(1);
    expect(await probe.ask()).toBe('answered');
    expect(sessions()).toBe(2);
    probe.close();
  });

  it('takes words of refusal for life', async () => {
    const starts = await listen(message('E', Buffer.from('SFATAL\0')), ROW);
    expect(await new PostgresProbe(starts.path).ask()).toBe('answered');
    const full = await listen(HELLO, Buffer.concat([message('E', Buffer.from('SERROR\0')), READY]));
    expect(await new PostgresProbe(full.path).ask()).toBe('answered');
  });

  it('waits on for a session that is silent, tries one beside it, and takes the first word of either', async () => {
    let greet = () => {};
    const told = new Promise<void>((resolve) => (greet = resolve));
    const { path, sessions } = await listen(
      told.then(() => HELLO),
      ROW,
    );
    const probe = new PostgresProbe(path);
    for (let turn = 0; turn < 3; turn += 1) expect(await probe.ask()).toBe('silent');
    expect(sessions()).toBe(2);
    greet();
    expect(await probe.ask()).toBe('answered');
    // The one that has answered goes on, the other one is closed.
    await until('one is left', () => [...open].filter((socket) => !socket.destroyed).length === 1);
    expect(await probe.ask()).toBe('answered');
    expect(sessions()).toBe(2);
    probe.close();
  });

  it('hears who has gone while it waited for him', async () => {
    const { path } = await listen(Buffer.alloc(0), ROW);
    const probe = new PostgresProbe(path);
    expect(await probe.ask()).toBe('silent');
    const asked = probe.ask();
    listener?.close();
    for (const socket of open) socket.destroy();
    expect(await asked).toBe('refused');
  });

  it('hears silence before and after the greeting, and nobody where nobody listens', async () => {
    const mute = await listen(Buffer.alloc(0), ROW);
    expect(await new PostgresProbe(mute.path).ask()).toBe('silent');
    const hangs = await listen(HELLO, Buffer.alloc(0));
    expect(await new PostgresProbe(hangs.path).ask()).toBe('silent');
    expect(await new PostgresProbe(join(folder, 'nobody')).ask()).toBe('refused');
  });
});

describe('what the keeper goes by', () => {
  it("is read from Patroni's file and its own", () => {
    const settings = settingsFrom(YML, {});
    expect(settings).toMatchObject({
      data: '/var/lib/postgresql/17/regent',
      patience: { ttl: 2000, margin: 600, silence: 2000, starved: 10_000, absence: 8000 },
    });
    expect(settings.name).toMatch(/^[a-z0-9-]+$/);
    expect(settings.patroni.port).toBe(8008);
    expect(settings.etcd.length).toBeGreaterThan(1);
    expect(settings.etcd[0]).toBe(`${settings.patroni.host}:2379`);
    const own = settingsFrom(YML, { REGENT_KEEPER_TTL: '4', REGENT_KEEPER_SILENCE: '3.5' });
    expect(own).toMatchObject({ patience: { ttl: 4000, margin: 800, silence: 3500, starved: 17_500 } });
  });

  it('refuses numbers that would not be safe, and a file without what it needs', () => {
    expect(() => settingsFrom(YML, { REGENT_KEEPER_TTL: '1' })).toThrow('from 2 to 10');
    expect(() => settingsFrom(YML, { REGENT_KEEPER_TTL: '2.5' })).toThrow('whole seconds');
    expect(() => settingsFrom(YML, { REGENT_KEEPER_ABSENCE: '20' })).toThrow('from 3 to 12');
    expect(() => settingsFrom('name: "r1"\n', {})).toThrow('restapi.connect_address');
  });

  it('rejects dead hosts alone, each for its time', () => {
    const rules = rulesOf([
      { at: '10.77.0.11', ms: 6000 },
      { at: 'fd00::1', ms: 900.2 },
    ]);
    expect(rules).toContain('elements = { 10.77.0.11 timeout 6000ms };');
    expect(rules).toContain('elements = { fd00::1 timeout 901ms };');
    expect(rules).toContain('ip daddr @dead4 tcp dport { 2379, 8008 } reject with tcp reset');
    expect(rulesOf([])).not.toContain('elements');
  });
});

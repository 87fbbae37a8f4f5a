import { mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { groupsOf } from '../../../src/host/accounts.ts';
import { durableText } from '../../../src/host/own/durable-text.ts';
import { linkState, nothingKnown, parseAddresses, parseOsRelease, readFacts } from '../../../src/host/facts.ts';
import { LineReader } from '../../../src/host/protocol.ts';
import { realHost } from '../../../src/host/real.ts';
import { hostFault } from '../../../src/host/system-error.ts';
import { openSystemdBus } from '../../../src/host/systemd-bus.ts';
import { parseUnitState, systemdUnits } from '../../../src/host/units.ts';
import { pause } from '../../kit/until.ts';

const host = realHost();
const user = process.getuid?.() === 0 ? 'root' : (process.env['USER'] ?? 'root');
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-files-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});
const file = (name: string, content: string) => ({
  path: join(folder, name),
  content,
  mode: 0o600,
  owner: user,
  group: user,
});

describe('files', () => {
  it('replaces a file and leaves nothing else behind', async () => {
    await host.files.install(file('a/b/c', 'one'));
    await host.files.install(file('a/b/c', 'two'));
    expect(await host.files.read(join(folder, 'a/b/c'))).toBe('two');
    expect(await readdir(join(folder, 'a/b'))).toEqual(['c']);
  });

  it('says what failed, and removes its temporary file', async () => {
    expect(hostFault('written', '/x/y', Object.assign(new Error('no'), { code: 'ENOSPC' }))).toMatchObject({
      code: 'no_space',
      message: '/x/y could not be written: the file system is full (ENOSPC)',
    });
    await host.files.install(file('d/inner/f', 'x'));
    await expect(host.files.install(file('d/inner', 'x'))).rejects.toThrow(/d\/inner could not be written/);
    expect(await readdir(join(folder, 'd'))).toEqual(['inner']);
  });

  it('refuses paths that are not canonical and files that are none', async () => {
    await expect(host.files.read('relative')).rejects.toMatchObject({ code: 'denied' });
    await expect(host.files.read(`${folder}/a/../b`)).rejects.toMatchObject({ code: 'denied' });
    await expect(host.files.read(join(folder, 'a'))).rejects.toMatchObject({ code: 'denied' });
    await expect(host.files.install({ ...file('n', ''), owner: 'no-such-user' })).rejects.toThrow(/no-such-user/);
    await expect(host.files.move(join(folder, 'gone'), join(folder, 'b'))).rejects.toMatchObject({ code: 'io' });
    await host.files.remove(join(folder, 'gone'));
    expect(await host.files.list(join(folder, 'gone'))).toEqual([]);
    expect(await host.files.read(join(folder, 'gone/too'))).toBeNull();
  });
});

describe('commands', () => {
  it('gives status, outputs and input', async () => {
    const argv = ['sh', '-c', 'cat; echo err >&2; exit 3'];
    expect(await host.exec({ argv, timeoutMs: 5_000, stdin: 'in' })).toEqual({
      code: 3,
      signal: null,
      stdout: 'in',
      stderr: 'err\n',
      timedOut: false,
      failure: null,
    });
  });

  it('has a patient command leave the processor to others, also what it starts', async () => {
    const argv = ['sh', '-c', 'sleep 0.2; nice; sh -c nice'];
    expect((await host.exec({ argv, timeoutMs: 5_000, isPatient: true })).stdout).toBe('10\n10\n');
    expect((await host.exec({ argv, timeoutMs: 5_000 })).stdout).not.toContain('10');
  });

  it('tells a command that cannot start from one that fails', async () => {
    const missing = await host.exec({ argv: ['/no/such/checker'], timeoutMs: 1_000 });
    expect(missing.code).toBeNull();
    expect(missing.failure).toMatch(/could not be started.*ENOENT/);
    const nobody = await host.exec({ argv: ['true'], timeoutMs: 1_000, user: 'no-such-user' });
    expect(nobody.failure).toMatch(/no "no-such-user"/);
  });

  it('kills the whole group at the limit, keeps 64 KiB of output, and does not wait for a child in the background', async () => {
    const began = performance.now();
    const slow = await host.exec({ argv: ['sh', '-c', 'sleep 30 & sleep 30'], timeoutMs: 50 });
    expect(slow).toMatchObject({ timedOut: true, signal: 'SIGKILL' });
    const chatty = await host.exec({ argv: ['head', '-c', '300000', '/dev/zero'], timeoutMs: 5_000 });
    expect(chatty).toMatchObject({ code: 0 });
    expect(chatty.stdout.length).toBe(64 * 1024);
    const daemon = await host.exec({ argv: ['sh', '-c', 'sleep 5 & echo up'], timeoutMs: 5_000 });
    expect(daemon).toMatchObject({ code: 0, stdout: 'up\n' });
    expect(performance.now() - began).toBeLessThan(4_000);
  });

  it('hands no environment of ours to a command', async () => {
    process.env['REGENT_TEST_SECRET'] = 'secret';
    const { stdout } = await host.exec({ argv: ['env'], timeoutMs: 1_000 });
    expect(stdout).not.toContain('secret');
  });
});

describe('groups of an account', () => {
  it('are those that name it as a member', () => {
    const text =
      'root:x:0:\nregent-pki:x:990:etcd,postgres\nssl-cert:x:101:postgres\npostgres:x:105:\nbroken:x:y:etcd\n';
    expect(groupsOf(text, 'postgres')).toEqual([990, 101]);
    expect(groupsOf(text, 'etcd')).toEqual([990]);
    expect(groupsOf(text, 'post')).toEqual([]);
  });
});

describe('systemd', () => {
  it('reads what systemctl shows', () => {
    const text =
      'LoadState=loaded\nActiveState=active\nSubState=running\nMainPID=12\nNRestarts=2\nStateChangeTimestamp=@1700000000\n';
    expect(parseUnitState(text)).toEqual({
      load: 'loaded',
      active: 'active',
      sub: 'running',
      mainPid: 12,
      restarts: 2,
      sinceMs: 1_700_000_000_000,
    });
    expect(parseUnitState('LoadState=not-found\nActiveState=inactive\nMainPID=0\nStateChangeTimestamp=\n')).toEqual({
      load: 'not-found',
      active: 'inactive',
      sub: '',
      mainPid: null,
      restarts: 0,
      sinceMs: null,
    });
  });

  it('names the verb, the unit and what systemd said', async () => {
    const units = systemdUnits(
      async () => ({
        code: 1,
        signal: null,
        stdout: '',
        stderr: 'Job failed.',
        timedOut: false,
        failure: null,
      }),
      openSystemdBus('/nowhere'),
    );
    await expect(units.act('named.service', 'reload', 10)).rejects.toThrow(
      'systemctl reload named.service failed: Job failed.',
    );
  });
});

describe('a durable text', () => {
  it('is whole, private, and can be set aside', async () => {
    const path = join(folder, 'agent', 'ledger.json');
    const ledger = durableText(path);
    expect(await ledger.read()).toBeNull();
    await ledger.write('one');
    await ledger.write('two');
    expect(await ledger.read()).toBe('two');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFile(path, '{');
    const aside = await ledger.setAside('corrupt');
    expect(aside).toBe(`${path}.corrupt`);
    expect(await ledger.read()).toBeNull();
  });
});

describe('lines and facts', () => {
  it('cuts lines wherever the chunks end', () => {
    const reader = new LineReader(10);
    expect(reader.push(Buffer.from('ab'))).toEqual([]);
    expect(reader.push(Buffer.from('c\nd\n\ne'))).toEqual(['abc', 'd', '']);
    expect(reader.push(Buffer.from('f\n'))).toEqual(['ef']);
    expect(() => reader.push(Buffer.from('12345678901'))).toThrow(/longer than 10/);
  });

  it('reads os-release with and without quotes', () => {
    expect(parseOsRelease('NAME="Debian"\nID=debian\nVERSION_ID="13"\n')).toEqual({ id: 'debian', version: '13' });
    expect(parseOsRelease('')).toEqual({ id: 'linux', version: '' });
  });
  it('reads the state of a link', () => {
    expect(linkState('0x1003', '1')).toEqual({ isUp: true, hasCarrier: true });
    expect(linkState('0x1003', '0')).toEqual({ isUp: true, hasCarrier: false });
    expect(linkState('0x1002', '')).toEqual({ isUp: false, hasCarrier: false });
    expect(linkState('', '')).toEqual({});
  });

  it('reads addresses, also of a link that is down', () => {
    const text = `lo               UNKNOWN        127.0.0.1/8 ::1/128
eth1@if5         DOWN           10.10.10.1/24 metric 1024 fe80::1/64
tun0             UNKNOWN        10.9.0.1 peer 10.9.0.2/32
dummy0           DOWN
`;
    expect([...parseAddresses(text)]).toEqual([
      ['lo', ['127.0.0.1', '::1']],
      ['eth1', ['10.10.10.1', 'fe80::1']],
      ['tun0', ['10.9.0.1']],
      ['dummy0', []],
    ]);
  });

  it('asks a program for its version again when its file is another one, and never two at once', async () => {
    const program = join(folder, 'program');
    const install = async (text: string) => {
      await writeFile(`${program}.new`, text);
      await rename(`${program}.new`, program);
    };
    const asked: string[] = [];
    let atWork = 0;
    const run: Parameters<typeof readFacts>[1] = async (command) => {
      const argv = 'argv' in command ? command.argv.join(' ') : '';
      if (argv.startsWith('ip ')) return await host.exec(command);
      atWork += 1;
      expect(atWork).toBe(1);
      await pause(5);
      atWork -= 1;
      asked.push(argv);
      const isThere = argv.startsWith(program);
      return {
        code: isThere ? 0 : 1,
        signal: null,
        stdout: isThere ? '1.0\n' : '',
        stderr: '',
        timedOut: false,
        failure: null,
      };
    };
    const wanted = {
      one: { argv: [program, '-v'], timeoutMs: 1_000 },
      absent: { argv: ['/nowhere/daemon', '-v'], timeoutMs: 1_000 },
    };
    const known = nothingKnown();
    await install('1');
    expect((await readFacts(wanted, run, known)).versions).toEqual({ one: '1.0' });
    expect((await readFacts(wanted, run, known)).versions).toEqual({ one: '1.0' });
    expect(asked).toEqual([`${program} -v`, '/nowhere/daemon -v', '/nowhere/daemon -v']);
    await install('2');
    await readFacts(wanted, run, known);
    expect(asked.slice(3)).toEqual([`${program} -v`, '/nowhere/daemon -v']);
  });

  it('asks for addresses again when anything that it sees without a process has changed, and once a minute', async () => {
    let asked = 0;
    const run: Parameters<typeof readFacts>[1] = async (command) => {
      asked += 1;
      return await host.exec(command);
    };
    const known = nothingKnown();
    const first = await readFacts({}, run, known);
    expect(await readFacts({}, run, known)).toEqual(first);
    expect(asked).toBe(1);
    const { addresses } = known;
    known.addresses = addresses && { ...addresses, sign: `${addresses.sign} ` };
    expect(await readFacts({}, run, known)).toEqual(first);
    expect(asked).toBe(2);
    known.addresses = addresses && { ...addresses, at: performance.now() - 60_000 };
    await readFacts({}, run, known);
    expect(asked).toBe(3);
    await readFacts({}, run);
    expect(asked).toBe(4);
  });

  it('has the state of every link', async () => {
    const { interfaces } = await host.facts({});
    expect(interfaces.find((nic) => nic.name === 'lo')).toMatchObject({ isUp: true, hasCarrier: true });
  });
});

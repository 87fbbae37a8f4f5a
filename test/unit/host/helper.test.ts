import { mkdtemp, rm, symlink, writeFile, mkdir, stat } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openHelperClient, type HelperClient } from '../../../src/host/helper-client.ts';
import { watchFolders } from '../../../src/host/observe/watched-folders.ts';
import { activatedSocket, type HelperServer, startHelperServer } from '../../../src/host/helper-server.ts';
import type { Host } from '../../../src/host/interface.ts';
import { realHost } from '../../../src/host/real.ts';
import { type HelperPolicy, refuseCommand, refuseInstall, refuseMove, refusePath } from '../../../src/host/policy.ts';
import type { Log } from '../../../src/core/ports.ts';

const quiet: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, with: () => quiet };
const random = { fraction: () => 0.5, hex: () => '00' };

let folder = '';
let server: HelperServer;
let client: HelperClient;
let policy: HelperPolicy;
let path = '';
const me = { owner: 'root', group: 'root' };

const watch = watchFolders([], quiet);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-helper-'));
  path = join(folder, 'helper.sock');
  const managed = join(folder, 'dns');
  policy = {
    caller: 'root',
    written: [{ path: join(folder, 'pki', 'node.key'), owner: 'root', group: 'root', mode: 0o640, judge: () => null }],
    services: [
      {
        name: 'dns',
        folder: managed,
        unit: 'named.service',
        files: [{ ...me, mode: 0o640 }],
        judge: (name, content) => (content.includes('include') ? `line 1 of ${name} reads another file` : null),
        commands: [
          { argv: ['/bin/sleep', { pattern: '[0-9.]+' }] },
          { argv: NICE },
          { argv: ['/bin/cat', { pattern: `${managed}/.+` }], repeatLast: true },
          { argv: ['/bin/echo', { pattern: '[a-z]+' }] },
          { argv: STATUS, right: 'net_admin' },
        ],
        users: ['nobody'],
        boundedFolders: ['/proc'],
        version: { argv: ['/bin/echo', '9.20'], timeoutMs: 1_000 },
      },
    ],
  };
  server = await startHelperServer({ host: realHost(), policy, watch, log: quiet, listen: { path } });
  client = openHelperClient({ path, random, connectMs: 300 });
});

afterAll(async () => {
  client.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const managed = (name: string) => join(folder, 'dns', name);
const file = (name: string, content = 'x') => ({ path: managed(name), content, mode: 0o640, ...me });

const STATUS = ['/bin/cat', '/proc/self/status'];
/** Tells its own priority, when its parent has set it. */
const NICE = ['/bin/sh', '-c', 'sleep 0.2; nice'];

describe('the root helper over its socket', () => {
  it('installs, lists, reads, moves and removes within the folder', async () => {
    await client.files.install(file('.stage/zones/db.a', 'zone'));
    expect(await client.files.list(join(folder, 'dns'))).toEqual([managed('.stage/zones/db.a')]);
    await client.files.move(managed('.stage/zones/db.a'), managed('zones/db.a'));
    expect(await client.files.read(managed('zones/db.a'))).toBe('zone');
    expect((await stat(managed('zones/db.a'))).mode & 0o777).toBe(0o640);
    await client.files.remove(managed('zones/db.a'));
    expect(await client.files.read(managed('zones/db.a'))).toBeNull();
  });

  it('says what a daemon has at a declared folder, and nothing of other folders and units', async () => {
    const refused = (unit: string, at: string) => client.units.mount(unit, at).catch((error: unknown) => String(error));
    // No named runs here under systemd.
    await expect(client.units.mount('named.service', '/proc').catch(() => null)).resolves.toBeNull();
    for (const [unit, at] of [
      ['named.service', '/'],
      ['named.service', '/proc/'],
      ['named.service', '/proc/../etc'],
      ['other.service', '/proc'],
      ['', ''],
    ] as const)
      expect(await refused(unit, at), `${unit} ${at}`).toContain('a folder that a service declares');
  });

  it('writes a single file that it may, exactly so, and does nothing else to it', async () => {
    const key = { ...file(''), path: join(folder, 'pki', 'node.key'), content: 'key' };
    await client.files.install(key);
    expect((await stat(key.path)).mode & 0o777).toBe(0o640);
    const denied = { code: 'denied' };
    await expect(client.files.install({ ...key, mode: 0o644 })).rejects.toThrow(/exactly those of this file/);
    await expect(client.files.install({ ...key, path: join(folder, 'pki', 'other') })).rejects.toMatchObject(denied);
    await expect(client.files.read(key.path)).rejects.toMatchObject(denied);
    await expect(client.files.remove(key.path)).rejects.toMatchObject(denied);
    await expect(client.files.move(key.path, managed('a'))).rejects.toMatchObject(denied);
    await expect(client.files.list(join(folder, 'pki'))).rejects.toMatchObject(denied);
  });

  it('judges what it writes, and lets a staged file become its own target only', async () => {
    const rule = /is refused: line 1 of zones\/db\.a reads another file\. Rule: a text that Regent itself writes\./;
    for (const name of ['zones/db.a', '.stage/zones/db.a', '.previous/zones/db.a']) {
      await expect(client.files.install(file(name, 'include "/etc/hostname"'))).rejects.toThrow(rule);
      expect(await client.files.read(managed(name))).toBeNull();
    }
    await client.files.install(file('.stage/zones/db.a', 'zone'));
    const move = /Rule: from the staged file to its place/;
    await expect(client.files.move(managed('.stage/zones/db.a'), managed('zones/db.b'))).rejects.toThrow(move);
    await expect(client.files.move(managed('.stage/zones/db.a'), managed('.previous/zones/db.a'))).rejects.toThrow(
      move,
    );
    // A file that stands there from before may be put aside, and come back.
    await realHost().files.install(file('old', 'include "/etc/hostname"'));
    await client.files.install(file('.previous/old', 'include "/etc/hostname"'));
    await client.files.install(file('old', 'new'));
    await client.files.install(file('old', 'include "/etc/hostname"'));
    await expect(client.files.install(file('old', 'include "/etc/hostname" '))).rejects.toMatchObject({
      code: 'denied',
    });
    for (const path of await client.files.list(join(folder, 'dns'))) await client.files.remove(path);
  });

  it('runs nothing as root, and gives no right that the rule of the command does not name', async () => {
    const echo = { argv: ['/bin/echo', 'a'], timeoutMs: 1_000 };
    await expect(client.exec({ ...echo, user: 'root' })).rejects.toThrow(/Rule: no command runs as root/);
    await expect(client.exec({ ...echo, right: 'net_admin' })).rejects.toThrow(
      /Rule: the right that a service declares/,
    );
    const status = { argv: STATUS, timeoutMs: 5_000, user: 'nobody', right: 'net_admin' as const };
    expect((await client.exec(status)).stdout).toMatch(/^CapEff:\s+0000000000001000$/m);
    const secret = join(folder, 'secret-of-root');
    await writeFile(secret, 'c2VjcmV0', { mode: 0o600 });
    const ran = await realHost().exec({ ...status, argv: ['/bin/cat', secret] });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
  });

  it('refuses everything else with the rule', async () => {
    const denied = { code: 'denied' };
    await expect(client.files.read('/etc/shadow')).rejects.toMatchObject(denied);
    await expect(client.files.read(managed('../secret'))).rejects.toMatchObject(denied);
    await expect(client.files.read(`${folder}/dns/../secret`)).rejects.toThrow(/Rule: absolute, without/);
    await expect(client.files.install({ ...file('a'), mode: 0o4755 })).rejects.toMatchObject(denied);
    await expect(client.files.install({ ...file('a'), owner: 'nobody' })).rejects.toThrow(
      /Rule: owner, group and mode/,
    );
    await expect(client.files.move(managed('a'), '/etc/passwd')).rejects.toMatchObject(denied);
    await expect(client.units.state('ssh.service')).rejects.toThrow(/Rule: one of named.service/);
    await expect(client.units.act('named.service', 'mask' as 'stop', 10)).rejects.toMatchObject(denied);
    await expect(client.exec({ argv: ['/bin/sh', '-c', 'id'], timeoutMs: 10 })).rejects.toMatchObject(denied);
    await expect(client.exec({ argv: ['/bin/echo', 'a'], timeoutMs: 10, user: 'daemon' })).rejects.toMatchObject(
      denied,
    );
    await expect(client.exec({ argv: ['/bin/echo', 'a'], timeoutMs: 10, stdin: 'x' })).rejects.toMatchObject(denied);
    const up = { argv: ['/bin/cat', managed('../../../etc/shadow')], timeoutMs: 10 };
    await expect(client.exec({ ...up, argv: ['/bin/cat', `${folder}/dns/../x`] })).rejects.toMatchObject(denied);
    await expect(client.exec(up)).rejects.toMatchObject(denied);
    await expect(client.facts({ dns: { argv: ['/bin/ls'], timeoutMs: 10 } })).rejects.toMatchObject(denied);
  });

  it('never follows a symbolic link out of the folder', async () => {
    await mkdir(join(folder, 'outside'), { recursive: true });
    await mkdir(join(folder, 'dns'), { recursive: true });
    await writeFile(join(folder, 'outside', 'secret'), 'secret');
    await symlink(join(folder, 'outside'), managed('link'));
    await symlink(join(folder, 'outside', 'secret'), managed('file-link'));
    await expect(client.files.read(managed('link/secret'))).rejects.toThrow(/symbolic link/);
    await expect(client.files.read(managed('file-link'))).rejects.toThrow(/symbolic link/);
    await expect(client.files.install(file('link/new'))).rejects.toThrow(/symbolic link/);
    await expect(client.files.move(managed('file-link'), managed('zones/x'))).rejects.toMatchObject({ code: 'denied' });
    await client.files.install(file('file-link', 'mine'));
    expect(await client.files.read(managed('file-link'))).toBe('mine');
    await client.files.remove(managed('link'));
    expect(await realHost().files.read(join(folder, 'outside', 'secret'))).toBe('secret');
  });

  it('runs a declared command and ends it at its time limit', async () => {
    const ok = await client.exec({ argv: ['/bin/echo', 'hello'], timeoutMs: 2_000 });
    expect(ok).toMatchObject({ code: 0, stdout: 'hello\n', failure: null });
    const patient = await client.exec({ argv: NICE, timeoutMs: 5_000, isPatient: true });
    expect(patient.stdout).toBe('10\n');
    const slow = await client.exec({ argv: ['/bin/sleep', '30'], timeoutMs: 50 });
    expect(slow).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true });
    const facts = await client.facts({ dns: { argv: ['/bin/echo', '9.20'], timeoutMs: 1_000 } });
    expect(facts.versions).toEqual({ dns: '9.20' });
    expect(facts.interfaces.some((item) => item.name === 'lo')).toBe(true);
  });

  it('answers in any order and keeps the connection', async () => {
    const slow = client.exec({ argv: ['/bin/sleep', '0.2'], timeoutMs: 2_000 });
    const quick = await client.files.read(managed('nothing'));
    expect(quick).toBeNull();
    expect((await slow).code).toBe(0);
  });

  it('drops a connection that speaks nonsense or too much, and serves others', async () => {
    for (const bytes of ['{"id":1}\n', 'nonsense\n', 'x'.repeat(17 * 1024 * 1024)]) {
      const socket = connect(path);
      socket.on('error', () => {});
      socket.write(bytes);
      await new Promise((resolve) => socket.on('close', resolve));
    }
    expect(await client.files.read(managed('nothing'))).toBeNull();
  });

  it('fails a call whose helper goes away, and reaches the next helper', async () => {
    const lonely = join(folder, 'second.sock');
    const one = await startHelperServer({ host: realHost(), policy, watch, log: quiet, listen: { path: lonely } });
    const user = openHelperClient({ path: lonely, random, connectMs: 2_000 });
    await user.files.read(managed('a'));
    const broken = user.exec({ argv: ['/bin/sleep', '5'], timeoutMs: 8_000 });
    broken.catch(() => {});
    await user.files.read(managed('a'));
    await one.close();
    await expect(broken).rejects.toMatchObject({ code: 'unreachable' });
    const again = user.files.read(managed('a'));
    const two = await startHelperServer({ host: realHost(), policy, watch, log: quiet, listen: { path: lonely } });
    expect(await again).toBeNull();
    user.close();
    await two.close();
  });

  it('says where it tried when there is no helper', async () => {
    const nobody = openHelperClient({ path: join(folder, 'none.sock'), random, connectMs: 50 });
    await expect(nobody.files.read('/x')).rejects.toThrow(/cannot be reached at .*none\.sock/);
  });

  it('gives up on a helper that is frozen', async () => {
    const stuck: Host = { ...realHost(), exec: () => new Promise(() => {}) };
    const frozen = join(folder, 'frozen.sock');
    const one = await startHelperServer({ host: stuck, policy, watch, log: quiet, listen: { path: frozen } });
    const user = openHelperClient({ path: frozen, random });
    await expect(user.exec({ argv: ['/bin/sleep', '1'], timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' });
    user.close();
    await one.close();
  });

  it('lets a late call fail alone, while the others of its connection are at work', async () => {
    const slow = join(folder, 'slow.sock');
    const deaf = createServer((socket) => {
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().trimEnd().split('\n')) {
          const { id, op } = JSON.parse(line) as { id: number; op: string };
          if (op === 'act') setTimeout(() => socket.write(`${JSON.stringify({ id, value: null })}\n`), 2_500);
        }
      });
    });
    await new Promise<void>((resolve) => deaf.listen(slow, resolve));
    const user = openHelperClient({ path: slow, random });
    const long = user.units.act('named.service', 'restart', 8_000);
    const late = user.exec({ argv: ['/bin/sleep', '1'], timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringMatching(/did not answer "exec"/),
    });
    await expect(long).resolves.toBeNull();
    user.close();
    deaf.close();
  });

  it('takes the socket that systemd passes', () => {
    expect(activatedSocket({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7)).toBe(3);
    expect(activatedSocket({ LISTEN_PID: '8', LISTEN_FDS: '1' }, 7)).toBeNull();
    expect(activatedSocket({}, 7)).toBeNull();
  });
});

/** The same rules, told in another way. */
function isDeclared(argv: readonly string[]): boolean {
  const [program, ...rest] = argv;
  if (program === '/bin/echo') return /^(?:[a-z]+|9\.20)$/.test(rest.join(' '));
  if (program === '/bin/sleep') return /^[0-9.]+$/.test(rest.join(' '));
  return program === '/bin/cat' && rest.every((name) => join('/', name).startsWith(join(folder, 'dns')));
}

describe('the policy, whatever is asked', () => {
  const part = fc.constantFrom(
    '..',
    '.',
    '',
    'etc',
    'dns',
    'shadow',
    'zones',
    '.stage',
    'a\0b',
    'x y',
    '~',
    '*',
    '%2e',
  );
  it('no path outside the folder is read, written or removed', async () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.boolean(), (parts, inFolder) => {
        const asked = `${inFolder ? join(folder, 'dns') : ''}/${parts.join('/')}`;
        const isInside = join('/', asked).startsWith(`${join(folder, 'dns')}/`);
        const refusals = [
          refusePath(policy, asked),
          refuseInstall(policy, { path: asked, mode: 0o640, ...me }),
          refuseMove(policy, managed('a'), asked),
        ];
        expect(isInside || refusals.every((refusal) => refusal !== null)).toBe(true);
      }),
    );
  });

  it('no command line runs that no rule declares', async () => {
    const argument = fc.oneof(part, fc.string(), fc.constantFrom('/bin/echo', '/bin/cat', '/bin/sleep', 'abc', '1\n2'));
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 4 }), (argv) => {
        const isRefused = refuseCommand(policy, { argv, timeoutMs: 10 }) !== null;
        expect(isRefused || isDeclared(argv)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

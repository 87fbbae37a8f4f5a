import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TRUST_FILES } from '../../../src/model/cluster/trust-files.ts';
import { startLiveness } from '../../../src/main/systemd/liveness.ts';
import { openLog } from '../../../src/main/log.ts';
import { openNotifier } from '../../../src/main/systemd/notify.ts';
import { productVersion, readSettings } from '../../../src/main/process.ts';
import { helperPolicy } from '../../../src/main/helper-policy.ts';
import { refuseCommand, refuseInstall, refusePath, refuseUnit } from '../../../src/host/policy.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { goldenTemplates } from '../../kit/goldens.ts';
import { memoryLog, virtualTime } from '../../kit/virtual-time.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-main-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

describe('settings', () => {
  it('come from the environment first, then from the file', async () => {
    const path = join(folder, 'regent.conf');
    await writeFile(path, 'REGION_LISTEN=0.0.0.0:1\nNODE_NAME=r9\n');
    const settings = readSettings({ REGENT_CONF: path, REGENT_REGION_LISTEN: '127.0.0.1:2', REGENT_NODE_NAME: '' });
    expect(settings.get('REGION_LISTEN')).toBe('127.0.0.1:2');
    expect(settings.nodeName).toBe('r9');
    expect(settings.getOr('REGION_URLS', 'none')).toBe('none');
  });

  it('name the file and the line of what is wrong', async () => {
    const path = join(folder, 'regent.conf');
    await writeFile(path, 'A=1\nDATABASE_URL\n');
    expect(() => readSettings({ REGENT_CONF: path })).toThrow(/regent\.conf, line 2/);
    expect(readSettings({ REGENT_CONF: join(folder, 'none') }).get('A')).toBeUndefined();
  });

  it('know the version of the product', async () => {
    expect(productVersion()).toMatch(/^\d+\.\d+\.\d+/);
    await writeFile(join(folder, 'VERSION'), '9.9.9\n');
    expect(productVersion(folder)).toBe('9.9.9');
  });
});

describe('the watchdog', () => {
  const start = () => {
    vi.useFakeTimers();
    const time = virtualTime();
    const pings: number[] = [];
    const watchdog = async () => {
      pings.push(time.clock.monotonic());
      return true;
    };
    const environment = { WATCHDOG_USEC: '10000000' };
    let waitedMs = 0;
    const waited = () => waitedMs;
    const log = memoryLog();
    const liveness = startLiveness({ clock: time.clock, log, notifier: { watchdog }, environment, waited });
    /** `waitMs` of it the process waits for a processor; NaN: from now on nobody knows. */
    const pass = async (ms: number, waitMs = 0) => {
      waitedMs += waitMs;
      time.step(ms);
      await vi.advanceTimersByTimeAsync(ms);
    };
    return { liveness, pings, pass, log };
  };

  it('is fed while every loop makes its rounds, and not when one is stuck', async () => {
    const { liveness, pings, pass } = start();
    const good = liveness.loop('good', 3_000);
    const stuck = liveness.loop('stuck', 6_000);
    await pass(2_500);
    good();
    await pass(2_500);
    good();
    expect(pings).toHaveLength(2);
    await pass(2_500);
    good();
    expect(liveness.silent()).toEqual(['stuck']);
    await pass(2_500);
    good();
    expect(pings).toHaveLength(2);
    stuck.end();
    await pass(2_500);
    expect(pings).toHaveLength(3);
  });

  it('is fed while a loop is late for want of a processor, and no longer', async () => {
    const { liveness, pings, pass, log } = start();
    liveness.loop('late', 3_000);
    await pass(2_500);
    await pass(2_500, 1_300);
    expect(pings).toHaveLength(2);
    expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([['warn', { loop: 'late' }]]);
    await pass(2_500, 1_200);
    expect(pings).toHaveLength(2);
    expect(log.lines.at(-1)?.level).toBe('error');
    await pass(2_500, NaN);
    await pass(2_500, NaN);
    expect(pings).toHaveLength(2);
  });
});

describe('log and notifications', () => {
  it('writes one JSON object per line with node, process and fields', async () => {
    const file = join(folder, 'log');
    const { log, flush } = openLog({ node: 'r1', process: 'agent', level: 'info', file });
    log.debug('unseen');
    log.with({ service: 'dns' }).warn('something\nhappened', { generation: 3 });
    await vi.waitFor(async () => {
      flush();
      expect(await readFile(file, 'utf8')).not.toBe('');
    });
    const lines = (await readFile(file, 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 'warn',
      node: 'r1',
      process: 'agent',
      service: 'dns',
      generation: 3,
      msg: 'something\nhappened',
    });
  });

  it('says nothing outside of a unit, and does not fail when systemd does not listen', async () => {
    const log = memoryLog();
    await openNotifier({ environment: {}, log }).ready();
    expect(log.lines).toEqual([]);
    const deaf = openNotifier({ environment: { NOTIFY_SOCKET: join(folder, 'none') }, log });
    expect(await deaf.watchdog()).toBe(false);
    expect(log.lines[0]?.message).toBe('systemd did not receive a message');
  });

  it('tells systemd over one child, and goes on with another when that one was killed', async () => {
    const path = join(folder, 'notify');
    const received = join(folder, 'received');
    const program = `use Socket; socket(my $s, AF_UNIX, SOCK_DGRAM, 0); bind($s, sockaddr_un("${path}")); $| = 1; print "ready\\n";
      open(my $f, '>>', "${received}"); $f->autoflush(1); while (defined(recv($s, my $m, 999, 0))) { print $f "$m\\n" }`;
    const systemd = spawn('/usr/bin/perl', ['-MIO::Handle', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(systemd.stdout, 'data');
      const log = memoryLog();
      const notifier = openNotifier({ environment: { NOTIFY_SOCKET: path }, log });
      const children = async () =>
        (await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')).trim().split(' ');
      await notifier.ready();
      const before = (await children()).filter((pid) => pid !== String(systemd.pid));
      expect(await Promise.all([notifier.watchdog(), notifier.watchdog()])).toEqual([true, true]);
      expect((await children()).filter((pid) => pid !== String(systemd.pid))).toEqual(before);
      // As systemd does with all processes of a unit that is to stop.
      process.kill(Number(before.at(-1)), 'SIGTERM');
      await notifier.stopping();
      process.kill(Number(before.at(-1)), 'SIGKILL');
      await vi.waitFor(async () => expect(await children()).not.toContain(before.at(-1)));
      await notifier.status('well\nagain');
      await vi.waitFor(async () =>
        expect(await readFile(received, 'utf8')).toBe(
          'READY=1\nWATCHDOG=1\nWATCHDOG=1\nSTOPPING=1\nSTATUS=well again\n',
        ),
      );
      expect(log.lines).toEqual([]);
    } finally {
      systemd.kill('SIGKILL');
    }
  });
});

describe("the helper's list", () => {
  const policy = helperPolicy(SERVICES, 'regent-agent', goldenTemplates());

  it('has what the services declare, and every version command', () => {
    expect(policy.services.map((service) => service.name)).toEqual(SERVICES.map((service) => service.name));
    for (const service of SERVICES) {
      expect(refuseCommand(policy, service.version)).toBeNull();
      expect(refuseUnit(policy, service.unit, 'reload')).toBeNull();
      for (const file of service.files) {
        const path = `${service.folder}/.stage/some/file`;
        expect(refuseInstall(policy, { path, mode: file.mode, owner: file.owner, group: file.group })).toBeNull();
      }
    }
  });

  it('lets the files of the certificate be written, with their owners, and no other beside them', () => {
    for (const file of Object.values(TRUST_FILES)) {
      expect(refuseInstall(policy, file)).toBeNull();
      expect(refuseInstall(policy, { ...file, mode: 0o666 })).toContain('Rule: ');
      expect(refusePath(policy, file.path)).toContain('Rule: ');
    }
    expect(refuseInstall(policy, { ...TRUST_FILES.key, path: '/etc/regent/secrets/patroni.env' })).toContain('Rule: ');
  });

  it('has no set-uid file, no file that others may write, and no command as root', () => {
    expect(policy.services.filter(({ users }) => users.includes('root')).map(({ name }) => name)).toEqual([]);
    for (const { files } of policy.services) {
      for (const { mode } of files) expect(mode & ~0o755).toBe(0);
    }
  });
});

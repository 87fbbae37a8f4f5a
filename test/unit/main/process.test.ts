import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startLiveness } from '../../../src/main/liveness.ts';
import { openLog } from '../../../src/main/log.ts';
import { openNotifier } from '../../../src/main/notify.ts';
import { productVersion, readSettings } from '../../../src/main/process.ts';
import { helperPolicy } from '../../../src/main/helper-policy.ts';
import { refuseCommand, refuseInstall, refuseUnit } from '../../../src/host/policy.ts';
import { SERVICES } from '../../../src/services/registry.ts';
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
    const liveness = startLiveness({ clock: time.clock, log: memoryLog(), notifier: { watchdog }, environment });
    const pass = async (ms: number) => {
      time.step(ms);
      await vi.advanceTimersByTimeAsync(ms);
    };
    return { liveness, pings, pass };
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
    expect(log.lines[0]?.message).toBe('systemd-notify failed');
  });
});

describe("the helper's list", () => {
  const policy = helperPolicy(SERVICES, 'regent-agent');

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

  it('has no set-uid file, no file that others may write, and no command as root', () => {
    for (const { files, users } of policy.services) {
      expect(users).not.toContain('root');
      for (const { mode } of files) expect(mode & ~0o755).toBe(0);
    }
  });
});

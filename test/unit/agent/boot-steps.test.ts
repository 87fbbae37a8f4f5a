import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { stepOfLine } from '../../../src/agent/boot/log-lines.ts';
import { watchBootLogs } from '../../../src/agent/boot/logs.ts';
import { openSieve, type SeenStep } from '../../../src/agent/boot/sieve.ts';
import { ofAnswer, openBootSteps } from '../../../src/agent/boot/steps.ts';
import { openFindings } from '../../../src/agent/findings.ts';
import { BootStepReport } from '../../../src/contract/machines/boot-steps.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { Journal, JournalEntry } from '../../../src/host/observe/journal.ts';
import { Check } from 'typebox/value';
import { until } from '../../kit/until.ts';
import { evenRandom, memoryLog, virtualTime } from '../../kit/virtual-time.ts';

/** What a rack sees of machines that boot, and how it gets to a region. */

const DIGEST = 'a'.repeat(64);
const nginx = (line: object) =>
  stepOfLine(
    'regent_http',
    JSON.stringify({ client: '10.20.0.21', method: 'GET', uri: '/', status: 200, bytes: 7, seconds: 0.25, ...line }),
  );

describe('a line of nginx', () => {
  it.each([
    [`/images/${DIGEST}/vmlinuz`, 'kernel', 'vmlinuz'],
    [`/images/${DIGEST}/initrd.img`, 'initrd', 'initrd.img'],
    [`/images/${DIGEST}/root.squashfs`, 'root', 'root.squashfs'],
    [`/images/${DIGEST}/other.tar`, 'image', 'other.tar'],
    ['/snponly.efi', 'loader', 'snponly.efi'],
    ['/grub/grub.cfg', 'loader', 'grub/grub.cfg'],
    ['/autoexec.ipxe', 'loader', 'autoexec.ipxe'],
    ['/wrong.efi', 'loader', 'wrong.efi'],
    ['/MAAS/metadata/latest/meta-data/', 'metadata', 'GET latest/meta-data/'],
  ])('of %s is the step %s', (uri, what, file) => {
    expect(nginx({ uri })).toEqual({
      source: 'http',
      what,
      mac: null,
      address: '10.20.0.21',
      outcome: 'done',
      facts: { file, status: 200, bytes: 7, ms: 250 },
    });
    expect(nginx({ uri, status: 404 })).toMatchObject({ outcome: 'failed' });
  });

  it('is none where it tells of nothing, of this host, or is forged', () => {
    for (const line of [
      { uri: '/' },
      { uri: '/images/short/vmlinuz' },
      { uri: '/snponly.efi', method: 'HEAD' },
      { uri: '/snponly.efi', client: '127.0.0.1' },
      { uri: '/snponly.efi', client: 'nobody' },
      { uri: '/snponly.efi', status: 'OK' },
      { uri: '/snponly.efi', status: 1e9 },
      { uri: null },
    ])
      expect(nginx(line), JSON.stringify(line)).toBeNull();
    expect(stepOfLine('regent_http', '{"client":"10.0.0.1"')).toBeNull();
    expect(stepOfLine('regent_http', 'null')).toBeNull();
    expect(stepOfLine('sshd', JSON.stringify({ client: '10.20.0.21', uri: '/snponly.efi', status: 200 }))).toBeNull();
  });
});

describe('the access log of the template', () => {
  it('has what is read of it', () => {
    const conf = readFileSync(new URL('../../../templates/http/nginx.conf.hbs', import.meta.url), 'utf8');
    const [, format = ''] = /log_format regent escape=json '(.*)';/.exec(conf) ?? [];
    const values: Readonly<Record<string, string>> = {
      remote_addr: '10.20.0.21',
      request_method: 'GET',
      asked_uri: `/images/${DIGEST}/vmlinuz`,
      status: '200',
      body_bytes_sent: '12',
      request_time: '0.250',
    };
    const line = format.replace(/\$([a-z_]+)/g, (_, name: string) => values[name] ?? '');
    expect(stepOfLine('regent_http', line)).toMatchObject({
      what: 'kernel',
      address: '10.20.0.21',
      facts: { file: 'vmlinuz', status: 200, bytes: 12, ms: 250 },
    });
    expect(conf).toContain('tag=regent_http regent;');
  });
});

describe('a line of tftpd', () => {
  // As tftpd-hpa 5.3 writes them, tried.
  it.each([
    ['RRQ from 10.20.0.21 filename undionly.kpxe remapped to /usr/lib/ipxe/undionly.kpxe', 'done', 'undionly.kpxe'],
    ['RRQ from 10.20.0.21 filename /snponly.efi remapped to /usr/lib/ipxe/snponly.efi\n', 'done', 'snponly.efi'],
    ['sending NAK (1, File not found) to 10.20.0.21', 'failed', undefined],
    ['sending NAK (2, Access denied) to 10.20.0.21', 'failed', undefined],
  ])('%s', (line, outcome, file) => {
    const step = stepOfLine('in.tftpd', line.trim());
    expect(step).toMatchObject({ source: 'tftp', what: 'loader', address: '10.20.0.21', outcome });
    expect(step?.facts.file).toBe(file);
  });

  it('is none where the machine itself breaks off, or where it is our probe', () => {
    expect(stepOfLine('in.tftpd', 'sending NAK (0, TFTP Aborted) to 10.20.0.21')).toBeNull();
    expect(stepOfLine('in.tftpd', 'RRQ from 127.0.0.1 filename regent/ab remapped to /x')).toBeNull();
    expect(stepOfLine('in.tftpd', 'RRQ from 10.20.0.21 filename regent/ab remapped to /x')).toBeNull();
    expect(stepOfLine('in.tftpd', 'socket: Address family not supported by protocol')).toBeNull();
  });
});

const STEP: SeenStep = {
  at: 0,
  source: 'http',
  what: 'kernel',
  mac: null,
  address: '10.20.0.21',
  outcome: 'done',
  facts: { file: 'vmlinuz', status: 200 },
};

describe('the sieve', () => {
  it('lets the same through once in ten seconds, metadata once for all its paths, and a failure at once', () => {
    const time = virtualTime();
    const { passes } = openSieve(time.clock);
    const meta = (file: string, status = 200): SeenStep => ({
      ...STEP,
      what: 'metadata',
      outcome: status < 400 ? 'done' : 'failed',
      facts: { file, status },
    });
    expect([passes(STEP), passes(STEP)]).toEqual([true, false]);
    expect([passes(meta('a')), passes(meta('b')), passes(meta('b', 401)), passes(meta('c', 401))]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(passes({ ...STEP, address: '10.20.0.22' })).toBe(true);
    time.step(10_001);
    expect(passes(STEP)).toBe(true);
  });

  it('bounds what one machine tells, and how many machines it remembers', () => {
    const time = virtualTime();
    const { passes } = openSieve(time.clock);
    const some = (count: number, address = '10.20.0.21') =>
      Array.from({ length: count }, (_, n) => passes({ ...STEP, address, facts: { file: `f${n}` } })).filter(Boolean);
    expect(some(100)).toHaveLength(60);
    time.step(20_000);
    expect(some(100)).toHaveLength(20);
    for (let n = 0; n < 5000; n += 1) passes({ ...STEP, address: `10.${n >> 8}.${n & 255}.1` });
    expect(some(100)).toHaveLength(60);
  });
});

type Say = (report: BootStepReport) => 'taken' | 'unknown';

/** The queue, with a region that says what a test wants; waits take no time. */
function play(say: Say) {
  const time = virtualTime();
  const log = memoryLog();
  const findings = openFindings(time.clock, log);
  const reports: BootStepReport[] = [];
  const steps = openBootSteps({
    ports: {
      clock: time.clock,
      random: evenRandom,
      log,
      loop: () => Object.assign(() => {}, { end: () => {} }),
      wait: (_ms, signal) => delay(1, undefined, signal ? { signal } : {}).catch(() => {}),
    },
    channel: {
      bootSteps: async (report) => {
        reports.push(report);
        return say(report);
      },
    },
    findings,
    epoch: 'ab12',
  });
  const stop = new AbortController();
  const running = steps.run(stop.signal);
  const numbers = () => reports.map((report) => report.steps.map(({ sequence }) => sequence));
  const end = async () => {
    stop.abort();
    await running;
  };
  const seen = (wanted: number) =>
    until(`${wanted} reports`, async () => reports.length >= wanted, { deadlineMs: 5_000 });
  return { steps, reports, findings, numbers, seen, end, log };
}
const nth = (n: number): SeenStep => ({ ...STEP, address: `10.20.${n >> 8}.${n & 255}` });

describe('what a rack sees', () => {
  it('goes to a region in one report, and again under the same numbers while none takes it', async () => {
    let fails = 2;
    const { steps, numbers, seen, end, reports } = play(() => {
      if ((fails -= 1) >= 0) throw new AppError('region_unreachable', 'nobody is there');
      return 'taken';
    });
    steps.add(nth(1));
    steps.onAnswer({
      mac: '52:54:00:00:00:01',
      architecture: 'amd64',
      loader: 'ipxe',
      machine: 'aaaaaa',
      decision: 'kernel',
      reason: 'm1 is commissioned',
      generation: 3,
      client: '::ffff:10.20.0.1',
    });
    await seen(3);
    expect(numbers().slice(0, 3)).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    steps.add(nth(3));
    await seen(4);
    await end();
    expect(numbers()[3]).toEqual([3]);
    expect(reports.every((report) => Check(BootStepReport, report))).toBe(true);
    expect(reports[0]?.steps[1]).toMatchObject({
      source: 'boot',
      what: 'script',
      mac: '52:54:00:00:00:01',
      address: '10.20.0.1',
      facts: { decision: 'kernel', loader: 'ipxe' },
    });
  });

  it('is bounded while no region answers: the oldest go, a finding says so until all is told', async () => {
    let isAway = true;
    const { steps, numbers, findings, seen, end } = play(() => {
      if (isAway) throw new AppError('region_unreachable', 'nobody is there');
      return 'taken';
    });
    for (let n = 1; n <= 2100; n += 1) steps.add(nth(n));
    expect(findings.all()).toMatchObject([
      { code: 'boot_steps_dropped', sentence: expect.stringMatching(/oldest 100 steps/) as string },
    ]);
    await seen(1);
    isAway = false;
    await until('all told', async () => findings.all().length === 0, { deadlineMs: 5_000 });
    await end();
    const told = new Set(numbers().flat());
    expect([told.has(100), told.has(101), told.has(2100)]).toEqual([false, true, true]);
  });

  it('is not sent again where a region refuses it for good, or does not know the call', async () => {
    const { steps, numbers, seen, end, log } = play(({ steps: [first] }) => {
      if (first?.sequence === 1) throw new AppError('region_refused', 'it answered 422');
      return 'unknown';
    });
    steps.add(nth(1));
    await seen(1);
    steps.add(nth(2));
    await seen(2);
    await end();
    expect(numbers()).toEqual([[1], [2]]);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });

  it('fits the wire whatever firmware says', async () => {
    const { steps, reports, seen, end } = play(() => 'taken');
    steps.add({ ...STEP, facts: { file: `\u001b[2Jé${'x'.repeat(500)}`, reason: 'a\nb' } });
    await seen(1);
    await end();
    expect(Check(BootStepReport, reports[0])).toBe(true);
    expect(reports[0]?.steps[0]?.facts).toEqual({ file: `?[2J?${'x'.repeat(115)}`, reason: 'a?b' });
  });

  it('is a failed question where the machine told no MAC', () => {
    const answer = {
      mac: null,
      architecture: null,
      loader: 'grub',
      machine: null,
      decision: 'leave',
      reason: 'no',
      generation: 0,
      client: 'fe80::1%eth0',
    } as const;
    expect(ofAnswer(answer, 5)).toMatchObject({ at: 5, outcome: 'failed', mac: null, address: 'fe80::1' });
  });
});

describe('the reader of logs', () => {
  it('is started anew when it ends, and a finding says why it cannot read', async () => {
    const time = virtualTime();
    const log = memoryLog();
    const findings = openFindings(time.clock, log);
    const stop = new AbortController();
    const seen: SeenStep[] = [];
    let starts = 0;
    const line: JournalEntry = {
      identifier: 'in.tftpd',
      at: 77,
      message: 'RRQ from 10.20.0.21 filename a.efi remapped to /x',
    };
    const journal: Journal = {
      follow: async (_names, onEntry) => {
        starts += 1;
        onEntry(line);
        onEntry({ ...line, message: 'nonsense' });
        if (starts === 5) stop.abort();
        return 'No journal files were opened due to insufficient permissions.';
      },
    };
    await watchBootLogs(
      {
        ports: {
          clock: time.clock,
          random: evenRandom,
          log,
          loop: () => Object.assign(() => {}, { end: () => {} }),
          wait: () => delay(1),
        },
        journal,
        findings,
        steps: { add: (step) => void seen.push(step) },
      },
      stop.signal,
    );
    expect(seen).toHaveLength(5);
    expect(seen[0]).toMatchObject({ at: 77, what: 'loader', facts: { file: 'a.efi' } });
    expect(findings.all()).toMatchObject([
      { code: 'boot_logs_unread', sentence: expect.stringMatching(/insufficient permissions/) as string },
    ]);
  });
});

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { openFindings } from '../../src/agent/findings.ts';
import { watchLeases } from '../../src/agent/leases/leases.ts';
import type { LeaseReport } from '../../src/contract/cluster/agent.ts';
import { AppError } from '../../src/core/errors.ts';
import { isQuestion } from '../../src/core/host-values.ts';
import { keaLeases as leasesOf } from '../../src/services/dhcp/leases.ts';
import { OWN_PLACES } from '../../src/services/dhcp/places.ts';
import { FakeHost } from '../kit/fake-host.ts';
import { FakeKea } from '../kit/fake-kea.ts';
import { until } from '../kit/until.ts';
import { memoryLog, virtualTime } from '../kit/virtual-time.ts';

const keaLeases = leasesOf(OWN_PLACES);

const SOCKET = isQuestion(keaLeases.sign) ? keaLeases.sign.socket : '';
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A watch on a fake Kea, and a region that keeps what it is told by the rules of the protocol. Waits take a hundredth of their time. */
function start() {
  const time = virtualTime();
  const host = new FakeHost(time, []);
  const kea = new FakeKea();
  host.sockets.set(SOCKET, kea.answer);
  const log = memoryLog();
  let offset = 0;
  const clock = { now: () => Date.now(), monotonic: () => performance.now() + offset };
  const reports: LeaseReport[] = [];
  const held = new Map<string, string>();
  const region = { isAway: false, last: { epoch: '', sequence: 0 }, epochs: 0 };
  let isWanted = true;
  let nonce = 0;
  const random = { fraction: () => 0.5, hex: () => (nonce += 1).toString(16) };
  const findings = openFindings(clock, log);
  const take = async (report: LeaseReport): Promise<'taken' | 'restart'> => {
    if (region.isAway) throw new AppError('region_unreachable', 'no region');
    const isNext = report.epoch === region.last.epoch && report.sequence === region.last.sequence + 1;
    if (!isNext && report.sequence !== 1) return 'restart';
    if (!isNext) region.epochs += 1;
    region.last = report;
    reports.push(report);
    if (report.whole?.first === '0.0.0.0' && report.whole.last === '255.255.255.255') held.clear();
    for (const address of report.gone) held.delete(address);
    for (const lease of report.leases) held.set(lease.address, lease.hostname);
    return 'taken';
  };
  let waits = 0;
  const wait = async (ms: number, signal?: AbortSignal) => {
    waits += 1;
    await delay(ms / 100, undefined, signal ? { signal } : {}).catch(() => {});
  };
  const stop = new AbortController();
  const ports = { clock, random, log, wait, loop: () => Object.assign(() => {}, { end: () => {} }) };
  const options = { ports, host, channel: { leases: take }, findings, source: keaLeases, everyMs: 1000 };
  const running = watchLeases({ ...options, service: 'dhcp', isWanted: () => isWanted }, stop.signal);
  stops.push(async () => {
    stop.abort();
    await running;
  });
  return {
    kea,
    host,
    reports,
    held,
    region,
    findings,
    log,
    want: (value: boolean) => {
      isWanted = value;
    },
    /** Until the loop has gone round so many times more. */
    turns: (count: number) => {
      const end = waits + count;
      return until(`${count} turns`, () => Promise.resolve(waits >= end));
    },
    later: (ms: number) => {
      offset += ms;
    },
    looks: () => kea.requests.filter((request) => request.includes('statistic-get')).length,
    pages: () => kea.requests.filter((request) => request.includes('lease4-get-page')).length,
  };
}

/** Waits until so many more looks at the sign are done. */
async function looked(rig: ReturnType<typeof start>, count = 3): Promise<void> {
  const goal = rig.looks() + count;
  await until(`${count} looks`, () => Promise.resolve(rig.looks() >= goal));
}

const holds = (rig: ReturnType<typeof start>, ...addresses: string[]) =>
  until(`the region has ${addresses.join(', ')}`, () =>
    Promise.resolve([...rig.held.keys()].sort().join() === addresses.sort().join()),
  );

describe('the watch on leases', () => {
  test('tells everything first, then what changed, and asks cheaply in between', async () => {
    const rig = start();
    rig.kea.give('10.10.10.100', { hostname: 'pc' });
    await holds(rig, '10.10.10.100');
    rig.kea.give('10.10.10.101');
    await holds(rig, '10.10.10.100', '10.10.10.101');
    rig.kea.release('10.10.10.100');
    await holds(rig, '10.10.10.101');
    expect(rig.reports[0]?.whole).toEqual({ first: '0.0.0.0', last: '255.255.255.255' });
    expect(rig.reports.slice(1).every((report) => report.whole === null)).toBe(true);
    expect(rig.region.epochs).toBe(1);
    await looked(rig);
    const [pages, reports] = [rig.pages(), rig.reports.length];
    await looked(rig, 10);
    expect([rig.pages(), rig.reports.length]).toEqual([pages, reports]);
  });

  test('looks once more after a sign: Kea counts a packet before it writes the lease', async () => {
    const rig = start();
    await looked(rig);
    rig.kea.giveLate('10.10.10.100');
    await holds(rig, '10.10.10.100');
  });

  test('what changed without a packet is found by the walk of every minute', async () => {
    const rig = start();
    rig.kea.give('10.10.10.100');
    await holds(rig, '10.10.10.100');
    await looked(rig);
    rig.kea.leases.clear();
    await looked(rig);
    expect(rig.held.size).toBe(1);
    rig.later(61_000);
    await holds(rig);
    rig.later(601_000);
    await until('everything is told anew', () => Promise.resolve(rig.reports.at(-1)?.whole !== null));
    expect(rig.region.epochs).toBe(1);
  });

  test('after an absence of the region it has the truth again, in a new series', async () => {
    const rig = start();
    rig.kea.give('10.10.10.100');
    await holds(rig, '10.10.10.100');
    rig.region.isAway = true;
    rig.kea.give('10.10.10.101');
    rig.kea.release('10.10.10.100');
    await until('it is told of', () =>
      Promise.resolve(rig.findings.all().some(({ code }) => code === 'leases_unread')),
    );
    rig.region.isAway = false;
    await holds(rig, '10.10.10.101');
    expect(rig.region.epochs).toBe(2);
    expect(rig.reports.at(-1)?.whole).not.toBeNull();
    await until('the finding goes', () => Promise.resolve(rig.findings.all().length === 0));
  });

  test('a region that misses a report gets everything', async () => {
    const rig = start();
    rig.kea.give('10.10.10.100');
    await holds(rig, '10.10.10.100');
    rig.region.last = { epoch: 'restored', sequence: 3 };
    rig.held.clear();
    rig.kea.give('10.10.10.101');
    await holds(rig, '10.10.10.100', '10.10.10.101');
    expect(rig.region.epochs).toBe(2);
  });

  test.each<[string, string | null]>([
    ['is hung', null],
    ['answers rubbish', '{"result": 0, "argum'],
    ['lacks the hook', '{"result": 2, "text": "not supported"}'],
  ])('while Kea %s nothing is told, and nothing that was told is taken back', async (_what, answer) => {
    const rig = start();
    rig.kea.give('10.10.10.100');
    await holds(rig, '10.10.10.100');
    rig.kea.instead = answer;
    const reports = rig.reports.length;
    await looked(rig, 3);
    expect(rig.reports.length).toBe(reports);
    expect(rig.held.size).toBe(1);
    rig.kea.instead = undefined;
    rig.kea.give('10.10.10.101');
    await holds(rig, '10.10.10.100', '10.10.10.101');
  });

  test('a Kea that is away is asked less and less often', async () => {
    const rig = start();
    rig.host.sockets.delete(SOCKET);
    await until('it is told of', () =>
      Promise.resolve(rig.findings.all().some(({ code }) => code === 'leases_unread')),
    );
    expect(rig.findings.all()[0]?.sentence).toContain('not running');
    rig.host.sockets.set(SOCKET, rig.kea.answer);
    rig.kea.give('10.10.10.100');
    await holds(rig, '10.10.10.100');
  });

  test('where DHCP is not wanted nobody is asked, and everything is told when it is again', async () => {
    const rig = start();
    rig.kea.give('10.10.10.100');
    await holds(rig, '10.10.10.100');
    rig.want(false);
    // The round that was under way may still ask.
    await rig.turns(2);
    const requests = rig.kea.requests.length;
    await rig.turns(5);
    expect(rig.kea.requests.length).toBe(requests);
    rig.want(true);
    await until('a new series', () => Promise.resolve(rig.region.epochs === 2));
  });

  test('ten thousand leases are told in bounded reports', async () => {
    const rig = start();
    for (let n = 0; n < 10_000; n += 1) rig.kea.give(`10.20.${n >> 8}.${n & 255}`);
    await until('all of them', () => Promise.resolve(rig.held.size === 10_000));
    expect(Math.max(...rig.reports.map((report) => report.leases.length))).toBeLessThanOrEqual(500);
    const reports = rig.reports.length;
    rig.kea.give('10.20.7.7', { hostname: 'renewed' });
    await until('the one', () => Promise.resolve(rig.held.get('10.20.7.7') === 'renewed'));
    expect(rig.reports.length).toBe(reports + 1);
    expect(rig.reports.at(-1)?.leases).toHaveLength(1);
  });
});

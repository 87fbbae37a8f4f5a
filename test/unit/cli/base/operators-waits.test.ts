import { afterAll, describe, expect, it } from 'vitest';
import type { CommandSpec } from '../../../../src/cli/command-spec.ts';
import { moment, relative } from '../../../../src/cli/format/when.ts';
import { NOUNS } from '../../../../src/cli/nouns.ts';
import { WAITS } from '../../../../src/cli/waiting/conditions.ts';
import { missingOf, waitingLine } from '../../../../src/cli/waiting/outcome.ts';
import type { Status } from '../../../../src/contract/site/status.ts';
import { formatRelativeTime } from '../../../../src/core/time-text.ts';
import { relative as shownInUi } from '../../../../src/ui/models/base/time.ts';
import { FakeRegion, run } from '../fake-region.ts';

/** What commands say about times and waits: inputs and exact answers, printed as a table. */

const table: string[] = [];
const NOW = Date.parse('2026-11-30T09:11:47.000Z');
afterAll(() => void process.stdout.write(`\nui F35, F48, F52: input → answer\n${table.join('\n')}\n`));

describe('F35: a moment to come is never said to be past', () => {
  it.each([
    ['2026-11-30T09:40:39.000Z', 'in 28 min'],
    ['2026-11-30T09:11:57.000Z', 'in 10 s'],
    ['2026-11-30T09:11:50.000Z', 'now'],
    ['2026-11-30T09:11:47.000Z', '0 s ago'],
    ['2026-11-30T09:11:37.000Z', '10 s ago'],
    ['2026-12-02T10:11:47.000Z', 'in 2 d'],
    ['2026-11-28T08:11:47.000Z', '2 d ago'],
    ['no time', 'no time'],
  ])('%s is %s, in the command line and in the UI', (iso, words) => {
    table.push(`${iso} at 2026-11-30T09:11:47Z → ${words}`);
    expect([relative(iso, NOW), shownInUi(iso, NOW)]).toEqual([words, words]);
  });

  it('beside the moment, too', () => {
    expect(moment('2026-11-30T09:40:39.000Z', NOW)).toBe('2026-11-30 09:40:39Z (in 28 min)');
    expect(moment(null, NOW)).toBe('');
    expect(formatRelativeTime(-3600)).toBe('in 1 h');
  });
});

describe('F48: the help of --wait says what is waited for', () => {
  const changes = NOUNS.flatMap(({ noun, commands }) =>
    commands
      .filter(({ isChange }) => isChange === true)
      .map((spec): [string, CommandSpec] => [`${noun} ${spec.verb}`, spec]),
  );

  it('and all commands that wait for something of their own say so', () => {
    const own = Object.fromEntries(changes.flatMap(([name, { waitsFor }]) => (waitsFor ? [[name, waitsFor]] : [])));
    expect(own).toEqual({
      'drill abort': 'jobEnd',
      'job abort': 'jobEnd',
      'lease release': 'leaseEnd',
      'machine abort': 'abort',
      'machine allocate': 'nothing',
      'machine commission': 'commission',
      'machine deploy': 'deploy',
      'machine exit-rescue': 'exitRescue',
      'machine lock': 'nothing',
      'machine mark-broken': 'nothing',
      'machine mark-fixed': 'nothing',
      'machine power': 'jobEnd',
      'machine release': 'release',
      'machine rescue': 'rescue',
      'machine test': 'test',
      'machine unlock': 'nothing',
      'node probe': 'answer',
      'pairing apply': 'servers',
      'vlan set': 'servers',
    });
  });

  it('for every command', { timeout: 60_000 }, async () => {
    const region = await FakeRegion.start();
    try {
      for (const [name, { waitsFor }] of changes) {
        const { out } = await run(region, [...name.trim().split(' '), '--help']);
        const help = /--wait +(return when [\s\S]*?)\n +--/.exec(out)?.[1]?.replaceAll(/\s+/g, ' ');
        expect([name, help]).toEqual([name, `return when ${WAITS[waitsFor ?? 'nodes']}`]);
        if (waitsFor !== undefined) table.push(`regent ${name} --wait → ${help}`);
      }
    } finally {
      await region.stop();
    }
  });
});

describe('F52: a wait is one short line', () => {
  const node = (name: string, changes: Partial<Status['nodes'][number]> = {}): Status['nodes'][number] => ({
    name,
    isCurrent: true,
    isStale: false,
    isAway: false,
    reportedAt: null,
    since: null,
    wanted: 4,
    applied: 4,
    ...changes,
  });
  const late = { isCurrent: false, applied: 3 };
  const service = (name: string, on: string, state: Status['services'][number]['state'] = 'pending') => ({
    node: on,
    service: name,
    state,
    since: null,
    why: '',
  });
  const status = (nodes: Status['nodes'], services: Status['services'] = [], findings: Status['findings'] = []) =>
    ({ published: 5, revision: 5, nodes, services, findings }) as unknown as Status;
  const five = ['r1', 'r2', 'r3', 'k1', 'k2'];

  it.each([
    [
      'services of one node',
      status(
        five.map((name) => node(name, name === 'k1' ? late : {})),
        [service('dns', 'k1'), service('dhcp', 'k1'), service('dcs', 'k1', 'absent'), service('dns', 'r1', 'healthy')],
      ),
      '4 of 5 nodes, waiting for k1: dns, dhcp',
    ],
    [
      'many nodes',
      status(
        five.map((name) => node(name, late)),
        five.flatMap((name) => ['dns', 'ntp'].map((one) => service(one, name))),
      ),
      '0 of 5 nodes, waiting for r1: dns, ntp; r2: dns, ntp; r3: dns, ntp; and 2 more',
    ],
    ['a node that has not begun', status([node('r1'), node('r2', late)]), '1 of 2 nodes, waiting for r2'],
    [
      'a silent node',
      status([node('r1'), node('r2', { isStale: true })]),
      '1 of 2 nodes, waiting for r2, which does not report',
    ],
    [
      'a node that is away is not waited for',
      status([node('r1', late), node('r2', { isAway: true })]),
      '0 of 1 nodes, waiting for r1',
    ],
    ['nothing', status([node('r1')]), ''],
  ])('%s', (name, given, line) => {
    table.push(`${name} → ${line}`);
    expect(waitingLine(given, 5)).toBe(line);
    expect(line === '').toBe(missingOf(given, 5).length === 0);
    expect(line.length).toBeLessThan(120);
  });
});

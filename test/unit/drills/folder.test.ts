import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  statSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HeadlineFacts } from '../../../src/drills/report/comparison.ts';
import { RANDOM_FAULTS } from '../../../src/drills/hazards/random.ts';
import { exportJson } from '../../../src/drills/report/json.ts';
import { parseReport, runsOfOneBuild } from '../../../src/drills/report/reading.ts';
import { folderName, keepRuns, openReportFolder, readRuns } from '../../../src/drills/run/folder.ts';
import { storedTable } from '../../../src/drills/run/stored-table.ts';
import { hazard, RUN, round } from './report-rounds.ts';

const FACTS: readonly HeadlineFacts[] = [
  { name: 'primary’s host dies', probe: 'write', withinMs: 4000, target: 'within 4 s' },
];
const ALL = { version: null, since: null };

describe('the folder of a run', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'regent-folder-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('has every round at once, and the whole report at its begin, then now and then, and at its end', () => {
    let now = 0;
    const folder = openReportFolder(join(root, 'a'), RUN, FACTS, () => now);
    const inReport = () => JSON.parse(readFileSync(join(root, 'a', 'report.json'), 'utf8')).rounds.length as number;
    const inLines = () => readRuns(root)[0]?.rounds.length;
    folder.add(round());
    expect([inLines(), inReport()]).toEqual([1, 1]);
    folder.add(round({ number: 2 }));
    expect([inLines(), inReport()]).toEqual([2, 1]);
    now = 301_000;
    folder.add(round({ number: 3 }));
    expect(inReport()).toBe(3);
    folder.add({ ...round({ number: 4 }), label: 'baseline' });
    folder.finish();
    expect(inReport()).toBe(4);
    expect(readdirSync(join(root, 'a')).toSorted()).toEqual([
      'junit.xml',
      'report.html',
      'report.json',
      'rounds.jsonl',
      'table.md',
    ]);
    const [read] = readRuns(root);
    expect(read?.run).toEqual(RUN);
    expect(read?.rounds.map(({ label, verdict }) => [label, verdict.round])).toEqual([
      [undefined, 1],
      [undefined, 2],
      [undefined, 3],
      ['baseline', 4],
    ]);
  });

  it('is read though its last line was cut off anywhere, and without what was on it', () => {
    const folder = openReportFolder(join(root, 'a'), RUN, FACTS, () => 0);
    const lines = join(root, 'a', 'rounds.jsonl');
    folder.add(round());
    const whole = statSync(lines).size;
    folder.add(round({ number: 2 }));
    const size = statSync(lines).size;
    for (const cut of [1, 2, 1000, size - whole - 1]) {
      truncateSync(lines, size - cut);
      expect(readRuns(root)[0]?.rounds).toHaveLength(1);
    }
  });

  it('is read from its report where an earlier version wrote no lines, with the expectations or without', () => {
    mkdirSync(join(root, 'old'));
    const text = exportJson(RUN, [round()], true);
    writeFileSync(join(root, 'old', 'report.json'), text.replace(/"expects":\[[^\]]*\],/, ''));
    expect(readRuns(root)[0]?.rounds[0]).toMatchObject({
      hazard: { id: 'host-kill-primary', expects: [] },
      timeline: null,
    });
    expect(readRuns(join(root, 'nothing'))).toEqual([]);
  });

  it('is refused, with the place, when it is no report', () => {
    mkdirSync(join(root, 'bad'));
    writeFileSync(join(root, 'bad', 'report.json'), '{"format":"other"}');
    expect(() => readRuns(root)).toThrow(/bad\/report\.json cannot be read: it\/format/);
    writeFileSync(join(root, 'bad', 'rounds.jsonl'), '{"format":"regent-drill-rounds"}\n');
    expect(() => readRuns(root)).toThrow(/rounds\.jsonl cannot be read: it\/run is missing/);
    expect(parseReport('x', 'no JSON')).toMatchObject({ kind: 'rejected' });
  });
});

describe('the table of stored runs', () => {
  const run = (startedAt: string, version: string, writeMs: number) => ({
    run: { ...RUN, startedAt, version, command: `made at ${startedAt}` },
    rounds: [round({ writeMs })],
  });
  const runs = [
    run('2026-11-21T03:00:00.000Z', '0.4.0+b', 2000),
    run('2026-11-20T01:00:00.000Z', '0.4.0+a', 9000),
    run('2026-11-20T05:00:00.000Z', '0.4.0+b', 3000),
  ];

  it('is of one build alone: the newest run’s, or the one that is named', () => {
    const starts = (choice: typeof ALL | { version: string; since: null }) =>
      runsOfOneBuild(runs, choice).map(({ run: { startedAt } }) => startedAt);
    expect(starts(ALL)).toEqual(['2026-11-20T05:00:00.000Z', '2026-11-21T03:00:00.000Z']);
    expect(starts({ version: '0.4.0+a', since: null })).toEqual(['2026-11-20T01:00:00.000Z']);
  });

  it('adds their rounds up, and names the runs', () => {
    const table = storedTable(runs, FACTS, ALL);
    expect(table?.text).toMatch(/build 0\.4\.0\+b, 2 runs\n[^]*primary’s host dies .* 2 +0 +kept/);
    expect(table?.markdown).toContain('`made at 2026-11-20T05:00:00.000Z`');
    expect(table?.markdown).not.toContain('T01:00');
  });

  it('can be made again of what was kept of the runs, which has no recordings', () => {
    const [root, kept] = ['runs', 'kept'].map((name) => join(mkdtempSync(join(tmpdir(), 'regent-kept-')), name));
    if (root === undefined || kept === undefined) throw new Error('no folders');
    try {
      for (const one of runs) {
        const folder = openReportFolder(join(root, one.run.startedAt), one.run, FACTS, () => 0);
        folder.add({ ...(one.rounds[0] ?? round()), label: 'baseline' });
        folder.add(round({ writeMs: 9000 }));
      }
      const table = storedTable(readRuns(root), FACTS, ALL);
      keepRuns(kept, table?.runs ?? []);
      keepRuns(kept, table?.runs ?? []);
      expect(readdirSync(kept)).toEqual(['2026-11-20T05-00-00-000Z', '2026-11-21T03-00-00-000Z']);
      const again = storedTable(readRuns(kept), FACTS, ALL);
      expect(again?.text).toBe(table?.text);
      expect(again?.text).toMatch(
        /host-kill-primary \(stock\) +2\/2 [^]*host-kill-primary +0\/2 [^]*FAILED +host-kill-primary/,
      );
      expect(again?.markdown).toBe(table?.markdown);
      const sizes = [root, kept].map((place) =>
        readdirSync(place).reduce((sum, name) => sum + statSync(join(place, name, 'rounds.jsonl')).size, 0),
      );
      expect(sizes[1]).toBeLessThan((sizes[0] ?? 0) / 2);
    } finally {
      for (const folder of [root, kept]) rmSync(join(folder, '..'), { recursive: true });
    }
  });

  it('is kept of random faults where something was not as it should be', () => {
    const root = mkdtempSync(join(tmpdir(), 'regent-random-'));
    try {
      const random = hazard({ id: RANDOM_FAULTS.id });
      const [passed, failed] = [round({ hazard: random }), round({ hazard: random, writeMs: 9000 })];
      keepRuns(root, [
        { run: { ...RUN, startedAt: '2026-11-21T01:00:00.000Z' }, rounds: [passed] },
        { run: { ...RUN, startedAt: '2026-11-21T02:00:00.000Z' }, rounds: [failed] },
      ]);
      expect([passed, failed].map(({ verdict }) => verdict.isPassed)).toEqual([true, false]);
      expect(readdirSync(root)).toEqual(['2026-11-21T02-00-00-000Z']);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('is not kept over the runs themselves', () => {
    const root = mkdtempSync(join(tmpdir(), 'regent-whole-'));
    try {
      const folder = openReportFolder(join(root, folderName(RUN.startedAt)), RUN, FACTS, () => 0);
      folder.add(round());
      const lines = () => readdirSync(root).map((name) => readFileSync(join(root, name, 'rounds.jsonl'), 'utf8'));
      const before = lines();
      const other = { ...RUN, startedAt: '2026-11-19T05:00:00.000Z' };
      expect(() => keepRuns(root, [{ run: other, rounds: [] }, ...readRuns(root)])).toThrow(
        /its recordings would be lost/,
      );
      expect(lines()).toEqual(before);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('leaves earlier runs out when it is told to, and says when there is none', () => {
    expect(storedTable(runs, FACTS, { version: null, since: '2026-11-21T00:00:00.000Z' })?.text).toContain(', 1 runs');
    expect(storedTable(runs, FACTS, { version: '0.5.0', since: null })).toBeNull();
    expect(storedTable([], FACTS, ALL)).toBeNull();
  });
});

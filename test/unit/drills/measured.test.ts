import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hazardOf } from '../../../src/drills/hazards/catalogue.ts';
import { readRuns } from '../../../src/drills/run/folder.ts';

const measured = new URL('../../../measured/', import.meta.url);
const runs = readRuns(fileURLToPath(measured));
const own = runs.flatMap(({ rounds }) => rounds.filter(({ label }) => label === undefined));

describe('the rounds that are kept', () => {
  it('are there, of one build and one place', () => {
    expect(own.length).toBeGreaterThan(0);
    expect(new Set(runs.map(({ run }) => run.version)).size).toBe(1);
    expect(new Set(runs.map(({ run }) => run.place)).size).toBe(1);
  });

  it('are of hazards that can be played again, each once', () => {
    const played = own.map(({ verdict }) => `${verdict.startedAt} ${verdict.hazard} ${verdict.seed}`);
    expect(new Set(played).size).toBe(played.length);
    expect([...new Set(own.map(({ hazard }) => hazard.id))].filter((id) => hazardOf(id) === undefined)).toEqual([]);
  });

  it('lost nothing', () => {
    expect(own.flatMap(({ verdict }) => verdict.ledger.lost)).toEqual([]);
    expect(own.reduce((sum, { verdict }) => sum + verdict.ledger.acknowledged, 0)).toBeGreaterThan(0);
  });

  it('had two holders or two primaries in no round that the README does not name, with why', () => {
    const readme = readFileSync(new URL('README.md', measured), 'utf8');
    const unsafe = own.flatMap(({ verdict }) =>
      verdict.checks
        .filter(({ what, isHeld }) => !isHeld && ['ledger', 'holders', 'primaries'].includes(what))
        .map(({ what }) => `\`${verdict.hazard}\`, seed ${verdict.seed}, ${what}`),
    );
    expect(unsafe.filter((words) => !readme.includes(words))).toEqual([]);
  });
});

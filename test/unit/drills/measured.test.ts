import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hazardOf } from '../../../src/drills/hazards/catalogue.ts';
import { readRuns } from '../../../src/drills/run/folder.ts';

const runs = readRuns(fileURLToPath(new URL('../../../measured', import.meta.url)));
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

  it('lost nothing, and never had two holders or two primaries', () => {
    const unsafe = own.flatMap(({ verdict }) =>
      verdict.checks
        .filter(({ what, isHeld }) => !isHeld && ['ledger', 'holders', 'primaries'].includes(what))
        .map(({ what, measured }) => `${verdict.hazard} ${verdict.seed}: ${what}: ${measured}`),
    );
    expect(unsafe).toEqual([]);
    expect(own.flatMap(({ verdict }) => verdict.ledger.lost)).toEqual([]);
    expect(own.reduce((sum, { verdict }) => sum + verdict.ledger.acknowledged, 0)).toBeGreaterThan(0);
  });
});

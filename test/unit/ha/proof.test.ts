import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { uptimeMs } from '../../../ha/kit/host.ts';
import { proofAge, sayProof } from '../../../ha/kit/proof.ts';
import { until } from '../../kit/until.ts';

describe('what the keeper has heard of etcd', () => {
  let folder = '';
  let path = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'regent-proof-'));
    path = join(folder, 'majority');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('counts from when it was asked, not from when it was said', () => {
    const at = uptimeMs() - 150;
    sayProof(at, path);
    const age = proofAge(path);
    expect(age).toBeGreaterThanOrEqual(150);
    expect(age).toBeLessThanOrEqual(250);
    expect(readdirSync(folder)).toEqual(['majority']);
  });

  it('is nothing when it is old', async () => {
    sayProof(uptimeMs(), path);
    expect(proofAge(path)).not.toBeNull();
    await until('it is old', () => proofAge(path) === null);
  });

  it.each([
    ['nobody has said it', null],
    ['it is no number', 'soon\n'],
    ['it is empty: a write was cut off', ''],
    ['it is of before this host began', '99999999999999\n'],
  ])('is nothing when %s', (_, text) => {
    if (text !== null) writeFileSync(path, text);
    expect(proofAge(path)).toBeNull();
  });

  it('keeps nobody from work when it cannot be said', () => {
    sayProof(uptimeMs(), join(folder, 'missing', 'majority'));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('goes by a clock that goes on', async () => {
    const from = uptimeMs();
    await until('time passed', () => uptimeMs() - from >= 20);
    expect(uptimeMs() - from).toBeLessThan(5000);
  });
});

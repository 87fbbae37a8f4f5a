import { describe, expect, it } from 'vitest';
import { startFindings } from '../../../src/join/checks.ts';
import { chooseBackup, judgeRestore, oldAddressesOf, type RestoreInputs } from '../../../src/join/restore/judge.ts';

const NOW = Date.parse('2026-11-30T22:00:00Z');
const NOTES = {
  site: 'regent-1',
  release: '0.9.0',
  migrations: '89',
  key: '0123456789abcdef',
  vip: '10.77.0.10',
  regions: 'r1=10.77.0.11/r2=10.77.0.12',
};
const backup = (label: string, minutesAgo: number, notes = NOTES) => ({
  label,
  startedAt: NOW - (minutesAgo + 1) * 60_000,
  stoppedAt: NOW - minutesAgo * 60_000,
  bytes: 40_000_000,
  walStop: '000000010000000000000040',
  notes,
});
const INPUTS: RestoreInputs = {
  now: NOW,
  isClockSynchronized: true,
  content: {
    backups: [backup('20261129-100000F', 700), backup('20261130-210000F', 60)],
    archivedAt: NOW - 40_000,
    gaps: [],
  },
  at: null,
  label: null,
  fingerprint: NOTES.key,
  migrations: 89,
  release: '0.9.0',
  freeMegabytes: 10_000,
  answering: [],
  rival: null,
};

/** A segment after those that the newest backup needs is missing. */
const GAPPED: RestoreInputs['content'] = {
  ...INPUTS.content,
  gaps: [
    { missing: '0000000000000030', reachedAt: NOW - 4_000_000, resumedAt: NOW - 3_900_000 },
    { missing: '0000000000000051', reachedAt: NOW - 30 * 60_000, resumedAt: NOW - 20 * 60_000 },
  ],
};

function judge(changes: Partial<RestoreInputs>) {
  const findings = startFindings();
  const plan = judgeRestore({ ...INPUTS, ...changes }, findings);
  return {
    plan,
    errors: findings.all.filter(({ severity }) => severity === 'error').map(({ sentence }) => sentence),
    findings: findings.all,
  };
}

describe('what a restore will do', () => {
  it('begins with the newest backup and states the loss in seconds', () => {
    const { plan, errors } = judge({});

    expect(errors).toEqual([]);
    expect(plan).toMatchObject({ site: 'regent-1', lossSeconds: 40, backup: { label: '20261130-210000F' } });
    expect(plan?.sentences.join(' ')).toContain('40 s');
  });

  it('begins with the last backup before a moment, and states what is lost after it', () => {
    const at = NOW - 3 * 3_600_000;
    const { plan, errors } = judge({ at });

    expect(errors).toEqual([]);
    expect(plan).toMatchObject({ lossSeconds: 10_800, backup: { label: '20261129-100000F' } });
  });

  it('counts the loss from the gap of the archive on that no later backup closes', () => {
    const { plan, errors, findings } = judge({ content: GAPPED });

    expect(errors).toEqual([]);
    expect(plan?.lossSeconds).toBe(1800);
    expect(findings.map(({ sentence }) => sentence).join(' ')).toContain('segment 0000000000000051 is missing');
  });

  it('knows where the old site would answer', () => {
    expect(oldAddressesOf(backup('x', 1))).toEqual(['10.77.0.11', '10.77.0.12', '10.77.0.10']);
  });

  it.each<[string, Partial<RestoreInputs>, RegExp]>([
    ['a moment before the first backup', { at: NOW - 100 * 3_600_000 }, /No backup is from before/],
    ['a moment after the end of the archive', { at: NOW + 3_600_000 }, /The archive ends at about/],
    ['a store without a backup', { content: { backups: [], archivedAt: NOW, gaps: [] } }, /no backup yet/],
    ['a label that is not there', { label: '20200101-000000F' }, /no backup 20200101-000000F/],
    ['a newer release', { migrations: 88 }, /newer release/],
    ['another recovery key', { fingerprint: 'fedcba9876543210' }, /names the recovery key/],
    ['an old site that lives', { answering: [{ address: '10.77.0.12', port: 5443 }] }, /alive: 10\.77\.0\.12/],
    [
      'a restore on another host',
      { rival: { epochId: '00000001', name: 'n2', address: '10.77.0.22', isDone: false, at: NOW - 60_000 } },
      /started on n2 \(10\.77\.0\.22\) at 2026-11-30T21:59:00Z.*--supersede n2/,
    ],
    [
      'a moment beyond a gap of the archive',
      { at: NOW - 60_000, content: GAPPED },
      /can be replayed to its gap at about 2026-11-30T21:30:00Z/,
    ],
    ['a disk that is too small', { freeMegabytes: 100 }, /are free/],
    [
      'a backup that Regent did not make',
      { content: { backups: [backup('20261130-210000F', 60, {} as typeof NOTES)], archivedAt: NOW, gaps: [] } },
      /not made by Regent/,
    ],
  ])('refuses %s', (_what, changes, sentence) => {
    expect(judge(changes).errors.join(' ')).toMatch(sentence);
  });

  it('refuses a clock that is behind the store, unless the host is synchronized', () => {
    const content = { ...INPUTS.content, archivedAt: NOW, gaps: [] };
    const behind = { now: NOW - 3_600_000, content };

    expect(judge({ ...behind, isClockSynchronized: false }).errors.join(' ')).toMatch(/at most 120 s behind the store/);
    const { plan, errors, findings } = judge(behind);
    expect(errors).toEqual([]);
    expect(plan).not.toBeNull();
    expect(findings.map(({ sentence }) => sentence).join(' ')).toMatch(/the store's clock is wrong/);
    expect(judge({ now: NOW - 119_000, content, isClockSynchronized: false }).errors).toEqual([]);
  });

  it('chooses no backup that ended after the moment', () => {
    expect(chooseBackup({ content: INPUTS.content, at: NOW - 60 * 60_000 - 1, label: null })?.label).toBe(
      '20261129-100000F',
    );
  });
});

import type { RestoredFacts } from '../../../../src/contract/cluster/backup-order.ts';
import { describe, expect, it } from 'vitest';
import { compareRestored, type LivingFacts } from '../../../../src/region/cluster/backups/compare.ts';
import { type DueInputs, dueOrder } from '../../../../src/region/cluster/backups/schedule.ts';
import { parseStoreList } from '../../../../src/region/cluster/backups/store-list.ts';

const NOW = Date.parse('2026-11-30T22:00:00Z');
const HOUR = 3_600_000;
const TARGET = {
  store: { kind: 'folder', path: '/srv/backup' },
  fingerprint: '0123456789abcdef',
  retainFull: 2,
  retainDays: null,
  quotaMb: null,
  queueMb: 1024,
  fullEvery: 168,
  incrementalEvery: 24,
  drillEvery: 168,
  preparedAt: new Date(NOW - 1000 * HOUR).toISOString(),
  version: 1,
  changedAt: new Date(NOW - 1000 * HOUR).toISOString(),
} as const;
const backup = (type: 'full' | 'incr', hours: number) => ({
  type,
  stoppedAt: new Date(NOW - hours * HOUR).toISOString(),
});
const due = (changes: Partial<DueInputs>) =>
  dueOrder({
    now: NOW,
    target: TARGET,
    backups: [backup('full', 10), backup('incr', 2)],
    drilledAt: NOW - HOUR,
    lastEnds: {},
    gapAt: null,
    ...changes,
  });

describe('what is due', () => {
  it.each<[string, Partial<DueInputs>, ReturnType<typeof dueOrder>]>([
    ['nothing while all is young', {}, null],
    ['nothing without a target', { target: null }, null],
    ['the store of a new target', { target: { ...TARGET, preparedAt: null }, backups: [] }, { verb: 'prepare' }],
    ['the first backup, a full one', { backups: [], drilledAt: null }, { verb: 'create', type: 'full' }],
    ['a backup after a day', { backups: [backup('full', 25)] }, { verb: 'create', type: 'incr' }],
    [
      'a full one after a week',
      { backups: [backup('full', 169), backup('incr', 1)] },
      { verb: 'create', type: 'full' },
    ],
    ['a backup after a gap', { gapAt: NOW - HOUR }, { verb: 'create', type: 'incr' }],
    ['nothing for a gap before the newest backup', { gapAt: NOW - 3 * HOUR }, null],
    ['a drill after a week', { drilledAt: NOW - 169 * HOUR }, { verb: 'drill' }],
    [
      'nothing right after a failure',
      { backups: [], lastEnds: { create: { at: NOW - 60_000, isFailed: true } } },
      null,
    ],
    [
      'another try a quarter of an hour after a failure',
      { backups: [], lastEnds: { create: { at: NOW - 16 * 60_000, isFailed: true } } },
      { verb: 'create', type: 'full' },
    ],
    [
      'nothing by itself if that is what the schedule says',
      { target: { ...TARGET, fullEvery: 0, incrementalEvery: 0, drillEvery: 0 }, backups: [], gapAt: NOW },
      null,
    ],
  ])('%s', (_what, changes, order) => {
    expect(due(changes)).toEqual(order);
  });
});

const RESTORED: RestoredFacts = {
  label: '20261130-210000F',
  restoreSeconds: 3,
  recoverySeconds: 2,
  migrations: 89,
  lastEvent: 500,
  ledger: 'a',
  ledgerRows: 500,
  counts: { nodes: 5, racks: 2, users: 1, domains: 1 },
  damaged: [],
};
const LIVING: LivingFacts = {
  migrations: 89,
  lastEvent: 510,
  ledger: 'a',
  ledgerRows: 500,
  counts: { nodes: 5, racks: 2, users: 1, domains: 1 },
  escrowOpens: true,
};

describe('a drill', () => {
  it('holds for a database that is as the living one was', () => {
    expect(compareRestored(RESTORED, LIVING).checks.every(({ isHeld }) => isHeld)).toBe(true);
  });

  it.each<[string, Partial<RestoredFacts>, Partial<LivingFacts>]>([
    ['every table can be read', { damaged: ['events'] }, {}],
    ['the schema is of this release', { migrations: 88 }, {}],
    ['the newest writes are the same', { ledger: 'b' }, {}],
    ['the archive is not far behind', { lastEvent: 600 }, {}],
    ['the archive is not far behind', {}, { lastEvent: 1_000_000 }],
    ['the configuration is there', { counts: { nodes: 0 } }, {}],
    ['the recovery key opens the seal', {}, { escrowOpens: false }],
  ])('notices that this does not hold: %s', (what, restored, living) => {
    const { checks } = compareRestored({ ...RESTORED, ...restored }, { ...LIVING, ...living });

    expect(checks.find((check) => check.what === what)?.isHeld).toBe(false);
  });
});

describe('the list of a store', () => {
  const one = {
    label: '20261130-210000F',
    type: 'full',
    startedAt: 1,
    stoppedAt: 2,
    bytes: 1,
    storedBytes: 1,
    walStart: '0',
    walStop: '1',
    isDamaged: false,
    notes: { by: 'r2', release: '0.9.0' },
  };

  it('is read with who made each', () => {
    expect(parseStoreList({ backups: [one] })).toMatchObject([{ label: one.label, node: 'r2', release: '0.9.0' }]);
  });

  it('is refused if a node reports something else', () => {
    expect(parseStoreList({ backups: [{ ...one, label: "x'; drop table" }] })).toBeNull();
  });
});

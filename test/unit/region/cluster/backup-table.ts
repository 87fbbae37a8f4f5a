import { ownerSentence } from '../../../../ha/backup/owner.ts';
import type { InvariantState } from '../../../../src/contract/cluster/doctor.ts';
import { BACKUPS, days, NOW, type SiteChanges } from './fixture.ts';

const STORE = { at: days(0), isMade: true, backups: 3, newest: null, newestAt: null, archiveTo: null };
const ARCHIVE = { waiting: 0, lateSeconds: 0, pushedAt: null, pushed: null, failure: null, gapAt: null };
const backed = (changes: Partial<typeof BACKUPS> | object, nodes: SiteChanges['nodes'] = {}): SiteChanges => ({
  site: { backups: { ...BACKUPS, ...changes } },
  nodes,
});

/** What may be wrong with backups, as the doctor's table has it. */
export const BACKUP_TABLE: readonly (readonly [string, string, SiteChanges, InvariantState, string])[] = [
  ['backup', 'not ready', backed({ target: { ...BACKUPS.target, preparedAt: null } }), 'warning', 'not made yet'],
  [
    'backup',
    'none',
    backed({ newestAt: null, lastFailure: 'r2: full' }),
    'warning',
    'no backup yet. The last task failed: r2: full',
  ],
  ['backup', 'old', backed({ newestAt: NOW - 40 * 3_600_000 }), 'broken', '40 h old, and one is due every 24 h'],
  [
    'backup',
    'one node has another folder',
    backed({}, { r2: { backup: { store: { ...STORE, why: '/srv/b is another folder' } } } }),
    'broken',
    'r2: /srv/b is another folder',
  ],
  [
    'backup',
    'the store is gone, since',
    backed(
      {},
      { r2: { backup: { store: { ...STORE, why: 'the store is full', since: '2026-02-28T23:10:05.123Z' } } } },
    ),
    'broken',
    'r2: the store is full (since 2026-02-28T23:10:05Z)',
  ],
  [
    'backup',
    'another host has restored the site',
    backed(
      {},
      {
        r1: {
          backup: {
            store: { ...STORE, why: ownerSentence({ epochId: '0000000a', name: 'n9', address: '10.0.0.9', at: 0 }) },
          },
        },
      },
    ),
    'broken',
    'r1: the store belongs to the site that n9 (10.0.0.9) restored',
  ],
  ['backup', 'no word', backed({}, { r3: { backup: null } }), 'unknown', 'backup on r3 is unhealthy'],
  [
    'backup-archive',
    'late',
    backed({}, { r1: { backup: { archive: { ...ARCHIVE, waiting: 9, lateSeconds: 900, failure: 'no space' } } } }),
    'broken',
    '9 segments of the log wait on r1, the oldest for 900 s: no space',
  ],
  [
    'backup-archive',
    'a gap',
    backed({}, { r1: { backup: { archive: { ...ARCHIVE, gapAt: new Date(NOW - 60_000).toISOString() } } } }),
    'broken',
    'a gap of 2026-03-01T0',
  ],
  [
    'backup-archive',
    'PostgreSQL of before the upgrade',
    backed({}, { r2: { db: { isArchivingOff: true } } }),
    'broken',
    'PostgreSQL on r2 was started before the upgrade',
  ],
  ['backup-drill', 'never', backed({ drill: null }), 'warning', 'No backup was restored'],
  [
    'backup-drill',
    'failed',
    backed({ drill: { ...BACKUPS.drill, isPassed: false, broken: ['every table can be read: not: events'] } }),
    'broken',
    'every table can be read',
  ],
  ['backup-drill', 'old', backed({ drill: { ...BACKUPS.drill, at: NOW - 300 * 3_600_000 } }), 'warning', '300 h old'],
];

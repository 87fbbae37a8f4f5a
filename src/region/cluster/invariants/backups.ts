import { formatCount } from '../../../core/count-text.ts';
import { collectFacts, listOf, members, type ClusterSite } from '../site.ts';
import { primariesOf } from '../claims.ts';
import { broken, type InvariantCheck, ok, sentence, judgeSilence, runsDatabase, warning } from './check.ts';

const HOUR_MS = 3_600_000;
/** A segment is made after a minute at most, and pushed within seconds. */
const LATE_S = 300;
/** How much later than due a backup and a drill count as missing: one more try of each has its time. */
const GRACE = 1.5;

/** How `ha/backup/owner.ts` begins. */
const FOREIGN = 'the store belongs to';

const hasTarget = (site: ClusterSite) => runsDatabase(site) && site.backups?.target != null;

/** What must be true of backups, where the site has a target. */
export const BACKUP_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'backup',
    title: 'The store answers every region node, and a young backup is in it',
    explanation:
      'Without a backup in another place, the loss of all region nodes or a mistake in the database is for good.',
    concerns: hasTarget,
    judge(site) {
      const { target, newestAt, lastFailure } = site.backups ?? { target: null, newestAt: null, lastFailure: null };
      if (target == null) return ok('There is no target.');
      const ending = lastFailure === null ? '' : ` The last task failed: ${lastFailure}`;
      if (target.preparedAt === null)
        return warning(
          sentence(`The store is not made yet.${ending}`),
          'regent job list --kind backup shows what is missing; it is tried every minute.',
        );
      const shut = collectFacts(members(site), 'backup').reports.filter(({ facts }) => facts.store?.why != null);
      if (shut.length > 0) {
        const clauses = shut.map(({ node, facts: { store } }) => {
          const since = store?.since == null ? '' : ` (since ${store.since.slice(0, 19)}Z)`;
          return `${node.name}: ${store?.why}${since}`;
        });
        return broken(
          sentence(listOf(clauses)),
          shut.some(({ facts }) => facts.store?.why?.startsWith(FOREIGN))
            ? 'Another host has restored this site. Switch this cluster off, or give it a store of its own: regent backup-target set.'
            : 'Mount the folder, or free room in the store, on each of these nodes; another store: regent backup-target set. The cluster is not affected.',
        );
      }
      if (newestAt === null) return warning(sentence(`There is no backup yet.${ending}`), 'regent backup create');
      const hours = (site.now - newestAt) / HOUR_MS;
      const every = target.incrementalEvery || target.fullEvery;
      if (every > 0 && hours > every * GRACE)
        return broken(
          sentence(`The newest backup is ${hours.toFixed(0)} h old, and one is due every ${every} h.${ending}`),
          'regent backup create; regent job list --kind backup shows why it was not made.',
        );
      return (
        judgeSilence(site, members(site), 'backup') ??
        ok(
          `${formatCount(target.count, 'backup')}, the newest ${hours.toFixed(1)} h old; recovery key ${target.fingerprint}.`,
        )
      );
    },
  },
  {
    id: 'backup-archive',
    title: "The archive of the database's log is current",
    explanation: 'What was written since the last segment in the archive is lost with the last region node.',
    concerns: hasTarget,
    judge(site) {
      const unarchived = members(site).filter(({ facts }) => facts.db?.isArchivingOff === true);
      if (unarchived.length > 0)
        return broken(
          `PostgreSQL on ${listOf(unarchived.map(({ name }) => name))} was started before the upgrade and does not archive its log.`,
          'It reads archive_mode only at its start. One node after the other: regent cluster restart --rolling',
        );
      const primaries = primariesOf(site).map(({ node }) => node.name);
      const { reports } = collectFacts(members(site), 'backup');
      const late = reports.filter(
        ({ node, facts }) => primaries.includes(node.name) && facts.archive.lateSeconds > LATE_S,
      );
      const gaps = reports.flatMap(({ facts }) => facts.archive.gapAt ?? []).map((at) => Date.parse(at));
      const newestAt = site.backups?.newestAt ?? null;
      const gapAt = gaps.length === 0 ? null : Math.max(...gaps);
      if (gapAt !== null && (newestAt === null || gapAt > newestAt))
        return broken(
          `The archive has a gap of ${new Date(gapAt).toISOString()}. Segments were given up while the store was ill, or were lost with a primary.`,
          'No later moment can be restored until there is a new backup, which is made by itself. Now: regent backup create',
        );
      const [first] = late;
      if (first !== undefined)
        return broken(
          sentence(
            `${formatCount(first.facts.archive.waiting, 'segment')} of the log wait on ${first.node.name}, the oldest for ${first.facts.archive.lateSeconds} s${first.facts.archive.failure === null ? '' : `: ${first.facts.archive.failure}`}`,
          ),
          'Free room in the store or bring it back. The database goes on; if the queue is full, segments are given up.',
        );
      return judgeSilence(site, members(site), 'backup') ?? ok('No segment of the log is late.');
    },
  },
  {
    id: 'backup-drill',
    title: 'The newest drill restored a backup and found it whole',
    explanation: 'A backup that was never restored may not be one.',
    concerns: (site) => hasTarget(site) && site.backups?.newestAt != null && (site.backups.target?.drillEvery ?? 0) > 0,
    judge(site) {
      const { target, drill } = site.backups ?? { target: null, drill: null };
      const every = target?.drillEvery ?? 0;
      if (drill == null) return warning('No backup was restored for rehearsal yet.', 'regent backup drill');
      const hours = (site.now - drill.at) / HOUR_MS;
      if (!drill.isPassed)
        return broken(
          sentence(`The drill of ${drill.label} failed ${hours.toFixed(1)} h ago: ${drill.broken.join('; ')}`),
          'regent backup drills shows each check. Then: regent backup verify; regent backup create --type full; regent backup drill',
        );
      if (hours > every * GRACE)
        return warning(
          `The newest drill is ${hours.toFixed(0)} h old, and one is due every ${every} h.`,
          'regent backup drill',
        );
      return ok(`${drill.label} was restored ${hours.toFixed(1)} h ago; every check held.`);
    },
  },
];

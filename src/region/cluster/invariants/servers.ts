import { type ClusterSite, hasOwnDatabase, listOf } from '../site.ts';
import { broken, type InvariantCheck, ok, sentence, unknown, warning } from './check.ts';

/** What Regent does not promise where an operator runs the database. */
export const NOT_PROMISED =
  'Not promised by Regent: that an acknowledged write survives a failover, how long a failover takes, that an old primary is fenced.';

/** What must be true of a database that an operator runs. */
export const SERVER_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'database-servers',
    title: 'One server of the external database is the primary, and the others follow',
    explanation:
      'Regent uses the one server of DATABASE_URL that takes writes. Whoever runs these servers decides which one that is, and what a commit waits for.',
    concerns: (site) => site.cluster !== null && !hasOwnDatabase(site),
    judge({ servers }) {
      const remedy =
        'Ask whoever runs the database. DATABASE_URL in /etc/regent/regent.conf on each region node names its servers; after a change: systemctl restart regent-regiond.';
      if (servers === undefined || servers.length === 0)
        return unknown(
          'The servers have not been queried.',
          'On a region node: grep DATABASE_URL /etc/regent/regent.conf.',
        );
      const summary = sentence(listOf(servers.map(({ server, why }) => `${server} ${why}`)));
      const primaries = servers.filter(({ state }) => state === 'primary');
      if (primaries.length > 1)
        return broken(`${summary} Two primaries each acknowledge rows that the other does not have.`, remedy);
      const [primary] = primaries;
      if (primary === undefined) return broken(`No server takes writes: ${summary}`, remedy);
      if (servers.some(({ state }) => state !== 'primary' && state !== 'standby')) return warning(summary, remedy);
      if (servers.length === 1)
        return warning(`${summary} DATABASE_URL names only this server: when it dies, Regent knows no other.`, remedy);
      if (primary.isSynchronous === false)
        return warning(
          `${summary} A commit there waits for no standby: rows that were acknowledged may be lost in a failover.`,
          'On that server: synchronous_standby_names, and synchronous_commit = on; with Patroni: synchronous_mode and synchronous_mode_strict.',
        );
      return ok(`${summary} ${NOT_PROMISED}`);
    },
  },
];

/** The same for a status: what is not promised; null if the cluster runs its own database. */
export function externalWarning(site: Pick<ClusterSite, 'cluster'>): string | null {
  if (site.cluster === null || hasOwnDatabase(site)) return null;
  return `The database is an external one. ${NOT_PROMISED}`;
}

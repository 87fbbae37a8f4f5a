import { isDatabaseExternal } from '../../../model/cluster/cluster.ts';
import { isStreamingState, pauseOf, RESUME } from '../losses.ts';
import { lastClaimText, primariesOf } from '../claims.ts';
import { type ClusterSite, collectFacts, LAG_BYTES, listOf, members, regions } from '../site.ts';
import { broken, type InvariantCheck, ok, runsDatabase, judgeSilence, unknown, warning } from './check.ts';

const MIB = 1024 ** 2;
const SHOW = 'patronictl -c /etc/patroni/regent/patroni.yml list';

/** The standbys as the primary reports them; null: no primary reports. */
function standbysOf(site: ClusterSite) {
  const [primary] = primariesOf(site);
  if (primary === undefined) return null;
  // The primary's report of a standby may be older than what is known of the standby's host.
  const list = primary.facts.members
    .filter((member) => member.role !== 'primary')
    .map((member) => {
      const node = site.nodes.find((one) => one.name === member.name);
      return node?.state !== 'member' || node.isFresh ? member : { ...member, state: 'silent' };
    });
  return { primary, list };
}

/** What must be true of the database. */
export const DATABASE_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'database-writes',
    title: 'The database takes a real write',
    explanation:
      'Everything that Regent knows is in the database. A server that hangs or is read-only still accepts connections, so a row is written.',
    concerns: () => true,
    judge({ database, cluster }) {
      if (database.isUp)
        return ok(
          database.latencyMs === null ? 'A write was committed.' : `A write was committed in ${database.latencyMs} ms.`,
        );
      const remedy =
        cluster === null || isDatabaseExternal(cluster)
          ? 'Check the PostgreSQL server of DATABASE_URL, and the log: journalctl -u regent-regiond -n 50.'
          : `On a region node: ${SHOW}. After a failure a standby is the primary within seconds; if none is, see etcd-quorum first, then journalctl -u patroni -n 100.`;
      return broken(database.why, remedy);
    },
  },
  {
    id: 'one-primary',
    title: 'Exactly one node is the primary',
    explanation:
      'Two primaries would each acknowledge rows that the other does not have; without one nothing can be written.',
    concerns: runsDatabase,
    judge(site) {
      const found = primariesOf(site).map(({ node }) => node.name);
      if (found.length > 1)
        return broken(
          `${listOf(found)} each report that they are the primary, at the same time.`,
          `etcd names the real primary (${SHOW}). On the other node: systemctl stop patroni. After systemctl start patroni it is a standby.`,
        );
      const gap = judgeSilence(site, members(site), 'db');
      if (found[0] === undefined) {
        const remedy = `On a region node: ${SHOW}. See etcd-quorum: without a majority of etcd nobody may be the primary. Then: journalctl -u patroni -n 100.`;
        return gap && collectFacts(regions(site), 'db').reports.length === 0
          ? gap
          : broken(`No node reports that it is the primary${lastClaimText(site, 'primary')}.`, remedy);
      }
      return gap ? { ...gap, detail: `${found[0]} is the primary. ${gap.detail}` } : ok(`${found[0]} is the primary.`);
    },
  },
  {
    id: 'failover',
    title: 'Patroni moves the database by itself',
    explanation:
      'While Patroni is paused, it makes no other node the primary when the primary dies: writes would wait for an operator.',
    concerns: runsDatabase,
    judge(site) {
      const paused = pauseOf(site);
      if (paused !== null) {
        const remedy = `Somebody paused Patroni, for example for maintenance: find out why first. Then on a region node: ${RESUME}.`;
        return broken(`${paused}.`, remedy);
      }
      return judgeSilence(site, members(site), 'db') ?? ok('Patroni is not paused.');
    },
  },
  {
    id: 'standbys',
    title: 'The wanted number of synchronous standbys streams',
    explanation:
      'A row is acknowledged when it is on the primary and on every synchronous standby. With fewer of them fewer nodes can be lost; with none writes wait.',
    concerns: (site) => runsDatabase(site) && members(site).length > 1,
    judge(site) {
      const wanted = Math.min(2, members(site).length - 1);
      const view = standbysOf(site);
      if (view === null)
        return (
          judgeSilence(site, members(site), 'db') ?? unknown('No primary reports its standbys.', 'See one-primary.')
        );
      const synchronous = view.list.filter((member) => member.isSynchronous && isStreamingState(member.state));
      const idle = view.list.filter((member) => !isStreamingState(member.state));
      const isBrokenOff = (name: string) =>
        site.nodes.some((node) => node.name === name && node.facts.db?.isBrokenOff === true);
      const states = idle.map(({ name, state }) =>
        isBrokenOff(name) ? `the copy of the primary on ${name} broke off` : `${name} is ${state}`,
      );
      const absent = members(site).filter(
        (node) => node.name !== view.primary.node.name && !view.list.some((member) => member.name === node.name),
      );
      const clauses = [...states, ...absent.map((node) => `${node.name} is missing`)];
      const remedy = `On the host in question: systemctl status patroni; journalctl -u patroni -n 100. Start a standby that is down: it rewinds or clones itself. If it cannot: patronictl -c /etc/patroni/regent/patroni.yml reinit regent NAME.`;
      if (synchronous.length < wanted) {
        const why = clauses.length === 0 ? '' : `: ${listOf(clauses)}`;
        return broken(`${synchronous.length} of ${wanted} standbys are synchronous${why}.`, remedy);
      }
      const behind = view.list.filter((member) => (member.lagBytes ?? 0) > LAG_BYTES);
      if (behind.length > 0) {
        const lags = behind.map((member) => `${member.name} by ${Math.round((member.lagBytes ?? 0) / MIB)} MiB`);
        return warning(
          `Behind: ${listOf(lags)}.`,
          `If it grows, find a slow disk or network there: iostat -x 1, ping. ${remedy}`,
        );
      }
      if (clauses.length > 0) return warning(`${listOf(clauses)}.`, remedy);
      return ok(`${listOf(synchronous.map((member) => member.name))} stream from ${view.primary.node.name}.`);
    },
  },
  {
    id: 'timeline',
    title: 'All databases are on one timeline',
    explanation:
      'Every promotion begins a timeline. A standby on an older one has not followed the last promotion: it gets nothing new and can never be promoted.',
    concerns: (site) => runsDatabase(site) && members(site).length > 1,
    judge(site) {
      const view = standbysOf(site);
      if (view === null)
        return (
          judgeSilence(site, members(site), 'db') ?? unknown('No primary reports its standbys.', 'See one-primary.')
        );
      const current = view.primary.facts.timeline;
      const others = view.list.filter(
        (member) => member.timeline !== null && current !== null && member.timeline !== current,
      );
      if (others.length > 0) {
        const clauses = others.map((member) => `${member.name} is on timeline ${member.timeline}`);
        return broken(
          `${listOf(clauses)}, the primary ${view.primary.node.name} on ${current}.`,
          'Patroni rewinds or clones it by itself within a minute. If it does not: patronictl -c /etc/patroni/regent/patroni.yml reinit regent NAME.',
        );
      }
      return judgeSilence(site, members(site), 'db') ?? ok(`Timeline ${current ?? 'not known'}.`);
    },
  },
  {
    id: 'database-configuration',
    title: 'The database runs with the published configuration',
    explanation:
      'The configuration decides how many standbys a commit waits for. With an older configuration, commits may wait for fewer standbys than the site expects.',
    concerns: runsDatabase,
    judge(site) {
      const { reports } = collectFacts(members(site), 'db');
      const other = reports.filter(({ facts }) => !facts.isConfigured).map(({ node }) => node.name);
      if (other.length > 0)
        return warning(
          `${listOf(other)}: the dynamic configuration is not (yet) the published one.`,
          'Regent sets the configuration again. If the difference remains: regent service show db, and patronictl -c /etc/patroni/regent/patroni.yml show-config.',
        );
      return judgeSilence(site, members(site), 'db') ?? ok('Every region node reports the published configuration.');
    },
  },
];

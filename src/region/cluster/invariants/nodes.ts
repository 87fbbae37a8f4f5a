import { formatCount } from '../../../core/count-text.ts';
import { errorTexts } from '../../../contract/base/wire/finding.ts';
import { layoutWarnings } from '../losses.ts';
import { collectFacts, isRight, listOf, members, settled, silence } from '../site.ts';
import type { InvariantCheck } from './check.ts';
import { askNode, broken, isCluster, ok, runsDatabase, sentence, judgeSilence, unknown, warning } from './check.ts';

const DAY_MS = 86_400_000;
/** A certificate lives at most 30 days and is renewed when two thirds are over: 7 days before its end renewal has failed for long. */
const CERTIFICATE_DAYS = 7;
const AUTHORITY_DAYS = 90;
const OFFSET_WARN_S = 0.1;
const OFFSET_BROKEN_S = 1;
const GIB = 1024 ** 3;
const FINDINGS_SHOWN = 3;

/** The finding that names nodes that do not report. */
export const SILENCE = 'agents';

/** What must be true of every node. */
export const NODE_CHECKS: readonly InvariantCheck[] = [
  {
    id: SILENCE,
    title: 'Every agent reports and has what is published',
    explanation:
      'A node runs what its agent last took over. A node that is silent or behind runs an older configuration than the site expects.',
    concerns: () => true,
    judge(site) {
      const mute = settled(site).filter((node) => node.report === 'silent');
      if (mute.length > 0) {
        const clauses = mute.map((node) => silence(node, 'agent', site.now));
        return broken(sentence(listOf(clauses)), askNode(mute.map((node) => node.name)));
      }
      const late = settled(site).filter((node) => !node.isFresh);
      if (late.length > 0)
        return unknown(
          sentence(listOf(late.map((node) => silence(node, 'agent', site.now)))),
          askNode(late.map((node) => node.name)),
        );
      if (settled(site).length === 0)
        return unknown('No node is known.', 'On a region node: systemctl status regent-agent.');
      const behind = settled(site).filter((node) => node.report === 'applying');
      if (behind.length > 0) {
        const clauses = behind.map(
          (node) => `${node.name} has generation ${node.applied ?? 'none'} of ${node.wanted ?? 'an unknown one'}`,
        );
        return warning(
          `${listOf(clauses)}.`,
          'The agent applies the published generation within seconds; if not: regent service list shows why.',
        );
      }
      if (site.source === 'memory')
        return ok('All nodes report. The published generation is not known while the database is away.');
      return ok(`${settled(site).length} of ${formatCount(settled(site).length, 'node')} report and are current.`);
    },
  },
  {
    id: 'services',
    title: 'Every service is as it should be',
    explanation:
      'Each node sends real queries to its daemons. A daemon that answers wrongly serves nobody, or serves old data.',
    concerns: () => true,
    judge(site) {
      const settling = new Set(
        settled(site)
          .filter((node) => node.report === 'applying')
          .map((node) => node.name),
      );
      const known = new Set(settled(site).map((node) => node.name));
      const wrong = site.services.filter(
        (row) => known.has(row.node) && !isRight(row) && !(row.state === 'pending' && settling.has(row.node)),
      );
      if (wrong.length > 0) {
        const clauses = wrong.slice(0, 4).map((row) => `${row.service} on ${row.node} is ${row.state}`);
        const more = wrong.length > 4 ? ` and ${wrong.length - 4} more` : '';
        const isOnlyUnknown = wrong.every(
          (row) => row.state === 'stale' || row.state === 'pending' || row.state === 'unknown',
        );
        const detail = `${clauses.join(', ')}${more}.`;
        const remedy = `regent service show ${wrong[0]?.node}/${wrong[0]?.service} shows why and what was done; regent service restart restarts it once.`;
        return isOnlyUnknown ? unknown(detail, remedy) : broken(detail, remedy);
      }
      if (site.services.length === 0)
        return unknown('No service is known.', 'On a region node: systemctl status regent-agent.');
      return ok(`${formatCount(site.services.filter((row) => row.isWanted).length, 'service')} healthy.`);
    },
  },
  {
    id: 'configuration',
    title: 'Everything that is configured is served',
    explanation:
      'Configuration that no daemon can take is left out, or its last good form stays in force; everything else is served. Until it is repaired, the site differs from its configuration.',
    concerns: (site) => site.findings !== undefined,
    judge(site) {
      const known = new Set(settled(site).map((node) => node.name));
      const found = (site.findings ?? []).filter(({ node }) => known.has(node));
      const texts = errorTexts(found);
      if (texts.length === 0) return ok('No compiler and no agent found an error.');
      const more = texts.length > FINDINGS_SHOWN ? ` And ${texts.length - FINDINGS_SHOWN} more.` : '';
      const remedy = found.find(({ severity }) => severity === 'error')?.remedy;
      return broken(
        `${texts.slice(0, FINDINGS_SHOWN).map(sentence).join(' ')}${more}`,
        remedy ?? 'regent status names each of them.',
      );
    },
  },
  {
    id: 'certificates',
    title: 'Every node has a certificate with days to live',
    explanation:
      'Nodes trust each other only by certificates. When a certificate expires, its node is shut out of database, etcd and agent channel.',
    concerns: isCluster,
    judge(site) {
      const { reports } = collectFacts(settled(site), 'host');
      const days = reports.map(({ node, facts }) => ({
        node: node.name,
        isRegion: node.isRegion,
        left: facts.certificate === null ? null : (Date.parse(facts.certificate.notAfter) - site.now) / DAY_MS,
      }));
      const remedy = (names: readonly string[]) =>
        `On ${listOf(names)}: journalctl -u regent-agent -n 100 shows why the certificate is not renewed; systemctl restart regent-agent tries at once. A node whose certificate has ended needs "regent join" with a new token.`;
      const bad = days.filter(({ left, isRegion }) => (left === null ? isRegion : left <= 0));
      if (bad.length > 0) {
        const clauses = bad.map(({ node, left }) =>
          left === null ? `${node} has no certificate` : `the certificate of ${node} has ended`,
        );
        return broken(sentence(listOf(clauses)), remedy(bad.map(({ node }) => node)));
      }
      const short = days.filter(({ left }) => left !== null && left <= CERTIFICATE_DAYS);
      if (short.length > 0) {
        const clauses = short.map(
          ({ node, left }) => `the certificate of ${node} ends in ${(left ?? 0).toFixed(1)} days`,
        );
        return broken(sentence(listOf(clauses)), remedy(short.map(({ node }) => node)));
      }
      const gap = judgeSilence(site, settled(site), 'host');
      if (gap) return gap;
      const without = days.flatMap(({ node, left }) => (left === null ? [node] : []));
      if (without.length > 0) {
        const how = 'An admin accepted it without a token; it proves itself by its own key.';
        return warning(
          `${listOf(without)} has no certificate. ${how}`,
          'regent join with a token of the role rack, on that host.',
        );
      }
      const least = Math.min(...days.map(({ left }) => left ?? 0));
      return ok(`${formatCount(days.length, 'certificate')}, the first ends in ${Math.floor(least)} days.`);
    },
  },
  {
    id: 'authority',
    title: "The cluster's authority has months to live",
    explanation:
      'The authority signs every certificate. When the authority ends, all certificates end with it, on all nodes at the same moment.',
    concerns: isCluster,
    judge(site) {
      if (site.authority === null)
        return unknown(
          'This region cannot read the certificate of the authority.',
          'On this node: openssl x509 -in /etc/regent/pki/ca.crt -noout -enddate.',
        );
      const left = (Date.parse(site.authority.notAfter) - site.now) / DAY_MS;
      if (left > AUTHORITY_DAYS) return ok(`It ends in ${Math.floor(left)} days.`);
      const remedy =
        'Plan a maintenance window: set up a cluster with a new authority next to this one, or let every node join again.';
      return broken(left <= 0 ? 'It has ended.' : `It ends in ${Math.floor(left)} days.`, remedy);
    },
  },
  {
    id: 'disks',
    title: 'Disks have room',
    explanation:
      'A full disk stops PostgreSQL and etcd and loses logs. Everything that Regent writes is bounded; other files on the disk may not be.',
    concerns: (site) => settled(site).length > 0,
    judge(site) {
      const { reports } = collectFacts(settled(site), 'host');
      const disks = reports.flatMap(({ node, facts }) => facts.disks.map((disk) => ({ node: node.name, ...disk })));
      const share = (disk: { sizeBytes: number; freeBytes: number }) => disk.freeBytes / Math.max(1, disk.sizeBytes);
      const full = disks.filter((disk) => share(disk) < 0.05);
      const tight = disks.filter((disk) => share(disk) < 0.15 && disk.freeBytes < 10 * GIB);
      const found = full.length > 0 ? full : tight;
      if (found.length > 0) {
        const clauses = found.map(
          (disk) =>
            `${disk.path} on ${disk.node} has ${Math.floor(share(disk) * 100)} % (${(disk.freeBytes / GIB).toFixed(1)} GiB) left`,
        );
        const remedy =
          'On that host: du -xsh /var/lib/postgresql /var/lib/etcd /var/log /var/spool/squid; journalctl --vacuum-size=500M. See wal-bounds.';
        return (full.length > 0 ? broken : warning)(`${listOf(clauses)}.`, remedy);
      }
      const least = disks.length === 0 ? null : Math.min(...disks.map(share));
      return (
        judgeSilence(site, settled(site), 'host') ??
        ok(least === null ? 'No disk was named.' : `At least ${Math.floor(least * 100)} % are free everywhere.`)
      );
    },
  },
  {
    id: 'wal-bounds',
    title: 'WAL that waits for standbys is bounded',
    explanation:
      'A replication slot retains all WAL that its standby has not fetched. A slot that nobody uses fills the disk of the primary, unless there is a bound.',
    concerns: runsDatabase,
    judge({ wal, nodes }) {
      if (wal === null) return unknown('The database is away, so its slots are not known.', 'See database-writes.');
      const drop =
        "On the primary's host, as postgres: psql -c \"select pg_drop_replication_slot('NAME')\", when you are sure that nobody needs the slot.";
      if (wal.maxKeepBytes === null)
        return broken(
          'max_slot_wal_keep_size is not set: nothing bounds a slot.',
          'regent service restart db --node NODE sets the configuration again; then: patronictl -c /etc/patroni/regent/patroni.yml show-config.',
        );
      const lost = wal.slots.filter((slot) => slot.isLost).map((slot) => slot.name);
      if (lost.length > 0)
        return broken(
          `WAL that ${listOf(lost)} needs is gone.`,
          'That standby clones itself again. If it does not: patronictl -c /etc/patroni/regent/patroni.yml reinit regent NAME.',
        );
      const names = new Set(nodes.map((node) => node.name.replaceAll('-', '_')));
      const strange = wal.slots.filter((slot) => !slot.isActive && !names.has(slot.name));
      if (strange.length > 0)
        return warning(
          `The slot ${listOf(strange.map((slot) => slot.name))} belongs to no node and nobody uses it.`,
          `After the removal of its node, Patroni drops a slot within half an hour. Otherwise: ${drop}`,
        );
      const large = wal.slots.filter((slot) => slot.retainedBytes > (wal.maxKeepBytes ?? 0) / 2);
      if (large.length > 0) {
        const clauses = large.map((slot) => `${slot.name} holds ${Math.round(slot.retainedBytes / 1024 ** 2)} MiB`);
        return warning(
          `${listOf(clauses)} of at most ${Math.round(wal.maxKeepBytes / 1024 ** 2)} MiB.`,
          'See standbys: this standby does not fetch WAL, or too slowly.',
        );
      }
      return ok(
        `At most ${Math.round(wal.maxKeepBytes / 1024 ** 2)} MiB of WAL for each of ${formatCount(wal.slots.length, 'slot')}.`,
      );
    },
  },
  {
    id: 'clock',
    title: 'Clocks are right',
    explanation: 'Certificates, tokens, leases and the order of events in logs rest on clocks that agree.',
    concerns: (site) => settled(site).length > 0,
    judge(site) {
      const nodes = settled(site).filter((node) => !(node.isFresh && node.isContainer));
      const contained = settled(site)
        .filter((node) => node.isFresh && node.isContainer)
        .map((node) => node.name);
      const note =
        contained.length === 0
          ? ''
          : ` Container: ${listOf(contained)}. Its clock is that of its host, which must be synchronised there.`;
      if (nodes.length === 0) return ok(note.trim());
      const { reports } = collectFacts(nodes, 'ntp');
      const off = reports.filter(({ facts }) => Math.abs(facts.offsetSeconds ?? 0) > OFFSET_WARN_S);
      const remedy =
        'On that node: chronyc tracking; chronyc sources -v. Time servers: regent setting set ntp_servers "ADDRESS ADDRESS"; at once: chronyc makestep.';
      if (off.length > 0) {
        const clauses = off.map(
          ({ node, facts }) => `${node.name} is off by ${(facts.offsetSeconds ?? 0).toFixed(2)} s`,
        );
        const isFar = off.some(({ facts }) => Math.abs(facts.offsetSeconds ?? 0) > OFFSET_BROKEN_S);
        return (isFar ? broken : warning)(`${listOf(clauses)}.${note}`, remedy);
      }
      const gap = judgeSilence(site, nodes, 'ntp');
      if (gap) return { ...gap, detail: `${gap.detail}${note}` };
      const free = reports.filter(({ facts }) => !facts.isSynchronised).map(({ node }) => node.name);
      if (free.length > 0) return warning(`${listOf(free)}: synchronised with no source.${note}`, remedy);
      const most = Math.max(...reports.map(({ facts }) => Math.abs(facts.offsetSeconds ?? 0)));
      return ok(`Synchronised, at most ${(most * 1000).toFixed(1)} ms off.${note}`);
    },
  },
  {
    id: 'versions',
    title: 'All nodes run one release',
    explanation:
      'Two neighbouring releases work side by side while an upgrade goes on. Outside of an upgrade, all nodes must run one release.',
    concerns: (site) => settled(site).length > 0,
    judge(site) {
      const known = settled(site).flatMap((node) => [
        ...(node.agent ? [[node.name, node.agent.version] as const] : []),
        ...(node.region ? [[node.name, node.region.version] as const] : []),
      ]);
      const versions = Map.groupBy(known, ([, version]) => version);
      const mute = settled(site).filter((node) => node.agent === null);
      if (versions.size > 1) {
        const clauses = [...versions].map(
          ([version, rows]) => `${version} on ${listOf([...new Set(rows.map(([name]) => name))])}`,
        );
        return warning(
          `${clauses.join('; ')}.`,
          'Finish the upgrade: scripts/install of the newer release on each node, one after the other.',
        );
      }
      if (mute.length > 0)
        return unknown(
          `${listOf(mute.map((node) => node.name))} has never reported.`,
          askNode(mute.map((node) => node.name)),
        );
      return ok(`${[...versions.keys()][0] ?? 'none'}.`);
    },
  },
  {
    id: 'drained',
    title: 'No region node is drained',
    explanation:
      'A drained node takes calls, address and database only when no other node can, so it does not add to the redundancy.',
    concerns: (site) => isCluster(site) && members(site).length > 1,
    judge(site) {
      const drained = members(site).flatMap((node) => (node.isDrained ? [node.name] : []));
      if (drained.length === 0) return ok('No region node is drained.');
      const back = drained.map((name) => `regent node undrain ${name}`).join('; ');
      const all = drained.length === members(site).length ? ' No other region node is left.' : '';
      return warning(`Drained: ${listOf(drained)}.${all}`, `When the work on it is done: ${back}.`);
    },
  },
  {
    id: 'node-count',
    title: 'The number of region nodes is odd',
    explanation:
      'Decisions need more than half of the region nodes. An even number bears no more losses than the odd one below it.',
    concerns: isCluster,
    judge(site) {
      const [reason] = layoutWarnings(site);
      if (reason !== undefined)
        return warning(reason, 'regent token create --role region, then regent join on one more host.');
      const count = members(site).length;
      return ok(
        count === 1
          ? 'One region node: its data is lost with it. Three region nodes survive the loss of one.'
          : `${count}.`,
      );
    },
  },
];

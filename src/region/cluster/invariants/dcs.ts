import { QUOTA_BYTES } from '../../../services/dcs/view.ts';
import { collectFacts, listOf, members, regions, silence } from '../site.ts';
import { askNode, broken, type InvariantCheck, isCluster, ok, judgeSilence, unknown, warning } from './check.ts';

const MIB = 1024 ** 2;

/** What must be true of etcd, which decides who is the database's primary. */
export const DCS_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'etcd-quorum',
    title: 'etcd has a majority and all voters',
    explanation:
      'Patroni makes a node the primary only through etcd, and etcd decides by the majority of its voters. Without a majority the database accepts no writes. With each voter that is away, the cluster survives one loss less.',
    concerns: isCluster,
    judge(site) {
      const { reports } = collectFacts(regions(site), 'dcs');
      const nodes = members(site);
      if (reports.length === 0)
        return (
          judgeSilence(site, nodes, 'dcs') ?? unknown('No node reports etcd.', askNode(nodes.map(({ name }) => name)))
        );
      const leading = reports.find(({ facts }) => facts.hasQuorum);
      if (leading === undefined) {
        const remedy =
          'Bring back the hosts of the other voters (systemctl status etcd on each): with more than half of them it goes on by itself. ' +
          'Never remove voters or make a new cluster while old ones may come back.';
        const names = listOf(reports.map(({ node }) => node.name));
        return broken(`etcd has no majority: ${names} know no leader.`, remedy);
      }
      const voters = leading.facts.members.filter((member) => !member.isLearner).map((member) => member.name);
      const away = voters.filter((name) => !reports.some(({ node, facts }) => node.name === name && facts.hasQuorum));
      if (away.length > 0) {
        const clauses = away.map((name) => {
          const node = site.nodes.find((one) => one.name === name);
          return node ? silence(node, 'dcs', site.now) : `${name} is not a node of this site`;
        });
        const detail = `${voters.length - away.length} of ${voters.length} voters answer: ${clauses.join(', ')}.`;
        return broken(
          detail,
          `On ${listOf(away)}: systemctl status etcd; journalctl -u etcd -n 50. Start the hosts that are down.`,
        );
      }
      const leader = reports.find(({ facts }) => facts.isLeader)?.node.name;
      return ok(
        `${voters.length} of ${voters.length} voters answer${leader === undefined ? '' : `, ${leader} leads`}.`,
      );
    },
  },
  {
    id: 'etcd-members',
    title: 'etcd consists of the region nodes',
    explanation:
      'A member that is not a node of the site counts for the majority but never votes. A region node that is not a voter does not make the cluster safer.',
    concerns: isCluster,
    judge(site) {
      const nodes = members(site);
      const { reports } = collectFacts(nodes, 'dcs');
      const source = reports.find(({ facts }) => facts.hasQuorum);
      if (source === undefined)
        return judgeSilence(site, nodes, 'dcs') ?? unknown('No majority of etcd answers.', 'See etcd-quorum.');
      const list = source.facts.members;
      const unknownMembers = list.filter(
        (member) => !site.nodes.some((node) => node.isRegion && node.name === member.name),
      );
      if (unknownMembers.length > 0) {
        const ids = unknownMembers.map((member) => `${member.name || 'a member that never started'} (${member.id})`);
        return broken(
          `etcd has ${listOf(ids)}, but the site has no such region node.`,
          `If that host is gone for good, on ${source.node.name}: etcdctl member remove ID, with the id in brackets.`,
        );
      }
      const voters = list.filter((member) => !member.isLearner).map((member) => member.name);
      const missing = nodes.filter((node) => !voters.includes(node.name)).map((node) => node.name);
      if (missing.length > 0)
        return broken(
          `Region nodes that are not voters of etcd: ${listOf(missing)}.`,
          `On ${listOf(missing)}: regent leave --undo, then regent join with a new token ("regent token create --role region").`,
        );
      const learners = list.filter((member) => member.isLearner).map((member) => member.name);
      return learners.length === 0
        ? ok(`Its voters are ${listOf(voters)}.`)
        : warning(
            `Still a learner: ${listOf(learners)}.`,
            'The node becomes a voter when its "regent join" continues. If that command ended, run it again.',
          );
    },
  },
  {
    id: 'etcd-learners',
    title: 'etcd 3.6 would take the members as they are',
    explanation:
      'etcd 3.5.1 to 3.5.19 do not write into the v3 store that a learner was promoted. etcd 3.6 reads its members from there: it refuses to start, or ' +
      'they have no vote.',
    concerns: (site) => isCluster(site) && site.storedLearners !== undefined,
    judge({ storedLearners, ...site }) {
      if (!storedLearners)
        return unknown('The store of etcd could not be read.', 'See etcd-quorum; then run this again.');
      const { reports } = collectFacts(members(site), 'dcs');
      const list = reports.find(({ facts }) => facts.hasQuorum)?.facts.members ?? [];
      // A member that still learns is a learner only for a moment: etcd-members reports it.
      const trapped = storedLearners
        .filter(({ id }) => !list.some((member) => member.id === id && member.isLearner))
        .map(({ id, place }) => list.find((member) => member.id === id)?.name || place);
      if (trapped.length === 0) return ok('The v3 store of etcd has no voter as a learner.');
      const isOne = trapped.length === 1;
      const detail = `The v3 store of etcd has ${listOf(trapped)} as ${isOne ? 'a learner, and it votes' : 'learners, and they vote'}`;
      const step =
        'Rule: etcd 3.5.20 or later of the line 3.5 runs on every region node before etcd 3.6 is installed on one.';
      const isTooNew = members(site).filter((node) => isFrom36(node.versions?.['dcs']));
      if (isTooNew.length === 0) return ok(`${detail}. A direct step to etcd 3.6 is refused. ${step}`);
      return broken(
        `${detail}; etcd 3.6 or later is installed on ${listOf(isTooNew.map((node) => node.name))}.`,
        `Restart no etcd. On these nodes install etcd 3.5 again (apt-get install etcd-server/trixie etcd-client/trixie). ${step}`,
      );
    },
  },
  {
    id: 'etcd-space',
    title: 'etcd has no alarm and room',
    explanation:
      'An etcd whose file has reached its quota takes no writes (alarm NOSPACE); then the primary steps down when its lease ends.',
    concerns: isCluster,
    judge(site) {
      const nodes = members(site);
      const { reports } = collectFacts(nodes, 'dcs');
      const alarms = reports.flatMap(({ node, facts }) => facts.alarms.map((alarm) => `${node.name}: ${alarm}`));
      const space =
        'On one region node: etcdctl endpoint status --cluster -w table; etcdctl defrag --cluster; etcdctl alarm disarm. Twice in a row means that something writes too much.';
      if (alarms.length > 0) return broken(`Alarms are raised: ${alarms.join(', ')}.`, space);
      const full = reports.filter(({ facts }) => facts.sizeBytes > QUOTA_BYTES * 0.5);
      if (full.length > 0) {
        const sizes = full.map(({ node, facts }) => `${node.name} ${Math.round(facts.sizeBytes / MIB)} MiB`);
        const isNear = full.some(({ facts }) => facts.sizeBytes > QUOTA_BYTES * 0.9);
        return (isNear ? broken : warning)(`${listOf(sizes)} of ${QUOTA_BYTES / MIB} MiB are used.`, space);
      }
      const most = Math.max(0, ...reports.map(({ facts }) => facts.sizeBytes));
      return (
        judgeSilence(site, nodes, 'dcs') ??
        ok(`No alarm; at most ${Math.ceil(most / MIB)} of ${QUOTA_BYTES / MIB} MiB are used.`)
      );
    },
  },
];

/** Is this text of `etcd --version` of 3.6 or a later line? */
function isFrom36(text = ''): boolean {
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)\.\d+/.exec(text) ?? [];
  return Number(major) > 3 || (Number(major) === 3 && Number(minor) >= 6);
}

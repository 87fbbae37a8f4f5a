import { formatCount } from '../../../core/count-text.ts';
import { isRegionUp } from '../losses.ts';
import { holdersOf, lastClaimText } from '../claims.ts';
import type { ClusterSite } from '../site.ts';
import { hasOwnDatabase, collectFacts, isHealthy, listOf, members, regions, silence } from '../site.ts';
import type { InvariantCheck } from './check.ts';
import { askNode, broken, isCluster, ok, sentence, judgeSilence, unknown, warning } from './check.ts';

const hasVip = (site: ClusterSite): boolean => site.cluster !== null && site.cluster.vip !== null;

/** What must be true of the access to the site: the floating address, proxies, names, the packet filter. */
export const ACCESS_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'vip-holder',
    title: 'Exactly one node holds the floating address, and it is fit',
    explanation:
      'Clients reach API and proxy by this address. With two holders connections break, because both answer; without a holder nobody answers.',
    concerns: hasVip,
    judge(site) {
      const { reports } = collectFacts(regions(site), 'vip');
      const holders = holdersOf(site);
      const names = holders.map(({ node }) => node.name);
      const remedy =
        'On each region node: ip address show; journalctl -u keepalived -u regent-vip-health -n 50; cat /run/regent-vip/track.';
      if (holders.length > 1) {
        const why = 'The nodes do not receive each other. Check that VRRP (IP protocol 112) passes between them.';
        return broken(`${listOf(names)} each hold ${site.cluster?.vip}, at the same time.`, `${why} ${remedy}`);
      }
      const gap = judgeSilence(site, members(site), 'vip');
      const [holder] = holders;
      if (holder === undefined) {
        const nobody = `No node reports that it holds ${site.cluster?.vip}${lastClaimText(site, 'vip')}.`;
        return reports.length === 0 && gap ? gap : broken(nobody, remedy);
      }
      if (holder.facts?.isFit === false)
        return broken(`${holder.node.name} holds it and is not fit: ${sentence(holder.facts.why)}`, remedy);
      if (gap) return { ...gap, detail: `${holder.node.name} holds it. ${gap.detail}` };
      // A drained node leaves it to the others.
      const unfit = reports.filter(({ node, facts }) => !facts.isFit && !node.isDrained);
      if (unfit.length > 0) {
        const clauses = unfit.map(({ node, facts }) => `${node.name} is not fit (${facts.why})`);
        return warning(`${holder.node.name} holds it; ${listOf(clauses)}.`, remedy);
      }
      return ok(
        `${holder.node.name} holds it; fit: ${listOf(reports.flatMap(({ node, facts }) => (facts.isFit ? [node.name] : [])))}.`,
      );
    },
  },
  {
    id: 'regions',
    title: 'regiond is ready on every region node',
    explanation: 'Each region answers calls and publishes. With fewer regions, the next loss causes an outage.',
    concerns: (site) => members(site).length > 0,
    judge(site) {
      const away = members(site).filter((node) => !isRegionUp(node, site));
      if (away.length === 0) return ok(`On ${listOf(members(site).map((node) => node.name))}.`);
      const names = away.map((node) => node.name);
      const silent = away.filter((node) => !node.isFresh);
      const detail = `Not on ${listOf(names)}.`;
      if (silent.length === away.length && site.source === 'memory') return unknown(detail, askNode(names));
      return broken(
        detail,
        `On ${listOf(names)}: systemctl status regent-regiond; journalctl -u regent-regiond -n 50; curl -s http://127.0.0.1:5240/health/ready.`,
      );
    },
  },
  {
    id: 'load-balancers',
    title: 'Every haproxy sees all regions, and the primary of its cluster',
    explanation:
      'All services of a host reach database and API through the haproxy of that host. A server that this haproxy does not see is unreachable for the host, even if the server runs.',
    concerns: isCluster,
    judge(site) {
      const nodes = members(site);
      const { reports } = collectFacts(nodes, 'lb');
      const seen = new Set(reports.map(({ facts }) => facts.primary));
      const leads = hasOwnDatabase(site);
      const blind = reports
        .filter(({ facts }) => leads && facts.primary === null)
        .map(({ node }) => `${node.name} sees no primary`);
      const different = seen.size > 1 && blind.length === 0;
      const views = reports.map(({ node, facts }) => `${node.name} sees ${facts.primary ?? 'none'}`);
      const missing = reports.flatMap(({ node, facts }) => {
        const down = facts.regions.filter((region) => !region.isUp).map((region) => region.name);
        return down.length === 0 ? [] : [`${node.name} does not see the region of ${listOf(down)}`];
      });
      const problems = [...blind, ...(different ? [`the primaries differ: ${views.join(', ')}`] : []), ...missing];
      if (problems.length > 0)
        return broken(
          sentence(listOf(problems)),
          'If a region is down, see regions. If no primary is seen, run on that node: systemctl status haproxy patroni; journalctl -u haproxy -n 50. The checks use mutual TLS, so also see certificates.',
        );
      return (
        judgeSilence(site, nodes, 'lb') ??
        ok(`${leads ? `The primary ${[...seen][0] ?? 'none'} and ` : ''}${formatCount(nodes.length, 'region')}.`)
      );
    },
  },
  {
    id: 'zone-serials',
    title: 'Every name server has the same zones',
    explanation: 'Clients query any DNS server. A server with another serial gives older or newer answers.',
    concerns: (site) => collectFacts(site.nodes, 'dns').reports.length > 0 || members(site).length > 0,
    judge(site) {
      const nodes = members(site);
      const { reports } = collectFacts(nodes, 'dns');
      const zones = [...new Set(reports.flatMap(({ facts }) => Object.keys(facts.serials)))].sort();
      // A node reports only the zones that changed last: a missing zone means nothing.
      const serialsOf = (zone: string) =>
        reports.flatMap(({ node, facts }) =>
          facts.serials[zone] === undefined ? [] : [{ node: node.name, serial: facts.serials[zone] }],
        );
      const differing = zones.filter((zone) => new Set(serialsOf(zone).map(({ serial }) => serial)).size > 1);
      if (differing.length > 0) {
        const isMoving = nodes.some((node) => node.report === 'applying');
        const clauses = differing.slice(0, 3).map((zone) => {
          const serials = serialsOf(zone).map(({ node, serial }) => `${node} ${serial}`);
          return `${zone}: ${serials.join(', ')}`;
        });
        const more = differing.length > 3 ? ` and ${differing.length - 3} more zones` : '';
        const detail = `${clauses.join('; ')}${more}.`;
        if (isMoving)
          return warning(`${detail} A change is being taken over.`, 'Run regent doctor again in a few seconds.');
        return broken(
          detail,
          'See agents and services: a node that has the published generation has its serials. Then: regent service restart dns --node NODE.',
        );
      }
      return judgeSilence(site, nodes, 'dns') ?? ok(`${formatCount(zones.length, 'zone')}, each with one serial.`);
    },
  },
  {
    id: 'firewall',
    title: 'The packet filter is in force',
    explanation:
      'Database, etcd, Patroni and agent ports must answer only nodes of the cluster. The packet filter protects them in addition to certificates.',
    concerns: isCluster,
    judge(site) {
      const nodes = members(site);
      const open = nodes.filter((node) => node.isFresh && !isHealthy(node, 'firewall'));
      if (open.length > 0) {
        const clauses = open.map((node) => silence(node, 'firewall', site.now));
        return broken(
          sentence(listOf(clauses)),
          'On that node: nft list table inet regent; systemctl restart regent-firewall; regent service show firewall.',
        );
      }
      const silent = nodes.filter((node) => !node.isFresh);
      if (silent.length === 0) return ok('Table inet regent, on every region node.');
      return unknown(
        sentence(listOf(silent.map((node) => silence(node, 'firewall', site.now)))),
        askNode(silent.map((node) => node.name)),
      );
    },
  },
];

import { formatCount } from '../../../core/count-text.ts';
import { type ClusterSite, listOf, settled, silence } from '../site.ts';
import { askNode, type InvariantCheck, ok, sentence, unknown, warning } from './check.ts';

/** What a service queries outside of the site, by its kind. */
const WHAT: Readonly<Record<string, { readonly what: string; readonly remedy: string }>> = {
  dns: {
    what: 'the resolver',
    remedy:
      'Check that the resolver is up and accepts queries of these nodes (UDP and TCP port 53). To use others: regent setting set upstream_dns "ADDRESS ADDRESS"; of one domain: regent domain set DOMAIN --forward-to ADDRESS.',
  },
  proxy: {
    what: 'the parent proxy',
    remedy:
      'Check that the proxy is up and accepts these nodes. To use another one, or none: regent setting set http_proxy "URL".',
  },
};

/** A server outside that a service queries, and what nodes report of it. */
interface Upstream {
  readonly service: string;
  readonly place: string;
  readonly reports: readonly {
    readonly node: string;
    readonly isAnswering: boolean;
    readonly why: string;
    readonly since: string;
  }[];
}

/** Servers outside of the site that services query. */
export const UPSTREAM_CHECKS: readonly InvariantCheck[] = [
  {
    id: 'upstreams',
    title: 'Resolvers and proxies outside of the site answer',
    explanation:
      'Names and packages from outside come through them (upstream_dns, http_proxy). With a dead server, each query waits until the next server is tried. Without another server, nothing from outside is found.',
    concerns: (site) => settled(site).length > 0,
    judge(site) {
      const upstreams = collectUpstreams(site);
      const dead = upstreams.filter(({ reports }) => reports.some(({ isAnswering }) => !isAnswering));
      const silent = settled(site).filter((node) => !node.isFresh);
      if (dead.length === 0 && silent.length > 0) {
        const silenceText = listOf(silent.map((node) => silence(node, 'upstreams', site.now)));
        return unknown(sentence(silenceText), askNode(silent.map((node) => node.name)));
      }
      if (upstreams.length === 0) return ok('No node queries a server outside of the site.');
      if (dead.length === 0) {
        const places = listOf(upstreams.map(({ place }) => place));
        return ok(`${formatCount(upstreams.length, 'place')}, each answers: ${places}.`);
      }
      const clauses = dead.map(({ service, place, reports }) => {
        const mute = reports.filter(({ isAnswering }) => !isAnswering);
        const since = mute.map((row) => row.since).toSorted()[0] ?? '';
        const names = listOf(mute.map(({ node }) => node));
        const whom = mute.length === reports.length ? `answers no node (${names})` : `does not answer ${names}`;
        return `${WHAT[service]?.what ?? `what ${service} asks,`} ${place} ${whom}: ${mute[0]?.why ?? ''}, since ${since}`;
      });
      const remedies = new Set(dead.map(({ service }) => WHAT[service]?.remedy ?? `See ${service}.`));
      const detail = clauses.join('; ');
      return warning(`${detail.slice(0, 1).toUpperCase()}${detail.slice(1)}.`, [...remedies].join(' '));
    },
  },
];

function collectUpstreams(site: ClusterSite): readonly Upstream[] {
  const rows = settled(site).flatMap(({ name, facts }) =>
    (facts.host?.upstreams ?? []).map((row) => ({ ...row, node: name })),
  );
  const keys = [...new Set(rows.map(({ service, place }) => `${service} ${place}`))].sort();
  return keys.map((key) => {
    const reports = rows.filter(({ service, place }) => `${service} ${place}` === key);
    return { service: reports[0]?.service ?? '', place: reports[0]?.place ?? '', reports };
  });
}

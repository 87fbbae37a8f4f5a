import type { Event } from '../../../src/contract/site/event.ts';
import type { RouteId } from '../../../src/contract/routes.ts';
import { addressAnswers } from './addresses.ts';
import { catalogAnswers } from './catalog.ts';
import { fleetAnswers } from './fleet.ts';
import { isAsked } from './jobs.ts';
import { keepingAnswers } from './keeping.ts';
import { pageOf, type SiteData } from './site.ts';
import { before } from './when.ts';

/** A read of a site that a test plays. */
export interface Read {
  readonly id: RouteId;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** What the site answers; undefined: there is none. */
export function answerOf(site: SiteData, { id, params, query }: Read): unknown {
  const name = params['node'] ?? '';
  const { networks } = site;
  const answers: Partial<Record<RouteId, () => unknown>> = {
    ...keepingAnswers(site.keeping, params, query),
    ...addressAnswers(site.addresses, params, query),
    ...catalogAnswers(site.catalog, params),
    'cluster.show': () => site.cluster,
    'cluster.doctor': () => site.doctor,
    'status.show': () => site.status,
    'node.show': () => site.nodes.get(name),
    'job.list': () => pageOf(site.jobs.filter((row) => isAsked(row, query)).toReversed()),
    'job.show': () => site.jobs.find(({ id }) => String(id) === params['job']),
    ...fleetAnswers(site.fleet, params, (items) => paged(items, query)),
    'event.list': () => eventPage(site.events, query),
    'vlan.list': () => pageOf(networks.vlans),
    'vlan.show': () =>
      networks.vlans.find((row) => [`${row.fabric}/${row.name}`, `id:${row.id}`].includes(params['vlan'] ?? '')),
    'subnet.list': () =>
      pageOf(networks.subnets.filter((row) => (query.get('vlan') ?? String(row.vlanId)) === String(row.vlanId))),
    'subnet.show': () => networks.subnets.find((row) => [row.cidr, String(row.id)].includes(params['subnet'] ?? '')),
    'lease.list': () => pageOf(networks.leases),
    'rack.list': () => pageOf(networks.racks),
    'node.logs': () => ({ node: name, part: params['part'], ...site.log }),
    'service.actions': () =>
      pageOf([
        {
          node: query.get('node') ?? '',
          service: query.get('service') ?? '',
          at: before(60_000),
          kind: 'reload',
          why: 'named.conf is another one',
          trigger: 'published',
        },
      ]),
    'service.files': () => ({
      node: name,
      service: params['service'],
      generation: 12,
      publishedAt: before(60_000),
      isApplied: true,
      files: [{ target: '/etc/bind/named.conf', content: 'options { recursion yes; };\n' }],
    }),
    'service.list': () =>
      pageOf(
        site.services.filter(
          (row) =>
            (query.get('node') ?? row.node) === row.node && (query.get('service') ?? row.service) === row.service,
        ),
      ),
    'service.show': () => {
      const row = site.services.find((entry) => entry.node === name && entry.service === params['service']);
      const metrics = [{ name: 'queries', unit: 'count', value: 1200, labels: { zone: 'example' } }];
      return row && { ...row, metrics };
    },
    'cluster.what-ifs': () => ({
      items: site.cluster.nodes.slice(0, 5).map((row) => whatIf(row.name)),
      refused: [],
    }),
  };
  return answers[id]?.();
}

/** As a region pages its lists. */
function paged(items: unknown[], query: URLSearchParams): unknown {
  const [from, most] = [Number(query.get('cursor') ?? 0), Number(query.get('limit') ?? 100)];
  const next = from + most < items.length ? String(from + most) : null;
  return { items: items.slice(from, from + most), next };
}

/** Newest first, as the site pages through them. */
function eventPage(events: readonly Event[], query: URLSearchParams): unknown {
  const [before, kind] = [Number(query.get('before') ?? Number.POSITIVE_INFINITY), query.get('kind')];
  const subject = query.get('subject');
  const limit = Number(query.get('limit') ?? 100);
  const found = events
    .filter(
      (row) =>
        row.id < before &&
        (subject === null || row.subject === subject) &&
        (kind === null || row.kind === kind || row.kind.startsWith(`${kind}.`)),
    )
    .toReversed();
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? String(items.at(-1)?.id) : null };
}

function whatIf(node: string): unknown {
  return {
    node,
    event: 'dies',
    summary: `${node} dies`,
    source: 'database',
    time: before(0),
    vip: {
      before: 'r1',
      after: 'r2',
      candidates: ['r2'],
    },
    primary: {
      before: 'r1',
      after: 'r2',
      candidates: ['r2'],
    },
    outages:
      node === 'r1'
        ? [
            {
              probe: 'write',
              leastMs: 2e3,
              mostMs: 4e3,
              why: 'measured',
            },
          ]
        : [],
    redundancy: {
      before: 1,
      after: 0,
      why: ['etcd needs 2 of 3 voters'],
    },
    vlans: [],
    risks: node === 'r2' ? ['No synchronous standby is left until r3 has caught up.'] : [],
  };
}

import type { Node } from '../../contract/cluster/node.ts';
import type { Service, ServiceDetail } from '../../contract/cluster/service.ts';
import { accept, refuse } from '../../core/errors.ts';
import type { NodeRow } from '../../store/queries/cluster/nodes.ts';
import { type NamedAttachment, readNamedAttachments } from '../../store/queries/cluster/rack-views.ts';
import { requestRestart } from '../../store/queries/cluster/restarts.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody, pageInMemory } from '../base/paging.ts';
import { type KnownNode } from '../base/published.ts';
import { readSeenNodes, type SeenNode } from '../base/seen.ts';
import { noSuch } from '../base/refs.ts';
import { drainsOf } from '../networks/dhcp/drains.ts';
import { appliedOf, isStale, trackServices } from '../base/tracking.ts';
import { type CaseContext, reading, writing } from '../base/use-case.ts';
import { nodeByRef } from '../base/node-refs.ts';

const serviceNames = (context: CaseContext): string[] => context.renderer.services.map((service) => service.name);

/** What is read beside the nodes themselves. */
interface Beside {
  readonly attachments: readonly NamedAttachment[];
  readonly drains: ReadonlyMap<string, NonNullable<Node['drain']>>;
}

function viewNode(node: KnownNode, context: CaseContext, { attachments, drains }: Beside): Node {
  const now = context.clock.now();
  const own = trackServices([node], serviceNames(context), now);
  const stale = isStale(node, now);
  const wanted = node.published?.generation ?? 0;
  const { id, name, isRegion, isRack, addresses, state, isDrained } = node.row;
  return {
    id,
    name,
    isRegion,
    isRack,
    state,
    isDrained,
    drain: drains.get(id) ?? null,
    addresses: [...addresses],
    wanted,
    applied: appliedOf(own),
    isCurrent: wanted > 0 && own.every((service) => service.isCurrent),
    agent: node.agent && {
      version: node.agent.version,
      since: node.agent.since,
      reportedAt: node.agent.reportedAt,
      isStale: stale,
      staleSince: stale ? node.agent.reportedAt : node.agent.staleSince,
    },
    // Read-only lists of the store are the wire's lists.
    facts: node.facts as Node['facts'],
    vlans: attachments
      .filter((attachment) => attachment.nodeId === id)
      .map(({ vlan, interface: nic, addresses: seen }) => ({ vlan, interface: nic, addresses: [...seen] })),
  };
}

async function readBeside(tx: Tx, seen: readonly SeenNode[], context: CaseContext): Promise<Beside> {
  return { attachments: await readNamedAttachments(tx), drains: await drainsOf(tx, seen, context.clock.now()) };
}

async function servicesOf(tx: Tx, context: CaseContext, nodeId?: string): Promise<Service[]> {
  return trackServices(await readSeenNodes(tx, context, nodeId), serviceNames(context), context.clock.now());
}

async function serviceByRef(
  tx: Tx,
  params: { node: string; service: string },
  context: CaseContext,
): Promise<{ node: NodeRow; service: ServiceDetail }> {
  const node = await nodeByRef(tx, params.node);
  const seen = await readSeenNodes(tx, context, node.id);
  const services = trackServices(seen, serviceNames(context), context.clock.now());
  const service = services.find((row) => row.service === params.service.toLowerCase());
  const observation = seen[0]?.report?.services.find((row) => row.service === service?.service);
  return service
    ? { node, service: { ...service, metrics: observation?.metrics ?? [] } }
    : refuse(noSuch('service', params.service, serviceNames(context)));
}

export const nodeCases = {
  'node.list': reading('node.list', async (tx, { query }, context) => {
    const seen = await readSeenNodes(tx, context);
    const beside = await readBeside(tx, seen, context);
    const all = seen.map((node) => viewNode(node, context, beside));
    const wanted = all.filter(
      (node) =>
        (query?.name === undefined || node.name.includes(query.name.toLowerCase())) &&
        (query?.is_stale === undefined || (node.agent?.isStale ?? false) === query.is_stale),
    );
    const order = {
      sorts: { id: (node: Node) => node.id, name: (node: Node) => node.name },
      defaultSort: 'name',
      key: (node: Node) => node.id,
    };
    const page = accept(pageInMemory(wanted, order, query));
    return pageBody(page, (node) => node, query);
  }),

  'node.show': reading('node.show', async (tx, { params }, context) => {
    const row = await nodeByRef(tx, params.node);
    // For a drained rack, also the reports of its partners.
    const seen = await readSeenNodes(tx, context, row.isDrained && row.isRack ? undefined : row.id);
    const node = seen.find(({ id }) => id === row.id);
    return node
      ? { body: viewNode(node, context, await readBeside(tx, seen, context)) }
      : refuse(noSuch('node', params.node));
  }),

  'service.list': reading('service.list', async (tx, { query }, context) => {
    const node = query?.node === undefined ? null : await nodeByRef(tx, query.node);
    const wanted = (await servicesOf(tx, context, node?.id)).filter(
      (row) =>
        (query?.service === undefined || row.service === query.service) &&
        (query?.state === undefined || row.state === query.state),
    );
    const order = {
      sorts: {
        node: (row: Service) => row.node,
        service: (row: Service) => row.service,
        state: (row: Service) => row.state,
      },
      defaultSort: 'node',
      key: (row: Service) => `${row.node} ${row.service}`,
    };
    const page = accept(pageInMemory(wanted, order, query));
    return pageBody(page, (row) => row, query);
  }),

  'service.show': reading('service.show', async (tx, { params }, context) => {
    const found = await serviceByRef(tx, params, context);
    return { body: found.service };
  }),

  'service.restart': writing(
    'service.restart',
    ({ params }) => `service restart ${params.node} ${params.service}`,
    async (tx, { params }, context) => {
      const found = await serviceByRef(tx, params, context);
      const nonce = context.random.hex(8);
      const { node } = found;
      const { metrics: _metrics, ...service } = found.service;
      await requestRestart(tx, { nodeId: node.id, service: service.service, nonce, actor: context.caller.user });
      tx.emit({ kind: 'service.restart_requested', subject: `${node.name}/${service.service}`, data: { nonce } });
      return { body: { ...service, restart: { nonce, isDone: false } } };
    },
  ),
};

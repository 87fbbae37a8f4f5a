import { readActions } from '../../store/queries/cluster/actions.ts';
import { accept, invalid, refuse } from '../../core/errors.ts';
import { nodeByRef } from '../base/node-refs.ts';
import { readStatus } from './status.ts';
import { readSeenNodes } from '../base/seen.ts';
import { autocommitReading, reading } from '../base/use-case.ts';
import { diagnose } from './doctor.ts';
import { readSite } from './read-site.ts';
import { readWholeSite } from './whole-site.ts';
import { viewCluster } from './view.ts';
import { whatIf } from './what-if/what-if.ts';

export const clusterCases = {
  'cluster.show': reading('cluster.show', async (tx, _input, context) => {
    const nodes = await readSeenNodes(tx, context);
    const site = await readWholeSite(tx, context, { known: nodes, isExact: false });
    const { state, summary } = await readStatus(tx, context, nodes, site);
    return { body: viewCluster(site, { state, summary }) };
  }),

  'cluster.doctor': reading('cluster.doctor', async (tx, _input, context) => {
    const nodes = await readSeenNodes(tx, context);
    return { body: diagnose(await readWholeSite(tx, context, { known: nodes, isExact: true })) };
  }),

  'cluster.what-if': reading('cluster.what-if', async (tx, { query }, context) => {
    if (query === undefined) refuse(invalid('node', 'it is missing', 'name a node and an event'));
    const site = await readSite(tx, context, await readSeenNodes(tx, context));
    const body = accept(whatIf(site, query.node, query.event));
    return { body };
  }),

  'service.actions': autocommitReading('service.actions', async (tx, { query }) => {
    const node = query?.node === undefined ? null : await nodeByRef(tx, query.node);
    const items = await readActions(tx, { ...query, ...(node ? { node: node.id } : {}) });
    return { body: { items, next: null } };
  }),
};

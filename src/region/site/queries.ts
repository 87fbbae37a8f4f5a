import type { WhatIfAll } from '../../contract/site/screens.ts';
import { SEARCH_KINDS, type SearchAnswer } from '../../contract/search.ts';
import { WHAT_IF_EVENTS } from '../../contract/cluster/what-if.ts';
import { isRejected, refuse } from '../../core/errors.ts';
import { readHeads } from '../../store/publication/heads.ts';
import { addressRuns } from '../../store/queries/networks/address-users.ts';
import { searchObjects } from '../../store/queries/site/search.ts';
import { readSite } from '../cluster/read-site.ts';
import { readSeenNodes } from '../base/seen.ts';
import { whatIf } from '../cluster/what-if/what-if.ts';
import { filesOfService } from '../base/preview.ts';
import { readKnownNodes } from '../base/published.ts';
import { noSuch } from '../base/refs.ts';
import { appliedOf } from '../base/tracking.ts';
import { autocommitReading, reading } from '../base/use-case.ts';
import { subnetByRef } from '../networks/network-refs.ts';
import { nodeByRef } from '../base/node-refs.ts';
import { changeCases } from './past-change.ts';

/** Hits of each kind, when nobody says how many. */
const HITS = 5;
/** Runs of one answer: a /16 full of hosts is cut. */
const RUNS_MOST = 20_000;

/** Use cases that gather for a screen what would be many calls. They change nothing. */
export const queryCases = {
  'search.list': autocommitReading('search.list', async (tx, { query }, { caller }) => {
    const seesUsers = caller.role === 'admin' || caller.role === 'auditor';
    const kinds = SEARCH_KINDS.filter((kind) => kind !== 'user' || seesUsers);
    const text = (query?.q ?? '').trim().toLowerCase();
    const hits = text === '' ? [] : await searchObjects(tx, text, { kinds, limit: query?.limit ?? HITS });
    return { body: { items: hits as SearchAnswer['items'] } };
  }),

  'subnet.addresses': reading('subnet.addresses', async (tx, { params }) => {
    const subnet = await subnetByRef(tx, params.subnet);
    const rows = await addressRuns(tx, subnet.id, RUNS_MOST + 1);
    const runs = rows.slice(0, RUNS_MOST);
    return { body: { id: subnet.id, cidr: subnet.cidr, runs, isCut: rows.length > RUNS_MOST } };
  }),

  'service.files': reading('service.files', async (tx, { params }, { renderer }) => {
    const row = await nodeByRef(tx, params.node);
    const [node] = await readKnownNodes(tx, row.id);
    const [head] = await readHeads(tx, row.id);
    const part = head?.body.services[params.service];
    if (node === undefined || head === undefined || part === undefined)
      refuse(noSuch(`service of ${row.name}`, params.service, Object.keys(head?.body.services ?? {})));
    const files = filesOfService(renderer, node, { name: params.service, body: head.body });
    return {
      body: {
        node: row.name,
        service: params.service,
        generation: head.generation,
        publishedAt: head.publishedAt,
        isApplied: appliedOf(node.report?.services ?? []) === head.generation,
        files: [...files].map(([target, content]) => ({ target, content })),
      },
    };
  }),

  ...changeCases,

  'cluster.what-ifs': reading('cluster.what-ifs', async (tx, _input, context) => {
    const nodes = await readSeenNodes(tx, context);
    const site = await readSite(tx, context, nodes);
    const body: WhatIfAll = { items: [], refused: [] };
    for (const { name } of nodes)
      for (const event of WHAT_IF_EVENTS) {
        const prediction = whatIf(site, name, event);
        if (isRejected(prediction)) body.refused.push({ node: name, event, why: prediction.message });
        else body.items.push(prediction);
      }
    return { body };
  }),
};

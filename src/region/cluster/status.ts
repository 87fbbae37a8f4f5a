import { readCounts } from '../../store/queries/cluster/counts.ts';
import { type EventRow, filterEvents, lastEventId, readEvents, readRevision } from '../../store/queries/base/events.ts';
import { changedSince, type ChangeRow, findChange, listChanges } from '../../store/queries/site/changes.ts';
import { findDomain } from '../../store/queries/names/domains.ts';
import { readCompiler } from '../../store/queries/cluster/compiler-gate.ts';
import { readDesired, readPublication } from '../../store/publication/heads.ts';
import { revertChange } from '../../store/queries/site/revert.ts';
import { findUser } from '../../store/queries/people/users.ts';
import { readSettings } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';
import type { ConfigChange, PendingConfig } from '../../contract/site/config.ts';
import type { Status } from '../../contract/site/status.ts';
import { accept, invalid, refuse, type Rejected } from '../../core/errors.ts';
import { readWholeSite } from './whole-site.ts';
import type { ClusterSite } from './site.ts';
import { judgeCluster } from './view.ts';
import { findingOf } from '../../contract/base/wire/finding.ts';
import { type ListPage, pageBody } from '../base/paging.ts';
import { nameChanges, nameEvents } from '../base/history.ts';
import type { Caller } from '../base/port.ts';
import { diffBodies } from '../base/preview.ts';
import { changingRacks } from './trust/rack-node.ts';
import { type KnownNode } from '../base/published.ts';
import { readSeenNodes, type SeenNode } from '../base/seen.ts';
import { summarise } from './status-summary.ts';
import { appliedOf, trackServices } from '../base/tracking.ts';
import { type CaseContext, autocommitReading, reading, writing } from '../base/use-case.ts';

const EVENTS_DEFAULT = 100;

/** Files of a node that are published and not in force: its current publication against the one that it has applied. */
async function pendingOf(tx: Tx, node: KnownNode, context: CaseContext): Promise<PendingConfig['nodes'][number]> {
  const names = context.renderer.services.map((service) => service.name);
  const own = trackServices([node], names, context.clock.now());
  const applied = appliedOf(own);
  const wanted = node.published?.generation ?? 0;
  const inForce =
    applied === null || applied === 0 ? null : await readPublication(tx, node.id, { generation: applied });
  const published = applied === wanted ? null : await readDesired(tx, node.id);
  const files = published
    ? diffBodies(context.renderer, node, { before: inForce?.body ?? null, after: published.body })
    : [];
  const findings = node.findings.map((finding) => ({ service: finding.service, ...findingOf(finding) }));
  return {
    node: node.name,
    files,
    findings,
    wanted,
    applied,
    isCurrent: wanted > 0 && own.every((service) => service.isCurrent),
  };
}

/** The site on one screen. `cluster`: everything that is known of the cluster, at the same moment. */
export async function readStatus(
  tx: Tx,
  context: CaseContext,
  nodes: readonly SeenNode[],
  cluster: ClusterSite,
): Promise<Status> {
  const members = nodes.filter((node) => !node.isJoining);
  const published = members.length === 0 ? 0 : Math.min(...members.map((node) => node.compiledRevision));
  return summarise({
    version: context.version,
    now: cluster.now,
    revision: await readRevision(tx),
    published,
    unpublishedSince: await changedSince(tx, published),
    database: cluster.database,
    publisher: await readCompiler(tx),
    nodes,
    services: context.renderer.services.map((service) => service.name),
    counts: {
      ...(await readCounts(tx)),
      withoutSecondary: cluster.served.filter(({ secondary }) => secondary === null).length,
    },
    cluster: judgeCluster(cluster),
  });
}

/** Tables that only admins change: racks with their nodes, settings. */
const OF_ADMINS = ['racks', 'nodes', 'settings'];

export const statusCases = {
  'me.show': autocommitReading('me.show', async (tx, _input, { caller }) => ({
    body: { user: caller.user, role: caller.role, email: (await findUser(tx, caller.user))?.email ?? '' },
  })),

  'status.show': reading('status.show', async (tx, _input, context) => {
    const nodes = await readSeenNodes(tx, context);
    return {
      body: await readStatus(tx, context, nodes, await readWholeSite(tx, context, { known: nodes, isExact: false })),
    };
  }),

  'config.diff': reading('config.diff', async (tx, _input, context) => {
    const nodes: PendingConfig['nodes'] = [];
    for (const node of await readSeenNodes(tx, context)) nodes.push(await pendingOf(tx, node, context));
    return { body: { revision: await readRevision(tx), nodes } };
  }),

  'config.history': autocommitReading('config.history', async (tx, { query }) =>
    pageBody(await named(tx, await listChanges(tx, { ...query })), (change) => change, query),
  ),

  'config.show': autocommitReading('config.show', async (tx, { params }) => {
    const found = await findChange(tx, params.change);
    const [change] = await nameChanges(tx, found ? [found] : []);
    return change
      ? { body: change }
      : refuse('not_found', `There is no change ${params.change}, or it is too old and was deleted.`);
  }),

  'config.rollback': writing(
    'config.rollback',
    ({ params }) => `config rollback ${params.change}`,
    async (tx, { params }, { caller }) => {
      const change = await findChange(tx, params.change);
      if (!change) refuse('not_found', `There is no change ${params.change}, or it is too old and was deleted.`);
      if (caller.role !== 'admin' && touches(change.rows, OF_ADMINS)) {
        const why = `${caller.user} has the role ${caller.role}; only an admin can make change ${params.change} (${change.summary})`;
        refuse('forbidden', `${why}, so only an admin can undo it.`);
      }
      const revert = () => revertChange(tx, params.change);
      accept(await (touches(change.rows, ['racks']) ? changingRacks(tx, revert) : revert()));
      const { default_domain: name } = await readSettings(tx);
      if (!(await findDomain(tx, { name })) && touches(change.rows, ['domains', 'settings']))
        refuse(
          'in_use',
          `Without change ${params.change} the default domain ${name} would not exist. Change the setting default_domain first.`,
        );
      tx.emit({ kind: 'config.rolled_back', subject: String(params.change), data: { summary: change.summary } });
      const { operation: _operation, ...body } = change;
      return { body, reverts: params.change };
    },
  ),

  'event.list': autocommitReading('event.list', async (tx, { query }, { caller }) => {
    const { limit = EVENTS_DEFAULT, sort = 'id', after, before, since, subject } = query ?? {};
    const isNewestFirst = sort === '-id';
    accept(after === undefined ? null : await gapAfter(tx, after));
    // Without a place and a filter of time or subject: the last ones.
    const isOpen =
      [after, before, since, subject, query?.until, query?.text, query?.object, query?.who, query?.by].every(
        (value) => value === undefined,
      ) && !isNewestFirst;
    const place = isOpen ? { after: Math.max(0, (await lastEventId(tx)) - limit) } : {};
    const isPublic = caller.role === 'user';
    if (isPublic && (query?.who !== undefined || query?.by !== undefined))
      refuse(
        'forbidden',
        `${caller.user} has the role user, which does not see who did something. Leave out who and by.`,
      );
    const filter = { ...query, ...place, isPublic, reader: caller.user };
    const events = await filterEvents(tx, filter, limit, isNewestFirst);
    const last = events.at(-1);
    const items = await nameEvents(
      tx,
      events.map((event) => eventFor(caller, event)),
    );
    return { body: { items, next: last && events.length === limit ? String(last.id) : null } };
  }),
};

/**
 * An event as this caller may see it: a caller who may only read learns that something changed, but not the values or
 * the user.
 */
export function eventFor(caller: Pick<Caller, 'role'>, event: EventRow): EventRow {
  return caller.role === 'user' ? { ...event, who: '', data: {} } : event;
}

async function named(tx: Tx, page: ListPage<ChangeRow>): Promise<ListPage<ConfigChange>> {
  return { ...page, items: await nameChanges(tx, page.items) };
}

/** From 0 on means: all stored events. The event after any other position must still be stored. */
export async function gapAfter(tx: Tx, after: number): Promise<Rejected | null> {
  if (after === 0) return null;
  // In this order: an event that comes between the two questions is then the next one, never one that is missing.
  const latest = await lastEventId(tx);
  const [next] = await readEvents(tx, after, 1);
  const last = next ? next.id - 1 : latest;
  if (last === after) return null;
  return last < after
    ? invalid('after', `there is no event ${after} yet`, `the last one is ${last}`)
    : invalid('after', `the events up to ${last} are deleted`, `read the objects again and continue from ${last}`);
}

function touches(rows: readonly { readonly table: string }[], tables: readonly string[]): boolean {
  return rows.some((row) => tables.includes(row.table));
}

import { OWN_PROCESSES } from '../../../model/cluster/node.ts';
import { requestRestart } from '../../../store/queries/cluster/restarts.ts';
import { isAtWork, isRight } from '../site.ts';
import { type SiteSnapshot, awaitSnapshot, type Move, stopIfUnwanted, waitFor } from './move-run.ts';

/** Services that others need come last: the path to the database, then etcd, then the database itself. */
const LAST = ['vip', 'lb', 'dcs', 'db'];
const SERVICE_S = 120;
const PROCESS_S = 90;

/** Restarts every managed service of a node, one after the other, by requests; each is waited for until it is healthy again. */
export async function restartServices(move: Move, name: string): Promise<void> {
  const { services } = await awaitSnapshot(move);
  const own = services.filter((row) => row.node === name && row.isWanted).map((row) => row.service);
  for (const service of serviceOrder(own)) {
    stopIfUnwanted(move, `before ${service} on ${name} was restarted`);
    const nonce = await request(move, name, service);
    await waitFor(move, `${service} on ${name}`, {
      seconds: SERVICE_S,
      missing: (snapshot) => notBack(snapshot, { name, service, nonce }),
    });
  }
}

/** The order in which a node's services are restarted. Pure. */
export function serviceOrder(services: readonly string[]): readonly string[] {
  return services.toSorted((a, b) => LAST.indexOf(a) - LAST.indexOf(b) || (a < b ? -1 : 1));
}

/**
 * Restarts the agent of a node: it finds the request in its desired state. `since`: the reported start of the earlier
 * process.
 */
export async function restartAgent(move: Move, name: string, since: string): Promise<void> {
  stopIfUnwanted(move, `before the agent of ${name} was restarted`);
  await request(move, name, OWN_PROCESSES.agent);
  await waitFor(move, `the agent of ${name}`, {
    seconds: PROCESS_S,
    missing: ({ site }) => {
      const node = site.nodes.find((one) => one.name === name);
      if (node?.agent == null || node.agent.since === since) return 'it has not restarted yet';
      return node.isFresh && node.report === 'current' ? null : 'it has restarted and not reported everything yet';
    },
  });
}

/**
 * Restarts the region process of a node: it reads the request itself (`cluster/own-restart.ts`). `before`: the
 * process's unique name.
 */
export async function restartRegion(move: Move, name: string, before: string): Promise<void> {
  stopIfUnwanted(move, `before regiond of ${name} was restarted`);
  await request(move, name, OWN_PROCESSES.region);
  await waitFor(move, `regiond of ${name}`, {
    seconds: PROCESS_S,
    missing: ({ processes }) =>
      processes.some((one) => one.node === name && one.process !== before) ? null : 'it has not restarted yet',
  });
}

/** Requests the restart once in a job: an earlier run of the job made the same request, which may be done already. */
async function request(move: Move, name: string, service: string): Promise<string> {
  const nonce = `job-${move.run.id}`;
  const snapshot = await awaitSnapshot(move);
  const nodeId = snapshot.nodes.find((node) => node.name === name)?.id ?? '';
  const isRequested = snapshot.requests.some(
    (row) => row.nodeId === nodeId && row.service === service && row.nonce === nonce,
  );
  if (!isRequested)
    await move.save(`${service} on ${name} is restarted`, async (tx) => {
      await requestRestart(tx, { nodeId, service, nonce, actor: move.run.caller });
      tx.emit({ kind: 'service.restart_requested', subject: `${name}/${service}`, data: { nonce } });
    });
  return nonce;
}

/** What is missing until a service is back after its restart; null: nothing. Pure. */
export function notBack(
  snapshot: SiteSnapshot,
  { name, service, nonce }: { readonly name: string; readonly service: string; readonly nonce: string },
): string | null {
  const row = snapshot.services.find((one) => one.node === name && one.service === service);
  if (row === undefined) return 'no report of it';
  if (row.restart?.nonce !== nonce || !row.restart.isDone) return `not restarted yet (${row.state})`;
  // What is published meanwhile is not waited for: on a busy site something always is.
  if (row.isWanted ? !isAtWork(row, 0) : !isRight(row)) return `${row.state}: ${row.why}`;
  const db = snapshot.site.nodes.find((one) => one.name === name)?.facts.db;
  if (service === 'db' && !(db?.role === 'primary' || db?.isStreaming === true))
    return 'PostgreSQL does not stream yet';
  return null;
}

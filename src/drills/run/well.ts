import { AppError, sentenceOf } from '../../core/errors.ts';
import { execHost } from '../../lab/exec.ts';
import { findHolder, regionsOf, sqlOn, type Environment } from './environment.ts';

const EVERY_MS = 500;
const EXEC_MS = 10_000;
/** Is there while a host's keeper vouches for its primary (`ha/keeper`). */
export const ARMED = '/run/regent-keeper/armed';
/** A primary without its keeper's proof is waited for by Patroni's own, slow lease: nobody has that long who has a keeper that runs. */
const VOUCHED = `! systemctl --quiet is-active regent-keeper.service || test -e ${ARMED}`;

/**
 * Waits until the cluster has its full redundancy: one primary that every other region node follows synchronously, as read from the databases
 * themselves, a keeper that vouches for it, and a doctor who has nothing to say. Gives the moment; null after the deadline, with `lack` what was
 * missing last.
 */
export async function waitUntilRedundant(
  environment: Environment,
  deadlineMs: number,
): Promise<{ at: number | null; lack: string }> {
  const end = environment.now() + deadlineMs;
  for (;;) {
    const lack = await missing(environment);
    if (lack === null) return { at: environment.now(), lack: '' };
    if (environment.now() > end) return { at: null, lack };
    await environment.wait(EVERY_MS);
  }
}

/** The same, before a round. Throws AppError `drill` with what is missing. */
export async function needWell(environment: Environment, deadlineMs: number): Promise<void> {
  const { at, lack } = await waitUntilRedundant(environment, deadlineMs);
  if (at === null)
    throw new AppError(
      'drill',
      `The cluster is not healthy: ${lack} What to do: bin/regent doctor; sudo scripts/lab status`,
    );
}

/** Standbys that stream from a primary, of these kinds; -1: it is none. */
const followers = (kinds: readonly string[]) => `select case when pg_is_in_recovery() then -1 else
  (select count(*) from pg_stat_replication where sync_state in (${kinds.map((kind) => `'${kind}'`).join(', ')})
    and state = 'streaming' and application_name <> 'pg_basebackup') end`;
const SYNCHRONOUS = followers(['sync', 'quorum']);
const STREAMING = followers(['sync', 'quorum', 'potential', 'async']);

async function isVouchedFor({ layout }: Environment, host: string): Promise<boolean> {
  const result = await execHost(layout, host, ['sh', '-c', VOUCHED], { timeoutMs: EXEC_MS }).catch(() => null);
  return result?.code === 0;
}

async function missing(environment: Environment): Promise<string | null> {
  const regions = regionsOf(environment.topology);
  const isPromised = environment.redundancy !== 'streaming';
  const question = isPromised ? SYNCHRONOUS : STREAMING;
  const counts = await Promise.all(
    regions.map(async (host) => [host, Number((await sqlOn(environment, host, question)) ?? Number.NaN)] as const),
  );
  const silent = counts.filter(([, count]) => Number.isNaN(count)).map(([host]) => host);
  if (silent.length > 0) return `the database of ${silent.join(' and ')} does not answer.`;
  const primaries = counts.filter(([, count]) => count >= 0);
  if (primaries.length !== 1) return `${primaries.length} databases take writes.`;
  const [primary = '', followers = 0] = primaries[0] ?? [];
  if (followers !== regions.length - 1)
    return `${followers} of ${regions.length - 1} follow ${primary}${isPromised ? ' synchronously' : ''}.`;
  if (isPromised && !(await isVouchedFor(environment, primary)))
    return `the keeper of ${primary} has no proof of its lease yet.`;
  if (!isPromised && (await findHolder(environment)) === null) return 'nobody holds the floating address.';
  try {
    if (!isPromised) {
      await environment.client.call('cluster.show', {});
      return null;
    }
    const { body } = await environment.client.call('cluster.doctor', {});
    return body.state === 'ok' ? null : body.summary;
  } catch (error) {
    return `the API does not answer: ${sentenceOf(error)}.`;
  }
}

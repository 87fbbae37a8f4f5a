import type { RouteId, RouteOutput } from '../../../contract/routes.ts';
import { ProblemError } from '../../../contract/base/wire/transport.ts';
import { sentenceOf } from '../../../core/errors.ts';
import type { Call } from '../../command-spec.ts';
import { printable } from '../../format/escape.ts';

/** Calls that this host's region answers from memory while the database is away, with their paths on its socket. */
export const HOST_PATHS = { 'cluster.show': '/host/v1/cluster', 'cluster.doctor': '/host/v1/doctor' } as const;
type HostCall = keyof typeof HOST_PATHS & RouteId;

/** This host's region can answer, so nobody has to wait for the end of a failover. */
export const SHORT = { deadlineMs: 5000, refusedMs: 500 };
export const HOST_TIMEOUT_MS = 5000;

/**
 * Asks the API. If that does not answer (API keys are in the database), root on a region node asks this host's region for what it remembers. Any
 * answer of the API counts, also a refusal.
 */
export async function askCluster<I extends HostCall>(call: Call, id: I): Promise<RouteOutput<I>> {
  const { askHost } = call.io;
  if (askHost === null) return askApi(call, id);
  try {
    return await askApi(call, id, SHORT);
  } catch (error) {
    const isAnswer = error instanceof ProblemError && error.problem.code !== 'unavailable';
    if (isAnswer || call.io.interrupted.aborted) throw error;
    const answer = await askHost(HOST_PATHS[id], HOST_TIMEOUT_MS).catch(() => null);
    if (answer === null || answer.status !== 200) throw error;
    call.io.err.write(
      `regent: the API does not answer (${printable(sentenceOf(error))}); this is what the region of this host knows\n`,
    );
    return JSON.parse(answer.text) as RouteOutput<I>;
  }
}

async function askApi<I extends HostCall>(call: Call, id: I, patience?: typeof SHORT): Promise<RouteOutput<I>> {
  const { client } = await call.region(patience);
  return (await client.call(id, {} as never)).body;
}

import type { Status } from '../../contract/status.ts';
import type { Call } from '../command.ts';
import { CliError, EXIT } from '../exit.ts';
import { makeProgress } from './progress.ts';
import { askOrAway } from './ask.ts';

const POLL_MS = { first: 200, most: 1000 };

/** States in which a service is as it should be. */
const SETTLED = new Set(['healthy', 'absent']);

/**
 * What is still missing until every node has applied `revision` and is healthy; empty when nothing is. `revision` is the
 * configuration's revision at or after the change that is waited for.
 */
export function missingOf(status: Status, revision: number): string[] {
  if (status.published < revision) return [`revision ${revision} is not compiled yet (at ${status.published})`];
  const nodes = status.nodes
    .filter((node) => !node.isCurrent || node.isStale)
    .map((node) =>
      node.isStale
        ? `${node.name} does not report`
        : `${node.name} has generation ${node.applied ?? 'none'} of ${node.wanted}`,
    );
  const services = status.services
    .filter((service) => !SETTLED.has(service.state))
    .map((service) => `${service.service} on ${service.node} is ${service.state}`);
  return [...nodes, ...services];
}

/** What a failing service says of itself, for the message at the deadline. */
function reasonsOf(status: Status): string[] {
  return status.services
    .filter((service) => !SETTLED.has(service.state) && service.why !== '')
    .map((service) => `${service.service} on ${service.node}: ${service.why}`);
}

/**
 * Waits until every node has applied the present configuration and its services are healthy. A region that does not
 * answer meanwhile is asked again. At the deadline it throws with exit code 5, saying what is missing; the change itself
 * stays made.
 */
export async function waitForNodes(call: Call): Promise<void> {
  const { io, change } = call;
  const progress = makeProgress(io);
  const end = io.monotonic() + change.timeoutSeconds * 1000;
  let revision: number | null = null;
  for (let pause = POLL_MS.first; ; pause = Math.min(pause * 1.5, POLL_MS.most)) {
    const seen = await ask(call, end - io.monotonic());
    const status = typeof seen === 'string' ? null : seen;
    revision ??= status?.revision ?? null;
    const missing = typeof seen === 'string' ? [seen] : missingOf(seen, revision ?? seen.revision);
    if (status !== null && missing.length === 0) {
      progress.end(`Applied on ${status.nodes.length} of ${status.nodes.length} nodes; all services are healthy.`);
      return;
    }
    progress.say(`Waiting: ${missing.join('; ')}`);
    if (io.monotonic() + pause >= end) {
      progress.end('');
      throw new CliError(
        EXIT.timeout,
        `The change is made, but after ${change.timeoutSeconds} s it is not everywhere in force: ${missing.join('; ')}.`,
        [...(status === null ? [] : reasonsOf(status)), 'More: regent status, regent service list, regent config diff'],
      );
    }
    await io.sleep(pause, io.interrupted);
  }
}

/** The status, or a sentence when no region answers. */
async function ask(call: Call, leftMs: number): Promise<Status | string> {
  const { client } = await call.region();
  const answer = await askOrAway(call, leftMs, (signal) => client.call('status.show', {}, { signal }));
  return answer?.body ?? 'the region does not answer';
}

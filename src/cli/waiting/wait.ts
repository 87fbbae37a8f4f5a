import type { Status } from '../../contract/site/status.ts';
import type { Call } from '../command-spec.ts';
import { CliError, EXIT } from '../exit.ts';
import { makeProgress } from './progress.ts';
import { queryRegion, missingOf, outcomeOf, reasonsOf, waitingLine } from './outcome.ts';

const POLL_MS = { first: 200, most: 1000 };

/**
 * Waits until every present node has applied the configuration and its services are healthy. If a region does not answer meanwhile, it asks again. If
 * a node is away, or something differs from the request (held back, or served by nobody), it then throws with exit code 6. At the deadline it throws
 * with exit code 5 and says what is missing. The change itself stays.
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
      const { sentence, faults } = outcomeOf(status);
      if (faults.length === 0) {
        progress.end(sentence);
        return;
      }
      progress.end('');
      throw new CliError(EXIT.degraded, sentence, [...faults, 'More: regent status, regent config diff']);
    }
    progress.say(status === null ? `Waiting: ${missing.join('; ')}` : waitingLine(status, revision ?? status.revision));
    if (io.monotonic() + pause >= end) {
      progress.end('');
      throw new CliError(
        EXIT.timeout,
        `The change is made, but after ${change.timeoutSeconds} s it is not in force everywhere: ${missing.join('; ')}.`,
        [...(status === null ? [] : reasonsOf(status)), 'More: regent status, regent service list, regent config diff'],
      );
    }
    await io.sleep(pause, io.interrupted);
  }
}

/** The status, or a sentence when no region answers. */
async function ask(call: Call, leftMs: number): Promise<Status | string> {
  const { client } = await call.region();
  const answer = await queryRegion(call, leftMs, (signal) => client.call('status.show', {}, { signal }));
  return answer?.body ?? 'the region does not answer';
}

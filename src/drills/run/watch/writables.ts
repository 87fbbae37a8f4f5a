import { needInit } from '../../../lab/exec.ts';
import type { HostSpan } from '../../../judge/timeline.ts';
import { regionsOf, type Environment } from '../environment.ts';
import { insertLocal, WRITTEN } from '../local-writes.ts';
import { type HostWatch, keepRunning } from './keep.ts';

/** Watches which host acknowledges writes on the host itself, past every balancer. */
export interface WritablesWatch {
  readonly watches: ReadonlyMap<string, HostWatch>;
  /** Numbers of acknowledged writes, by host. */
  acknowledged(): Record<string, number[]>;
  /** From the first to the last acknowledgement of each unbroken run. */
  spans(): HostSpan[];
  stop(): void;
}

interface LocalWriter {
  readonly watch: HostWatch;
  readonly acks: { readonly number: number; readonly at: number }[];
  readonly timer: NodeJS.Timeout;
}

const EVERY_MS = 100;
/** So long without an acknowledgement and the run is over. */
const BREAK_MS = 500;
/**
 * Waits in one process while there is no PostgreSQL: a host that has lost its own must not take the processors of the others with attempts. What a
 * standby refuses ten times a second is not written to its journal.
 */
const PSQL = `while ! { read -r pid </var/lib/postgresql/17/regent/postmaster.pid && kill -0 "$pid"; } 2>/dev/null; do sleep 0.1; done
PGOPTIONS='-c log_min_messages=panic' exec psql -XqAt -d regent 2>&1`;

/** Has each region node's own PostgreSQL take a numbered write ten times a second, if it will, over one session of its superuser. */
export function watchWritables(environment: Environment, round: string): WritablesWatch {
  const writers = new Map(regionsOf(environment.topology).map((host) => [host, startWriter(environment, round, host)]));
  return {
    watches: new Map(Array.from(writers, ([host, { watch }]) => [host, watch])),
    acknowledged: () =>
      Object.fromEntries(Array.from(writers, ([host, { acks }]) => [host, acks.map(({ number }) => number)])),
    spans: () =>
      Array.from(writers).flatMap(([host, { acks }]) =>
        runsOf(acks.map(({ at }) => at)).map((run) => ({ host, ...run })),
      ),
    stop: () => {
      for (const { watch, timer } of writers.values()) {
        clearInterval(timer);
        watch.stop();
      }
    },
  };
}

function startWriter(environment: Environment, round: string, host: string): LocalWriter {
  const acks: { number: number; at: number }[] = [];
  let last = 0;
  let isWaiting = false;
  let isDoubtful = false;
  const onLine = (line: string) => {
    // A wait for the standbys that was cancelled answers as if all were well.
    if (line.startsWith('WARNING')) isDoubtful = true;
    const isWritten = line.startsWith(WRITTEN);
    if (isWritten && !isDoubtful) acks.push({ number: Number(line.slice(WRITTEN.length)), at: environment.now() });
    if (isWritten || line.startsWith('ERROR')) isWaiting = false;
  };
  const watch = keepRunning({
    environment,
    argv: () => psqlIn(environment, host),
    onLine,
    onEnd: () => (isWaiting = false),
  });
  const timer = setInterval(() => {
    if (isWaiting) return;
    last += 1;
    isDoubtful = false;
    isWaiting = watch.send(insertLocal({ round, host, number: last }));
  }, EVERY_MS);
  return { watch, acks, timer };
}

/** Errors come on the same stream as answers, so that their order is known. Null: the host is off. */
function psqlIn(environment: Environment, host: string): string[] | null {
  try {
    const enter = ['nsenter', `--target=${needInit(environment.layout, host).pid}`, '--all', '--'];
    return [...enter, 'runuser', '-u', 'postgres', '--', 'sh', '-c', PSQL];
  } catch {
    return null;
  }
}

/** Unbroken runs of moments, ms: no two neighbours are further apart than half a second. */
export function runsOf(times: readonly number[]): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  for (const at of times) {
    const run = runs.at(-1);
    if (run !== undefined && at - run.to <= BREAK_MS) run.to = at;
    else runs.push({ from: at, to: at });
  }
  return runs;
}

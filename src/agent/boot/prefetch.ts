import type { Desired, HostObservation } from '../../contract/cluster/agent.ts';
import type { Command, ExecResult } from '../../core/host-values.ts';
import type { LoopPorts } from '../ports.ts';

/**
 * The parts that the prefetch needs. `held`: the desired state in force; `exec`: sends a request to this host's nginx.
 */
export interface PrefetchOptions {
  readonly ports: LoopPorts;
  readonly held: () => Desired | null;
  readonly exec: (command: Command) => Promise<ExecResult>;
  /** Called when a file has become available, or is no longer available. */
  readonly onChange: () => void;
}

/** Whether the rack has a file, and since when. */
type CopyState = NonNullable<HostObservation['copies']>[number];

/** Fetches files before machines request them, and reports which of them the rack has. */
export type Prefetch = { current(): readonly CopyState[]; run(signal: AbortSignal): Promise<void> };

const EVERY_MS = 5_000;
const SILENCE_MS = 300_000;
/** Time limit of a request, ms: a region reads the whole file before it sends the first byte. */
const REQUEST_MS = 120_000;
/** An available file is requested again at this interval, ms, so that nginx counts it as used. */
const AGAIN_MS = 12 * 3_600_000;
/** Pause after a failed request, ms. */
const PAUSE_MS = 30_000;

/** A requested file: its state, and the time of the next request (monotonic, ms). */
type PrefetchedFile = { readonly copy: CopyState; readonly requestAt: number };

/** The port and the files of a rack's web server in the desired state. */
type Http = { readonly port: number; readonly wanted?: readonly string[] };

/**
 * Makes this rack's nginx fetch the files that its machines will request, one at a time. The agent requests only the
 * first byte of a file; nginx then fetches and stores the whole file.
 */
export function openPrefetch({ ports, held, exec, onChange }: PrefetchOptions): Prefetch {
  const { clock, log, random } = ports;
  const known = new Map<string, PrefetchedFile>();

  const request = async (port: number, path: string) => {
    const url = `http://127.0.0.1:${port}/${path}`;
    const { code, stdout } = await exec({ url, range: 'bytes=0-0', timeoutMs: REQUEST_MS });
    const isThere = code === 0 && /^HTTP\/1\.1 20[06] /.test(stdout);
    const before = known.get(path)?.copy;
    const isSame = before?.isThere === isThere;
    known.set(path, {
      copy: isSame ? before : { path, isThere, since: new Date(clock.now()).toISOString() },
      requestAt: clock.monotonic() + (isThere ? AGAIN_MS : PAUSE_MS) * (0.75 + random.fraction() / 2),
    });
    if (isSame) return;
    onChange();
    if (isThere) log.info('prefetching a file of an image', { path });
    else log.warn('no region has a file that machines will request; trying again', { path });
  };

  return {
    current: () => [...known.values()].map(({ copy }) => copy),
    async run(signal) {
      const beat = ports.loop('prefetch', SILENCE_MS);
      while (!signal.aborted) {
        beat();
        const http = (held()?.body.services['http']?.desired ?? null) as Http | null;
        const wanted = http?.wanted ?? [];
        for (const path of known.keys()) if (!wanted.includes(path)) known.delete(path);
        const next = wanted.find((path) => (known.get(path)?.requestAt ?? 0) <= clock.monotonic());
        if (http !== null && next !== undefined) await request(http.port, next);
        await ports.wait(EVERY_MS, signal);
      }
      beat.end();
    },
  };
}

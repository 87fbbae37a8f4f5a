import type { Desired, HostObservation } from '../../contract/cluster/agent.ts';
import type { Command, ExecResult } from '../../core/host-values.ts';
import type { LoopPorts } from '../ports.ts';

/** What files are fetched by. `held`: the desired state in force; `exec`: asks this host's nginx. */
export interface PrefetchOptions {
  readonly ports: LoopPorts;
  readonly held: () => Desired | null;
  readonly exec: (command: Command) => Promise<ExecResult>;
  /** Another file is there, or one is not any more. */
  readonly onChange: () => void;
}

type CopySeen = NonNullable<HostObservation['copies']>[number];

/** Files that are fetched beforehand, and whether they are there. */
export interface Prefetch {
  current(): readonly CopySeen[];
  run(signal: AbortSignal): Promise<void>;
}

const EVERY_MS = 5_000;
const SILENCE_MS = 300_000;
/** A region reads a file whole before it gives out its first byte. */
const ASK_MS = 120_000;
/** A wanted file is requested again at this interval, so that nginx counts it as used. */
const AGAIN_MS = 12 * 3_600_000;
/** After a failure. */
const PAUSE_MS = 30_000;

/** A requested file: its state, and when it is requested again (monotonic, ms). */
interface PrefetchedFile {
  readonly copy: CopySeen;
  readonly askAt: number;
}

/** The port and the files of a rack's web server, as its desired state has them. */
interface Http {
  readonly port: number;
  readonly wanted?: readonly string[];
}

/**
 * Lets this rack's nginx fetch what its machines will want, one file after the other, before the first request. The agent requests one byte: nginx goes on by itself
 * and stores the whole file, like every file that it may cache.
 */
export function openPrefetch({ ports, held, exec, onChange }: PrefetchOptions): Prefetch {
  const { clock, log, random } = ports;
  const known = new Map<string, PrefetchedFile>();

  const ask = async (port: number, path: string) => {
    const url = `http://127.0.0.1:${port}/${path}`;
    const { code, stdout } = await exec({ url, range: 'bytes=0-0', timeoutMs: ASK_MS });
    const isThere = code === 0 && /^HTTP\/1\.1 20[06] /.test(stdout);
    const before = known.get(path)?.copy;
    const isSame = before?.isThere === isThere;
    known.set(path, {
      copy: isSame ? before : { path, isThere, since: new Date(clock.now()).toISOString() },
      askAt: clock.monotonic() + (isThere ? AGAIN_MS : PAUSE_MS) * (0.75 + random.fraction() / 2),
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
        const next = wanted.find((path) => (known.get(path)?.askAt ?? 0) <= clock.monotonic());
        if (http !== null && next !== undefined) await ask(http.port, next);
        await ports.wait(EVERY_MS, signal);
      }
      beat.end();
    },
  };
}

import { spawnSync } from 'node:child_process';
import type { Shared } from '../dhcp/holders.ts';
import { readLines, writeLines } from '../child/lines.ts';
import { monotonicMs } from '../time/deadline.ts';
import { type LaneSample, type Probe, runLane } from './lane.ts';

/** What a prober writes, a line each: `ready` when it asks, samples as they end, at last what it cost. */
export type ProberLine =
  | { readonly ready: true }
  | LaneSample
  | { readonly shared: Shared; readonly at: number }
  | { readonly cost: Cost; readonly held?: readonly string[] };

/** What a prober reads after its configuration. */
export interface ProberNews {
  /** Probes that ask in bursts ask one now. */
  readonly burst: true;
}

/** What a prober asks. */
export interface Probing {
  readonly probes: readonly Probe[];
  /** Addresses that its machines have at the end. */
  readonly held?: () => readonly string[];
}

/** Time of the processor that a prober took, and the time that it ran, ms. */
export type Cost = { readonly cpuMs: number; readonly wallMs: number };

const FLUSH_MS = 200;
const HURRY_MS = 2000;
const POLL_MS = 20;
/** Datagrams that `close` sends need a turn of the loop. */
const LAST_MS = 20;

/**
 * A prober's life: the first line of standard input is its configuration; it asks until standard input ends, waits `stopMs` at most for
 * what is open, and exits. A configuration that cannot be read, or probes that cannot be made, end it with a sentence without secrets.
 */
export function serveProber<C extends { readonly stopMs: number }>(
  probingOf: (config: C, onShared: (shared: Shared) => void) => Promise<Probing>,
) {
  hurry();
  const lines: ProberLine[] = [];
  const onShared = (shared: Shared) => lines.push({ shared, at: monotonicMs() });
  let running: Running = { stop: () => process.exit(0), burst: () => undefined };
  let isConfigured = false;
  const onLine = (line: C | ProberNews) => {
    if (isConfigured || 'burst' in line) return running.burst();
    isConfigured = true;
    probingOf(line, onShared).then(
      (probing) => (running = run(probing, line.stopMs, lines)),
      (error: unknown) => end(error instanceof Error ? error.message : 'it cannot start'),
    );
  };
  readLines<C | ProberNews>(process.stdin, onLine, () => running.stop());
}

/**
 * A stop watch on processors that many hosts share: it goes before all that is not of real time, and takes little. All of its threads, as
 * one waits for another. A caller who may not (only root may) measures with what it gets, and `late` reports the delay.
 */
function hurry(): void {
  const argv = ['--rr', '--reset-on-fork', '--all-tasks', '--pid', '1', String(process.pid)];
  spawnSync('chrt', argv, { stdio: 'ignore', timeout: HURRY_MS });
}

function end(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

type Running = { stop(): void; burst(): void };

/** `lines`: what is still to be written; more may be added at any time. */
function run({ probes, held }: Probing, stopMs: number, lines: ProberLine[]): Running {
  lines.unshift({ ready: true });
  const flush = () => writeLines(...lines.splice(0));
  const startedAt = monotonicMs();
  const before = process.cpuUsage();
  const lanes = probes.map((probe, index) =>
    runLane(probe, (probe.everyMs * index) / probes.length, (sample) => lines.push(sample)),
  );
  flush();
  setInterval(flush, FLUSH_MS);
  const stop = () => {
    for (const lane of lanes) lane.stop();
    const deadline = monotonicMs() + stopMs;
    const finish = async () => {
      for (const lane of lanes) lane.giveUp();
      const heldAddresses = held?.();
      // Its last packets are sent before the next lines.
      await Promise.all(probes.map(async (probe) => probe.close?.()));
      const used = process.cpuUsage(before);
      const cost = { cpuMs: (used.user + used.system) / 1000, wallMs: monotonicMs() - startedAt };
      lines.push({ cost, ...(heldAddresses && { held: heldAddresses }) });
      flush();
      setTimeout(() => process.stdout.write('', () => process.exit(0)), LAST_MS);
    };
    const finishWhenIdle = () => {
      const isOpen = lanes.some((lane) => lane.open() > 0);
      if (isOpen && monotonicMs() < deadline) setTimeout(finishWhenIdle, POLL_MS);
      else void finish();
    };
    finishWhenIdle();
  };
  return {
    stop,
    burst: () => {
      for (const lane of lanes) lane.burst();
    },
  };
}

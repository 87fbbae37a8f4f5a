import { join } from 'node:path';
import { AppError, sentenceOf } from '../../core/errors.ts';
import type { Lane, Ledger } from '../../judge/timeline.ts';
import { readLines } from './child/lines.ts';
import { endProgram, type ChildProgram, startProgram } from './child/program.ts';
import type { DhcpProberConfig, ProberConfig } from './config.ts';
import { SampleBook } from './lanes/book.ts';
import type { WriteOutcome } from './lanes/lane.ts';
import type { Shared } from './dhcp/holders.ts';
import type { Cost, ProberLine, ProberNews } from './lanes/serve.ts';

/** What a prober has reported. Times are of CLOCK_MONOTONIC, ms (`monotonicMs`): the caller subtracts its zero. */
export interface ProberRecord {
  /** Samples in the order in which they were sent. */
  readonly lanes: readonly Lane[];
  readonly ledger: Pick<Ledger, WriteOutcome>;
  /** Addresses that two of its machines had at the same time. */
  readonly shared: readonly (Shared & { readonly at: number })[];
  /** Addresses that its machines had at its end. */
  readonly held: readonly string[];
  /** null before its end. */
  readonly cost: Cost | null;
}

/** A prober that asks. */
export interface Prober {
  /** So far: without what is open, and what it has not yet handed on (0.2 s). */
  record(): ProberRecord;
  /** Has the probes that ask in bursts ask one. */
  burst(): void;
  /** Why it has ended by itself: what it recorded is not whole then. null: it has not. */
  failure(): AppError | null;
  /** Stops it and waits for what is open, then says everything. Throws `failure()`, or AppError `drill_prober` when it does not end in time. */
  stop(): Promise<ProberRecord>;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

/** Both ends of a start may be starved: hosts boot on the same processors. */
const START_MS = 20_000;
/** Beyond what open questions may take. */
const STOP_MARGIN_MS = 5000;

/**
 * Starts a client of the site's services in a network namespace (a name below /run/netns; null: here). Resolves when it asks. Throws
 * AppError `drill_prober` when it ends before, or does not ask in time. It ends with `stop`, with `kill`, or with this process.
 */
export function startProber(netns: string | null, config: ProberConfig): Promise<Prober> {
  return start(netns, 'prober.ts', config);
}

/** The same for machines on a VLAN that want addresses; the namespace has an address and a default route. */
export function startDhcpProber(netns: string, config: DhcpProberConfig): Promise<Prober> {
  return start(netns, 'dhcp-prober.ts', config);
}

async function start(netns: string | null, program: string, config: { readonly stopMs: number }): Promise<Prober> {
  const child = startProgram({ netns, program: join(import.meta.dirname, program) }, 'pipe');
  const book = openBook();
  const name = `The ${program.slice(0, -'.ts'.length)} in ${netns ?? 'this network'}`;
  const exit = watchExit(child);
  let [isStopping, failure]: [boolean, AppError | null] = [false, null];
  const ended = exit.then((how) => {
    if (!isStopping || how !== '') failure = new AppError('drill_prober', `${name} ended by itself${how}.`);
  });
  const ready = new Promise<void>((resolve) => readLines<ProberLine>(child.stdout, (line) => book.add(line, resolve)));
  child.stdin.write(`${JSON.stringify(config)}\n`);
  if (!(await isIn(START_MS, Promise.race([ready, ended])))) {
    endProgram(child);
    throw new AppError('drill_prober', `${name} did not begin within ${START_MS / 1000} s.`);
  }
  if (failure) throw failure;
  return {
    record: book.record,
    burst: () => void child.stdin.write(`${JSON.stringify({ burst: true } satisfies ProberNews)}\n`),
    failure: () => failure,
    stop: async () => {
      isStopping = true;
      child.stdin.end();
      if (!(await isIn(config.stopMs + STOP_MARGIN_MS, ended))) {
        endProgram(child);
        throw new AppError('drill_prober', `${name} did not end within ${config.stopMs + STOP_MARGIN_MS} ms.`);
      }
      if (failure) throw failure;
      return book.record();
    },
    kill: () => {
      isStopping = true;
      endProgram(child);
    },
  };
}

/** How a program ended, as the end of a sentence; '' when well. Its earlier output (such as a warning of Node's) goes to our standard error. */
function watchExit(child: ChildProgram): Promise<string> {
  let stderrText = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderrText = (stderrText + text).slice(0, 4000)));
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`: ${sentenceOf(error)}`));
    child.once('close', (code, signal) => {
      if (code === 0) {
        process.stderr.write(stderrText);
        resolve('');
        return;
      }
      const errorLine =
        stderrText.split('\n').find((line) => line.includes('Error: ')) ?? stderrText.trim().split('\n').at(-1) ?? '';
      const how = signal ? ` by ${signal}` : ` with ${code}`;
      resolve(`${how}${errorLine === '' ? '' : `: ${errorLine.trim()}`}`);
    });
  });
}

async function isIn(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), ms)));
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function openBook() {
  const book = new SampleBook();
  let cost: Cost | null = null;
  let held: readonly string[] = [];
  const shared: ProberRecord['shared'][number][] = [];
  return {
    add: (line: ProberLine, onReady: () => void) => {
      if ('ready' in line) onReady();
      else if ('cost' in line) [cost, held] = [line.cost, line.held ?? []];
      else if ('shared' in line) shared.push({ ...line.shared, at: line.at });
      else book.add(line);
    },
    record: (): ProberRecord => ({ lanes: book.lanes(), ledger: book.numbers(), shared, held, cost }),
  };
}

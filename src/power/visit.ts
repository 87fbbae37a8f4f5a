import { backOffMs } from '../core/back-off.ts';
import { rejected, isRejected, type Rejected } from '../core/errors.ts';
import type { Fence } from './fence.ts';
import type { Learned, PowerCall, PowerDriver, PowerFailure, PowerLine } from './driver.ts';
import { failed, isFailed } from './driver.ts';
import type { Lane } from './lanes.ts';
import { quirksOf, type Quirks } from './quirks.ts';

/** Least pause between two commands to one BMC, ms. */
const GAP_MS = 100;
const TRIES_MAX = 4;
const BETWEEN_TRIES = { firstMs: 300, mostMs: 4000 };

/** What the visit of an order needs. */
export interface VisitPorts {
  readonly driver: PowerDriver;
  readonly call: PowerCall;
  readonly lane: Lane;
  readonly fence: Fence;
  readonly bmc: string | null;
  readonly epoch: number;
}

/**
 * One visit of an order to its BMC: every command waits for its turn, has no newer epoch beside it, and is tried again with back-off when the BMC is busy
 * or not there. So much may be repeated, since each command wants a state.
 */
export class Visit {
  readonly #ports: VisitPorts;
  #line: PowerLine | null = null;
  readonly notes: string[] = [];

  constructor(ports: VisitPorts) {
    this.#ports = ports;
  }

  get learned(): Learned {
    return this.#line?.learned() ?? this.#ports.call.learned;
  }

  get random(): PowerCall['effects']['random'] {
    return this.#ports.call.effects.random;
  }

  get quirks(): Quirks {
    return quirksOf(this.learned);
  }

  /** Time that is left, ms; zero or less: none. */
  get left(): number {
    return this.#ports.call.until - this.#ports.call.effects.clock.monotonic();
  }

  /** Gives a command and its answer. */
  async say<T>(command: (line: PowerLine) => Promise<T | PowerFailure>): Promise<T | PowerFailure | Rejected> {
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#once(command);
      if (!isFailed(answer) || !isPassing(answer) || tries >= TRIES_MAX) return answer;
      const pauseMs = backOffMs(tries - 1, BETWEEN_TRIES, this.#ports.call.effects.random);
      if (pauseMs >= this.left) return answer;
      await this.#ports.call.effects.pause(pauseMs);
    }
  }

  /** Waits, at most until the deadline. */
  async pause(ms: number): Promise<void> {
    await this.#ports.call.effects.pause(Math.max(1, Math.min(ms, this.left)));
  }

  /** Logs out. */
  async close(): Promise<void> {
    await this.#line?.close();
  }

  async #once<T>(command: (line: PowerLine) => Promise<T | PowerFailure>): Promise<T | PowerFailure | Rejected> {
    const { driver, call, lane } = this.#ports;
    await lane.ready(this.quirks.gapMs ?? GAP_MS);
    const overtaken = overtakenBy(this.#ports);
    if (overtaken !== null) return overtaken;
    if (this.left <= 0)
      return failed('busy', 'The time of the order ran out before the BMC had its turn.', 'Give the order more time.');
    if (this.#line === null) {
      const line = await driver.open(call);
      if (isFailed(line)) return line;
      this.#line = line;
      // Logging in was a command of its own.
      await lane.ready(this.quirks.gapMs ?? GAP_MS);
    }
    return await command(this.#line);
  }
}

/** Is there a newer holder of the BMC's orders? */
export function overtakenBy({ fence, bmc, epoch }: Pick<VisitPorts, 'fence' | 'bmc' | 'epoch'>): Rejected | null {
  const highest = bmc === null ? 0 : fence.highest(bmc);
  if (epoch >= highest) return null;
  return rejected(
    'conflict',
    `The power order of epoch ${epoch} comes too late: ${bmc} already has orders of epoch ${highest}. Rule: a BMC takes orders only from the newest epoch.`,
  );
}

/** Did it end without an answer of use? */
export const isStopped = (answer: unknown): answer is PowerFailure | Rejected => isFailed(answer) || isRejected(answer);

/** May it be otherwise in a moment? */
function isPassing({ code }: PowerFailure): boolean {
  return code === 'busy' || code === 'unreachable';
}

import { createConnection } from 'node:net';
import { readFileSync } from 'node:fs';
import { pidsNamed, statOf } from '../kit/processes.ts';
import type { KeaSight } from './sight.ts';

const ASK_MS = 150;
const ANSWER_MS = 1000;
const ANSWER_MAX = 1_000_000;
/** So many questions may be open: a hanging Kea has been asked for so long without an answer. */
const OPEN_MAX = 8;
/** A Kea that has just begun may read a long file of leases before it answers. */
const BEGIN_MS = 15_000;
/** An older answer says nothing of now. */
const FRESH_MS = 1000;
const NAME = 'kea-dhcp4';
const SCAN_MS = 100;

/** What `status-get` says of the pair (Kea 2.6 ARM, 16.2, "high-availability"). */
interface Status {
  readonly state: string;
  readonly scopes: readonly string[];
  readonly isCut: boolean;
}

let scannedAt = -Infinity;
let scanned: readonly number[] = [];

/**
 * Processes of an instance: they were started with its own configuration. One that has ended and was not waited for (a zombie) is none. `now`: a look
 * of just now is good enough; null: it is not.
 */
export function processesOf(key: string, now: number | null): number[] {
  if (now === null || now - scannedAt >= SCAN_MS) [scanned, scannedAt] = [pidsNamed(NAME), now ?? -Infinity];
  return scanned.filter((pid) => isOf(pid, key));
}

function isOf(pid: number, key: string): boolean {
  try {
    const state = statOf(pid)?.state;
    return (
      state !== undefined && state !== 'Z' && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`/regent-${key}/`)
    );
  } catch {
    return false;
  }
}

/** Asks a Kea a command over its control socket. Rejects when it gives no answer with result 0 in time. */
export function askKea(socket: string, command: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket);
    let text = '';
    const timer = setTimeout(() => connection.destroy(new Error('no answer in time')), ANSWER_MS);
    connection.setEncoding('utf8');
    connection.on('data', (part: string) => {
      text += part;
      if (text.length > ANSWER_MAX) connection.destroy(new Error('Kea says too much'));
    });
    connection.on('error', reject);
    connection.on('close', () => clearTimeout(timer));
    connection.on('end', () => {
      try {
        const answer = JSON.parse(text) as { result: number; text?: string; arguments?: unknown };
        if (answer.result === 0) resolve(answer.arguments);
        else reject(new Error(`Kea: ${answer.text ?? answer.result}`));
      } catch {
        reject(new Error('Kea answers no JSON'));
      }
    });
    // Kea reads until the JSON is whole, answers and closes.
    connection.write(JSON.stringify(command));
  });
}

/** null: this Kea belongs to no pair. */
function statusOf(answer: unknown): Status | null {
  const [relation] = (answer as { 'high-availability'?: unknown[] } | null)?.['high-availability'] ?? [];
  const { local, remote } = (relation as { 'ha-servers'?: Record<string, unknown> } | undefined)?.['ha-servers'] ?? {};
  const { state, scopes } = (local ?? {}) as { state?: unknown; scopes?: unknown };
  if (typeof state !== 'string' || !Array.isArray(scopes)) return null;
  const isCut = (remote as { 'communication-interrupted'?: unknown } | undefined)?.['communication-interrupted'];
  return { state, scopes: scopes.filter((scope) => typeof scope === 'string'), isCut: isCut === true };
}

/** Watches one Kea: is it there, what does it say, does it hang? Times: of the clock that is given, ms. */
export class KeaWatch {
  readonly #key: string;
  readonly #clock: () => number;
  readonly #onChange: () => void;
  #pid: number | null = null;
  #bornAt = 0;
  #status: Status | null = null;
  #answeredAt = -Infinity;
  #askedAt = -Infinity;
  #open = 0;
  #silences = 0;

  constructor(key: string, clock: () => number, onChange: () => void) {
    this.#key = key;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get socket(): string {
    return `/run/kea/kea4-${this.#key}.sock`;
  }

  /** Looks for the process, and asks when it is time. */
  look(now: number): void {
    if (this.#pid === null || !isOf(this.#pid, this.#key)) this.#meet(processesOf(this.#key, now)[0] ?? null, now);
    if (this.#pid !== null && now - this.#askedAt >= ASK_MS && this.#open < OPEN_MAX) void this.#ask(now);
  }

  /** Asks as soon as it can: something was just changed. */
  hurry(): void {
    this.#askedAt = -Infinity;
  }

  /** `isOver`: its unit has ended it for certain. */
  sight(now: number, isOver: boolean): KeaSight {
    const isRunning = this.#pid !== null;
    const { state = null, scopes = [], isCut = false } = (isRunning ? this.#status : null) ?? {};
    const isAnswering = isRunning && state !== null && now - this.#answeredAt <= FRESH_MS;
    const isOld = this.#status !== null || now - this.#bornAt > BEGIN_MS;
    const isGone = isOver && !isRunning;
    return {
      isRunning,
      isOver: isGone,
      state,
      scopes,
      isCut,
      isAnswering,
      isHung: isRunning && isOld && this.#silences >= 2,
    };
  }

  #meet(pid: number | null, now: number): void {
    if (pid === this.#pid) return;
    [this.#pid, this.#bornAt, this.#status, this.#silences] = [pid, now, null, 0];
    [this.#answeredAt, this.#askedAt] = [-Infinity, -Infinity];
    this.#onChange();
  }

  async #ask(now: number): Promise<void> {
    const pid = this.#pid;
    this.#askedAt = now;
    this.#open += 1;
    try {
      const status = statusOf(await askKea(this.socket, { command: 'status-get' }));
      if (pid !== this.#pid) return;
      this.#silences = 0;
      // An answer to a later question may have come before.
      if (now >= this.#answeredAt) [this.#status, this.#answeredAt] = [status, now];
      this.#onChange();
    } catch (error) {
      // Who refuses has only just begun, or has ended: that is no silence.
      if (pid === this.#pid && this.#clock() - now >= ANSWER_MS - 50 && now > this.#answeredAt) this.#silences += 1;
      else if (pid === this.#pid && error instanceof Error && error.message.startsWith('Kea:')) this.#status = null;
    } finally {
      this.#open -= 1;
    }
  }
}

import { readdirSync, readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { pidsNamed, statOf } from '../kit/starved.ts';
import type { KeaView } from './inputs.ts';
import { DIFFER_MS } from './messages.ts';

const ASK_MS = 150;
const TAG_MS = 500;
const ANSWER_MS = 1000;
const ANSWER_MAX = 1_000_000;
/** So many questions may be open: a hanging Kea has been silent for that time. */
const OPEN_MAX = 8;
/** A Kea that works, or waits for a processor, is silent for this before it counts as hung: to start it again would take it longer. */
const BUSY_MS = 5000;
/** Its threads must have worked or waited for so much of the time. */
const BUSY_SHARE = 0.5;
/** A Kea that has just started may read a long file of leases before it answers. */
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
  readonly pausedBy: readonly number[];
}

/** States before hot-standby in which a Kea takes all leases of the other. */
const SYNCING: ReadonlySet<string> = new Set(['waiting', 'syncing', 'ready']);
/** A Kea without a question for so long may have been in other states meanwhile: partner-down lasts 0.5 s at least. */
const WATCHED_MS = 450;
/** Kea says its time in whole seconds, and may be late: less is no difference. */
const SECONDS_MS = 3000;

let scannedAt = -Infinity;
let scanned: readonly number[] = [];

/** A Kea that checks a file and serves nobody. */
const CHECKS = ['-t', '-T'];

/**
 * Processes of an instance: they were started with its own configuration, and not to check one. One that has ended and was not waited for (a zombie)
 * is none. `now`: a scan of just now is good enough; null: it is not.
 */
export function processesOf(key: string, now: number | null): number[] {
  if (now === null || now - scannedAt >= SCAN_MS) [scanned, scannedAt] = [pidsNamed(NAME), now ?? -Infinity];
  return scanned.filter((pid) => isOf(pid, key));
}

function isOf(pid: number, key: string): boolean {
  try {
    const state = statOf(pid)?.state;
    if (state === undefined || state === 'Z') return false;
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return (
      args.some((argument) => argument.includes(`/regent-${key}/`)) &&
      !args.some((argument) => CHECKS.includes(argument))
    );
  } catch {
    return false;
  }
}

/** Asks a Kea a command over its control socket. Rejects when it gives no answer with result 0 in time, ms. */
export function askKea(socket: string, command: object, patience = ANSWER_MS): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const connection = createConnection(socket);
    let text = '';
    const timer = setTimeout(() => connection.destroy(new Error('no answer in time')), patience);
    connection.setEncoding('utf8');
    connection.on('data', (part: string) => {
      text += part;
      if (text.length > ANSWER_MAX) connection.destroy(new Error('the answer of Kea is too large'));
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
  const { 'disabled-by-remote-command': paused } =
    (answer as { 'dhcp-state'?: { 'disabled-by-remote-command'?: unknown } })['dhcp-state'] ?? {};
  const pausedBy = Array.isArray(paused) ? paused.filter((id) => typeof id === 'number') : [];
  return { state, scopes: scopes.filter((scope) => typeof scope === 'string'), isCut: isCut === true, pausedBy };
}

/** For how long its threads have run, or were ready to run and got no processor, ms: the first two numbers of `schedstat` (sched-stats.rst of Linux). */
function workOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const [ran, waited] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
      return sum + (Number(ran) + Number(waited)) / 1e6;
    }, 0);
  } catch {
    // It has ended.
    return 0;
  }
}

/** Watches one Kea: is it there, what does it say, does it hang? Times: of the clock that is given, ms. */
export class KeaWatch {
  readonly #key: string;
  readonly #clock: () => number;
  #pid: number | null = null;
  #bornAt = 0;
  #status: Status | null = null;
  #answeredAt = -Infinity;
  #requestedAt = -Infinity;
  #tag: string | null = null;
  #tagAt = -Infinity;
  #open = 0;
  #silences = 0;
  #syncId: string | null = null;
  /** The last question that was answered, or that opened a silence, and its work until then. */
  /** So far its clock is ahead of this program's, ms; it outlives a process. */
  #aheadMs = 0;
  /** Its day's time less the time since the boot, ms: the most that it was, and what it is; null: not known. */
  #day: { readonly most: number; readonly last: number } | null = null;
  #silence: { readonly at: number; readonly work: number } | null = null;

  constructor(key: string, clock: () => number) {
    this.#key = key;
    this.#clock = clock;
  }

  get socket(): string {
    return `/run/kea/kea4-${this.#key}.sock`;
  }

  /** Finds the process, and asks when it is time. */
  poll(now: number): void {
    if (this.#pid === null || !isOf(this.#pid, this.#key)) this.#meet(processesOf(this.#key, now)[0] ?? null, now);
    if (this.#pid !== null && now - this.#requestedAt >= ASK_MS && this.#open < OPEN_MAX) void this.#ask(now);
    // The first round of a silence: two questions are open.
    if (this.#pid !== null && this.#open >= 2) this.#silence ??= { at: now, work: workOf(this.#pid) };
    if (this.#pid !== null && now - this.#tagAt >= TAG_MS && this.#open < 2) void this.#askTag(now);
  }

  /** The day's time by its Kea's clock, or by this program's where they agree; ms since 1970. */
  get dayTime(): number {
    return Date.now() + this.#aheadMs;
  }

  /** Asks as soon as it can: something was just changed. */
  hurry(): void {
    this.#requestedAt = -Infinity;
  }

  /** `isOver`: its unit has ended it for certain. */
  view(now: number, isOver: boolean): KeaView {
    const isRunning = this.#pid !== null;
    const { state = null, scopes = [], isCut = false, pausedBy = [] } = (isRunning ? this.#status : null) ?? {};
    const isAnswering = isRunning && state !== null && now - this.#answeredAt <= FRESH_MS;
    const tag = isAnswering ? this.#tag : null;
    const isOld = this.#status !== null || now - this.#bornAt > BEGIN_MS;
    const isGone = isOver && !isRunning;
    const syncId = isRunning ? this.#syncId : null;
    const isHung = isRunning && isOld && this.#silences >= 2 && !this.#isBusy(now);
    const hasGoneBack = this.#day !== null && this.#day.most - this.#day.last > DIFFER_MS;
    return { isRunning, isOver: isGone, state, scopes, pausedBy, isCut, tag, syncId, isAnswering, isHung, hasGoneBack };
  }

  /** A Kea that works, or gets no processor, is silent but does not hang. A hanging Kea is stopped, or waits for something. */
  #isBusy(now: number): boolean {
    if (this.#silence === null || this.#pid === null) return false;
    const ms = now - this.#silence.at;
    return ms < BUSY_MS && workOf(this.#pid) - this.#silence.work >= BUSY_SHARE * ms;
  }

  #syncOf(state: string, now: number): string | null {
    if (state !== 'hot-standby') return null;
    const before = this.#status?.state ?? '';
    if (before === state) return this.#syncId;
    return SYNCING.has(before) && now - this.#answeredAt <= WATCHED_MS ? `${this.#pid} ${now}` : null;
  }

  #meet(pid: number | null, now: number): void {
    if (pid === this.#pid) return;
    [this.#pid, this.#bornAt, this.#status, this.#silences] = [pid, now, null, 0];
    [this.#answeredAt, this.#requestedAt, this.#silence] = [-Infinity, -Infinity, null];
    [this.#syncId, this.#tag, this.#day] = [null, null, null];
  }

  /** Which configuration it runs. */
  async #askTag(now: number): Promise<void> {
    const pid = this.#pid;
    this.#tagAt = now;
    const answer = await askKea(this.socket, { command: 'server-tag-get' }).catch(() => null);
    const tag = (answer as { 'server-tag'?: unknown } | null)?.['server-tag'];
    if (pid === this.#pid) this.#tag = typeof tag === 'string' ? tag : null;
    await this.#askDay(pid);
  }

  /** Which day's time it has: its answer to a partner's heartbeat says it (ARM, `ha-heartbeat`). */
  async #askDay(pid: number | null): Promise<void> {
    const answer = await askKea(this.socket, { command: 'ha-heartbeat' }).catch(() => null);
    const time = Date.parse((answer as { 'date-time'?: string } | null)?.['date-time'] ?? '');
    if (pid !== this.#pid || Number.isNaN(time)) return;
    const ahead = time - Date.now();
    this.#aheadMs = Math.abs(ahead) < SECONDS_MS ? 0 : ahead;
    const last = time - this.#clock();
    this.#day = { last, most: Math.max(last, this.#day?.most ?? last) };
  }

  async #ask(now: number): Promise<void> {
    const pid = this.#pid;
    this.#requestedAt = now;
    this.#open += 1;
    try {
      const status = statusOf(await askKea(this.socket, { command: 'status-get' }));
      if (pid !== this.#pid) return;
      [this.#silences, this.#silence] = [0, null];
      // An answer to a later question may have come before.
      if (now < this.#answeredAt) return;
      this.#syncId = this.#syncOf(status?.state ?? '', now);
      [this.#status, this.#answeredAt] = [status, now];
    } catch (error) {
      // A Kea that refuses a connection has just started or has ended. That is no silence.
      if (pid === this.#pid && this.#clock() - now >= ANSWER_MS - 50 && now > this.#answeredAt) this.#silences += 1;
      else if (pid === this.#pid && error instanceof Error && error.message.startsWith('Kea:')) this.#status = null;
    } finally {
      this.#open -= 1;
    }
  }
}

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../kit/host.ts';
import { writeAtOnce } from './disk.ts';
import type { PairConfig } from './files.ts';
import { askKea, processesOf } from './kea.ts';

/** Permissions and states: gone after a boot. */
export const RUN = '/run/regent-pairs';
const UNIT = join(import.meta.dirname, 'unit');
/** The preference of the rules that keep a Kea from its partner. `ended` knows it too. */
const PREFERENCE = '5256';
const START_MS = 10_000;
const STOP_MS = 10_000;
const RULE_MS = 2000;
/** A unit that was started and is not there is started again after so long. */
const AGAIN_MS = 1000;
const STOP_AGAIN_MS = 200;

type Log = (text: string) => void;

/**
 * Leases of a Kea whose clock was wrong: it may have ended some that machines still use, and those with a time to come count as newer than whatever its
 * partner gives (Kea's HA takes the later `cltt`). Beside the owner's it starts without them (`../kea/prepare`), and takes all leases from there.
 */
export class WrongLeases {
  readonly #mark: string;
  /** `prepare` checks for this file. */
  readonly #restartMark: string;
  #is: boolean;

  constructor(mark: string, key: string) {
    this.#mark = mark;
    this.#restartMark = `${RUN}/${key}.restart`;
    this.#is = existsSync(mark);
  }

  /** `isWrong`: its Kea runs, and its clock is wrong. `isTruth`: it owns the pair and serves, so that nobody knows better. */
  update({ isWrong, isRunning, isTruth }: { isWrong: boolean; isRunning: boolean; isTruth: boolean }): void {
    if (isWrong && !this.#is) {
      writeAtOnce(this.#mark, '');
      this.#is = true;
    }
    if (!this.#is || isWrong || !(isTruth || (isRunning && existsSync(this.#restartMark)))) return;
    for (const file of [this.#mark, this.#restartMark]) rmSync(file, { force: true });
    this.#is = false;
  }

  /** Its Kea is about to start. */
  start(isOwner: boolean, log: Log): void {
    if (!this.#is || isOwner || existsSync(this.#restartMark)) return;
    writeAtOnce(this.#restartMark, '');
    log('its clock was wrong: its Kea starts without leases and takes all leases from its partner');
  }
}

/** Permission, start and end of one Kea. */
export class KeaUnit {
  readonly #key: string;
  readonly #log: Log;
  readonly #clock: () => number;
  /** What its file says; null: there is none. `serve`: who finds it without us must end it. */
  #may: 'serve' | 'standby' | null = null;
  #startedAt = -Infinity;
  #stoppedAt = -Infinity;
  #isStopping = false;
  /** Its end is not certain yet. */
  #isOpen = true;

  constructor(key: string, clock: () => number, log: Log) {
    this.#key = key;
    this.#clock = clock;
    this.#log = log;
    try {
      const text = readFileSync(this.#file, 'utf8').trim();
      if (text === 'serve' || text === 'standby') this.#may = text;
    } catch {
      // None, as after a boot.
    }
  }

  get #file(): string {
    return `${RUN}/${this.#key}.may`;
  }

  /** It has ended for certain, and nothing is about to start it. */
  get isOver(): boolean {
    return !this.#isOpen;
  }

  /** Lets it run. `serves`: it may come to serve by itself. */
  permit(serves: boolean, isRunning: boolean): void {
    const may = serves ? 'serve' : 'standby';
    if (this.#may !== may) {
      mkdirSync(RUN, { recursive: true, mode: 0o755 });
      writeAtOnce(this.#file, `${may}\n`);
      this.#may = may;
    }
    this.#isOpen = true;
    const now = this.#clock();
    if (isRunning || this.#isStopping || now - this.#startedAt < AGAIN_MS) return;
    this.#startedAt = now;
    void run(UNIT, ['start', this.#key], START_MS).then((problem) => problem && this.#log(`start: ${problem}`));
  }

  /** Stops this Kea. Its permission is removed first, so that nothing starts it again. */
  fence(): void {
    if (this.#may !== null) {
      rmSync(this.#file, { force: true });
      this.#may = null;
      this.#isOpen = true;
    }
    const now = this.#clock();
    const pids = processesOf(this.#key, now);
    killAll(pids);
    if (this.#isStopping || now - this.#stoppedAt < STOP_AGAIN_MS || (!this.#isOpen && pids.length === 0)) return;
    [this.#isStopping, this.#stoppedAt, this.#startedAt] = [true, now, -Infinity];
    void run(UNIT, ['stop', this.#key], STOP_MS).then((problem) => {
      this.#isStopping = false;
      if (problem) return this.#log(`stop: ${problem}`);
      if (this.#may === null && processesOf(this.#key, null).length === 0) this.#isOpen = false;
    });
  }

  /** Kills a Kea that hangs; its unit starts it again. */
  kill(): void {
    killAll(processesOf(this.#key, this.#clock()));
  }
}

function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

/** Keeps Kea from its partner's: a connection to one that is silent takes 10 s, by a time-out that no option of Kea shortens. */
export class Detachment {
  readonly #rule: readonly string[];
  readonly #ip: readonly string[];
  readonly #kill: readonly string[];
  readonly #log: Log;
  #is = false;
  #wanted = false;
  #isBusy = false;

  constructor({ partner, partnerPort }: Pick<PairConfig, 'partner' | 'partnerPort'>, log: Log) {
    this.#ip = partner.address.includes(':') ? ['-6', 'rule'] : ['rule'];
    const port = String(partnerPort);
    this.#rule = ['to', partner.address, 'ipproto', 'tcp', 'dport', port, 'pref', PREFERENCE, 'unreachable'];
    this.#kill = ['-K', 'dst', partner.address, 'dport', '=', `:${port}`];
    this.#log = log;
  }

  set(isWanted: boolean): void {
    this.#wanted = isWanted;
    if (this.#is !== this.#wanted && !this.#isBusy) void this.#turn();
  }

  async #turn(): Promise<void> {
    this.#isBusy = true;
    while (this.#is !== this.#wanted) {
      const isAdded = this.#wanted;
      const problem = await run('ip', [...this.#ip, isAdded ? 'add' : 'del', ...this.#rule], RULE_MS);
      if (problem && !/File exists|No such file/.test(problem)) this.#log(`ip rule: ${problem}`);
      // Connections that are there go on past a rule. Where the kernel cannot end them, they end by themselves, later.
      if (isAdded) await run('ss', this.#kill, RULE_MS);
      this.#is = isAdded;
    }
    this.#isBusy = false;
  }
}

/** Kea may give leases again that was ordered to wait by these ids of origin: its `dhcp-enable` (Kea 2.6 ARM, "Commands Supported by Both Servers"). */
export function resumeKea(socket: string, ids: readonly number[], log: (text: string) => void): void {
  if (ids.length > 0) log('its Kea continues: nobody takes its leases any more');
  for (const id of ids)
    askKea(socket, { command: 'dhcp-enable', arguments: { 'origin-id': id } }).catch((error: unknown) =>
      log(`dhcp-enable: ${messageOf(error)}`),
    );
}

/** Takes away rules that a program before this one has left. */
export async function clearRules(): Promise<void> {
  for (const family of ['-4', '-6'])
    while ((await run('ip', [family, 'rule', 'del', 'pref', PREFERENCE], RULE_MS)) === null);
}

/** null: it went well. */
function run(program: string, argv: readonly string[], timeout: number): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, argv, { timeout, killSignal: 'SIGKILL' }, (error, _, stderr) => {
      resolve(error === null ? null : stderr.trim() || messageOf(error));
    });
  });
}

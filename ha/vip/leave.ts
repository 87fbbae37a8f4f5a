import { execFile } from 'node:child_process';

const QUIET = '/opt/regent/current/ha/vip/quiet';
/** Longer than `quiet` takes: 0.7 s, and a moment for it to start. */
const QUIET_MS = 1200;
const TIMEOUT_MS = 1000;

/** If an operator wants the address elsewhere, the holder releases it a moment later, after running calls have their answers. */
export class Leave {
  readonly #quiet: (done: () => void) => void;
  #moment: { readonly since: number; isOver: boolean } | null = null;

  /** `quiet`: begins that moment, and reports its end. */
  constructor(quiet: (done: () => void) => void = startQuiet) {
    this.#quiet = quiet;
  }

  /** Does the node keep the address for another moment? `isWanted`: it holds the address, and only an operator's request is against it. */
  holdsOn(isWanted: boolean, now: number): boolean {
    if (!isWanted) {
      this.#moment = null;
      return false;
    }
    if (this.#moment === null) {
      const moment = { since: now, isOver: false };
      this.#moment = moment;
      this.#quiet(() => (moment.isOver = true));
    }
    return !this.#moment.isOver && now - this.#moment.since < QUIET_MS;
  }
}

/**
 * Ends this host's remaining connections to an address that has gone. Otherwise they would still exist when the address comes back. Then a client
 * that gets the same port again would be answered by the old connection, with an acknowledgement instead of a reset (RFC 9293, 3.10.7.4), and its
 * call would hang. Call it only when the address has gone: it also ends live connections.
 */
export function endConnections(address: string): void {
  const argv = ['--kill', '--no-header', '--numeric', '--tcp', 'state', 'connected', 'src', address];
  execFile('ss', argv, { timeout: TIMEOUT_MS }, (error) => {
    if (error) process.stdout.write(`old connections to ${address} may be left: ${error.message.trim()}\n`);
  });
}

/** A failure here is harmless: the address goes all the same. */
function startQuiet(done: () => void): void {
  execFile(QUIET, ['now'], { timeout: TIMEOUT_MS }, (error) => {
    if (error) process.stdout.write(`running calls may get no answer: ${error.message.trim()}\n`);
    done();
  });
}

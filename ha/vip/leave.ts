import { execFile } from 'node:child_process';

const QUIET = '/opt/regent/current/ha/vip/quiet';
/** Longer than `quiet` takes: 0.7 s, and a moment for it to start. */
const QUIET_MS = 1200;
const TIMEOUT_MS = 1000;

/** A holder that lets the address go because an operator wants it lets it go a moment later: the calls that are on their way are answered first. */
export class Leave {
  readonly #quiet: (done: () => void) => void;
  #moment: { readonly since: number; isOver: boolean } | null = null;

  /** `quiet`: begins the moment, and says when it is over. */
  constructor(quiet: (done: () => void) => void = startQuiet) {
    this.#quiet = quiet;
  }

  /** Does the node keep the address for a moment yet? `isWanted`: it holds it, and nothing but an operator's wish is against that. */
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
 * Ends what this host still has of connections to an address, which has gone. Otherwise they would be there yet when it comes back: a client that
 * gets the same port again is then answered by the old connection, with an acknowledgement instead of a reset (RFC 9293, 3.10.7.4), and its call
 * hangs. Call it when the address has gone, and not before: connections that live would end, too.
 */
export function endConnections(address: string): void {
  const argv = ['--kill', '--no-header', '--numeric', '--tcp', 'state', 'connected', 'src', address];
  execFile('ss', argv, { timeout: TIMEOUT_MS }, (error) => {
    if (error) process.stdout.write(`old connections to ${address} may be left: ${error.message.trim()}\n`);
  });
}

/** What fails is only missing then: the address goes all the same. */
function startQuiet(done: () => void): void {
  execFile(QUIET, ['now'], { timeout: TIMEOUT_MS }, (error) => {
    if (error) process.stdout.write(`calls that are on their way may get no answer: ${error.message.trim()}\n`);
    done();
  });
}

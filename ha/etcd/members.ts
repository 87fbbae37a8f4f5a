import { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { hasMajority, endpointOf } from '../kit/etcd.ts';
import type { Identity } from '../kit/host.ts';

const POLL_MS = 200;
/** While this host's own etcd answers, the others are only checked. */
const SPARE_MS = 3000;
/** An etcd that is stopped, whose host is gone, or that waits for a leader, does not refuse a connection. It is silent. */
const SILENT_MS = 600;
/** After an election all answer again, some a little later than others. Clients need not move for that. */
const ELSEWHERE_MS = 1000;

/** How an etcd answers. `aliveSince`: null while it does not, or before its first answer; times in ms of a monotonic clock. */
export interface Member {
  readonly place: string;
  readonly aliveSince: number | null;
}

/** The etcd to use: the first that answers, else this host's own, which stands first. */
export function bestOf(members: readonly Member[]): Member | null {
  return members.find(({ aliveSince }) => aliveSince !== null) ?? members[0] ?? null;
}

/**
 * Must a connection to `place` end? It must if its etcd is no member any more, or if it is silent while another answers (for this host's own: while
 * another has answered for a second). It must also if it leads elsewhere although this host's own etcd has answered for `homeMs`.
 */
export function isAstray(place: string, members: readonly Member[], now: number, homeMs: number): boolean {
  const [own] = members;
  const best = bestOf(members);
  const member = members.find((one) => one.place === place);
  if (member === undefined) return true;
  if (member.aliveSince === null) {
    const leastMs = member === own ? ELSEWHERE_MS : 0;
    return best?.aliveSince != null && now - best.aliveSince >= leastMs;
  }
  return member !== own && own?.aliveSince != null && now - own.aliveSince >= homeMs;
}

/**
 * How to watch an etcd. `onChange`: it answers from now on, or no more. `isSpare`: nobody needs it now. `isProven`: another program has just had an answer of
 * its majority, so we need not ask.
 */
export interface WatchedOptions {
  readonly onChange: (isAlive: boolean) => void;
  readonly isSpare: () => boolean;
  readonly isProven: () => boolean;
}

/**
 * Asks one etcd again and again, over one persistent connection, for a majority read. If two nodes do not reach each other, one of them may lead etcd, and
 * the other one's etcd is useless then.
 */
export class WatchedMember implements Member {
  readonly place: string;
  aliveSince: number | null = null;
  readonly #options: WatchedOptions;
  #agent: Agent;
  #isClosed = false;

  /** `place`: `address:port`. */
  constructor(place: string, identity: Identity, options: WatchedOptions) {
    this.place = place;
    this.#options = options;
    this.#agent = agentOf(identity);
    void this.#watch();
  }

  /** Certificates are renewed. */
  renewIdentity(identity: Identity): void {
    this.#agent.destroy();
    this.#agent = agentOf(identity);
  }

  close(): void {
    this.#isClosed = true;
    this.#agent.destroy();
  }

  async #watch(): Promise<void> {
    while (!this.#isClosed) {
      const isAlive = this.#options.isProven() || (await hasMajority(endpointOf(this.place), this.#agent, SILENT_MS));
      if (isAlive !== (this.aliveSince !== null)) {
        this.aliveSince = isAlive ? performance.now() : null;
        this.#options.onChange(isAlive);
      }
      await this.#pause();
    }
  }

  /** Ends early when somebody needs this etcd. */
  async #pause(): Promise<void> {
    const until = performance.now() + SPARE_MS;
    do await delay(POLL_MS);
    while (this.#options.isSpare() && performance.now() < until);
  }
}

function agentOf(identity: Identity): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1, ...identity });
}

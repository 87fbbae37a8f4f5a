import { Agent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { hasMajority, endpointOf } from '../kit/etcd.ts';
import type { Identity } from '../kit/host.ts';

const LOOK_MS = 200;
/** While this host's own answers, the others are only known of. */
const SPARE_MS = 3000;
/** One that is stopped, whose host is gone, or that waits for a leader refuses nothing. */
const SILENT_MS = 600;
/** After an election all answer again, one a little later than the other: nobody goes elsewhere for that. */
const ELSEWHERE_MS = 1000;

/** How an etcd answers. `aliveSince`: null while it does not, or was never asked; times in ms of a monotonic clock. */
export interface Member {
  readonly place: string;
  readonly aliveSince: number | null;
}

/** The one to lead to: the first that answers, else this host's own, which comes first. */
export function bestOf(members: readonly Member[]): Member | null {
  return members.find(({ aliveSince }) => aliveSince !== null) ?? members[0] ?? null;
}

/**
 * Must a connection to `place` be cut? It must when what it leads to is no member any more, or silent while another answers (this host's own:
 * while another has answered for a second); and when it leads elsewhere although this host's own has answered for `homeMs`.
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

/** How one is watched. `onChange`: it answers now, or does not any more. `isSpare`: nobody needs it now. `isProven`: somebody has just heard its majority, so it need not be asked. */
export interface WatchedOptions {
  readonly onChange: (isAlive: boolean) => void;
  readonly isSpare: () => boolean;
  readonly isProven: () => boolean;
}

/**
 * Asks one etcd again and again, by one kept connection, for a read of its majority. Of two nodes that do not hear each other one may lead etcd, and
 * the other one's is of no use.
 */
export class Watched implements Member {
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

  /** Ends early when it is needed. */
  async #pause(): Promise<void> {
    const until = performance.now() + SPARE_MS;
    do await delay(LOOK_MS);
    while (this.#options.isSpare() && performance.now() < until);
  }
}

function agentOf(identity: Identity): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1, ...identity });
}

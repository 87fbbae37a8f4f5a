import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { askHealth } from './asks.ts';

const ASK_EVERY_MS = 2000;
const SEARCH_EVERY_MS = 8000;
const SEARCH_TIMEOUT_MS = 3000;
const OWNERS = '/opt/regent/current/ha/vip/owners';
/** The header in which haproxy names its node (templates/lb). */
const NODE_HEADER = 'regent-node';
const LABEL = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Result of one question through the floating address. `node`: the name in the answer; `mac`: the hardware address behind it. */
export interface Answer {
  readonly isAnswered: boolean;
  readonly node: string | null;
  readonly mac: string | null;
}

/** Parts of `status.json` (`Reach` of src/services/vip/facts.ts). */
export interface ReachStatus {
  readonly reach?: Answer & { readonly times: number; readonly ageSeconds: number };
  readonly mac?: string;
  readonly otherMacs?: readonly string[];
}

/** How this node reaches the outside; a test has its own. */
export interface ReachPorts {
  ask(vip: string): Promise<Answer>;
  search(interfaceName: string, vip: string): Promise<readonly string[]>;
  /** The interface of this host that has the address, null: none has it. */
  interfaceOf(vip: string): { readonly name: string; readonly mac: string } | null;
}

/**
 * Does the floating address lead to its holder? A node that does not hold it asks the API through it every two seconds and notes who answers. The
 * holder asks its network every eight seconds who else has the address. The result is for people: no decision uses it.
 */
export class Reach {
  #last: (Answer & { readonly times: number; readonly at: number }) | null = null;
  #others: readonly string[] | null = null;
  #own: { readonly name: string; readonly mac: string } | null = null;
  readonly #ports: ReachPorts;

  constructor(ports: ReachPorts = PORTS) {
    this.#ports = ports;
  }

  /** One probe, as the holder or as another node. It forgets what it found in the other role. */
  async probe(vip: string, nowMs: () => number): Promise<void> {
    this.#own = this.#ports.interfaceOf(vip);
    if (this.#own !== null) {
      this.#last = null;
      this.#others = await this.#ports.search(this.#own.name, vip);
      // The address may have moved meanwhile: then the next holder has answered.
      this.#own = this.#ports.interfaceOf(vip);
      if (this.#own === null) this.#others = null;
      return;
    }
    this.#others = null;
    const answer = await this.#ports.ask(vip);
    const isSame = this.#last !== null && sameAs(this.#last, answer);
    this.#last = { ...answer, times: isSame ? (this.#last?.times ?? 0) + 1 : 1, at: nowMs() };
  }

  /** How long until the next probe, ms. */
  get everyMs(): number {
    return this.#own === null ? ASK_EVERY_MS : SEARCH_EVERY_MS;
  }

  /** What `status.json` says about it. */
  status(nowMs: number): ReachStatus {
    if (this.#own !== null) {
      return { mac: this.#own.mac, ...(this.#others === null ? {} : { otherMacs: this.#others }) };
    }
    if (this.#last === null) return {};
    const { at, ...last } = this.#last;
    return { reach: { ...last, ageSeconds: Math.round((nowMs - at) / 100) / 10 } };
  }
}

/** Probes for ever, at times that differ between nodes. `vipOf`: the configuration may change. */
export async function followReach(reach: Reach, vipOf: () => string, log: (error: unknown) => void): Promise<never> {
  for (;;) {
    await reach.probe(vipOf(), () => performance.now()).catch(log);
    await delay(reach.everyMs * (0.9 + Math.random() * 0.2));
  }
}

/** The hardware address of an IPv4 address in a neighbour table such as /proc/net/arp (proc_net(5)); null: there is no complete one. */
export function macIn(table: string, address: string): string | null {
  for (const line of table.split('\n').slice(1)) {
    const [ip, , flags = '0', mac = ''] = line.trim().split(/\s+/);
    // ATF_COM of if_arp.h: somebody has answered.
    if (ip === address && (Number(flags) & 2) !== 0 && mac !== '00:00:00:00:00:00') return mac.toLowerCase();
  }
  return null;
}

/** The same result as before? The neighbour table may be a moment behind, so only the last probe's hardware address counts. */
function sameAs(one: Answer, other: Answer): boolean {
  return one.isAnswered === other.isAnswered && one.node === other.node;
}

const PORTS: ReachPorts = {
  ask: async (vip) => {
    const answer = await askHealth(vip);
    const header = typeof answer === 'string' ? undefined : answer[NODE_HEADER];
    const node = typeof header === 'string' && LABEL.test(header) ? header : null;
    return { isAnswered: typeof answer !== 'string', node, mac: macIn(readNeighbours(), vip) };
  },
  search: (interfaceName, vip) =>
    new Promise((resolve, reject) => {
      execFile(OWNERS, [interfaceName, vip], { timeout: SEARCH_TIMEOUT_MS, maxBuffer: 4096 }, (error, stdout) => {
        if (error) reject(error);
        else resolve(stdout.split('\n').filter((line) => line !== ''));
      });
    }),
  interfaceOf: (vip) => {
    for (const [name, list] of Object.entries(networkInterfaces())) {
      const found = list?.find((item) => item.address === vip);
      if (found) return { name, mac: found.mac };
    }
    return null;
  },
};

function readNeighbours(): string {
  try {
    return readFileSync('/proc/net/arp', 'utf8');
  } catch {
    return '';
  }
}

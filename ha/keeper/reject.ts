import { execFile } from 'node:child_process';
import { isIP } from 'node:net';

const NFT = '/usr/sbin/nft';
const TIMEOUT_MS = 1000;
const FOR_MS = 6000;
/** Patroni's REST API, and etcd for its clients. */
const PORTS = '{ 2379, 8008 }';

/**
 * Refuses connections of this host to Patroni and etcd of dead hosts, for 6 s. Otherwise Patroni waits 2 s for each dead Patroni, and a Patroni that
 * used the dead host's etcd waits another 3 s (its watch connects there) before it sees who leads. The table is our own; one transaction makes it
 * again each time, because somebody may have flushed everything. The kernel removes the addresses by itself.
 */
export class Rejections {
  readonly #until = new Map<string, number>();

  /** Adds an address. Rejects with nft's message. */
  add(address: string, now: number): Promise<void> {
    if (isIP(address) === 0) return Promise.reject(new Error(`"${address}" is not an address`));
    this.#until.set(address, now + FOR_MS);
    return runNft(rulesOf([...this.#until].flatMap(([at, until]) => (until > now ? [{ at, ms: until - now }] : []))));
  }
}

/** The whole table, for nft. `ms`: how long an address stays. */
export function rulesOf(dead: readonly { readonly at: string; readonly ms: number }[]): string {
  const set = (family: 4 | 6) => {
    const elements = dead
      .filter(({ at }) => isIP(at) === family)
      .map(({ at, ms }) => `${at} timeout ${Math.ceil(ms)}ms`);
    const list = elements.length > 0 ? ` elements = { ${elements.join(', ')} };` : '';
    return `set dead${family} { type ipv${family}_addr; flags timeout;${list} }`;
  };
  return `table inet regent_keeper
delete table inet regent_keeper
table inet regent_keeper {
  ${set(4)}
  ${set(6)}
  chain output {
    type filter hook output priority filter - 5; policy accept;
    ip daddr @dead4 tcp dport ${PORTS} reject with tcp reset
    ip6 daddr @dead6 tcp dport ${PORTS} reject with tcp reset
  }
}
`;
}

function runNft(rules: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(NFT, ['-f', '-'], { timeout: TIMEOUT_MS }, (error, _, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`nft: ${stderr.trim() || error.message}`));
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(rules);
  });
}

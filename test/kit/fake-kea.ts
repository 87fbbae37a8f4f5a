/** A lease as Kea answers it. */
export interface KeaLease {
  readonly 'ip-address': string;
  readonly 'hw-address': string;
  readonly hostname: string;
  readonly cltt: number;
  readonly 'valid-lft': number;
  readonly state: number;
  readonly 'subnet-id': number;
}

/** Kea's control socket as far as reading leases goes, in memory. Its packets are counted as Kea 2.6.3 counts them. */
export class FakeKea {
  readonly leases = new Map<string, KeaLease>();
  /** Every request that came. */
  readonly requests: string[] = [];
  /** Answers of another kind: '' is no JSON, null no answer in time. */
  instead: string | null | undefined = undefined;
  #packets = 0;
  #late: () => void = () => {};

  /** A client gets a lease, or renews it. */
  give(address: string, changes: Partial<KeaLease> = {}): void {
    this.#packets += 1;
    const last = Number(address.split('.')[3]);
    this.leases.set(address, {
      'ip-address': address,
      'hw-address': `52:54:00:00:00:${last.toString(16).padStart(2, '0')}`,
      hostname: '',
      cltt: Math.floor(Date.now() / 1000),
      'valid-lft': 600,
      state: 0,
      'subnet-id': 1,
      ...changes,
    });
  }

  /** As `give`, but the lease is written only after the next page was answered: Kea counts a packet before it works on it. */
  giveLate(address: string): void {
    this.give(address);
    const lease = this.leases.get(address);
    this.leases.delete(address);
    this.#late = () => lease && this.leases.set(address, lease);
  }

  /** A client gives its lease back. */
  release(address: string): void {
    this.#packets += 1;
    this.leases.delete(address);
  }

  /** The socket. */
  readonly answer = (request: string): string | null => {
    this.requests.push(request);
    if (this.instead !== undefined) return this.instead;
    const { command, arguments: args } = JSON.parse(request) as { command: string; arguments: Record<string, unknown> };
    if (command === 'statistic-get') return this.#statistic(String(args['name']));
    if (command === 'lease4-get-page') return this.#page(String(args['from']), Number(args['limit']));
    return JSON.stringify({ result: 2, text: `'${command}' command not supported.` });
  };

  #statistic(name: string): string {
    const samples = Array.from({ length: Math.min(this.#packets + 1, 20) }, (_, index) => [
      this.#packets - index,
      '2026-11-20 11:41:50.101421',
    ]);
    return JSON.stringify({ arguments: name === 'pkt4-received' ? { [name]: samples } : {}, result: 0 });
  }

  #page(from: string, limit: number): string {
    const after = from === 'start' ? -1 : numberOf(from);
    const sorted = [...this.leases.values()].sort((a, b) => numberOf(a['ip-address']) - numberOf(b['ip-address']));
    const leases = sorted.filter((lease) => numberOf(lease['ip-address']) > after).slice(0, limit);
    this.#late();
    this.#late = () => {};
    const count = leases.length;
    return JSON.stringify({
      arguments: { count, leases },
      result: count > 0 ? 0 : 3,
      text: `${count} IPv4 lease(s) found.`,
    });
  }
}

function numberOf(address: string): number {
  return address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

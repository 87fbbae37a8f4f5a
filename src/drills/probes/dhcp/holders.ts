/** One address that a server gave to `second` while `first` had it. MACs. */
export type Shared = { readonly address: string; readonly first: string; readonly second: string };

/**
 * Which machine has which address, by the acknowledgements that were received. A machine that gives its address back no longer has it from the moment
 * before the message is sent, so a server that is quick is never accused.
 */
export class Holders {
  readonly #byAddress = new Map<string, string>();
  readonly #byMac = new Map<string, string>();

  /** An acknowledgement. Gives the machine that has this address already; null: none, or the same one. */
  give(mac: string, address: string): Shared | null {
    const first = this.#byAddress.get(address);
    this.takeBack(mac);
    this.#byAddress.set(address, mac);
    this.#byMac.set(mac, address);
    if (first === undefined || first === mac) return null;
    this.#byMac.delete(first);
    return { address, first, second: mac };
  }

  /** The machine has no address any more: it gave it back, or was refused. */
  takeBack(mac: string): void {
    const address = this.#byMac.get(mac);
    this.#byMac.delete(mac);
    if (address !== undefined && this.#byAddress.get(address) === mac) this.#byAddress.delete(address);
  }

  /** Addresses that machines have now, with their MACs. */
  held(): readonly (readonly [address: string, mac: string])[] {
    return [...this.#byAddress];
  }
}

import type { DhcpAsker, DhcpResult } from '../../../src/drills/probes/dhcp/asker.ts';
import { macOf } from '../../../src/drills/probes/dhcp/packet.ts';
import { type GapMeter, gapMeter } from './gap.ts';

/** What DHCP must hold to while everything is killed and frozen. */
export interface DhcpLedger {
  readonly acknowledged: number;
  /** Addresses that two machines held at once. */
  readonly doubled: readonly string[];
  /** Leases that a server no longer knew, or answered with another address. */
  readonly lost: readonly string[];
  /** Addresses outside the pools that somebody got or was offered. */
  readonly strange: readonly string[];
}

export const EMPTY_DHCP: DhcpLedger = { acknowledged: 0, doubled: [], lost: [], strange: [] };

/** Machines that renew, and new ones at a steady rate, each of which gives its address back a little later. */
export interface DhcpLoad {
  /** How long no lease was acknowledged. */
  readonly meter: GapMeter;
  /** Stops, and asks once more for every lease that is held. */
  stop(): Promise<DhcpLedger>;
}

export interface DhcpLoadOptions {
  readonly asker: DhcpAsker;
  readonly server: string;
  /** Is this address one of a pool? */
  readonly isPool: (address: string) => boolean;
  /** Number of the first machine, so that rounds have machines of their own. */
  readonly first: number;
}

/** A lease that a machine holds. `until`: ms, monotonic. */
interface Held {
  readonly mac: string;
  readonly until: number;
}

const FAMILY = { renewing: 0x0a, passing: 0x0b } as const;
const RENEWING = 5;
const RENEW_EVERY_MS = 200;
const NEW_EVERY_MS = 2000;
const KEPT_MS = 10_000;

/** Starts the load with its renewing machines' first leases. Throws when they get none. */
export async function startDhcpLoad(options: DhcpLoadOptions): Promise<DhcpLoad> {
  const { asker, server } = options;
  const book = openBook(options);
  const meter = gapMeter();
  const open = new Set<Promise<void>>();
  const track = (work: Promise<void>) => {
    const one = work.finally(() => open.delete(one));
    open.add(one);
  };
  const own = new Map<string, string>();
  for (let number = 0; number < RENEWING; number += 1) {
    const mac = macOf(FAMILY.renewing, options.first + number);
    const { address, seconds, offered, why } = await firstLease(asker, mac);
    if (address === null) throw new Error(`${mac} got no lease to begin with: ${why}`);
    book.granted(mac, { address, seconds, offered });
    own.set(mac, address);
  }
  const renew = async (mac: string, address: string) => {
    const answer = await asker.again(mac, address, 1000);
    if (answer.address !== null) meter.seen();
    book.renewed(mac, address, answer);
  };
  const pass = async (mac: string) => {
    const { address, seconds, offered } = await asker.lease(mac, { timeoutMs: 1500 });
    book.granted(mac, { address, seconds, offered });
    if (address === null) return;
    setTimeout(() => {
      book.released(address);
      void asker.release(mac, address, server);
    }, KEPT_MS);
  };
  let [turn, passing] = [0, options.first];
  const renewals = setInterval(() => {
    const [mac, address] = [...own][turn++ % own.size] ?? ['', ''];
    track(renew(mac, address));
  }, RENEW_EVERY_MS);
  const arrivals = setInterval(() => track(pass(macOf(FAMILY.passing, passing++))), NEW_EVERY_MS);
  return {
    meter,
    stop: async () => {
      clearInterval(renewals);
      clearInterval(arrivals);
      await Promise.all(open);
      for (const [address, { mac }] of book.living()) {
        let answer = await asker.again(mac, address, 2000);
        if (answer.why === 'no acknowledgement') answer = await asker.again(mac, address, 2000);
        book.renewed(mac, address, answer);
        if (answer.why === 'no acknowledgement') book.unknown(mac, address);
        await asker.release(mac, address, server);
      }
      return book.ledger();
    },
  };
}

/** A question that falls into a reload of Kea is lost: like every client, this one asks again (RFC 2131 §4.1). */
async function firstLease(asker: DhcpAsker, mac: string): Promise<DhcpResult> {
  let result = await asker.lease(mac);
  for (let attempt = 0; attempt < 4 && result.address === null; attempt += 1) result = await asker.lease(mac);
  return result;
}

interface Grant {
  readonly address: string | null;
  readonly seconds: number | null;
  readonly offered: readonly string[];
}

/** Every acknowledged lease, written down as it comes. */
function openBook({ isPool }: DhcpLoadOptions) {
  const held = new Map<string, Held>();
  const [doubled, lost, strange]: [string[], string[], string[]] = [[], [], []];
  let acknowledged = 0;
  const take = (mac: string, address: string, seconds: number | null) => {
    acknowledged += 1;
    const before = held.get(address);
    const now = performance.now();
    if (before && before.mac !== mac && before.until > now) doubled.push(`${address}: ${before.mac} and ${mac}`);
    held.set(address, { mac, until: now + (seconds ?? 0) * 1000 });
  };
  return {
    granted: (mac: string, { address, seconds, offered }: Grant) => {
      strange.push(...[...offered, ...(address === null ? [] : [address])].filter((item) => !isPool(item)));
      if (address !== null) take(mac, address, seconds);
    },
    renewed: (mac: string, wanted: string, { address, seconds, why }: Grant & { readonly why: string }) => {
      if (address === wanted) take(mac, address, seconds);
      else if (address !== null || why === 'refused') lost.push(`${wanted} of ${mac}: ${address ?? why}`);
    },
    unknown: (mac: string, address: string) => lost.push(`${address} of ${mac}: no answer`),
    released: (address: string) => held.delete(address),
    living: () => [...held].filter(([, lease]) => lease.until > performance.now()),
    ledger: (): DhcpLedger => ({ acknowledged, doubled, lost, strange }),
  };
}

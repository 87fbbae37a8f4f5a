import { setTimeout as delay } from 'node:timers/promises';
import type { DhcpProberConfig, Population } from '../config.ts';
import type { Machines, LeaseResult } from '../dhcp/machines.ts';
import { macOf } from '../dhcp/packet.ts';
import { monotonicMs } from '../time/deadline.ts';
import type { Probe } from './lane.ts';

const FAMILY = { holding: 0x0b, arriving: 0x0c } as const;
/** From one machine's question to that of the next, ms: 190 machines have all sent theirs after 19 s. */
const HOLD_EVERY_MS = 100;
/** A client asks again after so long; 5 s in all, which is longer than a takeover may take. */
const [RENEW_TRY_MS, RENEW_MS] = [500, 5_000];
/** A client that boots asks again after 1, 2, then every 4 s (RFC 2131 section 4.1 has 4, 8, 16: firmware is less patient), for a minute. */
const ARRIVE_TRIES_MS = [1_000, 2_000, 4_000] as const;
const ARRIVE_MS = 60_000;
/** Machines that ask together while the population is made. */
const TOGETHER = 10;
/** A pause after so many that give their addresses back: 300 take 0.6 s. */
const GIVEN_BACK_MS = 20;
const [SETTLE_TRY_MS, SETTLE_TRIES] = [2_000, 4];

/**
 * The probes of many machines. `hold VLAN`: each of them asks for its own address in turn (INIT-REBOOT), repeats the question, and fails when it gets
 * another address, a refusal, or nothing within 5 s. `arrive VLAN`: at each burst new machines want addresses, and keep them. First of all each holding
 * machine gets its lease. Throws when one gets none.
 */
export async function openPopulation(
  config: Pick<DhcpProberConfig, 'vlan' | 'firstMachine'>,
  { holding, arriving }: Population,
  machines: Machines,
): Promise<readonly Probe[]> {
  const { vlan, firstMachine } = config;
  const macs = Array.from({ length: holding }, (_, index) => macOf(FAMILY.holding, firstMachine + index));
  const leases = new Map<string, LeaseResult>();
  for (let first = 0; first < macs.length; first += TOGETHER)
    await Promise.all(
      macs.slice(first, first + TOGETHER).map(async (mac) => leases.set(mac, await settle(machines, mac))),
    );
  // It names no server: who gave the lease may have handed its VLAN back since, and then a release to it is nobody's.
  const giveBack = (mac: string, { address }: LeaseResult) => {
    if (address !== null) machines.grant({ kind: 'release', mac, address, timeoutMs: 0 }, () => undefined);
  };
  // A server's socket has no room for hundreds of packets at once, and a lease that is not given back is missed in the next round.
  // Nobody acknowledges a release: each is sent twice.
  const giveAllBack = async (leasesOf: ReadonlyMap<string, LeaseResult>) => {
    for (const [index, [mac, lease]] of [...leasesOf, ...leasesOf].entries()) {
      giveBack(mac, lease);
      if (index % TOGETHER === TOGETHER - 1) await delay(GIVEN_BACK_MS);
    }
  };
  const hold: Probe = {
    name: `hold ${vlan}`,
    everyMs: HOLD_EVERY_MS,
    ask: (turn, done) => {
      const mac = macs[turn % macs.length] ?? '';
      renew(machines, mac, leases.get(mac)?.address ?? '', (why) => done({ why }));
    },
    close: () => giveAllBack(leases),
  };
  const arrivals = new Map<string, LeaseResult>();
  const arrive: Probe = {
    name: `arrive ${vlan}`,
    everyMs: ARRIVE_MS,
    burst: arriving,
    ask: (turn, done) => {
      const mac = macOf(FAMILY.arriving, firstMachine + turn);
      boot(machines, mac, (result) => {
        arrivals.set(mac, result);
        done({ why: result.why });
      });
    },
    close: () => giveAllBack(arrivals),
  };
  return [...(holding > 0 ? [hold] : []), ...(arriving > 0 ? [arrive] : [])];
}

async function settle(machines: Machines, mac: string): Promise<LeaseResult> {
  for (let tries = 1; ; tries += 1) {
    const result = await new Promise<LeaseResult>((resolve) =>
      machines.grant({ kind: 'new', mac, timeoutMs: SETTLE_TRY_MS }, resolve),
    );
    if (result.address !== null) return result;
    if (tries === SETTLE_TRIES)
      throw new Error(
        `Before any fault ${mac} got no lease: ${result.why}. What to do: check whether the pool has room`,
      );
  }
}

/** Asks for the machine's own address until it is acknowledged; `why` as a sample has it. */
function renew(machines: Machines, mac: string, address: string, done: (why: string) => void): void {
  const begin = monotonicMs();
  const ask = () => {
    const waited = Math.floor((monotonicMs() - begin) / 1000);
    machines.grant({ kind: 'again', mac, address, waited, timeoutMs: RENEW_TRY_MS }, (result) => {
      if (result.address === address) done('');
      else if (result.address !== null) done('another address');
      else if (result.why === 'refused' || monotonicMs() - begin > RENEW_MS) done(result.why);
      else ask();
    });
  };
  ask();
}

/** A machine without an address that asks until it has one, or a minute is over. */
function boot(machines: Machines, mac: string, done: (result: LeaseResult) => void): void {
  const begin = monotonicMs();
  const ask = (tries: number) => {
    const waited = Math.floor((monotonicMs() - begin) / 1000);
    const timeoutMs = ARRIVE_TRIES_MS[tries] ?? ARRIVE_TRIES_MS[2];
    machines.grant({ kind: 'new', mac, waited, timeoutMs }, (result) => {
      if (result.address !== null || monotonicMs() - begin > ARRIVE_MS) done(result);
      else ask(tries + 1);
    });
  };
  ask(0);
}

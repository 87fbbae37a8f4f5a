import type { Command, CommandRule, ExecResult } from '../../core/host-values.ts';
import type { ServiceHealth } from '../kit/contract.ts';
import type { DhcpDesired, EndedLease } from './desired.ts';
import type { KeaPlaces } from './places.ts';
import { DONE, EMPTY, readAnswer } from './socket.ts';

const ADDRESS = '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}';
const TIMEOUT_MS = 2_000;
/** Kea's states of a lease. */
const ACTIVE = 0;
const DECLINED = 1;
/** Answers of the probe before those of the ends: state, tag, a lease, space. */
export const ENDS_FIRST = 4;

/** Kea's commands of the hook lease_cmds about one address. */
export function endCommands({ socket }: KeaPlaces): readonly CommandRule[] {
  return ['lease4-get', 'lease4-del'].map((command) => ({
    socket,
    requests: `\\{"command":"${command}","arguments":\\{"ip-address":"${ADDRESS}"\\}\\}`,
  }));
}

/** Asks for each lease that is to end, in the order of the list. */
export function askForEnds(places: KeaPlaces, desired: DhcpDesired): readonly Command[] {
  return (desired.endedLeases ?? []).map((end) => question(places, 'lease4-get', end));
}

/**
 * Ends the leases that are there and are the ones that are meant. Kea forgets them at once. The old client is not notified (DHCP has no message for it
 * that clients take): it uses the address until it asks for more time, and is refused then.
 */
export function amendDhcp(places: KeaPlaces, answers: readonly ExecResult[], desired: DhcpDesired): readonly Command[] {
  return standing(answers, desired).map(({ end }) => question(places, 'lease4-del', end));
}

/** Null: nothing stands that is to be gone. */
export function judgeEnds(answers: readonly ExecResult[], desired: DhcpDesired): ServiceHealth | null {
  const [first] = standing(answers, desired);
  if (!first) return null;
  const { end, mac } = first;
  const whose = `${mac ?? 'a client'} still has a lease of ${end.address}`;
  const why = end.keptFor === undefined ? 'its end was requested' : `the address is reserved for ${end.keptFor}`;
  return { isHealthy: false, detail: `${whose}, and ${why}` };
}

interface RemainingLease {
  readonly end: EndedLease;
  readonly mac: string | null;
}

function standing(answers: readonly ExecResult[], desired: DhcpDesired): RemainingLease[] {
  return (desired.endedLeases ?? []).flatMap((end, index) => {
    const lease = leaseOf(answers[ENDS_FIRST + index]);
    return lease && isMeant(end, lease) ? [{ end, mac: lease.mac }] : [];
  });
}

interface KeaLease {
  readonly mac: string | null;
  readonly state: number;
  /** Last time of the client, seconds since 1970. */
  readonly startsAt: number;
}

/** Null: Kea has none, or gave no answer that can be read; the other questions report a silent Kea. */
function leaseOf(answer: ExecResult | undefined): KeaLease | null {
  if (answer?.code !== 0) return null;
  const { result, args } = readAnswer(answer);
  if (result === EMPTY || result !== DONE) return null;
  const [mac, state, startsAt, lifetime] = [args['hw-address'], args['state'], args['cltt'], args['valid-lft']];
  // A lease that was given back stays without a lifetime: it is nobody's.
  if (lifetime === 0 || typeof state !== 'number' || typeof startsAt !== 'number') return null;
  return { mac: typeof mac === 'string' && mac !== '' ? mac.toLowerCase() : null, state, startsAt };
}

/** An address that was declined is not given to anybody in silence: another host uses it. Only a request that means it ends that. */
function isMeant(end: EndedLease, lease: KeaLease): boolean {
  if (end.keptFor !== undefined) return lease.state === ACTIVE && lease.mac !== end.keptFor;
  const isLive = lease.state === ACTIVE || lease.state === DECLINED;
  return isLive && lease.mac === (end.mac ?? null) && lease.startsAt <= (end.before ?? 0);
}

function question({ socket }: KeaPlaces, command: string, { address }: EndedLease): Command {
  return {
    socket,
    request: JSON.stringify({ command, arguments: { 'ip-address': address } }),
    timeoutMs: TIMEOUT_MS,
  };
}

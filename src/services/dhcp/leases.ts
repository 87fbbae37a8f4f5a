import { type Rejected, rejected } from '../../core/errors.ts';
import type { CommandRule, ExecResult, SocketQuestion } from '../../core/host-values.ts';
import { cleanHostname } from '../../model/networks/lease.ts';
import type { LeasePage, LeaseSource, ServedLease } from '../kit/contract.ts';
import type { KeaPlaces } from './places.ts';

/** Leases of one question: 12,000 leases take Kea 0.12 s in pages of this size, none longer than 5 ms. */
const PAGE = 500;
const TIMEOUT_MS = 2_000;
/** Counts every packet: without one no client's lease changes. Leases that run out need no report, their time is known. */
const SIGN = 'pkt4-received';
/** Kea's states of a lease; 2 is expired and cleared, later versions have more that are no leases either. */
const STATES: Readonly<Record<number, ServedLease['state']>> = { 0: 'active', 1: 'declined' };
/** Kea's results of a command: done, and done with nothing to return. */
const GOOD = [0, 3];

const OCTETS = /^[0-9a-f]{2}(?::[0-9a-f]{2})*$/;
const ADDRESS = '(?:[0-9]{1,3}\\.){3}[0-9]{1,3}';
const IS_ADDRESS = new RegExp(`^${ADDRESS}$`);
/** cltt and lifetime are 32-bit numbers in Kea's memory; times beyond are no times. */
const SECONDS_MAX = 2 ** 33;

/** What reading leases may ask Kea. */
export function leaseCommands({ socket }: KeaPlaces): readonly CommandRule[] {
  return [
    { socket, requests: `\\{"command":"statistic-get","arguments":\\{"name":"${SIGN}"\\}\\}` },
    {
      socket,
      requests: `\\{"command":"lease4-get-page","arguments":\\{"from":"(?:start|${ADDRESS})","limit":${PAGE}\\}\\}`,
    },
  ];
}

/** Kea's leases by its control socket (hook lease_cmds), never by its file, which it may be writing. */
export function keaLeases({ socket }: KeaPlaces): LeaseSource {
  return {
    sign: question(socket, 'statistic-get', { name: SIGN }),
    page: (after) => question(socket, 'lease4-get-page', { from: after ?? 'start', limit: PAGE }),
    ...PARSERS,
  };
}

const PARSERS: Pick<LeaseSource, 'parseSign' | 'parsePage'> = {
  parseSign: (answer) => {
    const args = argumentsOf(answer);
    if ('kind' in args) return args;
    // The last value and when it came to it: a restart of Kea, or of its counters, is another sign too.
    const samples = args.value[SIGN];
    const last: unknown = Array.isArray(samples) ? samples[0] : undefined;
    return last === undefined ? unusable(`it does not count ${SIGN}`) : { sign: JSON.stringify(last) };
  },
  parsePage: (answer) => {
    const args = argumentsOf(answer);
    if ('kind' in args) return args;
    const rows = args.value['leases'];
    return Array.isArray(rows) ? pageOf(rows) : unusable('it named no list of leases');
  },
};

function question(socket: string, command: string, args: Readonly<Record<string, unknown>>): SocketQuestion {
  return { socket, request: JSON.stringify({ command, arguments: args }), timeoutMs: TIMEOUT_MS };
}

function pageOf(rows: readonly unknown[]): LeasePage | Rejected {
  const leases = rows.flatMap((row) => leaseOf(row) ?? []);
  if (rows.length < PAGE) return { leases, next: null };
  const last = rows.at(-1);
  const next = isRecord(last) ? addressOf(last) : null;
  return next === null ? unusable('the last lease of a page has no address') : { leases, next };
}

/** Null: no lease, or one that makes no sense. Kea repeats what its clients sent. */
function leaseOf(row: unknown): ServedLease | null {
  if (!isRecord(row)) return null;
  const address = addressOf(row);
  const state = STATES[Number(row['state'])];
  const [startsAt, lifetime, subnetId] = [row['cltt'], row['valid-lft'], row['subnet-id']];
  if (address === null || state === undefined) return null;
  if (!isNumber(startsAt) || !isNumber(lifetime) || !isNumber(subnetId)) return null;
  // Given back: Kea keeps it a while, so that the client gets the same address again.
  if (lifetime === 0) return null;
  return {
    address,
    subnetId,
    mac: octetsOf(row['hw-address'], 20),
    clientId: octetsOf(row['client-id'], 255),
    hostname: cleanHostname(typeof row['hostname'] === 'string' ? row['hostname'] : ''),
    state,
    startsAt,
    expiresAt: startsAt + lifetime,
  };
}

function addressOf(row: Readonly<Record<string, unknown>>): string | null {
  const text = row['ip-address'];
  const isAddress =
    typeof text === 'string' && IS_ADDRESS.test(text) && text.split('.').every((part) => Number(part) < 256);
  return isAddress ? text : null;
}

function octetsOf(value: unknown, most: number): string | null {
  const text = typeof value === 'string' ? value.toLowerCase() : '';
  return OCTETS.test(text) && text.length < most * 3 ? text : null;
}

function argumentsOf(answer: ExecResult): Rejected | { readonly value: Readonly<Record<string, unknown>> } {
  if (answer.failure !== null) return unusable(answer.failure);
  if (answer.timedOut) return unusable(`it did not answer within ${TIMEOUT_MS} ms`);
  let parsed: unknown;
  try {
    parsed = JSON.parse(answer.stdout);
  } catch {
    return unusable('it did not answer in JSON');
  }
  if (!isRecord(parsed) || !GOOD.includes(Number(parsed['result']))) {
    const message = isRecord(parsed) && typeof parsed['text'] === 'string' ? parsed['text'] : 'no reason given';
    return unusable(cleanHostname(message));
  }
  return { value: isRecord(parsed['arguments']) ? parsed['arguments'] : {} };
}

function unusable(why: string): Rejected {
  return rejected('unavailable', `Kea does not list its leases: ${why}.`);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < SECONDS_MAX;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';

/** How a bond spreads its frames (Linux bonding driver, `mode`). */
export const BOND_MODES = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const;
export const LACP_RATES = ['slow', 'fast'] as const;
export const HASH_POLICIES = ['layer2', 'layer2+3', 'layer3+4', 'encap2+3', 'encap3+4'] as const;

export type BondMode = (typeof BOND_MODES)[number];
type LacpRate = (typeof LACP_RATES)[number];
type HashPolicy = (typeof HASH_POLICIES)[number];

/**
 * How a bond works. Times in milliseconds: `miimon` between two checks of the links (0: never), `downDelay` and
 * `upDelay` before a link counts as gone or back, in whole checks. `lacpRate`: only of 802.3ad. `hashPolicy`: what
 * chooses the card of a frame; of modes that choose by it. `gratuitousArps`: how many announce a failover.
 */
export interface BondSettings {
  readonly mode: BondMode;
  readonly miimon: number;
  readonly downDelay: number;
  readonly upDelay: number;
  readonly gratuitousArps: number;
  readonly lacpRate?: LacpRate;
  readonly hashPolicy?: HashPolicy;
}

/** How a bridge works. `stp`: it speaks the spanning tree protocol. `forwardDelay`: seconds before a port of it forwards then. */
export type BridgeSettings = { readonly stp: boolean; readonly forwardDelay: number };

/** Requested settings; the others have their default. */
export type BondInput = { readonly [K in keyof BondSettings]?: string | number | undefined };
export type BridgeInput = { readonly [K in keyof BridgeSettings]?: boolean | number | undefined };

/** Modes that choose a frame's card by a hash (bonding.rst, `xmit_hash_policy`). */
const HASHING: readonly BondMode[] = ['balance-xor', '802.3ad', 'balance-tlb'];
/** Modes that must check the links (bonding.rst: "requires miimon"). */
const LOOKING: readonly BondMode[] = ['802.3ad', 'balance-tlb', 'balance-alb'];
/** What a mode makes use of: the rate of LACP, a policy of hashes. */
export function usesOf(mode: BondMode): { readonly hasLacp: boolean; readonly hasHash: boolean } {
  return { hasLacp: mode === '802.3ad', hasHash: HASHING.includes(mode) };
}

const DELAY_MAX = 60_000;
/** As the driver has it (bonding.rst, `num_grat_arp`). */
const ARPS_MAX = 255;

/** Parses a bond's settings. The usual ones: active-backup, a check each 100 ms, no delays. */
export function parseBond(input: BondInput, field = 'bond'): BondSettings | Rejected {
  const mode = oneOf(BOND_MODES, input.mode ?? 'active-backup', `${field}/mode`);
  if (isRejected(mode)) return mode;
  const times = parseTimes(input, mode, field);
  if (isRejected(times)) return times;
  const gratuitousArps = whole(input.gratuitousArps ?? 1, { field: `${field}/gratuitousArps`, most: ARPS_MAX });
  if (isRejected(gratuitousArps)) return gratuitousArps;
  const lacpRate = parseLacpRate(input.lacpRate, mode, `${field}/lacpRate`);
  if (isRejected(lacpRate)) return lacpRate;
  const hashPolicy = parseHashPolicy(input.hashPolicy, mode, `${field}/hashPolicy`);
  if (isRejected(hashPolicy)) return hashPolicy;
  return {
    mode,
    ...times,
    gratuitousArps,
    ...(lacpRate === null ? {} : { lacpRate }),
    ...(hashPolicy === null ? {} : { hashPolicy }),
  };
}

function parseTimes(
  input: BondInput,
  mode: BondMode,
  field: string,
): Pick<BondSettings, 'miimon' | 'downDelay' | 'upDelay'> | Rejected {
  const miimon = whole(input.miimon ?? 100, { field: `${field}/miimon`, most: DELAY_MAX });
  if (isRejected(miimon)) return miimon;
  if (miimon === 0 && LOOKING.includes(mode))
    return invalid(
      `${field}/miimon`,
      `${mode} does not work with 0`,
      `${LOOKING.join(', ')} check the links: 1 ms or more`,
    );
  const delays: number[] = [];
  for (const name of ['downDelay', 'upDelay'] as const) {
    const at = `${field}/${name}`;
    const delay = whole(input[name] ?? 0, { field: at, most: DELAY_MAX });
    if (isRejected(delay)) return delay;
    // The driver rounds a delay down to a multiple of miimon (bonding.rst, `updelay`).
    if (miimon === 0 && delay > 0)
      return invalid(at, `${delay} needs a check of the links`, 'only miimon notices that a link fails or returns');
    delays.push(delay);
  }
  const [downDelay = 0, upDelay = 0] = delays;
  return { miimon, downDelay, upDelay };
}

function parseLacpRate(value: string | number | undefined, mode: BondMode, field: string): LacpRate | null | Rejected {
  if (!usesOf(mode).hasLacp)
    return value === undefined
      ? null
      : invalid(field, `${mode} does not use LACP`, 'only the mode 802.3ad has an LACP rate');
  return oneOf(LACP_RATES, value ?? 'slow', field);
}

function parseHashPolicy(
  value: string | number | undefined,
  mode: BondMode,
  field: string,
): HashPolicy | null | Rejected {
  if (!usesOf(mode).hasHash)
    return value === undefined
      ? null
      : invalid(field, `${mode} does not choose a card by a hash`, `a policy of ${HASHING.join(', ')}`);
  return oneOf(HASH_POLICIES, value ?? 'layer2', field);
}

/** Seconds (net/bridge: BR_MIN_FORWARD_DELAY, BR_MAX_FORWARD_DELAY). */
const FORWARD_MIN = 2;
const FORWARD_MAX = 30;

/** Parses a bridge's settings. The usual ones: no spanning tree, 15 s. */
export function parseBridge(input: BridgeInput, field = 'bridge'): BridgeSettings | Rejected {
  const stp = input.stp ?? false;
  if (typeof stp !== 'boolean')
    return invalid(`${field}/stp`, `${show(stp)} is neither true nor false`, 'true or false');
  const at = `${field}/forwardDelay`;
  const delay = whole(input.forwardDelay ?? 15, { field: at, most: FORWARD_MAX });
  if (isRejected(delay)) return delay;
  if (stp && delay < FORWARD_MIN)
    return invalid(at, `${delay} is too short for a spanning tree`, `${FORWARD_MIN} to ${FORWARD_MAX} seconds`);
  return { stp, forwardDelay: delay };
}

/** The least that an IPv4 host must take whole (RFC 791 §3.1), and what a length of IPv4 can say. */
const MTU_MIN = 576;
const MTU_MAX = 65_535;

/** The least that a link of IPv6 must carry whole (RFC 8200 §5), octets. */
export const MTU_IPV6 = 1280;

/** Parses the longest packet of an interface, octets. */
export function parseMtu(value: number, field = 'mtu'): number | Rejected {
  if (Number.isInteger(value) && value >= MTU_MIN && value <= MTU_MAX) return value;
  return invalid(field, `${show(value)} is not an MTU`, `${MTU_MIN} to ${MTU_MAX} octets`);
}

function oneOf<const T extends string>(
  values: readonly T[],
  value: string | number | boolean,
  field: string,
): T | Rejected {
  const found = values.find((one) => one === value);
  return found ?? invalid(field, `${show(value)} is not known`, `one of ${values.join(', ')}`);
}

function whole(value: unknown, { field, most }: { readonly field: string; readonly most: number }): number | Rejected {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  return invalid(field, `${show(value)} is out of bounds`, `a whole number from 0 to ${most}`);
}

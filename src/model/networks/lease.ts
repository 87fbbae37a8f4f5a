import { isRejected } from '../../core/errors.ts';
import { byAddress } from '../../core/ip.ts';
import { compareText } from '../../core/order.ts';
import { parseHostLabel } from '../names/names.ts';
import type { Domain } from '../names/domain.ts';

/** `declined`: a client found somebody else using the address; nobody gets it for a while. `expired`: it ended, by time or given back. */
export const LEASE_STATES = ['active', 'declined', 'expired'] as const;
export type LeaseState = (typeof LEASE_STATES)[number];

/** A live lease with a name of the client's own. `since`: since when it has had it, ISO 8601. */
export type NamedLease = { readonly address: string; readonly hostname: string; readonly since: string };

/** Names that programs resolve and trust to be the site's own, so that no client may take them. */
const TRUSTED_NAMES = ['localhost', 'wpad', 'isatap'];

/** Longest name that DHCP carries, octets. */
const HOSTNAME_MAX = 255;

/** A client's name as it may be stored and shown: what is no text or controls a terminal becomes U+FFFD. It is not a DNS name yet. */
export function cleanHostname(text: string): string {
  // What the database calls a control character, and what cuts a line in two.
  return Array.from(text.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\ufffd'))
    .slice(0, HOSTNAME_MAX)
    .join('');
}

/**
 * Names that DHCP clients give themselves, where a domain wants them: a single label in the default domain, a full name in the domain
 * directly above its first label. Anything that is not a host name by our own grammar is none. Who had a name first keeps it (then: the
 * first address); an address has one name. Ordered by address.
 */
export function chooseLeaseNames(
  leases: readonly NamedLease[],
  domains: readonly Domain[],
  defaultDomain: string,
): readonly LeaseName[] {
  const wanting = new Map(domains.filter((domain) => domain.leaseNames).map((domain) => [domain.name, domain.id]));
  if (wanting.size === 0) return [];
  const taken = new Map<string, LeaseName>();
  for (const { address, hostname } of byAge(leases)) {
    const name = parseLeaseName(hostname, defaultDomain);
    const domainId = name === null ? undefined : wanting.get(name.domain);
    if (name === null || domainId === undefined) continue;
    const key = `${name.label}.${name.domain}`;
    if (!taken.has(key)) taken.set(key, { hostname: name.label, address, domainId });
  }
  return byAddress(taken.values());
}

function parseLeaseName(hostname: string, defaultDomain: string): { label: string; domain: string } | null {
  // Lower-casing makes ASCII of some other letters: those are not meant.
  if (!/^[!-~]+$/.test(hostname)) return null;
  const name = hostname.toLowerCase().replace(/\.$/, '');
  const dot = name.indexOf('.');
  const label = parseHostLabel(dot < 0 ? name : name.slice(0, dot));
  if (isRejected(label) || TRUSTED_NAMES.includes(label)) return null;
  return { label, domain: dot < 0 ? defaultDomain : name.slice(dot + 1) };
}

/** The oldest first, then by address. */
function byAge(leases: readonly NamedLease[]): NamedLease[] {
  return byAddress(leases).sort((a, b) => compareText(a.since, b.since));
}

/** A name that a DHCP client gave itself, one per address: only live leases whose domain wants such names. */
export type LeaseName = { readonly hostname: string; readonly address: string; readonly domainId: number };

/** A live lease of a machine's interface whose address comes by DHCP. */
export type MachineLease = { readonly address: string; readonly mac: string };

/**
 * A lease that DHCP servers are to end. `keptFor`: the MAC that the address belongs to, when another one (`mac`) has its lease; null: an
 * operator asked for the end of the lease of `mac` as it was `before`, seconds since 1970. `heldBy`: ids of the nodes that have it; left out: not known.
 */
export interface LeaseEnd {
  readonly address: string;
  readonly keptFor: string | null;
  readonly mac: string | null;
  readonly before: number | null;
  readonly heldBy?: readonly string[];
}

/** A network that a node may still serve by DHCP: `service` is what it serves it by, `dhcp` or `dhcp@PRIMARY_SECONDARY`. */
export type SubnetHolder = { readonly nodeId: string; readonly service: string; readonly cidr: string };

import { invalid, isRejected, type Rejected, rejected, show } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { parseOwnerName } from './names.ts';
import { parseTxt } from './txt.ts';

/** Record types that an operator may write; PTR, SOA, and the NS of the site's own zones are generated. */
export const RECORD_TYPES = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'SRV', 'SSHFP', 'TXT'] as const;
export type RecordType = (typeof RECORD_TYPES)[number];

/** Types that a region of the release before does not serve: the feature `record-types` lets them in. */
export const LATER_TYPES: readonly RecordType[] = ['MX', 'NS', 'SRV', 'SSHFP'];

/** A record of a domain. `name` is relative (`@` for the domain itself), `ttl` in seconds, null for the domain's. */
export interface DnsRecord {
  readonly id: number;
  readonly domainId: number;
  readonly name: string;
  readonly type: RecordType;
  readonly data: string;
  readonly ttl: number | null;
}

/** TTL bounds in seconds: one week is also what BIND caches at most by default. */
export const TTL_MIN = 1;
export const TTL_MAX = 604_800;

/** Parses a record type. */
export function parseRecordType(text: string): RecordType | Rejected {
  const type = RECORD_TYPES.find((known) => known === text.toUpperCase());
  return (
    type ??
    invalid(
      'type',
      `${show(text)} is not a record type`,
      `one of ${RECORD_TYPES.join(', ')}; PTR records follow from addresses`,
    )
  );
}

/** Checks a TTL in seconds. */
export function parseTtl(ttl: number, field = 'ttl'): number | Rejected {
  if (Number.isInteger(ttl) && ttl >= TTL_MIN && ttl <= TTL_MAX) return ttl;
  return invalid(field, `${ttl} is out of range`, `a whole number of seconds from ${TTL_MIN} to ${TTL_MAX}`);
}

/** Parses a record's data into its canonical text: addresses as RFC 5952 writes them, names lower-case without final dot. */
export function parseRecordData(type: RecordType, data: string): string | Rejected {
  switch (type) {
    case 'A':
    case 'AAAA': {
      const address = parseAddress(data, 'data');
      if (isRejected(address)) return address;
      const family = type === 'A' ? 4 : 6;
      if (address.family !== family)
        return invalid(
          'data',
          `${show(data)} is an IPv${address.family} address`,
          `${type} holds an IPv${family} address`,
        );
      return formatAddress(address);
    }
    case 'CNAME':
      return parseOwnerName(data, 'data');
    case 'NS':
      return parseHost(data);
    case 'MX':
      return parseNumbersAndHost(data, 1, 'PREFERENCE HOST, such as 10 mail.example.test; the number is 0 to 65535');
    case 'SRV':
      return parseNumbersAndHost(
        data,
        3,
        'PRIORITY WEIGHT PORT HOST, such as 0 5 5060 sip.example.test, or . for none; numbers are 0 to 65535',
      );
    case 'SSHFP':
      return parseFingerprint(data);
    case 'TXT':
      return parseTxt(data);
  }
}

/** Types whose data ends with the name of a host. */
const NAMING: readonly RecordType[] = ['CNAME', 'NS', 'MX', 'SRV'];

/** Parses the data of a record of a domain. A name without any dot is one of the domain, as in a file of its zone. */
export function parseDataIn(domain: string, type: RecordType, data: string): string | Rejected {
  const canonical = parseRecordData(type, data);
  if (isRejected(canonical) || !NAMING.includes(type) || canonical.includes('.') || data.trim().endsWith('.'))
    return canonical;
  return parseRecordData(type, `${canonical}.${domain}`);
}

/** The data as it was given, where it is more than its canonical text; null: it is not, or of an address. */
export function writtenOf(type: RecordType, given: string, data: string): string | null {
  return given === data || type === 'A' || type === 'AAAA' ? null : given;
}

/** A host that a record names: no wildcard, and no name of a service. */
function parseHost(text: string): string | Rejected {
  const name = parseOwnerName(text, 'data');
  if (isRejected(name) || !/[*_]/.test(name)) return name;
  return invalid('data', `${show(text)} is not a host`, 'the name of a host has letters, digits, "-" and dots');
}

/** In place of a host: the service, or the mail, is decidedly not there (RFC 2782, RFC 7505). */
export const NOWHERE = '.';

/** So many numbers of 16 bits, and a host. */
function parseNumbersAndHost(data: string, count: number, rule: string): string | Rejected {
  const parts = data.trim().split(/\s+/);
  const numbers = parts.slice(0, count);
  const areUsable = numbers.every((part) => /^\d{1,5}$/.test(part) && Number(part) <= 65_535);
  if (parts.length !== count + 1 || !areUsable) return invalid('data', `${show(data)} is not usable`, rule);
  const last = parts[count] ?? '';
  const host = last === NOWHERE ? NOWHERE : parseHost(last);
  return isRejected(host) ? host : [...numbers.map(Number), host].join(' ');
}

/** Digits of a fingerprint in hexadecimal, by its type: SHA-1, SHA-256 (RFC 6594). */
const FINGERPRINT_DIGITS: Readonly<Record<string, number>> = { '1': 40, '2': 64 };

function parseFingerprint(data: string): string | Rejected {
  const [algorithm = '', type = '', ...rest] = data.trim().split(/\s+/);
  const digits = rest.join('').toLowerCase();
  const isUsable =
    /^[1-46]$/.test(algorithm) && /^[0-9a-f]+$/.test(digits) && digits.length === FINGERPRINT_DIGITS[type];
  if (isUsable) return `${algorithm} ${type} ${digits}`;
  return invalid('data', `${show(data)} is not usable`, 'ALGORITHM TYPE FINGERPRINT, as ssh-keygen -r prints it');
}

/** The host that a record names and that needs an address; null: it names none. `data`: canonical. */
export function hostOfRecord({ type, data }: { readonly type: string; readonly data: string }): string | null {
  const host = type === 'NS' || type === 'MX' || type === 'SRV' ? data.split(' ').at(-1) : undefined;
  return host === undefined || host === NOWHERE ? null : host;
}

/** What else owns a name: a record, or a machine, node or reservation whose addresses are published under it. `mac`: a reservation's. */
export interface NameUse {
  readonly kind: 'record' | 'machine' | 'node' | 'reservation';
  readonly mac?: string | null;
  readonly type: RecordType;
  readonly data: string;
  readonly label: string;
}

/**
 * May this record stand beside what the name already has? A CNAME stands alone and never at the domain itself
 * (RFC 1034 §3.6.2, RFC 2181 §10.1); the same type and data twice is a duplicate.
 */
export function checkRecordBeside(
  record: Pick<DnsRecord, 'name' | 'type' | 'data'>,
  fqdn: string,
  others: readonly NameUse[],
): Rejected | null {
  if (record.type === 'CNAME' && record.name === '@')
    return rejected(
      'conflict',
      `${fqdn}: a CNAME cannot stand at the domain itself, which has SOA and NS records. Rule: RFC 1034 §3.6.2.`,
    );
  if (record.type === 'NS' && record.name === '@')
    return rejected(
      'conflict',
      `${fqdn}: the name servers of a domain of the site are its region nodes. Rule: an NS record delegates a name below the domain.`,
    );
  if (record.type === 'NS' && record.name.startsWith('*'))
    return rejected(
      'conflict',
      `${fqdn}: a wildcard cannot delegate names to other name servers. Rule: an NS record has a name of its own (RFC 4592 §4.2).`,
    );
  for (const other of others) {
    if (record.type === 'CNAME' || other.type === 'CNAME')
      return rejected(
        'conflict',
        `${fqdn}: ${record.type} cannot stand beside ${other.label} (${other.type}). Rule: a CNAME is the only data of its name (RFC 1034 §3.6.2).`,
      );
    if (other.kind === 'record' && other.type === record.type && other.data === record.data)
      return rejected('conflict', `${fqdn}: the record ${record.type} ${show(record.data)} exists already.`);
  }
  return null;
}

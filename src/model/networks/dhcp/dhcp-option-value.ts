import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';
import { type Address, formatAddress, formatNetwork, parseAddress, parseNetwork } from '../../../core/ip.ts';
import { parseOwnerName } from '../../names/names.ts';
import type { KnownOption, OptionType } from './dhcp-option-table.ts';

/** A value that was read: as people write it, and the octets that a client gets. */
export type OptionValue = { readonly text: string; readonly octets: readonly number[] };

/** Octets of one option, or of one vendor option (RFC 2132 §2). */
export const OCTETS_MAX = 255;

/** How an option's value is written: its type, and whether it may be several. */
type OptionForm = Pick<KnownOption, 'type' | 'isList'>;

const RULES: Readonly<Record<OptionType, string>> = {
  'ipv4-address': 'an IPv4 address',
  uint8: 'a whole number, 0 to 255',
  uint16: 'a whole number, 0 to 65535',
  uint32: 'a whole number, 0 to 4294967295',
  int32: 'a whole number, -2147483648 to 2147483647',
  boolean: 'true or false',
  string: '1–255 printable ASCII characters without a backslash, no blank at an end',
  fqdn: 'a domain name',
  binary: '1–255 octets in hexadecimal, such as 0a:4d:00:01',
  routes: 'NETWORK via ROUTER, such as 10.0.0.0/8 via 10.10.10.254',
};

/** Octets and least value of the whole numbers. */
const WIDTHS = { uint8: [1, 0], uint16: [2, 0], uint32: [4, 0], int32: [4, -2_147_483_648] } as const;

/** Reads a value, or several that are separated by commas. */
export function parseOptionValue(text: string, form: OptionForm, field: string): OptionValue | Rejected {
  const parts = form.isList ? text.split(',').map((part) => part.trim()) : [text.trim()];
  const values: OptionValue[] = [];
  for (const part of parts) {
    const value = parseOne(part, form.type);
    if (value === null || isRejected(value)) {
      const rule = `${RULES[form.type]}${form.isList ? '; several are separated by commas' : ''}`;
      return invalid(field, `${show(part)} is not usable`, rule);
    }
    values.push(value);
  }
  const octets = values.flatMap((value) => value.octets);
  if (octets.length > OCTETS_MAX)
    return invalid(field, `${octets.length} octets are too many`, `an option has at most ${OCTETS_MAX}`);
  return { text: values.map((value) => value.text).join(', '), octets };
}

function parseOne(text: string, type: OptionType): OptionValue | Rejected | null {
  switch (type) {
    case 'ipv4-address':
      return addressValue(text);
    case 'boolean':
      return text === 'true' || text === 'false' ? { text, octets: [Number(text === 'true')] } : null;
    case 'string':
      return /^[!-[\]-~](?:[ -[\]-~]*[!-[\]-~])?$/.test(text) ? { text, octets: asciiOf(text) } : null;
    case 'fqdn':
      return nameValue(text);
    case 'binary':
      return binaryValue(text);
    case 'routes':
      return routeValue(text);
    case 'uint8':
    case 'uint16':
    case 'uint32':
    case 'int32':
      return numberValue(text, type);
  }
}

const asciiOf = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

function addressValue(text: string): OptionValue | null {
  const address = parseAddress(text);
  if (isRejected(address) || address.family !== 4) return null;
  return { text: formatAddress(address), octets: octetsOf(address) };
}

const octetsOf = (address: Pick<Address, 'value'>): number[] => bigEndian(address.value, 4);

function bigEndian(value: bigint, width: number): number[] {
  return Array.from({ length: width }, (_, index) => Number((value >> BigInt(8 * (width - 1 - index))) & 255n));
}

function numberValue(text: string, type: keyof typeof WIDTHS): OptionValue | null {
  const [width, least] = WIDTHS[type];
  if (!/^(?:0|-?[1-9]\d{0,9})$/.test(text)) return null;
  const value = Number(text);
  if (value < least || value >= least + 256 ** width) return null;
  return { text, octets: bigEndian(BigInt.asUintN(8 * width, BigInt(value)), width) };
}

/** A name as DNS writes it (RFC 1035 §3.1), without compression. */
function nameValue(text: string): OptionValue | null {
  const name = parseOwnerName(text);
  if (isRejected(name) || name.startsWith('*')) return null;
  const labels = name.split('.').map((label) => asciiOf(label));
  return { text: name, octets: [...labels.flatMap((label) => [label.length, ...label]), 0] };
}

function binaryValue(text: string): OptionValue | null {
  const hex = text.toLowerCase().replace(/^0x/, '').replaceAll(/[: ]/g, '');
  if (!/^(?:[0-9a-f]{2})+$/.test(hex)) return null;
  return { text: hex, octets: (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16)) };
}

/** A route as option 121 has it: prefix length, the network's octets that count, router (RFC 3442). */
function routeValue(text: string): OptionValue | null {
  const [, to, router] = /^(\S+)\s+via\s+(\S+)$/.exec(text) ?? [];
  if (to === undefined || router === undefined) return null;
  const network = parseNetwork(to);
  const via = addressValue(router);
  if (isRejected(network) || network.family !== 4 || via === null) return null;
  const significant = octetsOf(network).slice(0, Math.ceil(network.prefix / 8));
  return {
    text: `${formatNetwork(network)} via ${via.text}`,
    octets: [network.prefix, ...significant, ...via.octets],
  };
}

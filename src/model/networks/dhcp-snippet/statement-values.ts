import { isRejected } from '../../../core/errors.ts';
import { parseAddress } from '../../../core/ip.ts';

/** A bare text, a quoted text, or one of `; , = { }`. */
export type Token = { readonly text: string; readonly isQuoted: boolean };

/** How a value of an option is written into octets. `bits`: of a whole number. */
type ValueType =
  | { readonly kind: 'address' | 'flag' | 'text' | 'octets' }
  | { readonly kind: 'whole'; readonly bits: number; readonly isSigned: boolean };

/** What an option holds: these values one after the other, once or again and again. */
export type OptionTypes = { readonly types: readonly ValueType[]; readonly isArray: boolean };

/** An option that is defined by its number. `text`: its type as it was written. */
export type OptionShape = OptionTypes & { readonly code: number; readonly text: string };

/** Reads a type of dhcpd.conf; null: none that is known. */
export function optionType(text: string): OptionTypes | null {
  const [, array, inner = ''] = /^(array of )?(.*)$/.exec(text.toLowerCase().trim()) ?? [];
  const record = /^\{ (.*) \}$/.exec(inner)?.[1];
  const types = (record ?? inner).split(' , ').map(valueType);
  const known = types.filter((type) => type !== null);
  return known.length === types.length ? { types: known, isArray: array !== undefined } : null;
}

const KINDS: Readonly<Record<string, ValueType>> = {
  'ip-address': { kind: 'address' },
  boolean: { kind: 'flag' },
  text: { kind: 'text' },
  string: { kind: 'octets' },
};

function valueType(text: string): ValueType | null {
  if (Object.hasOwn(KINDS, text)) return KINDS[text] ?? null;
  const [, sign, bits] = /^(?:(signed|unsigned) )?integer (8|16|32)$/.exec(text) ?? [];
  return bits === undefined ? null : { kind: 'whole', bits: Number(bits), isSigned: sign === 'signed' };
}

/** Kea's name of a type. */
export function keaType({ types, isArray }: OptionTypes): object {
  const names = types.map(keaName);
  const [only = 'binary'] = names;
  const own = names.length === 1 ? { type: only } : { type: 'record', 'record-types': names.join(', ') };
  return isArray ? { ...own, array: true } : own;
}

function keaName(type: ValueType): string {
  switch (type.kind) {
    case 'address':
      return 'ipv4-address';
    case 'flag':
      return 'boolean';
    case 'text':
      return 'string';
    case 'octets':
      return 'binary';
    case 'whole':
      return `${type.isSigned ? 'int' : 'uint'}${type.bits}`;
  }
}

/** Octets as dhcpd.conf writes them: 0a:0b. */
export function isOctets({ text, isQuoted }: Token): boolean {
  return !isQuoted && /^[0-9a-f]{1,2}(?::[0-9a-f]{1,2})+$/i.test(text);
}

/** Values as octets in hexadecimal; null: one of them is of another type. Without a shape a value is a text, or octets. */
export function octetsOf(shape: OptionTypes | null, values: readonly Token[]): string | null {
  const { types, isArray }: OptionTypes = shape ?? { types: [{ kind: 'octets' }], isArray: true };
  const rounds = values.length / types.length;
  if (!Number.isInteger(rounds) || (rounds !== 1 && !isArray)) return null;
  const octets = values.map((value, index) => valueOctets(types[index % types.length], value));
  return octets.includes(null) ? null : octets.join('').toUpperCase();
}

function valueOctets(type: ValueType | undefined, value: Token): string | null {
  const { text, isQuoted } = value;
  switch (type?.kind) {
    case undefined:
      return null;
    case 'text':
      return isQuoted ? hexOf(text) : null;
    case 'octets':
      if (isOctets(value))
        return text
          .split(':')
          .map((octet) => octet.padStart(2, '0'))
          .join('');
      return isQuoted ? hexOf(text) : null;
    case 'address':
      return addressOctets(text);
    case 'flag':
      return /^(?:true|on)$/i.test(text) ? '01' : /^(?:false|off)$/i.test(text) ? '00' : null;
    case 'whole':
      return wholeOctets(text, type);
  }
}

const hexOf = (text: string) => Buffer.from(text).toString('hex');

function addressOctets(text: string): string | null {
  const address = parseAddress(text);
  if (isRejected(address) || address.family !== 4) return null;
  return address.value.toString(16).padStart(8, '0');
}

function wholeOctets(text: string, { bits, isSigned }: { readonly bits: number; readonly isSigned: boolean }) {
  if (!/^-?\d{1,10}$/.test(text)) return null;
  const value = BigInt(text);
  const range = 1n << BigInt(bits);
  const isIn = isSigned ? value >= -range / 2n && value < range / 2n : value >= 0n && value < range;
  return isIn
    ? BigInt.asUintN(bits, value)
        .toString(16)
        .padStart(bits / 4, '0')
    : null;
}

import { invalid, type Rejected, show } from '../../core/errors.ts';

/** The grammar of the name of a person or a service desk, in any script. */
export const CONTACT_NAME_RULE =
  "1–64 of letters, digits, blank and . , _ - & ' ( ), starting with a letter or digit, not digits alone";
/** The grammar of a telephone number. */
export const PHONE_RULE =
  '3–15 digits, with + in front, blanks and - . / ( ) between, and x with the extension at the end';
/** The grammar of an e-mail address. */
export const ADDRESS_RULE = 'NAME@HOST, at most 64 and 253 characters, such as ada@example.net';

const DIGITS = { least: 3, most: 15 } as const;
const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = new RegExp(`^${LABEL}(?:\\.${LABEL})+$`);

/** Whom people call, and about what: a machine by its full name, the node of a rack; about the site, if both are null. */
export interface Contact {
  readonly name: string;
  readonly phone: string;
  readonly address: string;
  readonly fqdn: string | null;
  readonly nodeId: string | null;
}

/** Parses the name of a contact: composed letters, one blank at a time. */
export function parseContactName(text: string, field = 'name'): string | Rejected {
  const name = text.normalize('NFC');
  const isUsable = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}.,_&'()-]*(?: [\p{L}\p{M}\p{N}.,_&'()-]+)*$/u.test(name);
  if (isUsable && Array.from(name).length <= 64 && !/^\d+$/.test(name)) return name;
  return bad(text, field, CONTACT_NAME_RULE);
}

/** Parses a telephone number; empty: none. */
export function parsePhone(text: string, field = 'phone'): string | Rejected {
  const phone = text
    .trim()
    .replaceAll(/ +/g, ' ')
    .replace(/ ?x(?=\d+$)/, 'x');
  if (phone === '') return phone;
  const [, number = '', extension = ''] = /^(\+?[0-9(][0-9 ()./-]*[0-9)])(?:x(\d{1,6}))?$/.exec(phone) ?? [];
  const digits = number.replaceAll(/\D/g, '').length;
  const isUsable = number.length <= 40 && digits >= DIGITS.least && digits <= DIGITS.most && isBalanced(number);
  return isUsable ? `${number}${extension === '' ? '' : `x${extension}`}` : bad(text, field, PHONE_RULE);
}

/** Every bracket is closed before the next one opens. */
const isBalanced = (number: string): boolean => !/[()]/.test(number.replaceAll(/\([^()]+\)/g, ''));

/** Parses an e-mail address, its host in lower case; empty: none. */
export function parseAddress(text: string, field = 'address'): string | Rejected {
  const address = text.trim();
  if (address === '') return address;
  const at = address.lastIndexOf('@');
  const [name, host] = [address.slice(0, Math.max(at, 0)), address.slice(at + 1).toLowerCase()];
  const isName =
    name.length <= 64 && /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/.test(name);
  const isUsable = isName && host.length <= 253 && name.length + host.length < 254 && HOST.test(host);
  return isUsable ? `${name}@${host}` : bad(text, field, ADDRESS_RULE);
}

function bad(text: string, field: string, rule: string): Rejected {
  return invalid(field, `${show(text)} is not usable`, rule);
}

/** Whom people call about a finding: the contacts of its machine, else of its rack, else of the site; empty: there is none. */
export function contactText(
  contacts: readonly Contact[],
  { subject, nodeId }: { subject: string; nodeId: string },
): string {
  const choices = [
    contacts.filter(({ fqdn }) => fqdn !== null && subject.split(' ').includes(fqdn)),
    contacts.filter((contact) => contact.nodeId === nodeId),
    contacts.filter((contact) => contact.fqdn === null && contact.nodeId === null),
  ];
  const people = (choices.find(({ length }) => length > 0) ?? []).map(({ name, phone, address }) =>
    [name, phone || address].filter((text) => text !== '').join(', '),
  );
  return people.length === 0 ? '' : `Contact: ${people.join('; ')}.`;
}

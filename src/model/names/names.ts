import { invalid, type Rejected, show } from '../../core/errors.ts';

/** Host name label: letters, digits and inner hyphens, at most 63 (RFC 1123 §2.1, RFC 1035 §2.3.4). */
const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** Owner-name label of a record: as above, and a leading underscore (RFC 8552). */
const OWNER_LABEL = /^_?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME_RULE =
  'labels of a–z, 0–9 and inner "-", 1–63 characters each, joined by dots, at most 253 characters in all';

/** Zones that Regent generates itself; nobody may create a domain inside them. */
const REVERSE_ROOTS = ['in-addr.arpa', 'ip6.arpa'];

/** Parses one host name label, such as a machine's or a node's name; lower-cases it. */
export function parseHostLabel(text: string, field = 'hostname'): string | Rejected {
  const name = text.toLowerCase();
  if (HOST_LABEL.test(name) && !/^\d+$/.test(name)) return name;
  return (
    refuseUnicode(text, field) ??
    invalid(
      field,
      `${show(text)} is not a host name`,
      'a–z, 0–9 and inner "-", 1–63 characters, not only digits, without dots',
    )
  );
}

/** Parses a domain name; lower-cases it and drops one trailing dot. */
export function parseDomainName(text: string, field = 'name'): string | Rejected {
  const name = normalise(text);
  const labels = name.split('.');
  if (name.length > 253 || !labels.every((label) => HOST_LABEL.test(label)))
    return refuseUnicode(text, field) ?? invalid(field, `${show(text)} is not a domain name`, NAME_RULE);
  if (/^\d+$/.test(labels.at(-1) ?? ''))
    return invalid(field, `${show(text)} ends in a number`, 'the last label is not only digits (RFC 3696 §2)');
  if (REVERSE_ROOTS.some((root) => name === root || name.endsWith(`.${root}`)))
    return invalid(field, `${show(text)} is a reverse zone`, 'reverse zones are generated from the subnets');
  return name;
}

/** Parses a record's full name; `_service` labels and one leading `*` are allowed (RFC 8552, RFC 4592). */
export function parseOwnerName(text: string, field = 'fqdn'): string | Rejected {
  const name = normalise(text);
  const labels = name.split('.');
  const fits = labels.every((label, index) =>
    label === '*' ? index === 0 && labels.length > 1 : OWNER_LABEL.test(label) && label.length <= 63,
  );
  if (name.length <= 253 && fits) return name;
  const rule = `${NAME_RULE}; "_" may start a label, "*" may be the first`;
  return refuseUnicode(text, field) ?? invalid(field, `${show(text)} is not a record name`, rule);
}

/**
 * The refusal of a name in another script that names its ASCII form (A-labels, RFC 5890 §2.3.2.1); null when the name is ASCII, or has no such form.
 * DNS, DHCP and certificates carry only the ASCII form, and a person who writes a name must see its ASCII form.
 */
export function refuseUnicode(text: string, field: string): Rejected | null {
  const ascii = asciiOf(normalise(text));
  if (ascii === null) return null;
  return invalid(
    field,
    `${show(text)} is not ASCII; its ASCII form is ${ascii}`,
    'names in their ASCII form (IDNA, RFC 5891)',
  );
}

/** The global URL maps names as browsers do (UTS 46), without any I/O. */
function asciiOf(name: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII begins there.
  if (/^[\u0000-\u007f]*$/.test(name) || /[\s/?#@:\\[\]%<>^|]/.test(name)) return null;
  const host = URL.parse(`http://${name}/`)?.hostname ?? '';
  const isName = host.length <= 253 && host.split('.').every((label) => label === '*' || OWNER_LABEL.test(label));
  return isName && !/^[\d.]+$/.test(host) ? host : null;
}

/**
 * A short free name for people (subnets, VLANs): printable ASCII without quotes or backslashes; a name of digits is an
 * id or a VID.
 */
export function parseTitle(text: string, field = 'name'): string | Rejected {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9 ._/:-]{0,62}[A-Za-z0-9])?$/.test(text) && !/^\d+$/.test(text)) return text;
  return invalid(
    field,
    `${show(text)} is not usable`,
    '1–64 of letters, digits, blank and . _ / : -, starting and ending with a letter or digit, not only digits',
  );
}

/** Is `name` the domain itself or below it? Both normalised. */
export function isInDomain(name: string, domain: string): boolean {
  return name === domain || name.endsWith(`.${domain}`);
}

/** The part left of the domain, `@` for the domain itself. */
export function relativeName(name: string, domain: string): string {
  return name === domain ? '@' : name.slice(0, -domain.length - 1);
}

/** The full name of a relative one. */
export function absoluteName(relative: string, domain: string): string {
  return relative === '@' ? domain : `${relative}.${domain}`;
}

/** The longest domain that holds `name`, of a list. */
export function domainOf<D extends { readonly name: string }>(name: string, domains: readonly D[]): D | undefined {
  return domains.filter((domain) => isInDomain(name, domain.name)).sort((a, b) => b.name.length - a.name.length)[0];
}

const normalise = (text: string): string => text.toLowerCase().replace(/\.$/, '');

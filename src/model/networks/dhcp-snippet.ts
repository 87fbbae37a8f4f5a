import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { type MemberRule, type Members, NO_MEMBERS, SNIPPET_MEMBERS } from './dhcp-snippet/members.ts';
import { isStatements } from './dhcp-snippet/notation.ts';
import { readStatements } from './dhcp-snippet/statements.ts';

/** A fragment of Kea's configuration for its scope: `global`, the CIDR of a subnet, or the MAC of an interface with a static lease. */
export type DhcpSnippet = { readonly id: number; readonly name: string; readonly scope: string; readonly text: string };

/** The grammar of a snippet's name. */
export const SNIPPET_NAME_RULE =
  '1–64 of letters, digits and . _ -, starting and ending with a letter or digit, not only digits';

/** Parses a snippet's name. */
export function parseSnippetName(text: string, field = 'name'): string | Rejected {
  if (/^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(text) && !/^\d+$/.test(text)) return text;
  return invalid(field, `${show(text)} is not usable`, SNIPPET_NAME_RULE);
}

export type SnippetKind = keyof typeof SNIPPET_MEMBERS;

/** A snippet's fragment, read: members that its scope allows. */
export type SnippetBody = Readonly<Record<string, unknown>>;

/** Characters of a snippet's text. */
export const SNIPPET_MAX = 65_536;

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;
/** Names of client classes that are Kea's or Regent's own. DROP is free: Kea answers no client of that class. */
const OWN_CLASS =
  /^(?:ALL|KNOWN|UNKNOWN|BOOTP|bios|uefi-.*|ipxe-.*|httpboot-.*|boot-subnet-.*|(?:VENDOR_CLASS|HA|AFTER|EXTERNAL|SPAWN|SKIP_HA)_.*)$/;

/** What a scope names. */
export function kindOfScope(scope: string): SnippetKind {
  if (scope === 'global') return 'global';
  return MAC.test(scope) ? 'host' : 'subnet';
}

/** Reads a snippet's fragment: JSON, or statements of dhcpd.conf; and of it what the scope allows. The refusal names the member and the rule. */
export function parseSnippet(scope: string, text: string, field = 'text'): SnippetBody | Rejected {
  if (text.length > SNIPPET_MAX)
    return invalid(field, `${text.length} characters are too many`, `at most ${SNIPPET_MAX}`);
  const kind = kindOfScope(scope);
  const body = isStatements(text) ? readStatements(text, kind === 'global', field) : readJson(text);
  if (isRejected(body)) return body;
  if (body === undefined)
    return invalid(
      field,
      `${show(text)} is not a JSON object`,
      `an object of Kea's configuration without comments, such as {"option-data": […]}, or statements such as option log-servers 192.0.2.14;`,
    );
  const at = { field, kind, path: '' };
  return checkObject(body, SNIPPET_MEMBERS[kind], at) ?? checkClasses(kind, body, field) ?? (body as SnippetBody);
}

function readJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Where in a snippet: `path` such as `client-classes/0`. */
type ValuePath = { readonly field: string; readonly kind: SnippetKind; readonly path: string };

const below = (place: ValuePath, step: string | number): ValuePath => ({
  ...place,
  path: place.path === '' ? String(step) : `${place.path}/${step}`,
});

function checkObject(value: object, members: Members, place: ValuePath): Rejected | null {
  for (const [name, member] of Object.entries(value)) {
    const rule = Object.hasOwn(members, name) ? members[name] : undefined;
    const inner = below(place, name);
    if (rule === undefined) return notAllowed(name, members, inner);
    const refusal = checkValue(member, rule, inner);
    if (refusal) return refusal;
  }
  return null;
}

function notAllowed(name: string, members: Members, { field, kind, path }: ValuePath): Rejected {
  const why = Object.hasOwn(NO_MEMBERS, name) ? `: ${NO_MEMBERS[name]}` : '';
  const rule = `${path.includes('/') ? 'there' : `a snippet for ${SCOPES[kind]}`} may have ${Object.keys(members).join(', ')}`;
  return invalid(field, `the member ${show(path)} is not for a snippet${why}`, rule);
}

const SCOPES: Readonly<Record<SnippetKind, string>> = { global: 'all clients', subnet: 'a subnet', host: 'a host' };

function checkValue(value: unknown, rule: MemberRule, place: ValuePath): Rejected | null {
  switch (rule.kind) {
    case 'object':
      return isObject(value) ? checkObject(value, rule.members, place) : bad(value, place, 'an object');
    case 'list':
      return checkList(value, rule, place);
    case 'text': {
      const isText = typeof value === 'string' && value.length <= rule.max && /^[ -~]+$/.test(value);
      const fits = isText && (rule.pattern?.test(value) ?? true);
      return fits
        ? null
        : bad(value, place, `a text of 1–${rule.max} printable ASCII characters, of the form that Kea has for it`);
    }
    case 'whole': {
      const isWhole = typeof value === 'number' && Number.isInteger(value) && value >= rule.least && value <= rule.most;
      return isWhole ? null : bad(value, place, `a whole number, ${rule.least} to ${rule.most}`);
    }
    case 'fraction':
      return typeof value === 'number' && value > 0 && value < 1 ? null : bad(value, place, 'a number between 0 and 1');
    case 'flag':
      return typeof value === 'boolean' ? null : bad(value, place, 'true or false');
  }
}

function checkList(
  value: unknown,
  rule: Extract<MemberRule, { readonly kind: 'list' }>,
  place: ValuePath,
): Rejected | null {
  if (!Array.isArray(value) || value.length > rule.max) return bad(value, place, `a list of at most ${rule.max}`);
  for (const [index, item] of value.entries()) {
    const refusal = checkValue(item, rule.of, below(place, index));
    if (refusal) return refusal;
  }
  return null;
}

function bad(value: unknown, { field, path }: ValuePath, rule: string): Rejected {
  return invalid(field, `${path} is ${show(value)}`, rule);
}

/** A class that a snippet makes has a name of its own; one that it asks for may be anybody's. */
function checkClasses(kind: SnippetKind, body: object, field: string): Rejected | null {
  if (kind !== 'global') return null;
  for (const name of classesMade(body as SnippetBody)) {
    if (OWN_CLASS.test(name)) return invalid(field, `the class ${name} is Regent's or Kea's own`, 'another name');
  }
  return null;
}

/** Names of the client classes that a snippet for all clients makes. */
export function classesMade(body: SnippetBody): string[] {
  const made = body['client-classes'];
  if (!Array.isArray(made)) return [];
  return made.flatMap((item: unknown) => (isObject(item) && 'name' in item ? [String(item.name)] : []));
}

/** Names of the client classes that a snippet for a subnet or a host asks for. */
export function findRequestedClasses(kind: SnippetKind, body: SnippetBody): string[] {
  if (kind === 'global') return [];
  const lists = [body['client-class'], body['require-client-classes'], body['client-classes']];
  return lists.flat().flatMap((name) => (typeof name === 'string' ? [name] : []));
}

/** Is it a class that Kea itself gives to clients? */
export const isKeaClass = (name: string): boolean => /^(?:ALL|KNOWN|UNKNOWN|DROP|VENDOR_CLASS_.*)$/.test(name);

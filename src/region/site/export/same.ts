import { isRejected } from '../../../core/errors.ts';
import { formatAddress, formatNetwork, parseAddress, parseNetwork } from '../../../core/ip.ts';
import { stableJson } from '../../../core/stable-json.ts';
import { parseMac } from '../../../model/machines/machine.ts';

type Values = Readonly<Record<string, unknown>>;

/** Texts that may be an address, a network or a MAC. */
const ADDRESS_LIKE = /^[0-9a-fA-F]*[:.-][0-9a-fA-F:.-]*(?:\/\d+)?$/;

/** An address, a network or a MAC in its usual form; any other text as it is. */
export function usualText(text: string): string {
  if (!ADDRESS_LIKE.test(text)) return text;
  const network = text.includes('/') ? parseNetwork(text) : null;
  if (network !== null) return isRejected(network) ? text : formatNetwork(network);
  const address = parseAddress(text);
  if (!isRejected(address)) return formatAddress(address);
  const mac = parseMac(text);
  return isRejected(mac) ? text : mac;
}

/**
 * Does the site have what a file has? MemberValues of listed objects that the file leaves out are not compared. False where the texts differ and only the
 * noun's law knows: then its call decides, and changes nothing if both are the same.
 */
export function isSame(wanted: unknown, current: unknown, autos: ReadonlySet<string> = NONE): boolean {
  if (typeof wanted === 'string')
    return typeof current === 'string' && (wanted === current || usualText(wanted) === usualText(current));
  if (Array.isArray(wanted)) return Array.isArray(current) && isSameList(wanted, current, autos);
  if (!isValues(wanted)) return wanted === current;
  if (!isValues(current)) return false;
  const names = new Set([...Object.keys(wanted), ...Object.keys(current)]);
  return [...names].every((name) => isSame(wanted[name], current[name], autos));
}

/** Lists whose order says nothing. */
export function isSameSet(wanted: unknown, current: unknown): boolean {
  if (!Array.isArray(wanted) || !Array.isArray(current)) return isSame(wanted, current);
  return isSame(inOrder(new Set(wanted)), inOrder(current));
}

function isSameList(wanted: readonly unknown[], current: readonly unknown[], autos: ReadonlySet<string>): boolean {
  return wanted.length === current.length && wanted.every((item, index) => isSameItem(item, current[index], autos));
}

function isSameItem(wanted: unknown, current: unknown, autos: ReadonlySet<string>): boolean {
  if (!isValues(wanted) || !isValues(current)) return isSame(wanted, current, autos);
  return Object.entries(wanted).every(([name, value]) => {
    const own = current[name];
    if (name === 'address' && value === AUTO) return typeof own === 'string' && autos.has(own);
    if (isEmpty(value) && isEmpty(own)) return true;
    // Settings of a bond or a bridge: those that are left out stay.
    return isValues(value) && isValues(own) ? isSameItem(value, own, autos) : isSame(value, own, autos);
  });
}

const AUTO = 'auto';
const NONE: ReadonlySet<string> = new Set();

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === false || (Array.isArray(value) && value.length === 0);
}

/** A list of interfaces that a file has, each with the members of the present one that the file leaves out. */
export function mergeInterfaces(wanted: readonly Values[], current: readonly Values[]): readonly Values[] {
  return wanted.map((card) => {
    const own = current.find((other) => isSameCard(card, other));
    if (own === undefined) return card;
    const { vlan, ...rest } = own;
    // Another address may be of another VLAN.
    const stays = card['addresses'] === undefined || isSame(card['addresses'], own['addresses']);
    return { ...rest, ...(stays && vlan !== undefined ? { vlan } : {}), ...card };
  });
}

function isSameCard(one: Values, other: Values): boolean {
  const [mac, own] = [one['mac'], other['mac']];
  if (typeof mac === 'string' && typeof own === 'string' && one['kind'] === other['kind'])
    return usualText(mac) === usualText(own);
  return one['name'] !== undefined && one['name'] === other['name'];
}

function isValues(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Members of a set in one order, whatever they are. */
function inOrder(members: Iterable<unknown>): unknown[] {
  return [...members].toSorted((a, b) => (stableJson(a) < stableJson(b) ? -1 : 1));
}

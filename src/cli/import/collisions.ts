import { isRejected } from '../../core/errors.ts';
import { parseAddress } from '../../core/ip.ts';
import type { FileObject } from '../../contract/site/export-form.ts';
import type { ImportNotes } from './report.ts';

type Lists = Readonly<Record<string, readonly FileObject[]>>;

/** What may collide, without what does. */
interface Apart {
  readonly hosts: Lists;
  readonly ranges: readonly FileObject[];
  readonly reservations: readonly FileObject[];
  readonly records: readonly FileObject[];
}

/**
 * An address belongs to one object, and a host's name has the records of the host. Machines come first, then devices, then reservations; what comes later
 * and collides is left out with the reason. Pure.
 */
export function withoutCollisions(lists: Lists, notes: ImportNotes): Apart {
  const owners = new Map<string, string>();
  const hosts = Object.fromEntries(
    (['machines', 'devices'] as const).map((plural) => {
      const kind = plural.replace(/s$/, '');
      return [plural, (lists[plural] ?? []).map((host) => withOwnAddresses(host, kind, { owners, notes }))];
    }),
  );
  const names = new Set([...owners.values(), ...Object.values(hosts).flat().map(fqdnOf)]);
  const reservations = (lists['reservations'] ?? []).filter((reservation) => {
    const owner = owners.get(String(reservation['address']));
    if (owner !== undefined) notes.leftOut('reservation', String(reservation['address']), `${owner} has the address`);
    else owners.set(String(reservation['address']), 'a reservation');
    return owner === undefined;
  });
  const records = (lists['records'] ?? []).filter(({ fqdn, type }) => {
    const isOwn = names.has(String(fqdn)) && (type === 'A' || type === 'AAAA');
    if (isOwn) notes.leftOut('record', `${String(fqdn)} ${String(type)}`, 'the host of this name has it by itself');
    return !isOwn;
  });
  return {
    hosts: { bmcs: lists['bmcs'] ?? [], ...hosts },
    ranges: freeRanges(lists['ranges'] ?? [], owners, notes),
    reservations,
    records,
  };
}

const fqdnOf = ({ hostname, domain }: FileObject): string => `${String(hostname)}.${String(domain)}`;

function withOwnAddresses(
  host: FileObject,
  kind: string,
  { owners, notes }: { readonly owners: Map<string, string>; readonly notes: ImportNotes },
): FileObject {
  const fqdn = fqdnOf(host);
  const interfaces = (host['interfaces'] as readonly FileObject[]).map((card) => {
    const addresses = (card['addresses'] as readonly FileObject[]).filter(({ address }) => {
      const text = String(address);
      if (text === 'dhcp' || text === 'link') return true;
      const owner = owners.get(text);
      if (owner === undefined) owners.set(text, fqdn);
      else notes.changed(kind, fqdn, `address ${text}: ${owner} has it`);
      return owner === undefined;
    });
    return { ...card, addresses };
  });
  return { ...host, interfaces };
}

/** Dynamic ranges in which nobody has a fixed address: DHCP would give it out twice. */
function freeRanges(
  ranges: readonly FileObject[],
  owners: ReadonlyMap<string, string>,
  notes: ImportNotes,
): readonly FileObject[] {
  const fixed = [...owners].flatMap(([address, owner]) => {
    const at = parseAddress(address);
    return isRejected(at) ? [] : [{ ...at, address, owner }];
  });
  return ranges.filter(({ kind, first, last }) => {
    const [from, to] = [parseAddress(String(first)), parseAddress(String(last))];
    if (kind !== 'dynamic' || isRejected(from) || isRejected(to)) return true;
    const inside = fixed.find(
      ({ family, value }) => family === from.family && value >= from.value && value <= to.value,
    );
    if (inside === undefined) return true;
    const why = `it holds ${inside.address} of ${inside.owner}: make it again around that`;
    notes.leftOut('range', `${String(first)}-${String(last)}`, why);
    return false;
  });
}

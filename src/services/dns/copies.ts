import { textDigest } from '../../core/stable-json.ts';
import { mainAddress, servingRegions } from '../../model/cluster/cluster.ts';
import { maskedKey, type SigningKey } from '../../model/names/tsig-key.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { isServedHere } from './forwarded.ts';
import { type Copies, type DnsDesired, PROBED_ZONES, type Transfer, type Zone, type ZoneContent } from './desired.ts';

/** The zone that lists all zones for the racks (RFC 9432). Its domain belongs to nobody, and only racks get an answer. */
export const CATALOG = 'catalog.regent.invalid';
/** RFC 9432 §4.1: the catalog zone needs a name server record, and nobody asks it. */
const NOBODY = 'invalid';
/** Seconds. Racks copy the catalog, nobody asks it. */
const CATALOG_TTL = 60;
/** A label holds at most 63 characters. So many of a digest distinguish any number of zones. */
const MEMBER_LABEL = 40;

/** The racks that copy all zones, and the key for it. */
export interface Copying {
  readonly key: SigningKey;
  /** Racks that are no region node, by node id, with their addresses. */
  readonly racks: ReadonlyMap<string, string>;
  /** Addresses of the serving region nodes, for copies. */
  readonly primaries: readonly string[];
}

/** The racks that copy the zones; null: none does. */
export function copyingOf(snapshot: Snapshot): Copying | null {
  const { copyKey } = snapshot;
  const primaries = servingRegions(snapshot)
    .map(mainAddress)
    .filter((address) => address !== '');
  const accepted = new Set(snapshot.racks.map((rack) => rack.nodeId));
  const racks = snapshot.nodes.filter((node) => accepted.has(node.id) && !node.isRegion && mainAddress(node) !== '');
  if (copyKey === undefined || primaries.length === 0 || racks.length === 0) return null;
  return { key: copyKey, racks: new Map(racks.map((node) => [node.id, mainAddress(node)])), primaries };
}

/** The catalog of these zones (RFC 9432 §4). A zone keeps its label for ever, so that racks never take it for a new one. */
export function catalogOf(zones: readonly string[]): ZoneContent {
  const members = zones.map((zone) => ({
    name: `${textDigest(zone).slice(0, MEMBER_LABEL)}.zones`,
    type: 'PTR' as const,
    data: zone,
  }));
  return {
    name: CATALOG,
    ttl: CATALOG_TTL,
    negativeTtl: CATALOG_TTL,
    primary: NOBODY,
    contact: `hostmaster.${NOBODY}`,
    records: [{ name: '@', type: 'NS', data: NOBODY }, { name: 'version', type: 'TXT', data: '2' }, ...members],
  };
}

/** On a region node: who may copy what. Nothing if nobody copies. */
export function givenCopies(
  snapshot: Snapshot,
  copying: Copying | null,
): Pick<DnsDesired, 'keys' | 'racks' | 'transfers'> {
  const known = new Map((snapshot.tsigKeys ?? []).map((key) => [key.name, key]));
  const transfers = snapshot.domains
    .filter(isServedHere)
    .flatMap(({ name, transferTo = [], transferKey = null }): Transfer[] => {
      // Without its key a transfer would be open to everybody with the address, so it is left out.
      if (transferKey !== null && !known.has(transferKey)) return [];
      return transferTo.length === 0 && transferKey === null
        ? []
        : [{ zone: name, to: [...transferTo], key: transferKey }];
    });
  const used = new Set(transfers.map((transfer) => transfer.key));
  const keys = [...(copying ? [copying.key] : []), ...[...known.values()].filter((key) => used.has(key.name))];
  return {
    ...(keys.length === 0 ? {} : { keys }),
    ...(copying === null
      ? {}
      : { racks: { key: copying.key.name, addresses: [...copying.racks.values()], catalog: CATALOG } }),
    ...(transfers.length === 0 ? {} : { transfers }),
  };
}

/** On a rack: which servers it copies from, and what it should have. */
export function takenCopies(copying: Copying, zones: readonly Pick<Zone, 'name' | 'serial'>[]): Copies {
  return {
    key: copying.key.name,
    primaries: [...copying.primaries],
    catalog: CATALOG,
    published: newestZones(zones),
    count: zones.filter((zone) => zone.name !== CATALOG).length,
  };
}

/** The zones that changed last: they have the highest serials. */
export function newestZones(zones: readonly Pick<Zone, 'name' | 'serial'>[]): { name: string; serial: number }[] {
  return zones
    .map(({ name, serial }) => ({ name, serial }))
    .sort((a, b) => b.serial - a.serial || (a.name < b.name ? -1 : 1))
    .slice(0, PROBED_ZONES);
}

/** The desired state without secrets. */
export function maskDns(desired: DnsDesired): DnsDesired {
  return desired.keys === undefined ? desired : { ...desired, keys: desired.keys.map(maskedKey) };
}

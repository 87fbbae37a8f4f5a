import type { Copies, DnsDesired } from './desired.ts';

/** A server that gets NOTIFY, or from which copies come. */
type ServerView = { readonly address: string; readonly hasKey: boolean; readonly key: string };

/** Who may copy a zone, as named.conf sees it. */
export interface GivenView {
  /** At least one server may. */
  readonly isCopied: boolean;
  /** The list of zones: only racks may ask for it. */
  readonly isCatalog: boolean;
  readonly hasRackKey: boolean;
  readonly rackKey: string;
  /** Addresses of other servers. With a key a server needs both, address and key. */
  readonly places: readonly string[];
  readonly isOpenToPlaces: boolean;
  readonly isFencedToPlaces: boolean;
  readonly hasKey: boolean;
  readonly key: string;
  readonly hasNotified: boolean;
  readonly notified: readonly ServerView[];
}

/** The servers that a rack copies from. */
export type TakenView = { readonly key: string; readonly catalog: string; readonly primaries: readonly ServerView[] };

/** Who may copy a zone; null: it is a local zone, which nobody copies. */
export function givenView({ racks, transfers = [] }: DnsDesired, zone: string | null): GivenView {
  const transfer = transfers.find((item) => item.zone === zone);
  const isOurs = zone !== null && racks !== undefined;
  const places = transfer?.to ?? [];
  const key = transfer?.key ?? null;
  const notified = [
    ...(isOurs ? racks.addresses.map((address) => serverView(address, racks.key)) : []),
    ...places.map((address) => serverView(address, key)),
  ];
  return {
    isCopied: isOurs || transfer !== undefined,
    isCatalog: isOurs && zone === racks.catalog,
    hasRackKey: isOurs,
    rackKey: racks?.key ?? '',
    places,
    isOpenToPlaces: places.length > 0 && key === null,
    isFencedToPlaces: places.length > 0 && key !== null,
    hasKey: key !== null,
    key: key ?? '',
    hasNotified: notified.length > 0,
    notified,
  };
}

/** The servers that a rack copies from; none on a region node. */
export function takenView(copies: Copies | undefined): TakenView {
  const { key = '', catalog = '', primaries = [] } = copies ?? {};
  return { key, catalog, primaries: primaries.map((address) => serverView(address, key)) };
}

function serverView(address: string, key: string | null): ServerView {
  return { address, hasKey: key !== null, key: key ?? '' };
}

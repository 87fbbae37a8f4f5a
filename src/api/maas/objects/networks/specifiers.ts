import { isRejected } from '../../../../core/errors.ts';
import { bitsOf, contains, formatNetwork, parseAddress, parseNetwork } from '../../../../core/ip.ts';
import { NO_SPACE } from './networks.ts';

/** Networks as specifiers of MAAS know them. `classOf`: the class of a fabric by its number. */
export interface SpecifierSite {
  readonly fabrics: readonly { readonly id: number; readonly name: string }[];
  readonly vlans: readonly VlanItem[];
  readonly subnets: readonly SubnetItem[];
  readonly spaces: readonly { readonly id: number; readonly name: string }[];
  readonly classOf: (fabric: number) => string;
}
interface VlanItem {
  readonly id: number;
  readonly name: string;
  readonly vid: number;
  readonly fabricId: number;
  readonly spaceId: number | null;
}
type SubnetItem = { readonly id: number; readonly name: string; readonly cidr: string; readonly vlanId: number };
export type NetworkKind = 'fabric' | 'vlan' | 'subnet' | 'space';

type Ids = ReadonlySet<number>;
type Finder = (site: SpecifierSite, value: string) => Iterable<number>;

const idsOf = (items: readonly { readonly id: number }[]) => items.map(({ id }) => id);
const named = (items: readonly { readonly id: number; readonly name: string }[], name: string) =>
  idsOf(items.filter((item) => item.name === name));

/** `12`, `fabric-12`; null: no number. Numbers may be hexadecimal or binary. */
function numberIn(text: string, prefix: string): number | null {
  const [, digits = ''] = new RegExp(`^(?:${prefix}-)?(\\d{1,9}|0x[0-9a-f]{1,8}|0b[01]{1,32})$`, 'i').exec(text) ?? [];
  return digits === '' ? null : Number(digits);
}

/** By its number, else by its name. MAAS's number of what is there from the beginning is 0. */
const byNumber =
  (prefix: string, items: (site: SpecifierSite) => readonly { readonly id: number; readonly name: string }[]): Finder =>
  (site, value) => {
    const all = items(site);
    const number = numberIn(value, prefix);
    const found = number === null ? [] : idsOf(all.filter(({ id }) => id === number));
    return found.length > 0 ? found : named(all, value);
  };

const byVid: Finder = ({ vlans }, value) => {
  const vid = value.toLowerCase() === 'untagged' ? 0 : numberIn(value, 'vlan');
  return idsOf(vlans.filter((vlan) => vlan.vid === vid));
};

const withCidr: Finder = ({ subnets }, value) => {
  const network = networkOf(value);
  return network === null ? [] : idsOf(subnets.filter(({ cidr }) => cidr === network));
};

/** The network of a CIDR, whose host bits do not count; null: it is none. */
function networkOf(text: string): string | null {
  const [address = '', prefix = ''] = text.split('/');
  const parsed = parseAddress(address);
  if (isRejected(parsed) || !/^\d{1,3}$/.test(prefix)) return null;
  const { family, value } = parsed;
  const free = bitsOf(family) - Number(prefix);
  if (free < 0) return null;
  return formatNetwork({ family, value: (value >> BigInt(free)) << BigInt(free), prefix: Number(prefix) });
}

/** Subnets that hold an address: the smallest of them. */
const holding: Finder = ({ subnets }, value) => {
  const address = parseAddress(value);
  if (isRejected(address)) return [];
  const holders = subnets.flatMap((subnet) => {
    const network = parseNetwork(subnet.cidr);
    return isRejected(network) || !contains(network, address) ? [] : [{ id: subnet.id, prefix: network.prefix }];
  });
  const [best] = holders.toSorted((one, other) => other.prefix - one.prefix);
  return best ? [best.id] : [];
};

const vlansOf = (site: SpecifierSite, isMeant: (vlan: VlanItem) => boolean) =>
  new Set(idsOf(site.vlans.filter(isMeant)));
const onVlans = (site: SpecifierSite, vlans: Ids) => idsOf(site.subnets.filter(({ vlanId }) => vlans.has(vlanId)));

function vlansInSpace(site: SpecifierSite, value: string): Ids {
  if (value === NO_SPACE.name) return vlansOf(site, ({ spaceId }) => spaceId === null);
  const spaces = find(site, 'space', value);
  return vlansOf(site, ({ spaceId }) => spaceId !== null && spaces.has(spaceId));
}

function vlansInFabric(site: SpecifierSite, value: string): Ids {
  const fabrics = find(site, 'fabric', value);
  return vlansOf(site, ({ fabricId }) => fabrics.has(fabricId));
}

function vlansOfSubnet(site: SpecifierSite, value: string): Ids {
  const subnets = find(site, 'subnet', value);
  return new Set(site.subnets.filter(({ id }) => subnets.has(id)).map(({ vlanId }) => vlanId));
}

const byId: Readonly<Record<NetworkKind, Finder>> = {
  fabric: byNumber('fabric', ({ fabrics }) => fabrics),
  space: byNumber('space', ({ spaces }) => spaces),
  // A number is the VID.
  vlan: (site, value) => {
    const found = [...byVid(site, value)];
    return found.length > 0 ? found : named(site.vlans, value);
  },
  subnet: (site, value) => {
    const number = numberIn(value, 'subnet');
    const found = number === null ? [...withCidr(site, value)] : idsOf(site.subnets.filter(({ id }) => id === number));
    return found.length > 0 ? found : named(site.subnets, value);
  },
};

/** What stands before the colon of a specifier, by kind of object. */
const FINDERS: Readonly<Record<NetworkKind, Readonly<Record<string, Finder>>>> = {
  fabric: {
    name: ({ fabrics }, value) => named(fabrics, value),
    class: ({ fabrics, classOf }, value) => idsOf(fabrics.filter(({ id }) => value !== '' && classOf(id) === value)),
  },
  space: {
    name: ({ spaces }, value) => named(spaces, value),
    subnet: (site, value) => {
      const vlans = vlansOfSubnet(site, value);
      return site.vlans.flatMap(({ id, spaceId }) => (vlans.has(id) && spaceId !== null ? [spaceId] : []));
    },
  },
  vlan: {
    fabric: vlansInFabric,
    id: ({ vlans }, value) => idsOf(vlans.filter(({ id }) => String(id) === value)),
    name: ({ vlans }, value) => named(vlans, value),
    subnet: vlansOfSubnet,
    space: vlansInSpace,
    vid: byVid,
  },
  subnet: {
    cidr: withCidr,
    fabric: (site, value) => onVlans(site, vlansInFabric(site, value)),
    id: ({ subnets }, value) => idsOf(subnets.filter(({ id }) => id === numberIn(value, 'subnet'))),
    ip: holding,
    name: ({ subnets }, value) => named(subnets, value),
    space: (site, value) => onVlans(site, vlansInSpace(site, value)),
    vid: (site, value) => onVlans(site, new Set(byVid(site, value))),
    vlan: (site, value) => onVlans(site, find(site, 'vlan', value)),
  },
};

/** The objects that one specifier means: `name:lab`, or a value by its kind's own rule. */
function find(site: SpecifierSite, kind: NetworkKind, text: string): Ids {
  const colon = text.indexOf(':');
  const type = colon < 0 ? '' : text.slice(0, colon);
  const finders = FINDERS[kind];
  const finder = Object.hasOwn(finders, type) ? finders[type] : undefined;
  return new Set(finder ? finder(site, text.slice(colon + 1).trim()) : byId[kind](site, text));
}

const ITEMS: Readonly<
  Record<NetworkKind, (site: SpecifierSite) => readonly { readonly id: number; readonly name: string }[]>
> = {
  fabric: ({ fabrics }) => fabrics,
  space: ({ spaces }) => spaces,
  vlan: ({ vlans }) => vlans,
  subnet: ({ subnets }) => subnets,
};

/**
 * The numbers of the objects that specifiers mean, by MAAS's grammar: `|` or nothing before one adds to those before, `&` keeps what both mean, `!` and `not_` take
 * away. Pure.
 */
export function meantBy(site: SpecifierSite, kind: NetworkKind, specifiers: readonly string[]): Ids {
  const all = idsOf(ITEMS[kind](site));
  let meant: Ids | null = null;
  for (const specifier of specifiers) {
    const [, sign = '', text = ''] = /^(\||&|!|not_)?(.*)$/s.exec(specifier.trim()) ?? [];
    const next = find(site, kind, text);
    const before: Ids | null = meant;
    const isMeant = (id: number): boolean => {
      if (sign === '!' || sign === 'not_') return (before?.has(id) ?? true) && !next.has(id);
      if (before === null) return next.has(id);
      return sign === '&' ? before.has(id) && next.has(id) : before.has(id) || next.has(id);
    };
    meant = new Set(all.filter(isMeant));
  }
  return meant ?? new Set();
}

/** The same for the one text of a path or a parameter: specifiers with commas between all hold. Pure. */
export function meantByText(site: SpecifierSite, kind: NetworkKind, text: string): Ids {
  const meant = meantBy(
    site,
    kind,
    text.split(',').map((part) => `&${part.trim()}`),
  );
  // A name may have these characters in it.
  return meant.size > 0 ? meant : new Set(named(ITEMS[kind](site), text));
}

/** Is more than a number, a name or a CIDR meant? */
export const isCompound = (text: string): boolean => /[:,|&!]|^not_/.test(text);

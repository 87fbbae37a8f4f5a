import type { NetworkPlan, PlannedInterface } from './network.ts';

/** What YAML is made of here. Undefined members are left out. */
type Yaml =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly NetplanRoute[]
  | { readonly [key: string]: Yaml | undefined };
type NetplanRoute = { readonly to: string; readonly via: string; readonly metric?: number };

/** The plan as a file of netplan (netplan-yaml), for its renderer networkd. Texts stand in quotes: YAML 1.1 reads many texts as other values. */
export function netplanText({ interfaces }: NetworkPlan): string {
  const of = (kind: PlannedInterface['kind'], body: (one: PlannedInterface) => Yaml) => {
    const found = interfaces.filter((one) => one.kind === kind);
    return found.length === 0 ? undefined : Object.fromEntries(found.map((one) => [one.name, body(one)]));
  };
  const network: Yaml = {
    version: 2,
    renderer: 'networkd',
    ethernets: of('physical', (one) => ({ match: { macaddress: one.mac }, 'set-name': one.name, ...common(one) })),
    bonds: of('bond', (one) => ({
      interfaces: one.parents,
      macaddress: one.mac,
      parameters: bondOf(one),
      ...common(one),
    })),
    bridges: of('bridge', (one) => ({
      interfaces: one.parents,
      macaddress: one.mac,
      parameters: bridgeOf(one),
      ...common(one),
    })),
    vlans: of('vlan', (one) => ({ id: one.vid, link: one.parents[0], macaddress: one.mac, ...common(one) })),
  };
  return yaml({ network });
}

function bondOf({ bond }: PlannedInterface): Yaml {
  if (!bond) return {};
  return {
    mode: bond.mode,
    'mii-monitor-interval': bond.miimon,
    'down-delay': bond.downDelay,
    'up-delay': bond.upDelay,
    'gratuitous-arp': bond.gratuitousArps,
    'lacp-rate': bond.lacpRate,
    'transmit-hash-policy': bond.hashPolicy,
  };
}

function bridgeOf({ bridge }: PlannedInterface): Yaml {
  return bridge ? { stp: bridge.stp, 'forward-delay': bridge.forwardDelay } : {};
}

function common(one: PlannedInterface): { readonly [key: string]: Yaml | undefined } {
  const overrides = one.hasDhcpRoutes ? undefined : { 'use-routes': false };
  const routes: NetplanRoute[] = [
    ...one.routers.map((via) => ({ to: via.includes(':') ? '::/0' : '0.0.0.0/0', via })),
    ...(one.routes ?? []),
  ];
  const nameservers = { addresses: one.resolvers, search: one.search.length === 0 ? undefined : one.search };
  return {
    mtu: one.mtu ?? undefined,
    optional: one.isNeeded ? undefined : true,
    dhcp4: one.hasDhcp4,
    'dhcp4-overrides': one.hasDhcp4 ? overrides : undefined,
    dhcp6: one.hasDhcp6,
    'dhcp-identifier': one.hasDhcp4 ? 'mac' : undefined,
    'link-local': one.isPlain ? [] : ['ipv6'],
    'accept-ra': one.hasAdvertised,
    addresses: one.addresses.length === 0 ? undefined : one.addresses,
    routes: routes.length === 0 ? undefined : routes,
    nameservers: one.resolvers.length === 0 ? undefined : nameservers,
  };
}

/** In blocks, two spaces for each level. */
function yaml(value: { readonly [key: string]: Yaml | undefined }, indent = ''): string {
  return Object.entries(value)
    .flatMap(([key, member]) =>
      member === undefined ? [] : [`${indent}${keyText(key)}:${memberText(member, indent)}`],
    )
    .join('');
}

function memberText(member: Yaml, indent: string): string {
  if (typeof member !== 'object') return ` ${JSON.stringify(member)}\n`;
  if (!isList(member))
    return Object.values(member).every((one) => one === undefined) ? ' {}\n' : `\n${yaml(member, `${indent}  `)}`;
  if (member.length === 0) return ' []\n';
  const items = member.map((item) => `${indent}  - ${typeof item === 'string' ? JSON.stringify(item) : flat(item)}\n`);
  return `\n${items.join('')}`;
}

function isList(
  member: Exclude<Yaml, string | number | boolean>,
): member is readonly string[] | readonly NetplanRoute[] {
  return Array.isArray(member);
}

function flat({ to, via, metric }: NetplanRoute): string {
  const rest = metric === undefined ? '' : `, metric: ${metric}`;
  return `{to: ${JSON.stringify(to)}, via: ${JSON.stringify(via)}${rest}}`;
}

/** Netplan's own keywords are bare; names of interfaces may be anything, such as `no`. */
function keyText(key: string): string {
  return /^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(key) && KEYWORDS.has(key) ? key : JSON.stringify(key);
}

const KEYWORDS = new Set(
  `network version renderer ethernets bonds bridges vlans match macaddress set-name mtu optional dhcp4 dhcp4-overrides use-routes dhcp6 dhcp-identifier
link-local accept-ra addresses routes nameservers search interfaces parameters mode mii-monitor-interval down-delay up-delay gratuitous-arp lacp-rate
transmit-hash-policy stp forward-delay id link`.split(/\s+/),
);

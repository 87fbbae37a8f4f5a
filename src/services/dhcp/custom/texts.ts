import type { DhcpDesired, DhcpNetwork } from '../desired.ts';

/** What operators wrote for Kea's clients: Kea alone can judge it. Each with its place, alike on all racks, so that a difference shows what a change is about. */
export function customTexts({ options, snippets = [], networks, clients = [] }: DhcpDesired): readonly string[] {
  const subnets = networks.flatMap((network) => network.subnets);
  const places: readonly (readonly [string, readonly object[] | undefined])[] = [
    ['all', options],
    ...subnets.map((subnet) => [subnet.cidr, subnet.options] as const),
    ...[...subnets.flatMap(({ leases }) => leases), ...clients].map((host) => [host.mac, host.options] as const),
  ];
  return [
    ...snippets.map(({ id, scope, text }) => `snippet ${id} for ${scope}: ${text}`),
    ...places.flatMap(([place, set = []]) => (set.length === 0 ? [] : [`options of ${place}: ${JSON.stringify(set)}`])),
  ];
}

/** The same texts, with the networks and hosts that they are about alone. */
export function briefDhcp(desired: DhcpDesired): DhcpDesired {
  const { endedLeases: _, searchLeftOut: __, clients, ...rest } = desired;
  const scopes = new Set((desired.snippets ?? []).map(({ scope }) => scope));
  const isAbout = (host: { readonly mac: string; readonly options?: readonly object[] }) =>
    host.options !== undefined || scopes.has(host.mac);
  const networks = desired.networks.map(
    (network): DhcpNetwork => ({
      ...network,
      subnets: network.subnets.map((subnet) => ({ ...subnet, leases: subnet.leases.filter(isAbout) })),
    }),
  );
  const named = networks.filter(({ subnets }) =>
    subnets.some(({ cidr, options, leases }) => options !== undefined || scopes.has(cidr) || leases.length > 0),
  );
  return {
    ...rest,
    networks: named.length > 0 ? named : networks.slice(0, 1),
    ...(clients === undefined ? {} : { clients: clients.filter(isAbout) }),
    lostVlans: [],
    lostLeases: [],
  };
}

/** Names of fields of API v1 that MAAS calls otherwise. */
const NAMES: Readonly<Record<string, string>> = {
  acceptRa: 'accept_ra',
  address: 'ip_address',
  architectures: 'arch',
  bmc: 'power_type',
  cpus: 'cpu_count',
  data: 'rrdata',
  disableSources: 'disable_sources',
  disabledComponents: 'disabled_components',
  disabledPockets: 'disabled_pockets',
  dhcpOn: 'dhcp_on',
  distroSeries: 'distro_series',
  dnsOn: 'allow_dns',
  expectedArchitecture: 'architecture',
  first: 'start_ip',
  forwardTo: 'forward_dns_servers',
  gateway: 'gateway_ip',
  image: 'distro_series',
  kernelOptions: 'kernel_opts',
  kind: 'type',
  last: 'end_ip',
  mac: 'mac_address',
  memoryMb: 'mem',
  minHweKernel: 'min_hwe_kernel',
  notPools: 'not_in_pool',
  notTags: 'not_tags',
  notZones: 'not_in_zone',
  notSubnets: 'not_subnets',
  parameters: 'power_parameters',
  pools: 'pool',
  powerType: 'power_type',
  primaryRack: 'primary_rack',
  proxyOn: 'allow_proxy',
  relayVlan: 'relay_vlan',
  resolvers: 'dns_servers',
  secondaryRack: 'secondary_rack',
  signingKey: 'key',
  sourceUrl: 'url',
  text: 'value',
  userData: 'user_data',
  zones: 'zone',
};

/** What MAAS calls a field that a use case names, such as `interfaces/0/mac`; `__all__` for none. Pure. */
export function maasField(field: string): string {
  if (field === '') return '__all__';
  if (/^interfaces\/\d+\/mac$/.test(field)) return 'mac_addresses';
  const [first = ''] = field.split('/');
  // Of annotations.
  if (first === 'texts' && field.includes('/')) return field.slice(field.indexOf('/') + 1);
  if (first === 'parameters' && field.includes('/')) return field.slice(field.indexOf('/') + 1);
  return Object.hasOwn(NAMES, first) ? (NAMES[first] ?? first) : first;
}

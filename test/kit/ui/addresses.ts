import type { RouteId, RouteOutput } from '../../../src/contract/routes.ts';

type Item<I extends RouteId> = RouteOutput<I> extends { items: (infer T)[] } ? T : never;

/** Addresses and names of a site that a test plays. */
export interface AddressData {
  ranges: Item<'range.list'>[];
  reservations: Item<'reservation.list'>[];
  snippets: Item<'dhcp-snippet.list'>[];
  pairing: RouteOutput<'pairing.propose'>;
  runs: RouteOutput<'subnet.addresses'>['runs'];
  domains: Item<'domain.list'>[];
  records: Item<'record.list'>[];
}

/** A range of each kind, a reservation, a snippet, two domains. `free`: what takes the place of free texts. */
export function addresses(free = ''): AddressData {
  return {
    ranges: [
      range(1, 'dynamic', { first: '10.10.10.100', last: '10.10.10.199', size: 100, comment: free }),
      range(2, 'reserved', { first: '10.10.10.1', last: '10.10.10.9', size: 9, comment: free || 'switches' }),
    ],
    reservations: [
      {
        id: 1,
        subnet: '10.10.10.0/24',
        subnetId: 1,
        address: '10.10.10.50',
        mac: '02:00:00:00:00:50',
        hostname: free || 'printer',
        machine: null,
        comment: free,
        dhcpOptions: [],
      },
    ],
    snippets: [
      {
        id: 1,
        name: free || 'phones',
        comment: free,
        enabled: true,
        scope: '10.10.10.0/24',
        text: '{}',
      } as Item<'dhcp-snippet.list'>,
    ],
    pairing: { digest: 'abc', changes: [], stays: ['lab/vlan10', 'lab/vlan20'], left: [], racks: [], limit: 2 },
    runs: [
      run('10.10.10.1', '10.10.10.9', 'reserved', free || 'switches'),
      run('10.10.10.2', '10.10.10.2', 'node', 'k1'),
      run('10.10.10.50', '10.10.10.50', 'reservation', free || 'printer'),
      run('10.10.10.60', '10.10.10.60', 'machine', free || 'm10'),
      run('10.10.10.100', '10.10.10.199', 'dynamic', ''),
      {
        ...run('10.10.10.100', '10.10.10.100', 'lease', free || 'phone'),
        mac: '02:00:00:00:00:01',
        until: '2030-01-02T03:04:05.000Z',
      },
    ],
    domains: [
      {
        id: 1,
        name: 'lab.test',
        ttl: null,
        leaseNames: true,
        transferTo: [],
        transferKey: null,
        authoritative: true,
        forwardTo: [],
        isDefault: true,
      },
      {
        id: 2,
        name: 'example.test',
        ttl: 60,
        leaseNames: false,
        transferTo: ['192.0.2.1'],
        transferKey: null,
        authoritative: false,
        forwardTo: ['192.0.2.54:5353'],
        isDefault: false,
      },
    ],
    records: [
      { id: 1, fqdn: 'www.lab.test', domain: 'lab.test', name: 'www', type: 'A', data: '10.10.10.20', ttl: null },
      { id: 2, fqdn: 'lab.test', domain: 'lab.test', name: '@', type: 'TXT', data: free || 'hello world', ttl: 60 },
    ],
  };
}

/** Racks are not paired as they should be. */
export function illAddresses(free = ''): AddressData {
  const well = addresses(free);
  return {
    ...well,
    pairing: {
      ...well.pairing,
      changes: [
        {
          vlan: 'lab/vlan10',
          vlanId: 1,
          before: { primary: 'k1', secondary: null },
          after: { primary: 'k1', secondary: 'k2' },
          why: free || 'it has one rack alone',
        },
      ],
      stays: [],
      left: [{ vlan: 'lab/vlan20', why: free || 'k1 alone stands on it' }],
    },
    snippets: well.snippets.map((row) => ({ ...row, enabled: false })),
  };
}

/** What a large site has beside its VLANs and subnets: a range in each subnet, a proposal for each VLAN, and a /22 that is almost full. */
export function manyAddresses(vlans: number, subnets: readonly string[]): AddressData {
  const well = addresses();
  return {
    ...well,
    ranges: subnets.map((cidr, index) => {
      const net = cidr.replace(/\.0\/2\d$/, '');
      const ends = { first: `${net}.100`, last: `${net}.199`, size: 100, comment: '' };
      return { ...range(index + 1, 'dynamic', ends), subnet: cidr, subnetId: index + 1 };
    }),
    pairing: {
      ...well.pairing,
      stays: [],
      changes: Array.from({ length: vlans }, (_, index) => ({
        vlan: `hall-${1 + Math.floor(index / 50)}/vlan${index + 1}`,
        vlanId: index + 1,
        before: { primary: 'k1', secondary: null },
        after: { primary: 'k1', secondary: 'k2' },
        why: 'it has one rack alone',
      })),
    },
    runs: Array.from({ length: 1000 }, (_, index) => {
      const address = `10.10.${20 + Math.floor(index / 250)}.${1 + (index % 250)}`;
      return run(address, address, index % 3 === 0 ? 'machine' : 'reservation', `host${index + 1}`);
    }),
  };
}

/** Nothing of it. */
export function newAddresses(): AddressData {
  const well = addresses();
  return {
    ...well,
    ranges: [],
    reservations: [],
    snippets: [],
    runs: [],
    domains: [],
    records: [],
    pairing: { ...well.pairing, stays: [] },
  };
}

/** Answers of the calls about these. */
export function addressAnswers(
  data: AddressData,
  params: Readonly<Record<string, string>>,
  query: URLSearchParams,
): Partial<Record<RouteId, () => unknown>> {
  const page = (items: unknown[]) => () => ({ items, next: null });
  const domain = query.get('domain');
  return {
    'range.list': page(data.ranges),
    'range.show': () => data.ranges.find((row) => String(row.id) === params['range']),
    'reservation.list': page(data.reservations),
    'reservation.show': () => data.reservations.find((row) => row.address === params['reservation']),
    'dhcp-snippet.list': page(data.snippets),
    'dhcp-snippet.show': () => data.snippets.find((row) => row.name === params['dhcp_snippet']),
    'pairing.propose': () => data.pairing,
    'subnet.addresses': () => ({ id: 1, cidr: params['subnet'], runs: data.runs, isCut: false }),
    'domain.list': page(data.domains),
    'domain.show': () => data.domains.find((row) => [row.name, String(row.id)].includes(params['domain'] ?? '')),
    'record.list': page(data.records.filter((row) => domain === null || row.domain === domain)),
    'dns.lookup': () => ({
      name: query.get('name'),
      type: query.get('type'),
      agree: true,
      items: ['r1', 'r2'].map((node, index) => ({
        node,
        address: `10.77.0.1${index + 1}`,
        code: 'NOERROR',
        answers: ['10.10.10.20'],
        serial: query.get('type') === 'SOA' ? 1_700_000_042 : null,
        ms: 1,
      })),
    }),
    'record.show': () => data.records.find((row) => String(row.id) === params['record']),
  };
}

type Range = Item<'range.list'>;
function range(id: number, kind: Range['kind'], rest: Pick<Range, 'first' | 'last' | 'size' | 'comment'>): Range {
  return { id, subnet: '10.10.10.0/24', subnetId: 1, kind, ...rest };
}

function run(
  first: string,
  last: string,
  use: AddressData['runs'][number]['use'],
  what: string,
): AddressData['runs'][number] {
  return { first, last, use, what, mac: null, until: null };
}

/** Pages of these, and what stands on them once they are there. */
export const ADDRESS_PAGES = [
  { path: 'subnets/10.10.10.0%2F24', has: '10.10.10.100–10.10.10.199' },
  { path: 'leases/reservations', has: '10.10.10.50', isNew: true },
  { path: 'dns', has: 'lab.test', isNew: true },
  { path: 'dns/records', has: 'www.lab.test', isNew: true },
  { path: 'dns/domains/lab.test', has: 'www.lab.test' },
] as const satisfies readonly { path: string; has: string; isNew?: true }[];

import { DEFAULT_SETTINGS } from '../../src/model/site/settings.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { aDomain, aRack, aSubnet, aVlan } from '../kit/snapshots.ts';

/**
 * A site of the size that numbers.md speaks of: 200 VLANs with DHCP and a subnet each, 10 racks
 * that stand on 20 VLANs each, 3 regions, `machines` machines whose addresses are static leases.
 */
export function siteOf(machines: number): Snapshot {
  const perSubnet = Math.ceil(machines / 200);
  const subnetOf = (index: number) => Math.floor(index / perSubnet);
  return {
    revision: 1000,
    observed: 0,
    settings: DEFAULT_SETTINGS,
    cluster: null,
    nodes: [
      ...['r1', 'r2', 'r3'].map((name, index) => ({
        id: `n-${name}`,
        name,
        isRegion: true,
        isRack: false,
        state: 'member' as const,
        addresses: [`10.255.0.${index + 11}`],
      })),
      ...Array.from({ length: 10 }, (_, index) => ({
        id: `n-k${index}`,
        name: `k${index}`,
        isRegion: false,
        isRack: true,
        state: 'member' as const,
        addresses: [`10.255.1.${index + 11}`],
      })),
    ],
    racks: Array.from({ length: 10 }, (_, index) => aRack(index + 1, `n-k${index}`, index === 0)),
    attachments: Array.from({ length: 200 }, (_, index) => ({
      nodeId: `n-k${Math.floor(index / 20)}`,
      vlanId: index + 1,
      interface: `eth${(index % 20) + 1}`,
      addresses: [`10.${index}.0.254/24`],
    })),
    vlans: Array.from({ length: 200 }, (_, index) => aVlan(index + 1, index + 1, { dhcpOn: true })),
    ranges: Array.from({ length: 200 }, (_, index) => ({
      id: index + 1,
      subnetId: index + 1,
      kind: 'dynamic' as const,
      first: `10.${index}.0.200`,
      last: `10.${index}.0.250`,
      comment: '',
    })),
    reservations: [],
    leaseNames: [],
    subnets: Array.from({ length: 200 }, (_, index) =>
      aSubnet(index + 1, `subnet${index}`, `10.${index}.0.0/24`, { vlanId: index + 1 }),
    ),
    domains: [aDomain(1, 'regent.internal'), aDomain(2, 'site.example')],
    records: Array.from({ length: 200 }, (_, index) => ({
      id: index + 1,
      domainId: 2,
      name: `svc${index}`,
      type: 'CNAME' as const,
      data: `m${index}.site.example`,
      ttl: null,
    })),
    machines: Array.from({ length: machines }, (_, index) => ({
      id: index.toString(36).padStart(6, '0'),
      hostname: `m${index}`,
      domainId: 2,
      interfaces: [
        {
          id: index + 1,
          name: 'eno1',
          mac: `52:54:00:${[16, 8, 0].map((shift) => ((index >> shift) & 255).toString(16).padStart(2, '0')).join(':')}`,
          kind: 'physical' as const,
          vlanId: subnetOf(index) + 1,
          addresses: [{ subnetId: subnetOf(index) + 1, address: `10.${subnetOf(index)}.0.${(index % perSubnet) + 1}` }],
        },
      ],
    })),
    versions: [],
    restarts: [],
  };
}

/** The same site after one machine got another address. */
export function withOneChange(site: Snapshot): Snapshot {
  const [first, ...rest] = site.machines;
  const nic = first?.interfaces[0];
  if (!first || !nic) return site;
  const moved = { ...first, interfaces: [{ ...nic, addresses: [{ subnetId: 1, address: '10.0.0.254' }] }] };
  return { ...site, revision: site.revision + 1, machines: [moved, ...rest] };
}

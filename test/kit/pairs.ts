import type { HostFacts } from '../../src/core/host-values.ts';
import type { PairAuthority } from '../../src/core/node-identity.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { Vlan } from '../../src/model/networks/vlan.ts';
import { compileSite } from '../../src/services/compile-node.ts';
import { dhcp } from '../../src/services/dhcp/index.ts';
import { aRack, aSubnet, aVlan, clusterSnapshot, GOLDEN_SECONDS } from './snapshots.ts';
import type { VlanAttachment } from '../../src/model/networks/vlan-attachments.ts';

/** UUIDs of the racks k1 and k2. */
export const [K1, K2] = [aRack(1, 'n-k1').uuid, aRack(2, 'n-k2').uuid] as const;

/** Certificates by which partners know the DHCP servers of k1 and k2; any two: goldens hold them. */
const AUTHORITIES = [
  `-----BEGIN CERTIFICATE-----
MIIBpDCCAUqgAwIBAgIUcCl/cpIdj8pfXSIgnV/QCqp2M74wCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTUmVnZW50IHBhaXIgazEgYWFhYTAeFw0yNjExMzAxNTMxMzNa
Fw0zNjExMjcxNTMxMzNaMB4xHDAaBgNVBAMME1JlZ2VudCBwYWlyIGsxIGFhYWEw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ9KPJWtfAXw6MHDDyS/I4QshVaPOjb
jxxsPOoLijLSPD4/66Va+raBww5NoQppUHjJNxHFd1za5zaduDcskUd0o2YwZDAd
BgNVHQ4EFgQUcN/vK0Dh2/8mFa8Xp2ZmbIjvKgEwHwYDVR0jBBgwFoAUcN/vK0Dh
2/8mFa8Xp2ZmbIjvKgEwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8BAf8EBAMC
AgQwCgYIKoZIzj0EAwIDSAAwRQIhAKESyUdxu29LA6P1XrZuVAoUnde2mThzHHfD
y/lLTnzRAiBlKd7lPmiVaRI6XoDxzaWaxeiSCYcG3PdTOVLDh1rT4Q==
-----END CERTIFICATE-----
`,
  `-----BEGIN CERTIFICATE-----
MIIBozCCAUqgAwIBAgIUHhmc0vG7TzEG5kPBQMoB7m5LacswCgYIKoZIzj0EAwIw
HjEcMBoGA1UEAwwTUmVnZW50IHBhaXIgazIgYmJiYjAeFw0yNjExMzAxNTMxMzNa
Fw0zNjExMjcxNTMxMzNaMB4xHDAaBgNVBAMME1JlZ2VudCBwYWlyIGsyIGJiYmIw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQ9KPJWtfAXw6MHDDyS/I4QshVaPOjb
jxxsPOoLijLSPD4/66Va+raBww5NoQppUHjJNxHFd1za5zaduDcskUd0o2YwZDAd
BgNVHQ4EFgQUcN/vK0Dh2/8mFa8Xp2ZmbIjvKgEwHwYDVR0jBBgwFoAUcN/vK0Dh
2/8mFa8Xp2ZmbIjvKgEwEgYDVR0TAQH/BAgwBgEB/wIBADAOBgNVHQ8BAf8EBAMC
AgQwCgYIKoZIzj0EAwIDRwAwRAIgVBv6kRa4HLqxt+wBrmiTO1QrrEHgvXbHdeOF
30hzVosCIGId0bvH2MBvFujVSGRPb1L19lTAJTvrEd6xc2nF4z4b
-----END CERTIFICATE-----
`,
];

/** The same, as a snapshot has them. `able`: the racks that hold a certificate of theirs. */
export function pairAuthorities(...able: readonly (1 | 2)[]): Pick<Snapshot, 'pairAuthorities'> {
  const of = (rack: 1 | 2): PairAuthority => ({
    nodeId: `n-k${rack}`,
    name: `Regent DHCP pairs of a rack ${String(rack).repeat(32)}`,
    certificate: AUTHORITIES[rack - 1] ?? '',
    isAble: able.includes(rack),
  });
  return { pairAuthorities: [of(1), of(2)] };
}

/** Facts of a rack that stands on two VLANs, whichever of the two it is. */
export const PAIR_FACTS: HostFacts = {
  hostname: 'k1',
  os: { id: 'debian', version: '13' },
  isContainer: true,
  interfaces: [1, 2].map((vlan) => ({
    name: `eth${vlan}`,
    mac: `52:54:00:00:00:0${vlan}`,
    addresses: [`10.10.${vlan}.2`, `10.10.${vlan}.3`],
    index: vlan + 1,
    isUp: true,
    hasCarrier: true,
  })),
  versions: {},
};

function attachment(rack: 1 | 2, vlan: number): VlanAttachment {
  return {
    nodeId: `n-k${rack}`,
    vlanId: vlan,
    interface: `eth${vlan}`,
    addresses: [`10.10.${vlan}.${rack + 1}/24`],
  };
}

/** Two racks that stand on two VLANs with DHCP, each primary rack of one and secondary rack of the other. `vlans`: changes to each. */
export function pairSnapshot(vlans: Readonly<Record<number, Partial<Vlan>>> = {}): Snapshot {
  const pairs = [
    { primaryRackId: K1, secondaryRackId: K2 },
    { primaryRackId: K2, secondaryRackId: K1 },
  ];
  return clusterSnapshot({
    vlans: [1, 2].map((id) => aVlan(id, id * 10, { dhcpOn: true, ...pairs[id - 1], ...vlans[id] })),
    subnets: [1, 2].map((id) => aSubnet(id, `lab${id}`, `10.10.${id}.0/24`, { vlanId: id })),
    ranges: [1, 2].map((id) => ({
      id,
      subnetId: id,
      kind: 'dynamic' as const,
      first: `10.10.${id}.100`,
      last: `10.10.${id}.199`,
      comment: '',
    })),
    attachments: [attachment(1, 1), attachment(1, 2), attachment(2, 1), attachment(2, 2)],
  });
}

/** Desired states of DHCP on a rack, by the identity of the service. */
export function pairDesired(
  snapshot: Snapshot,
  rack: string,
): Readonly<Record<string, Record<string, unknown> | null>> {
  const node = compileSite(snapshot, [dhcp], new Map(), GOLDEN_SECONDS).nodes.get(`n-${rack}`);
  const errors = (node?.findings ?? []).filter((finding) => finding.severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ sentence }) => sentence).join(' '));
  return Object.fromEntries(Object.entries(node?.body.services ?? {}).map(([name, part]) => [name, part.desired]));
}

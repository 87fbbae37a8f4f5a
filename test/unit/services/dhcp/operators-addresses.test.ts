import { afterAll, describe, expect, it } from 'vitest';
import { ownInterfaces, attachmentsOf } from '../../../../src/model/networks/vlan-attachments.ts';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileDhcp, prepareDhcp } from '../../../../src/services/dhcp/compile.ts';
import { lintOwnAddresses } from '../../../../src/services/dhcp/own-addresses.ts';
import { compileSite } from '../../../../src/services/compile-node.ts';
import { SERVICES } from '../../../../src/services/registry.ts';
import {
  aCluster,
  aRange,
  aReservation,
  aSubnet,
  aVlan,
  emptySnapshot,
  GOLDEN_SECONDS,
  R1,
} from '../../../kit/snapshots.ts';

/** A region node that is a rack in a flat network, while it holds the floating address, while another node does, and while none does. */

const table: string[] = [];
afterAll(() => process.stdout.write(`\na flat network with a floating address\n${table.join('\n')}\n`));

const SUBNETS = [aSubnet(1, 'flat', '10.0.0.0/24', { gateway: '10.0.0.1' })];
const VIP = '10.0.0.10';

function flat(addresses: readonly string[], main: readonly string[], changes: Partial<Snapshot> = {}): Snapshot {
  const cluster = aCluster({ vip: `${VIP}/24` });
  return emptySnapshot({
    cluster,
    nodes: [{ ...R1, addresses: [...main] }],
    attachments: attachmentsOf([{ nodeId: R1.id, interfaces: [{ name: 'eth0', addresses }] }], SUBNETS, cluster.vip),
    vlans: [aVlan(1, 0, { dhcpOn: true })],
    subnets: SUBNETS,
    ranges: [aRange(1, 1, 'dynamic', ['10.0.0.5', '10.0.0.20'])],
    ...changes,
  });
}
const compile = (snapshot: Snapshot) => compileDhcp(snapshot, R1.id, prepareDhcp(snapshot));

describe('the floating address', () => {
  it('is none of the node that holds it: every service’s part stays as it is, and Kea has the node’s own', () => {
    const away = flat(['10.0.0.9'], ['10.0.0.9']);
    const holding = flat(['10.0.0.10', '10.0.0.9'], ['10.0.0.9']);
    expect(holding.attachments).toEqual(away.attachments);
    const site = (snapshot: Snapshot) => compileSite(snapshot, SERVICES, new Map(), GOLDEN_SECONDS).nodes.get(R1.id);
    expect(Object.keys(site(away)?.body.services ?? {})).toEqual(SERVICES.map((service) => service.name));
    expect(site(holding)).toEqual(site(away));
    const dhcp = compile(holding)?.networks[0];
    expect(dhcp).toMatchObject({
      address: '10.0.0.9',
      subnets: [{ resolvers: ['10.0.0.9'], timeServers: ['10.0.0.9'], nextServer: '10.0.0.9' }],
    });
    table.push(`r1 (10.0.0.9) holds ${VIP}: Kea listens on and hands out ${dhcp?.address}`);
  });

  it('is no address of a pool, whoever holds it', () => {
    const pools = (snapshot: Snapshot) => compile(snapshot)?.networks[0]?.subnets[0]?.pools;
    const expected = [
      { first: '10.0.0.5', last: '10.0.0.8' },
      { first: '10.0.0.11', last: '10.0.0.20' },
    ];
    expect(pools(flat(['10.0.0.9'], ['10.0.0.9']))).toEqual(expected);
    expect(pools(flat(['10.0.0.9', VIP], ['10.0.0.9']))).toEqual(expected);
    table.push(`pools of the range 10.0.0.5-10.0.0.20: 10.0.0.5-10.0.0.8, 10.0.0.11-10.0.0.20`);
  });

  it('is taken out in any writing, and no other address is', () => {
    const nic = { name: 'eth0', addresses: ['2001:DB8::0A/64', '2001:db8::b', '10.0.0.10', 'no address'] };
    expect(ownInterfaces([nic], '2001:db8::a/64')[0]?.addresses).toEqual(['2001:db8::b', '10.0.0.10', 'no address']);
    expect(ownInterfaces([nic], '10.0.0.10')[0]?.addresses).not.toContain('10.0.0.10');
    expect(ownInterfaces([nic], null)).toEqual([nic]);
  });
});

describe('several addresses of a node in one network', () => {
  const addressOf = (snapshot: Snapshot) => compile(snapshot)?.networks[0]?.address;
  it('the one that it is known by is used, else the lowest as a number', () => {
    expect(addressOf(flat(['10.0.0.100', '10.0.0.20', '10.0.0.9'], ['10.0.0.20']))).toBe('10.0.0.20');
    expect(addressOf(flat(['10.0.0.100', '10.0.0.20', '10.0.0.9'], ['10.77.0.11']))).toBe('10.0.0.9');
    table.push('of 10.0.0.100, 10.0.0.20, 10.0.0.9: the one that the node is known by, else 10.0.0.9');
  });
});

describe('an own address that the configuration gave somebody else before', () => {
  const nic = { id: 1, name: 'eth0', mac: '52:54:00:99:00:16', kind: 'physical' as const, vlanId: 1 };
  const machine = (address: string) => ({
    id: 'rkm000',
    hostname: 'rkm',
    domainId: 1,
    interfaces: [{ ...nic, addresses: [{ subnetId: 1, address }] }],
  });
  const snapshot = flat(['10.0.0.9', '10.0.0.12'], ['10.0.0.9'], {
    machines: [machine('10.0.0.9')],
    reservations: [
      aReservation(1, 1, '10.0.0.12', { mac: '52:54:00:99:00:17' }),
      aReservation(2, 1, VIP, { mac: '52:54:00:99:00:18' }),
      aReservation(3, 1, '10.0.0.30', { mac: '52:54:00:99:00:19' }),
    ],
    subnets: [aSubnet(1, 'flat', '10.0.0.0/24', { gateway: '10.0.0.9' })],
  });

  it('is given to nobody by Kea, and each is told with both owners', () => {
    expect(compile(snapshot)?.networks[0]?.subnets[0]?.leases.map(({ address }) => address)).toEqual(['10.0.0.30']);
    const found = lintOwnAddresses(snapshot).map(({ severity, code, sentence }) => `${severity} ${code}: ${sentence}`);
    table.push(...found);
    expect(found).toEqual([
      'error own_address_taken: 10.0.0.9 is an address of the node r1, and of eth0 of the machine rkm: DHCP gives it to nobody.',
      'error own_address_taken: 10.0.0.12 is an address of the node r1, and the static lease of 52:54:00:99:00:17: DHCP gives it to nobody.',
      'error own_address_taken: 10.0.0.10 is the floating address of the cluster, and the static lease of 52:54:00:99:00:18: DHCP gives it to nobody.',
      'warning own_address_in_range: The dynamic range 10.0.0.5-10.0.0.20 holds 10.0.0.10, the floating address of the cluster: DHCP leaves it out.',
      'warning own_address_in_range: The dynamic range 10.0.0.5-10.0.0.20 holds 10.0.0.9, an address of the node r1: DHCP leaves it out.',
      'warning own_address_in_range: The dynamic range 10.0.0.5-10.0.0.20 holds 10.0.0.12, an address of the node r1: DHCP leaves it out.',
      'warning gateway_is_own: The gateway 10.0.0.9 of 10.0.0.0/24 is an address of the node r1: hosts there reach other networks only while that routes.',
    ]);
  });
});

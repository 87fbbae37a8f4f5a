import { describe, expect, it } from 'vitest';
import {
  keepAddresses,
  attachmentsOf,
  latestAttachments,
  LOST_FOR_MS,
  LOST_FOR_STEADY_MS,
  lostAddresses,
  lostForMs,
} from '../../../../src/model/networks/vlan-attachments.ts';

const SUBNETS = [
  { cidr: '10.10.10.0/24', vlanId: 1 },
  { cidr: '10.10.11.0/24', vlanId: 1 },
  { cidr: '172.16.0.0/12', vlanId: 2 },
  { cidr: '2001:db8:10::/64', vlanId: 1 },
];
const nic = (name: string, ...addresses: string[]) => ({ name, addresses });
const see = (...interfaces: { name: string; addresses: string[] }[]) =>
  attachmentsOf([{ nodeId: 'n1', interfaces }], SUBNETS);

describe('a rack that loses an interface', () => {
  const card = (name: string, ...addresses: string[]) => ({ name, mac: name, addresses });
  const both = [card('eth1', '10.10.10.1/24'), card('eth2', '172.16.0.1/12')];
  const one = [card('eth1', '10.10.10.1/24')];
  const lost = lostAddresses(one, { interfaces: both, lost: [] }, 1000);

  it('still stands on its VLAN for half a minute, where it is one of a pair', () => {
    expect(lost).toEqual([{ name: 'eth2', addresses: ['172.16.0.1/12'], since: 1000 }]);
    const stands = (paired: readonly number[]) =>
      latestAttachments([{ nodeId: 'k1', interfaces: one, lost, paired }], SUBNETS, null).map(({ vlanId }) => vlanId);
    expect([stands([1, 2]), stands([1]), stands([])]).toEqual([[1, 2], [1], [1]]);
  });

  it('stands there for longer only while its host starts', () => {
    const at = Date.UTC(2026, 0, 2);
    const since = (secondsAgo: number) => new Date(at - secondsAgo * 1000).toISOString();
    expect([0, 59, 60, 86_400].map((seconds) => lostForMs(since(seconds), at) / 1000)).toEqual([30, 30, 8, 8]);
    expect(lostForMs(since(-3600), at), 'its clock is ahead').toBe(LOST_FOR_MS);
    const steady = (now: number) => lostAddresses(one, { interfaces: one, lost }, now, LOST_FOR_STEADY_MS);
    expect(steady(1000 + LOST_FOR_STEADY_MS - 1)).toEqual(lost);
    expect(steady(1000 + LOST_FOR_STEADY_MS)).toEqual([]);
  });

  it('then no longer, and at once again with the interface', () => {
    const later = (now: number, interfaces = one) => lostAddresses(interfaces, { interfaces: one, lost }, now);
    expect(later(1000 + LOST_FOR_MS - 1)).toEqual(lost);
    expect(later(1000 + LOST_FOR_MS)).toEqual([]);
    expect(later(2000, both)).toEqual([]);
    expect(later(2000, [...one, card('eth9', '172.16.0.1/12')]), 'it has another name now').toEqual([]);
    expect(later(500), 'the clock was set back').toEqual([]);
  });
});

describe('which VLANs a node sees', () => {
  it('one attachment per VLAN and interface, with all addresses there and the subnet’s own prefix', () => {
    expect(see(nic('eth1', '10.10.11.1', '10.10.10.1/16', '2001:DB8:10::1', 'fe80::1'))).toEqual([
      {
        nodeId: 'n1',
        vlanId: 1,
        interface: 'eth1',
        addresses: ['10.10.10.1/24', '10.10.11.1/24', '2001:db8:10::1/64'],
      },
    ]);
  });

  it('an interface on two VLANs, two interfaces on one, large prefixes', () => {
    const found = see(nic('eth2', '10.10.10.2'), nic('eth1', '172.31.255.254', '10.10.10.1'));
    expect(found.map((attachment) => `${attachment.vlanId} ${attachment.interface}`)).toEqual([
      '1 eth1',
      '1 eth2',
      '2 eth1',
    ]);
  });

  it('nothing for foreign, malformed or no addresses', () => {
    expect(see(nic('lo', '127.0.0.1', '::1'), nic('eth0', 'nonsense', '', '192.0.2.1'), nic('eth9'))).toEqual([]);
    expect(attachmentsOf([], SUBNETS)).toEqual([]);
  });

  it('a thousand interfaces among a thousand subnets in no time, in a stable order', () => {
    const subnets = Array.from({ length: 1000 }, (_, n) => ({ cidr: `10.${n >> 8}.${n & 255}.0/24`, vlanId: n }));
    const interfaces = subnets.map((_, n) => nic(`e${n}`, `10.${n >> 8}.${n & 255}.1`));
    const found = attachmentsOf([{ nodeId: 'n1', interfaces: interfaces.toReversed() }], subnets);
    expect(found.map((attachment) => attachment.vlanId)).toEqual(subnets.map((_, n) => n));
  });
});

describe('the addresses of an interface whose carrier went', () => {
  const port = (name: string, addresses: string[], hasCarrier?: boolean) => ({
    name,
    mac: `02:00:00:00:00:0${name.at(-1)}`,
    addresses,
    ...(hasCarrier === undefined ? {} : { hasCarrier }),
  });
  const before = [port('eth1', ['10.10.10.1', '2001:db8::1'], true), port('eth2', ['10.20.0.1'], true)];
  const kept = (...now: ReturnType<typeof port>[]) => keepAddresses(now, before).map((nic) => nic.addresses.join(' '));

  it('are those of before, with what it has now', () => {
    expect(kept(port('eth1', [], false))).toEqual(['10.10.10.1 2001:db8::1']);
    expect(kept(port('eth1', ['fe80::1', '2001:db8::1'], false))).toEqual(['10.10.10.1 2001:db8::1 fe80::1']);
  });

  it('go where it has a carrier, where nothing is known of it, and where it is another one', () => {
    expect(kept(port('eth1', [], true), port('eth2', []))).toEqual(['', '']);
    expect(kept(port('eth3', [], false), { ...port('eth2', [], false), mac: '02:00:00:00:00:99' })).toEqual(['', '']);
  });

  it('are not kept when another interface has them by now', () => {
    expect(kept(port('eth1', [], false), port('eth3', ['10.10.10.1'], true))).toEqual(['2001:db8::1', '10.10.10.1']);
  });
});

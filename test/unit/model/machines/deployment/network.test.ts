import { describe, expect, it } from 'vitest';
import { networkFiles } from '../../../../../src/model/machines/deployment/network-files.ts';
import { type NetworkMachine, planNetwork } from '../../../../../src/model/machines/deployment/network.ts';
import { aCard, aLink, NETWORK_SITE, onTop } from '../../../../kit/network-plans.ts';

const plan = (...interfaces: NetworkMachine['interfaces']) => planNetwork({ interfaces }, NETWORK_SITE);

describe('the plan of a machine’s network', () => {
  it.each<[string, ReturnType<typeof plan>, string, string]>([
    ['a machine without interfaces', plan(), 'interfaces', 'the machine has none'],
    ['a name that is a directive', plan(aCard('eth0\nName=x', 1)), 'interfaces/0/name', 'is not an interface name'],
    [
      'a MAC address that is none',
      plan(aCard('eth0', 1, { mac: '52:54' })),
      'interfaces/0/mac',
      'is not a MAC address',
    ],
    [
      'an address of a subnet that went',
      plan(aCard('eth0', 1, { links: [aLink('static', 77, '10.0.0.1')] })),
      'interfaces/0/addresses/0/subnet',
      'the subnet of 10.0.0.1 is not there',
    ],
    [
      'an address outside its subnet',
      plan(aCard('eth0', 1, { links: [aLink('static', 1, '10.99.0.1')] })),
      'interfaces/0/addresses/0/address',
      'is outside the subnet',
    ],
    [
      'two default routes',
      plan(
        aCard('eth0', 1, { links: [aLink('static', 1, '10.10.0.2', true)] }),
        aCard('eth1', 2, { links: [aLink('static', 2, '10.10.100.2', true)] }),
      ),
      'interfaces',
      'eth0 and eth1',
    ],
    [
      'IPv6 over small packets',
      plan(aCard('eth0', 1, { mtu: 1000, links: [aLink('static', 4, '2001:db8:10::2')] })),
      'interfaces/0/mtu',
      'IPv6 needs 1280',
    ],
    [
      'a bond of a card with an address',
      plan(aCard('eth0', 1, { addresses: [{ subnetId: 1, address: '10.10.0.2' }] }), onTop('bond', 'bond0', ['eth0'])),
      'interfaces/0/addresses',
      'eth0 is in bond0',
    ],
  ])('refuses %s', (_, found, field, words) => {
    expect(found).toMatchObject({ kind: 'rejected', fields: [{ field }] });
    expect(found).toHaveProperty('message', expect.stringContaining(words));
  });

  it('asks DHCP on all free cards where nobody knows by which the machine boots, and on top of a bond', () => {
    const asking = (found: ReturnType<typeof plan>) =>
      'interfaces' in found ? found.interfaces.filter(({ hasDhcp4 }) => hasDhcp4).map(({ name }) => name) : found;
    expect(asking(plan(aCard('eth0', 1), aCard('eth1', 2)))).toEqual(['eth0', 'eth1']);
    const bonded = [
      aCard('eth0', 1),
      aCard('eth1', 2),
      onTop('bond', 'bond0', ['eth0']),
      onTop('vlan', 'v', ['bond0'], { vlanId: 2 }),
    ];
    expect(asking(plan(...bonded))).toEqual(['eth1', 'bond0']);
    expect(asking(planNetwork({ interfaces: bonded, bootMac: '52:54:00:00:00:01' }, NETWORK_SITE))).toEqual(['bond0']);
  });

  it('has one default route: the chosen one, else the first that has a router', () => {
    const routers = (found: ReturnType<typeof plan>) =>
      'interfaces' in found
        ? found.interfaces.map((one) => one.routers.join() || (one.hasDhcpRoutes ? 'dhcp' : '-'))
        : found;
    const first = aCard('eth0', 1, { links: [aLink('static', 3, '10.10.200.2')], vlanId: 3 });
    const second = (isGateway: boolean) =>
      aCard('eth1', 2, { links: [aLink('static', 2, '10.10.100.2', isGateway)], vlanId: 2 });
    expect(routers(plan(first, second(false)))).toEqual(['-', '10.10.100.1']);
    const dhcp = (isGateway: boolean) => aCard('eth2', 3, { links: [aLink('dhcp', null, null, isGateway)] });
    expect(routers(plan(dhcp(false), second(false)))).toEqual(['dhcp', '-']);
    expect(routers(plan(dhcp(false), second(true)))).toEqual(['-', '10.10.100.1']);
    expect(routers(plan(second(false), dhcp(true)))).toEqual(['-', 'dhcp']);
    const six = aCard('eth3', 4, { links: [aLink('static', 4, '2001:db8:10::2')] });
    expect(routers(plan(second(false), six))).toEqual(['10.10.100.1', '2001:db8:10::1']);
  });

  it('says nothing of name servers where no link may ask any', () => {
    const files = (interfaces: NetworkMachine['interfaces']) => {
      const subnets = NETWORK_SITE.subnets.map((one) => ({ ...one, dnsOn: false, resolvers: [] }));
      const found = planNetwork({ interfaces }, { ...NETWORK_SITE, subnets });
      return 'interfaces' in found ? networkFiles(found) : {};
    };
    const texts = files([aCard('eth0', 1, { links: [aLink('static', 1, '10.10.0.2')] })]);
    expect(Object.keys(texts)).not.toContain('network/resolv.conf');
    expect(Object.values(texts).join('\n')).not.toMatch(/DNS|nameservers|search/);
  });
});

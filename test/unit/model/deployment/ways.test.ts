import { expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { parseAddress } from '../../../../src/core/ip.ts';
import { checkWay, parseRouteGateway, parseRouteNetwork, waysOf } from '../../../../src/model/deployment/ways.ts';
import { netplanText } from '../../../../src/model/deployment/network-netplan.ts';
import { networkdFiles } from '../../../../src/model/deployment/network-networkd.ts';
import { planNetwork } from '../../../../src/model/deployment/network.ts';

const ROUTE = { source: '10.1.0.0/24', destination: '10.9.0.0/16', gateway: '10.1.0.254', metric: 0 };
const at = (text: string) => {
  const address = parseAddress(text);
  if (isRejected(address)) throw new Error(address.message);
  return address;
};

it('reads networks and routers as the model writes them', () => {
  expect(parseRouteNetwork('2001:DB8::/32', 'source')).toBe('2001:db8::/32');
  expect(parseRouteNetwork('', 'source')).toBe('');
  expect(parseRouteGateway('2001:DB8::1', 'gateway')).toBe('2001:db8::1');
  for (const text of ['10.0.0.1', '10.0.0.0/40', 'x', '10.0.0.0/24\n'])
    expect(parseRouteNetwork(text, 'source')).toMatchObject({ fields: [{ field: 'source' }] });
});

it('leads to another network by a router of its own', () => {
  expect(checkWay(ROUTE)).toBeNull();
  expect(checkWay({ source: '', destination: '', gateway: '' })).toBeNull();
  expect(checkWay({ ...ROUTE, gateway: '10.2.0.1' })).toMatchObject({ fields: [{ field: 'gateway' }] });
  expect(checkWay({ ...ROUTE, destination: ROUTE.source })).toMatchObject({ fields: [{ field: 'destination' }] });
  expect(checkWay({ ...ROUTE, destination: '2001:db8::/64' })).toMatchObject({ fields: [{ field: 'destination' }] });
});

it('is of systems that have an address where it begins', () => {
  expect(waysOf([ROUTE], [at('10.1.0.7')])).toEqual([{ to: '10.9.0.0/16', via: '10.1.0.254' }]);
  expect(waysOf([{ ...ROUTE, metric: 5 }], [at('10.1.0.7')])).toEqual([
    { to: '10.9.0.0/16', via: '10.1.0.254', metric: 5 },
  ]);
  expect(waysOf([ROUTE], [at('10.2.0.7')])).toEqual([]);
  expect(waysOf([{ ...ROUTE, gateway: '' }], [at('10.1.0.7')])).toEqual([]);
});

it('is in the network files of a deployed system', () => {
  const plan = planNetwork(
    {
      interfaces: [
        {
          id: 1,
          name: 'eth0',
          mac: '52:54:00:00:00:01',
          kind: 'physical',
          vlanId: 1,
          addresses: [{ address: '10.1.0.7', subnetId: 1 }],
        },
      ],
    },
    {
      subnets: [{ id: 1, vlanId: 1, cidr: '10.1.0.0/24', gateway: '10.1.0.1', resolvers: [], dnsOn: false }],
      vlans: [{ id: 1, name: 'a', vid: 0, fabricId: 1, dnsOn: false }],
      resolvers: [],
      search: [],
      routes: [{ ...ROUTE, metric: 7 }],
    },
  );
  if (isRejected(plan)) throw new Error(plan.message);
  expect(netplanText(plan)).toContain('- {to: "10.9.0.0/16", via: "10.1.0.254", metric: 7}');
  expect(networkdFiles(plan)['30-eth0.network']).toContain(
    '[Route]\nGateway=10.1.0.254\nDestination=10.9.0.0/16\nMetric=7\n',
  );
});

import { expect, it } from 'vitest';
import { isRejected, type Rejected } from '../../../../../src/core/errors.ts';
import { parseAddress, parseNetwork } from '../../../../../src/core/ip.ts';
import {
  checkRoute,
  checkRouteUnique,
  parseRouteGateway,
  parseRouteNetwork,
  findExcludedRoutes,
  selectRoutes,
} from '../../../../../src/model/machines/deployment/network-routes.ts';
import { netplanText } from '../../../../../src/model/machines/deployment/network-netplan.ts';
import { networkdFiles } from '../../../../../src/model/machines/deployment/network-networkd.ts';
import { planNetwork } from '../../../../../src/model/machines/deployment/network.ts';

const ROUTE = { source: '10.1.0.0/24', destination: '10.9.0.0/16', gateway: '10.1.0.254', metric: 0 };
const ok = <T extends object>(found: T | Rejected): T => {
  if (isRejected(found)) throw new Error(found.message);
  return found;
};
const network = (text: string) => ok(parseNetwork(text));
/** A system with one address. */
const standing = (address: string, cidr: string) => {
  const addresses = [ok(parseAddress(address))];
  return { addresses, own: addresses, networks: [network(cidr)] };
};

it('reads networks and routers as the model writes them', () => {
  expect(parseRouteNetwork('2001:DB8::/32', 'source')).toBe('2001:db8::/32');
  expect(parseRouteNetwork('', 'source')).toBe('');
  expect(parseRouteGateway('2001:DB8::1', 'gateway')).toBe('2001:db8::1');
  for (const text of ['10.0.0.1', '10.0.0.0/40', 'x', '10.0.0.0/24\n'])
    expect(parseRouteNetwork(text, 'source')).toMatchObject({ fields: [{ field: 'source' }] });
});

it('leads to another network by a router of its own', () => {
  expect(checkRoute(ROUTE)).toBeNull();
  expect(checkRoute({ source: '', destination: '', gateway: '' })).toBeNull();
  expect(checkRoute({ ...ROUTE, gateway: '10.2.0.1' })).toMatchObject({ fields: [{ field: 'gateway' }] });
  expect(checkRoute({ ...ROUTE, destination: ROUTE.source })).toMatchObject({ fields: [{ field: 'destination' }] });
  expect(checkRoute({ ...ROUTE, destination: '2001:db8::/64' })).toMatchObject({ fields: [{ field: 'destination' }] });
});

it('is of systems that have an address where it begins', () => {
  expect(selectRoutes([ROUTE], standing('10.1.0.7', '10.1.0.0/24'))).toEqual([
    { to: '10.9.0.0/16', via: '10.1.0.254' },
  ]);
  expect(selectRoutes([{ ...ROUTE, metric: 5 }], standing('10.1.0.7', '10.1.0.0/24'))).toEqual([
    { to: '10.9.0.0/16', via: '10.1.0.254', metric: 5 },
  ]);
  expect(selectRoutes([ROUTE], standing('10.2.0.7', '10.2.0.0/24'))).toEqual([]);
  expect(selectRoutes([{ ...ROUTE, gateway: '' }], standing('10.1.0.7', '10.1.0.0/24'))).toEqual([]);
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

it('is left out where the system stands in the network that it leads to, or is the router itself', () => {
  const both = { ...standing('10.1.0.7', '10.1.0.0/24'), networks: [network('10.1.0.0/24'), network('10.9.0.0/16')] };
  expect(selectRoutes([ROUTE], both)).toEqual([]);
  expect(findExcludedRoutes([ROUTE], both)).toEqual([ROUTE]);
  const part = { ...ROUTE, destination: '10.9.3.0/24' };
  expect(selectRoutes([part], both)).toEqual([]);
  const wider = { ...ROUTE, destination: '10.0.0.0/8' };
  expect(selectRoutes([wider], both)).toEqual([{ to: '10.0.0.0/8', via: '10.1.0.254' }]);
  expect(findExcludedRoutes([wider], both)).toEqual([]);
  expect(selectRoutes([ROUTE], standing('10.1.0.254', '10.1.0.0/24'))).toEqual([]);
});

it.each([
  [{ destination: '0.0.0.0/0' }, 'destination: 0.0.0.0/0 is every network'],
  [{ destination: '10.1.0.128/25' }, 'destination: 10.1.0.128/25 is a part of where the route begins'],
  [{ gateway: '10.1.0.255' }, "gateway: 10.1.0.255 is not a host's address of"],
  [{ gateway: '10.1.0.0' }, "gateway: 10.1.0.0 is not a host's address of"],
])('with %j is refused', (change, why) => {
  const route = { ...ROUTE, source: '10.1.0.0/24', ...change };
  expect(checkRoute(route)).toMatchObject({ message: expect.stringContaining(why) });
});

it('stands once: two to one network differ in their metric', () => {
  const other = { ...ROUTE, name: 'first' };
  expect(checkRouteUnique(ROUTE, [other])).toMatchObject({
    message: expect.stringContaining('each route occurs once'),
  });
  expect(checkRouteUnique({ ...ROUTE, gateway: '10.1.0.253' }, [other])).toMatchObject({
    message: expect.stringContaining('differ in their metric'),
  });
  expect(checkRouteUnique({ ...ROUTE, gateway: '10.1.0.253', metric: 5 }, [other])).toBeNull();
});

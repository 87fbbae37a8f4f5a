import { beforeAll, expect, it } from 'vitest';
import { type DeploySite, useDeploySite } from '../../kit/deploy-site.ts';
import { usePostgres } from '../../kit/postgres.ts';

/** What earlier releases let happen to machines and to addresses that the configuration names, as the doctor names it. */

const pg = usePostgres();
const deploying = useDeploySite(pg);
let on: DeploySite;
beforeAll(() => {
  on = deploying.get();
});

const row = async (id: string) => {
  const answer = await on.site.call('GET', '/cluster/doctor');
  expect(answer.status, answer.raw).toBe(200);
  const { invariants } = answer.body as unknown as {
    invariants: { id: string; state: string; detail: string; remedy: string }[];
  };
  return invariants.find((one) => one.id === id);
};
const done = async (method: 'POST' | 'PATCH', path: string, body: object) => {
  const answer = await on.site.call(method, path, { body });
  expect(answer.status, answer.raw).toBeLessThan(300);
};
const machine = (hostname: string, mac: string, address: string) =>
  done('POST', '/machines', { hostname, interfaces: [{ mac, vlan: 'vlan10', addresses: [{ address }] }] });

it('names a machine that got the address of a resolver automatically, and one that was entered by hand only as such', async () => {
  await machine('auto1', '52:54:00:00:01:01', 'auto');
  await machine('ns1', '52:54:00:00:01:02', '10.10.10.50');
  const [{ address } = { address: '' }] = (await on.admin(
    "select host(address) as address from interface_addresses where mode = 'auto'",
  )) as { address: string }[];
  await done('PATCH', '/subnets/10.10.10.0%2F24', { resolvers: ['10.10.10.50'] });
  const entered = await row('named-addresses');
  expect(entered?.state).toBe('ok');
  expect(entered?.detail).toContain('10.10.10.50 (a resolver of the subnet 10.10.10.0/24)');
  expect(entered?.detail).toContain('of the machine ns1');
  await done('PATCH', '/subnets/10.10.10.0%2F24', { resolvers: ['10.10.10.50', address] });
  expect(await row('named-addresses')).toMatchObject({
    state: 'warning',
    detail: `${address} (a resolver of the subnet 10.10.10.0/24) is in ${address}, the address of eth0 of the machine auto1.`,
  });
});

it.each([
  ['a resolver', '/subnets/10.10.10.0%2F24', { resolvers: ['10.10.10.150'] }, 'a resolver of the subnet 10.10.10.0/24'],
  ['a time server', '/settings/ntp_servers', { value: ['10.10.10.150'] }, 'in the setting ntp_servers'],
  ['a proxy', '/settings/http_proxy', { value: 'http://10.10.10.150:3128/' }, 'in the setting http_proxy'],
  [
    'a copy of a zone',
    '/domains/regent.internal',
    { transferTo: ['10.10.10.150'] },
    'a name server that copies regent.internal',
  ],
  [
    'a BMC',
    '/bmcs/m1-bmc',
    { parameters: { power_address: '10.10.10.150', power_user: 'x' } },
    'the address of the BMC m1-bmc',
  ],
] as const)('names a pool that holds %s', async (_, path, body, words) => {
  const method = path.startsWith('/settings') ? 'PUT' : 'PATCH';
  const answer = await on.site.call(method, path, { body });
  expect(answer.status, answer.raw).toBeLessThan(300);
  const found = await row('named-addresses');
  expect(found?.state).toBe('warning');
  expect(found?.detail).toContain(`10.10.10.150 (${words}) is in the dynamic range 10.10.10.100-10.10.10.199`);
  expect(found?.remedy).toContain('regent range set');
});

it('names machines in use that nobody has', async () => {
  expect(await row('machine-owners')).toMatchObject({ state: 'ok' });
  await on.admin(
    "insert into machine_states (machine_id, state, epoch) select id, 'deployed', 1 from machines where hostname = 'ns1'",
  );
  await on.admin(
    "insert into machine_states (machine_id, state, epoch) select id, 'ready', 1 from machines where hostname = 'auto1'",
  );
  expect(await row('machine-owners')).toMatchObject({
    state: 'warning',
    detail: 'Without an owner: ns1.regent.internal is deployed.',
  });
  await on.admin("update machine_states set owner = 'operator' where state = 'deployed'");
  expect(await row('machine-owners')).toMatchObject({ state: 'ok' });
});

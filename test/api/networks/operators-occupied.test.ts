import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeploySite, useDeploySite } from '../../kit/deploy-site.ts';
import { maasClient } from '../../kit/maas.ts';
import { usePostgres } from '../../kit/postgres.ts';
import type { Method } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

/** What is in use is nobody else's: every input with its exact answer, printed as a table. */

const pg = usePostgres();
const deploying = useDeploySite(pg);
const table: string[] = [];
let on: DeploySite;
beforeAll(() => {
  on = deploying.get();
});
afterAll(() => {
  process.stdout.write(`\npublic-reports 35, 28, 24, 15, 17, 11: input → answer\n${table.join('\n')}\n`);
});

async function say(method: Method, path: string, body?: unknown, shown = path) {
  const answer = await on.site.call(method, path, body === undefined ? {} : { body });
  const detail = answer.status < 400 ? 'done' : (JSON.parse(answer.raw) as { detail: string }).detail;
  table.push(`${method} ${shown} ${body === undefined ? '' : JSON.stringify(body)} → ${answer.status} ${detail}`);
  return { ...answer, detail };
}
async function done(method: Method, path: string, body?: unknown) {
  const answer = await say(method, path, body);
  expect(answer.status, `${method} ${path}: ${answer.detail}`).toBeLessThan(300);
  return answer.body;
}
async function refused(method: Method, path: string, body: unknown, detail: string | RegExp) {
  const answer = await say(method, path, body);
  expect([409, 422], `${method} ${path} ${answer.detail}`).toContain(answer.status);
  expect(answer.detail).toMatch(detail);
}
const lastChange = async () =>
  (JSON.parse((await on.site.call('GET', '/config/history?limit=1&sort=-id')).raw) as { items: { id: number }[] })
    .items[0]?.id ?? 0;
const held = () => on.admin('select host(address) as address, machine from held_addresses order by 1');
const FIXED = { name: 'eth0', mac: '52:54:00:00:00:01', addresses: [{ address: '10.10.10.20' }] };
/** m1 runs a system with a fixed address; `state`: what it is now. */
async function deployed(state = 'deployed', before = 'null') {
  await on.reset();
  await on.admin(
    "delete from held_addresses; delete from machine_states; delete from machines where hostname like 'x%'",
  );
  value(await on.site.db.read(async () => ({})));
  await on.site.call('PATCH', '/machines/m1', { body: { interfaces: [FIXED] } });
  await setState(state, before);
}
const setState = (state: string, before = 'null') =>
  on.admin(`insert into machine_states (machine_id, state, epoch, owner, before, deadline, minutes)
    select id, '${state}', 7, 'user', ${before}, case when '${state}' ~ '^(deploying|releasing|disk-erasing|testing|entering-rescue-mode|exiting-rescue-mode)$' then now() + interval '1 h' end,
      case when '${state}' ~ '^(deploying|releasing|disk-erasing|testing|entering-rescue-mode|exiting-rescue-mode)$' then 60 end
    from machines where hostname = 'm1' on conflict (machine_id) do update set state = excluded.state, before = excluded.before,
      epoch = machine_states.epoch + 1, deadline = excluded.deadline, minutes = excluded.minutes`);

const KEEPS = /its system keeps the network that it was deployed with\. Rule: the network of a machine changes before/;
const RELEASE = /Rule: a machine is released before it is deleted: regent machine release m1\./;

describe('35: the network of a deployed machine', () => {
  beforeEach(() => deployed());

  it('stays, whoever changes it', async () => {
    const other = { addresses: [{ address: '10.10.10.21' }] };
    await refused('PATCH', '/machines/m1/interfaces/eth0', other, KEEPS);
    await refused('PATCH', '/machines/m1/interfaces/eth0', { addresses: [] }, KEEPS);
    await refused('PATCH', '/machines/m1/interfaces/eth0', { addresses: [{ address: 'dhcp' }] }, KEEPS);
    await refused('PATCH', '/machines/m1/interfaces/eth0', { mtu: 9000 }, KEEPS);
    await refused('PATCH', '/machines/m1/interfaces/eth0', { addresses: [], vlan: 'untagged' }, KEEPS);
    await refused('DELETE', '/machines/m1/interfaces/eth0', undefined, KEEPS);
    await refused('POST', '/machines/m1/interfaces', { mac: '52:54:00:00:00:07' }, KEEPS);
    await refused('POST', '/machines/m1/interfaces', { kind: 'bridge', name: 'br0', parents: ['eth0'] }, KEEPS);
    await refused('PATCH', '/machines/m1', { interfaces: [{ ...FIXED, ...other }] }, KEEPS);
    await refused('PATCH', '/machines/m1', { interfaces: [] }, KEEPS);
    expect(await held()).toEqual([]);
  });

  it('by MAAS’s API, too', async () => {
    const maas = maasClient(on.site);
    const { id } = await on.show();
    const { id: nic, links } = ((await on.show())['interfaces'] as { id: number; links: { id: number }[] }[])[0] ?? {
      id: 0,
      links: [],
    };
    const at = `nodes/${String(id)}/interfaces/${nic}/`;
    for (const [op, form] of [
      ['unlink_subnet', { id: String(links[0]?.id) }],
      ['disconnect', {}],
      ['link_subnet', { mode: 'STATIC', subnet: '10.10.10.0/24', ip_address: '10.10.10.22' }],
    ] as const) {
      const answer = await maas.post(at, op, form);
      table.push(`MAAS POST interfaces/eth0 op=${op} → ${answer.status} ${answer.raw}`);
      expect(answer.status, answer.raw).toBe(409);
      expect(answer.raw).toMatch(KEEPS);
    }
    const gone = await maas.remove(`machines/${String(id)}/`);
    table.push(`MAAS DELETE machines/m1 → ${gone.status} ${gone.raw}`);
    // MAAS's call has no 409.
    expect(gone.status).toBe(400);
  });

  it('may have other names, tags and cards, and is given again as it is', async () => {
    await done('PATCH', '/machines/m1/interfaces/eth0', { tags: ['uplink'] });
    await done('PATCH', '/machines/m1/interfaces/eth0', { mac: '52:54:00:00:00:08' });
    await done('PATCH', '/machines/m1/interfaces/eth0', { name: 'enp1s0' });
    await done('PATCH', '/machines/m1/interfaces/enp1s0', { addresses: [{ address: '10.10.10.20' }] });
    await done('PATCH', '/machines/m1', { description: 'x', hostname: 'm1' });
    expect(await held()).toEqual([]);
  });

  it('with force its record changes alone: the address stays occupied until it is released', async () => {
    await done('PATCH', '/machines/m1/interfaces/eth0?force=true', { addresses: [{ address: '10.10.10.21' }] });
    expect(await held()).toEqual([{ address: '10.10.10.20', machine: 'm1.regent.internal' }]);
    expect((await on.show())['held']).toEqual(['10.10.10.20']);
    await refused(
      'POST',
      '/machines',
      { hostname: 'x1', interfaces: [{ mac: '52:54:00:00:00:31', addresses: [{ address: '10.10.10.20' }] }] },
      /10\.10\.10\.20 is still an address of the system on m1\.regent\.internal/,
    );
    await refused('POST', '/reservations', { address: '10.10.10.20' }, /is still an address of the system/);
    await refused(
      'POST',
      '/ranges',
      { kind: 'dynamic', first: '10.10.10.20', last: '10.10.10.20' },
      /is still an address of the system/,
    );
    // Off and on again it has its old address: its disk has not changed.
    await on.admin(
      "insert into machine_power (machine_id, state, at) select id, 'off', clock_timestamp() from machines where hostname = 'm1'",
    );
    expect(await held()).toHaveLength(1);
    // Its own address may come back.
    await done('PATCH', '/machines/m1/interfaces/eth0?force=true', { addresses: [{ address: '10.10.10.20' }] });
    expect(await held()).toEqual([{ address: '10.10.10.21', machine: 'm1.regent.internal' }]);
    value((await on.tell('release')) as object);
    await on.endJob();
    expect(await on.show()).toMatchObject({ state: 'ready' });
    expect(await held()).toEqual([]);
  });

  it('is not taken back by a change of before', async () => {
    await setState('ready');
    await done('PATCH', '/machines/m1/interfaces/eth0', { addresses: [{ address: '10.10.10.25' }] });
    const id = await lastChange();
    await setState('deployed');
    await refused(
      'POST',
      `/config/history/${id}/rollback`,
      undefined,
      /The machine m1 is deployed\. Rule: a running system keeps its network/,
    );
  });

  it.each([
    ['ready', 'null', 200],
    ['allocated', 'null', 200],
    ['failed-deployment', 'null', 200],
    ['broken', 'null', 200],
    ['deploying', 'null', 409],
    ['testing', "'deployed'", 409],
    ['rescue-mode', "'deployed'", 409],
    ['broken', "'deployed'", 409],
    ['testing', "'ready'", 200],
  ])('of a machine that is %s (before: %s) answers %d', async (state, before, status) => {
    await setState(state, before);
    const answer = await say('PATCH', '/machines/m1/interfaces/eth0', { addresses: [{ address: '10.10.10.26' }] });
    expect(answer.status, answer.detail).toBe(status);
  });
});

describe('35: a deployed machine', () => {
  beforeEach(() => deployed());

  it('is not deleted before it is released', async () => {
    await refused('DELETE', '/machines/m1', undefined, RELEASE);
    for (const [state, before] of [
      ['deploying', 'null'],
      ['disk-erasing', 'null'],
      ['rescue-mode', "'deployed'"],
      ['broken', "'deployed'"],
    ] as const) {
      await setState(state, before);
      await refused('DELETE', '/machines/m1', undefined, RELEASE);
    }
    expect(await on.show()).toMatchObject({ hostname: 'm1' });
  });

  it('with force leaves its address occupied until somebody says that it is off, or it comes again', async () => {
    await done('POST', '/machines', {
      hostname: 'x2',
      interfaces: [{ mac: '52:54:00:00:00:32', addresses: [{ address: '10.10.10.40' }] }],
    });
    await on.admin(
      "insert into machine_states (machine_id, state, epoch) select id, 'deployed', 1 from machines where hostname = 'x2'",
    );
    const { held: stays } = await done('DELETE', '/machines/x2?force=true');
    expect(stays).toEqual(['10.10.10.40']);
    await refused('POST', '/reservations', { address: '10.10.10.40' }, /is still an address of the system on x2/);
    expect((await on.site.call('GET', '/leases/10.10.10.40')).body).toMatchObject({
      machine: 'x2.regent.internal',
      state: 'active',
    });
    // The machine itself may have it again.
    await done('POST', '/machines', {
      hostname: 'x3',
      interfaces: [{ mac: '52:54:00:00:00:32', addresses: [{ address: '10.10.10.40' }] }],
    });
    await on.admin(
      "insert into machine_states (machine_id, state, epoch) select id, 'deployed', 1 from machines where hostname = 'x3'",
    );
    await done('DELETE', '/machines/x3?force=true');
    await done('POST', '/leases/10.10.10.40/release');
    await done('POST', '/reservations', { address: '10.10.10.40' });
    await done('DELETE', '/reservations/10.10.10.40');
  });

  it('is deleted when it was released', async () => {
    await done('POST', '/machines', {
      hostname: 'x4',
      interfaces: [{ mac: '52:54:00:00:00:34', addresses: [{ address: '10.10.10.41' }] }],
    });
    await on.admin(
      "insert into machine_states (machine_id, state, epoch) select id, 'ready', 1 from machines where hostname = 'x4'",
    );
    await done('DELETE', '/machines/x4');
    expect(await held()).toEqual([]);
    await done('POST', '/reservations', { address: '10.10.10.41' });
    await done('DELETE', '/reservations/10.10.10.41');
  });

  it('keeps the address that its deployment gave while it is being released', async () => {
    await on.reset();
    const begun = await on.ask('deploy', { image: 'debian-13', force: true });
    expect(begun.status, begun.raw).toBe(202);
    value((await on.tell('deployed')) as object);
    expect((await on.ask('release')).status).toBe(202);
    expect(await held()).toEqual([{ address: '10.10.10.2', machine: 'm1.regent.internal' }]);
    const { address } = await done('POST', '/reservations', { address: 'auto', subnet: '10.10.10.0/24' });
    expect(address).not.toBe('10.10.10.2');
    await done('DELETE', `/reservations/${String(address)}`);
    await on.endJob();
    expect(await held()).toEqual([]);
  });
});

describe('28: an address that the configuration names', () => {
  beforeAll(async () => {
    await deployed('ready');
    await done('POST', '/subnets', { cidr: '10.10.40.0/24', vlan: 'vlan10', resolvers: ['10.10.40.1', '10.10.40.2'] });
    await done('POST', '/subnets', { cidr: '10.10.41.0/24', vlan: 'vlan10', resolvers: ['10.10.40.3'] });
    await done('POST', '/static-routes', {
      name: 'to-lab',
      source: '10.10.40.0/24',
      destination: '10.66.0.0/16',
      gateway: '10.10.40.4',
    });
    await done('PUT', '/settings/ntp_servers', { value: ['10.10.40.5', 'ntp.example.test'] });
    await done('PUT', '/settings/http_proxy', { value: 'http://10.10.40.6:3128' });
    await done('PUT', '/settings/upstream_dns', { value: ['10.10.40.7'] });
    await done('POST', '/bmcs', {
      name: 'x-bmc',
      powerType: 'ipmi',
      parameters: { power_address: '10.10.40.8', power_user: 'a', power_pass: '' },
    });
    await done('POST', '/domains', { name: 'x.test', transferTo: ['10.10.40.9'] });
    await done('POST', '/domains', { name: 'y.test', authoritative: false, forwardTo: ['10.10.40.10:5353'] });
    await done('PATCH', '/subnets/10.10.41.0%2F24', { dhcpOptions: ['log-servers=10.10.40.11'] });
    await done('PATCH', '/subnets/10.10.40.0%2F24', { bootServer: '10.10.40.12', bootFile: 'x.efi' });
  });
  const auto = async () =>
    String((await done('POST', '/reservations', { address: 'auto', subnet: '10.10.40.0/24' }))['address']);

  it('is never chosen', async () => {
    expect([await auto(), await auto()]).toEqual(['10.10.40.13', '10.10.40.14']);
  });

  it('goes to the machine or device that is that host, by its name, and then to nobody else', async () => {
    const device = {
      hostname: 'xdns',
      interfaces: [{ mac: '52:54:00:00:00:41', addresses: [{ address: '10.10.40.1' }] }],
    };
    await done('POST', '/devices', device);
    await refused('POST', '/reservations', { address: '10.10.40.1' }, /10\.10\.40\.1/);
    await done('POST', '/reservations', { address: '10.10.40.2', comment: 'the second resolver' });
    await done('DELETE', '/devices/xdns');
    // It is named still.
    expect(await auto()).toBe('10.10.40.15');
  });

  it('is free when nothing names it any more', async () => {
    await done('DELETE', '/static-routes/to-lab');
    expect(await auto()).toBe('10.10.40.4');
  });
});

describe('24, 22: static routes', () => {
  const route = { name: 'x-way', source: '10.10.10.0/24', destination: '10.67.0.0/16', gateway: '10.10.10.253' };
  it.each([
    [{ destination: '0.0.0.0/0' }, '0.0.0.0/0 is every network. Rule: the gateway of a subnet makes the default route'],
    [
      { source: '10.99.0.0/24', gateway: '10.99.0.1' },
      '10.99.0.0/24 is not a subnet. Rule: a route begins in a subnet',
    ],
    [{ gateway: '10.67.0.1' }, '10.67.0.1 is not in 10.10.10.0/24'],
    [{ gateway: '10.10.10.255' }, "10.10.10.255 is not a host's address of 10.10.10.0/24"],
    [{ destination: '10.10.10.128/25' }, '10.10.10.128/25 is a part of where the route begins'],
    [{ destination: '10.10.10.0/24' }, '10.10.10.0/24 is where the route begins'],
    [{ destination: '2001:db8::/64' }, '2001:db8::/64 cannot be reached from 10.10.10.0/24'],
  ])('with %j is refused', async (change, why) => {
    await refused('POST', '/static-routes', { ...route, ...change }, new RegExp(why.replaceAll(/[.()/]/g, '\\$&')));
  });

  it('stands once', async () => {
    await done('POST', '/static-routes', route);
    await refused(
      'POST',
      '/static-routes',
      { ...route, name: 'x-again' },
      /leads from 10\.10\.10\.0\/24 to 10\.67\.0\.0\/16 already, by 10\.10\.10\.253\. Rule: each route occurs once/,
    );
    await done('POST', '/static-routes', { ...route, name: 'x-second', gateway: '10.10.10.252', metric: 10 });
    await refused(
      'PATCH',
      '/static-routes/x-second',
      { metric: 0 },
      /two routes to one network differ in their metric/,
    );
    await done('PATCH', '/static-routes/x-way', { comment: 'the same' });
    await done('DELETE', '/static-routes/x-way');
    await done('DELETE', '/static-routes/x-second');
  });
});

describe('15: a user who has something', () => {
  const owner = async () => (await on.show())['owner'];
  beforeEach(async () => {
    await deployed('allocated');
    await on.site.call('POST', '/users', { body: { name: 'xada', role: 'user' } });
    await on.admin("update machine_states set owner = 'xada'");
  });

  it('is not deleted: nothing is ever nobody’s', async () => {
    await refused(
      'DELETE',
      '/users/xada',
      undefined,
      'xada has 1 machine (m1). Rule: every object of a user keeps an owner. Release them first, or name the new owner: regent user delete xada --transfer-to USER.',
    );
    expect(await owner()).toBe('xada');
    await refused('DELETE', '/users/xada?transfer_to=xada', undefined, /xada is the user who is deleted/);
    const nobody = await say('DELETE', '/users/xada?transfer_to=nosuch');
    expect(nobody).toMatchObject({
      status: 404,
      detail: expect.stringContaining('transfer_to: There is no user "nosuch"'),
    });
    // Whoever writes: a release of before, or the database itself.
    await expect(on.admin("delete from users where name = 'xada'")).rejects.toThrow('xada has m1');
  });

  it('hands it on', async () => {
    await done('DELETE', '/users/xada?transfer_to=operator');
    expect(await owner()).toBe('operator');
  });

  it('by MAAS’s API, too', async () => {
    const maas = maasClient(on.site);
    const kept = await maas.remove('users/xada/');
    table.push(`MAAS DELETE users/xada → ${kept.status} ${kept.raw}`);
    expect(kept.status).toBe(400);
    const gone = await maas.remove('users/xada/', { query: { transfer_resources_to: 'operator' } });
    table.push(`MAAS DELETE users/xada?transfer_resources_to=operator → ${gone.status} ${gone.raw}`);
    expect(gone.status).toBe(204);
    expect(await owner()).toBe('operator');
  });

  it('is deleted with keys alone', async () => {
    await on.admin("update machine_states set owner = 'user'");
    await done('DELETE', '/users/xada');
  });
});

describe('11: the last dynamic range of a VLAN with DHCP', () => {
  it('may go, as tools do that change it, and comes back', async () => {
    await on.reset();
    await done('DELETE', '/ranges/10.10.10.100-10.10.10.199');
    expect((await on.site.call('GET', '/vlans/vlan10')).body).toMatchObject({ dhcpOn: true });
    await refused('PATCH', '/vlans/untagged', { dhcpOn: true }, /has no IPv4 subnet/);
    await done('POST', '/ranges', { kind: 'dynamic', first: '10.10.10.110', last: '10.10.10.199' });
    await done('PATCH', '/ranges/10.10.10.110-10.10.10.199', { kind: 'reserved' });
    await done('PATCH', '/ranges/10.10.10.110-10.10.10.199', { kind: 'dynamic', first: '10.10.10.100' });
  });
});

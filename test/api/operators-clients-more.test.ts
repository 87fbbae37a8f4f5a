import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtInScript, machineScriptsOf } from '../kit/machine-scripts.ts';
import { authorizationOf, maasClient, type MaasClient } from '../kit/maas.ts';
import { readyMachine } from '../kit/maas-site.ts';
import { createMaasTable, ok } from '../kit/maas-table.ts';
import { SEALING_AUTHORITY } from '../kit/metadata.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What clients of MAAS met, input by input with its exact answer; the file prints them as a table (`scripts/test --only operators`). */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
const { lines: table, ask, refused } = createMaasTable(() => maas);
const admin = (text: string) => pg.get().admin(text, site.connection.database);
const ids: Record<string, string> = {};
const MAC = (at: number) => `52:54:00:ac:00:${String(at).padStart(2, '0')}`;

beforeAll(async () => {
  const machineScripts = machineScriptsOf(builtInScript('regent-look', '', 'script_type: commissioning'));
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY, machineScripts });
  maas = maasClient(site);
  for (const [at, name] of ['m1', 'm2', 'm3'].entries())
    ids[name] = await readyMachine(site, admin, name, [MAC(at * 2), MAC(at * 2 + 1)]);
  ok(await maas.post('subnets/', null, { cidr: 'fd00:b9::/64', name: 'acc-six' }));
  await admin("insert into features (name) values ('record-types') on conflict do nothing");
  ok(await maas.post('domains/', null, { name: 'lab.test' }));
});
afterAll(async () => {
  process.stdout.write(`\nclients: sizes, statistics and small things of MAAS clients\n${table.join('\n')}\n`);
  await site?.close();
});

describe('F8: sizes', () => {
  it.each([
    ['10G', 10_000_000_000],
    ['1500m', 1_500_000_000],
    ['1.5G', 1_500_000_000],
    ['2000000K', 2_000_000_000],
    ['1000000000', 1_000_000_000],
  ])('of a partition: %s', async (size, bytes) => {
    const disks = ok(await maas.get(`nodes/${ids['m2']}/blockdevices/`));
    const { id } = disks.find(({ name }: { name: string }) => name === 'sdd');
    const path = `nodes/${ids['m2']}/blockdevices/${id}/partitions/`;
    const part = ok(await ask('F8', `POST ${path}`, { size }));
    expect(Math.abs(part.size - bytes)).toBeLessThan(8 * 1024 * 1024);
    ok(await maas.remove(`nodes/${ids['m2']}/blockdevices/${id}/partition/${part.id}`), 204);
  });
  it('of swap, of disks, and of nothing usable', async () => {
    ok(await ask('F8', `PUT machines/${ids['m2']}/`, { swap_size: '4G' }));
    const made = ok(
      await ask('F8', `POST nodes/${ids['m2']}/blockdevices/`, {
        name: 'sdx',
        model: 'm',
        serial: 'sdx1',
        size: '1T',
        block_size: '4K',
      }),
    );
    expect([made.size, made.block_size]).toEqual([1_000_000_000_000, 4000]);
    for (const size of ['10X', '-1G', 'G', '1e9', '10 20', '99999999E'])
      expect(
        (await ask('F8', `POST nodes/${ids['m2']}/blockdevices/`, { name: 'sdy', model: 'm', serial: 'y', size }))
          .status,
        size,
      ).toBe(400);
    expect((await ask('F8', `PUT machines/${ids['m2']}/`, { swap_size: 'much' })).body).toEqual({
      swap_size: ['"much" is not usable. Rule: bytes, such as 10737418240 or 10G.'],
    });
  });
});

describe('F10: statistics', () => {
  it('of a large network have all digits', async () => {
    const { raw } = await ask('F10', 'GET subnets/fd00:b9::/64/ statistics');
    expect(raw).toContain('"num_available":18446744073709551616,');
    expect(raw).toContain('"total_addresses":18446744073709551616,');
    const free = await ask('F10', 'GET subnets/fd00:b9::/64/ unreserved_ip_ranges');
    expect(free.raw).toContain('"num_addresses":18446744073709551616,');
  });
  it('suggest a gateway and a range for machines', async () => {
    ok(await maas.post('subnets/', null, { cidr: '10.7.0.0/24', name: 'empty' }));
    const suggest = { include_suggestions: 'true' };
    const empty = ok(await ask('F10', 'GET subnets/empty/ statistics', suggest));
    expect(empty.suggested_gateway).toBe('10.7.0.1');
    expect(empty.suggested_dynamic_range).toEqual({
      start: '10.7.0.191',
      end: '10.7.0.254',
      num_addresses: 64,
      purpose: ['proposed-dynamic'],
    });
    ok(await maas.put('subnets/empty/', { gateway_ip: '10.7.0.1' }));
    ok(await maas.post('ipranges/', null, { type: 'dynamic', start_ip: '10.7.0.9', end_ip: '10.7.0.20' }));
    const full = ok(await ask('F10', 'GET subnets/empty/ statistics', suggest));
    expect([full.suggested_gateway, full.suggested_dynamic_range]).toEqual([null, null]);
    const six = ok(await ask('F10', 'GET subnets/acc-six/ statistics', suggest));
    expect(six.suggested_gateway).toBe('fd00:b9::');
    expect(ok(await ask('F10', 'GET subnets/empty/ statistics'))).not.toHaveProperty('suggested_gateway');
  });
});

describe('F11: architectures', () => {
  it.each(['bogus/x', 'bogus', 'amd64/', 'amd64/a/b', '/generic', 'amd64/ x'])('%j is none', async (architecture) => {
    const answer = await ask('F11', 'POST machines/', { architecture, mac_addresses: MAC(60), hostname: 'never' });
    expect(answer.status).toBe(400);
    expect(answer.body.architecture[0]).toContain(`'${architecture}' is not a valid architecture.`);
    expect((await ask('F11', `PUT machines/${ids['m2']}/`, { architecture })).status).toBe(400);
  });
  it.each(['amd64', 'amd64/generic', 'arm64/ga-24.04', 's390x/generic'])('%j is one', async (architecture) => {
    ok(await ask('F11', `PUT machines/${ids['m2']}/`, { architecture }));
  });
});

describe('F12: a commissioning', () => {
  it('has its results at once', async () => {
    const at = `nodes/${ids['m2']}/results/`;
    ok(await maas.post(`machines/${ids['m2']}/`, 'commission', {}));
    const [run] = ok(await ask('F12', `GET ${at}`));
    expect(run).toMatchObject({ type_name: 'Commissioning', status_name: 'Pending' });
    const current = ok(await ask('F12', `GET ${at}current-commissioning/`));
    expect([current.id, current.results.length]).toEqual([run.id, run.results.length]);
    expect((await ask('F12', `GET ${at}current-testing/`)).status).toBe(404);
  });
});

describe('small', () => {
  it('moments, words and fields are MAAS’s', async () => {
    ok(await maas.post('dhcp-snippets/', null, { name: 's', value: '{"valid-lifetime": 600}' }));
    const [snippet] = ok(await ask('small', 'GET dhcp-snippets/'));
    expect(snippet.history[0].created).toMatch(/^20\d\d-/);
    const source = ok(await ask('small', 'POST boot-sources/', { url: 'https://images.example.net/x/' }), 201);
    expect([source.created, source.updated]).toEqual([
      expect.stringMatching(/^20\d\d-/),
      expect.stringMatching(/^20\d\d-/),
    ]);
    const script =
      '#!/bin/sh\n# --- Start MAAS 1.0 script metadata ---\n# name: c\n# hardware_type: cpu\n# --- End MAAS 1.0 script metadata ---\n';
    expect(ok(await ask('small', 'POST scripts/', { script })).hardware_type_name).toBe('CPU');
    const crlf = await ask('#16', 'POST scripts/', { name: 'd', script: script.replaceAll('\n', '\r\n') });
    expect([crlf.status, crlf.raw]).toEqual([400, expect.stringContaining('its lines end with CR and LF')]);
    expect(
      Object.keys((await ask('small', `POST machines/${ids['m1']}/ test`, { testing_scripts: 'nosuch' })).body),
    ).toEqual(['testing_scripts']);
    expect(
      Object.keys(
        (await ask('small', `POST machines/${ids['m1']}/ commission`, { commissioning_scripts: 'nosuch' })).body,
      ),
    ).toEqual(['commissioning_scripts']);
    const choice = ['Select a valid choice. That choice is not one of the available choices.'];
    await refused(['small', `PUT machines/${ids['m1']}/`], { pool: 'nosuch' }, 400, { pool: choice });
    await refused(['small', 'POST machines/'], { architecture: 'amd64', mac_addresses: MAC(61), zone: 'nosuch' }, 400, {
      zone: choice,
    });
    expect(Object.keys(ok(await ask('small', 'GET machines/ power_parameters'))).length).toBeGreaterThan(2);
    const mx = { fqdn: 'mail.lab.test', rrtype: 'MX', rrdata: '10 mx.lab.test' };
    ok(await ask('small', 'POST dnsresourcerecords/', mx));
    ok(
      await ask('small', 'POST dnsresourcerecords/', {
        fqdn: '_s._tcp.lab.test',
        rrtype: 'SRV',
        rrdata: '0 0 1 mx.lab.test',
      }),
    );
  });

  it('a BMC goes with its last machine, also when another one takes its place', async () => {
    const power = { power_type: 'ipmi', power_parameters_power_address: '192.0.2.9', power_parameters_power_pass: 'x' };
    const made = ok(
      await maas.post('machines/', null, {
        architecture: 'amd64',
        hostname: 'two',
        mac_addresses: MAC(62),
        commission: 'false',
        ...power,
      }),
    );
    ok(await ask('small', `PUT machines/${made.system_id}/`, { power_type: 'manual' }));
    const names = async () =>
      ((await site.call('GET', '/bmcs', {})).body['items'] as { name: string }[]).map(({ name }) => name);
    expect(await names()).not.toContain('two-bmc');
    ok(await ask('small', `DELETE machines/${made.system_id}/`), 204);
    expect((await names()).filter((name) => name.startsWith('two'))).toEqual([]);
  });

  it('interfaces are refused by the names of their parameters, and found on VLANs by specifiers', async () => {
    const at = `nodes/${ids['m3']}/interfaces/`;
    const [card, other] = ok(await maas.get(at)) as { id: number; name: string }[];
    const fields = async (call: string, values: Record<string, string | string[]>) => {
      const answer = await ask('small', call, values);
      return [answer.status, Object.keys(answer.body as object)];
    };
    const bond = `POST ${at} create_bond`;
    expect(await fields(bond, { name: 'bond0', parents: String(card?.id), vlan: '999' })).toEqual([400, ['vlan']]);
    expect(await fields(bond, { name: 'bond0', parents: 'nosuch' })).toEqual([400, ['parents']]);
    expect(await fields(bond, { name: 'b d', parents: String(card?.id) })).toEqual([400, ['name']]);
    const link = `POST ${at}${other?.id}/ link_subnet`;
    expect(await fields(link, { mode: 'STATIC', subnet: 'acc-six', ip_address: '192.0.2.1' })).toEqual([
      400,
      ['ip_address'],
    ]);
    expect(await fields(link, { mode: 'STATIC', subnet: 'acc-six', ip_address: 'x' })).toEqual([400, ['ip_address']]);
    expect((await ask('small', link, { mode: 'AUTO', subnet: 'nosuch' })).status).toBe(404);
    const moved = ok(await ask('F4', `PUT ${at}${other?.id}/`, { vlan: 'subnet:acc-six' }));
    expect(moved.vlan.vid).toBe(0);
  });

  it('swap is mounted without a place (#13), and what is no swap is not', async () => {
    const id = ok(await maas.get(`nodes/${ids['m3']}/blockdevices/`)).find(
      ({ name }: { name: string }) => name === 'sdb',
    ).id;
    const part = ok(await maas.post(`nodes/${ids['m3']}/blockdevices/${id}/partitions/`, null, { size: '4G' }));
    const at = `nodes/${ids['m3']}/blockdevices/${id}/partition/${part.id}`;
    ok(await maas.post(at, 'format', { fstype: 'swap' }));
    expect(ok(await ask('#13', `POST ${at} mount`)).filesystem).toMatchObject({ fstype: 'swap', mount_point: 'none' });
    const disk = `nodes/${ids['m3']}/blockdevices/${ok(await maas.get(`nodes/${ids['m3']}/blockdevices/`)).find(({ name }: { name: string }) => name === 'sdc').id}/`;
    ok(await maas.post(disk, 'format', { fstype: 'ext4' }));
    const answer = await ask('#13', `POST ${disk} mount`);
    expect([answer.status, Object.keys(answer.body)]).toEqual([400, ['mount_point']]);
  });

  it('a file for a text is that text, and no bytes are dropped in silence (#31)', async () => {
    const send = async (content: Buffer) => {
      const head = '--b\r\nContent-Disposition: form-data; name="description"; filename="d.txt"\r\n\r\n';
      const payload = Buffer.concat([Buffer.from(head), content, Buffer.from('\r\n--b--\r\n')]);
      const answer = await site.api.inject({
        method: 'PUT',
        url: `/MAAS/api/2.0/machines/${ids['m1']}/`,
        headers: { authorization: authorizationOf(site.keys.admin), 'content-type': 'multipart/form-data; boundary=b' },
        payload,
      });
      table.push(
        `#31: PUT machines/ID/ description=@d.txt (${content.length} bytes) → ${answer.statusCode} ${answer.payload.slice(0, 120)}`,
      );
      return answer;
    };
    expect((JSON.parse((await send(Buffer.from('from a file'))).payload) as { description: string }).description).toBe(
      'from a file',
    );
    const bytes = await send(Buffer.from([0xff, 0xfe, 0x00]));
    expect([bytes.statusCode, bytes.payload]).toEqual([400, expect.stringContaining('the file is not UTF-8 text')]);
  });

  it('gomaasapi finds no null, and asks again only where it helps', async () => {
    for (const machine of ok(await maas.get('machines/')))
      for (const field of ['pool', 'zone', 'memory', 'osystem', 'power_state', 'cpu_count', 'boot_interface'])
        expect([machine.hostname, field, machine[field] ?? null]).not.toEqual([machine.hostname, field, null]);
    const taken = ok(await ask('gomaasapi', 'POST machines/ allocate', { dry_run: 'true' }));
    expect(taken.constraints_by_type).toEqual({});
    const none = await ask('gomaasapi', 'POST machines/ allocate', { mem: '99999999' });
    expect([none.status, none.headers['retry-after']]).toEqual([409, undefined]);
    const taken2 = await ask('gomaasapi', `POST machines/${ids['m1']}/ exit_rescue_mode`);
    expect([taken2.status, taken2.headers['retry-after']]).toEqual([409, undefined]);
  });
});

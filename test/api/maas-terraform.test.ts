import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizationOf, maasClient, type MaasClient } from '../kit/maas.ts';
import { ok } from '../kit/maas-site.ts';
import { shapeProblems } from '../kit/maas-shape.ts';
import { SEALING_AUTHORITY } from '../kit/metadata.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What the Terraform provider does with objects of the site: it makes one, writes the same again, reads it, changes it, takes it away. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  await pg
    .get()
    .admin("insert into features (name) values ('record-types') on conflict do nothing", site.connection.database);
  maas = maasClient(site);
});
afterAll(() => site.close());

describe('maas_dns_domain and maas_dns_record', () => {
  let domain = { id: 0, name: '', resource_uri: '' };
  beforeAll(async () => {
    domain = ok(await maas.post('domains/', null, { name: 'tf.test', authoritative: 'true', ttl: '300' }));
  });

  it('send a TTL of zero for none, and the name with each change', async () => {
    const wanted = { name: 'web', domain: 'tf.test', ip_addresses: '10.77.0.9', address_ttl: '0' };
    const made = ok(await maas.post('dnsresources/', null, wanted));
    expect(made).toMatchObject({ fqdn: 'web.tf.test', address_ttl: null });
    expect(shapeProblems('dnsresource', made)).toEqual([]);
    const again = ok(await maas.put(made.resource_uri, wanted));
    expect([again.id, again.ip_addresses.length]).toEqual([made.id, 1]);
    const other = ok(
      await maas.put(made.resource_uri, { ...wanted, ip_addresses: '10.77.0.9 10.77.0.10', address_ttl: '60' }),
    );
    expect(other).toMatchObject({ address_ttl: 60, ip_addresses: [{ ip: '10.77.0.9' }, { ip: '10.77.0.10' }] });
    ok(await maas.remove(made.resource_uri), 204);
    expect((await maas.get(made.resource_uri)).status).toBe(404);
  });

  it('make a name before what it is to have, which keeps its number', async () => {
    const made = ok(await maas.post('dnsresources/', null, { name: 'bare', domain: 'tf.test' }));
    expect(made).toMatchObject({ fqdn: 'bare.tf.test', address_ttl: null, ip_addresses: [], resource_records: [] });
    expect(shapeProblems('dnsresource', made)).toEqual([]);
    expect(ok(await maas.get(made.resource_uri))).toEqual(made);
    expect(ok(await maas.get('dnsresources/', { fqdn: 'bare.tf.test' }))).toEqual([made]);
    expect(ok(await maas.get('dnsresources/', { fqdn: 'bare.tf.test', rrtype: 'A' }))).toEqual([]);
    expect((await maas.post('dnsresources/', null, { fqdn: 'bare.tf.test' })).status).toBe(400);
    const text = ok(
      await maas.post('dnsresourcerecords/', null, {
        dnsresource: String(made.id),
        rrtype: 'TXT',
        rrdata: 'first',
        ip_addresses: '10.77.0.21 10.77.0.22',
      }),
    );
    expect(text.fqdn).toBe('bare.tf.test');
    const full = ok(await maas.get(made.resource_uri));
    expect(full.ip_addresses.map(({ ip }: { ip: string }) => ip)).toEqual(['10.77.0.21', '10.77.0.22']);
    expect([full.id, full.resource_records.length]).toEqual([made.id, 1]);
    ok(await maas.remove(text.resource_uri), 204);
    // Without its last record it is a bare name again, under the same number, renamed or not.
    expect(ok(await maas.put(made.resource_uri, { ip_addresses: '' }))).toMatchObject({
      id: made.id,
      ip_addresses: [],
    });
    const renamed = ok(await maas.put(made.resource_uri, { fqdn: 'plain.tf.test' }));
    expect(renamed).toMatchObject({ id: made.id, fqdn: 'plain.tf.test', ip_addresses: [] });
    expect(ok(await maas.get('dnsresources/', { fqdn: 'bare.tf.test' }))).toEqual([]);
    const addressed = ok(await maas.put(made.resource_uri, { ip_addresses: '10.77.0.23' }));
    expect([addressed.id, addressed.fqdn, addressed.ip_addresses.length]).toEqual([made.id, 'plain.tf.test', 1]);
    ok(await maas.remove(made.resource_uri), 204);
    expect((await maas.get(made.resource_uri)).status).toBe(404);
    for (const fqdn of ['a b.tf.test', 'x.nowhere.test'])
      expect(Object.keys((await maas.post('dnsresources/', null, { fqdn })).body as object)).toEqual(['fqdn']);
  });

  it('rename a name, which keeps its number and all that it has', async () => {
    const by = { fqdn: 'old.tf.test', ip_addresses: '10.77.0.11', address_ttl: '0' };
    const made = ok(await maas.post('dnsresources/', null, by));
    ok(await maas.post('dnsresourcerecords/', null, { fqdn: 'old.tf.test', rrtype: 'TXT', rrdata: 'kept', ttl: '0' }));
    const renamed = ok(await maas.put(made.resource_uri, { ...by, fqdn: 'new.tf.test' }));
    expect(renamed).toMatchObject({ id: made.id, fqdn: 'new.tf.test', resource_records: [{ rrdata: 'kept' }] });
    expect(ok(await maas.get(made.resource_uri))).toMatchObject({ fqdn: 'new.tf.test' });
    // Who takes the old name is another.
    const next = ok(await maas.post('dnsresources/', null, by));
    expect(next.id).not.toBe(made.id);
    expect(ok(await maas.get(next.resource_uri)).fqdn).toBe('old.tf.test');
    ok(await maas.remove(next.resource_uri), 204);
    const back = ok(await maas.put(made.resource_uri, { name: 'old', domain: String(domain.id) }));
    expect(back).toMatchObject({ id: made.id, fqdn: 'old.tf.test', ip_addresses: [{ ip: '10.77.0.11' }] });
    ok(await maas.remove(made.resource_uri), 204);
  });

  it('name a domain by its number, too', async () => {
    const wanted = { name: 'n', domain: String(domain.id), rrtype: 'TXT', rrdata: 'by number', ttl: '0' };
    const made = ok(await maas.post('dnsresourcerecords/', null, wanted));
    expect(made).toMatchObject({ fqdn: 'n.tf.test', ttl: null, rrdata: 'by number' });
    expect(ok(await maas.put(made.resource_uri, { ...wanted, rrdata: 'other', ttl: '90' }))).toMatchObject({ ttl: 90 });
    expect(ok(await maas.get('dnsresourcerecords/', { domain: String(domain.id) }))).toHaveLength(1);
    expect((await maas.get('dnsresourcerecords/', { domain: '999' })).status).toBe(404);
    ok(await maas.remove(made.resource_uri), 204);
  });

  it('have services that are decidedly not there', async () => {
    const wanted = { fqdn: '_imap._tcp.tf.test', rrtype: 'SRV', rrdata: '0 0 0 .', ttl: '0' };
    const srv = ok(await maas.post('dnsresourcerecords/', null, wanted));
    expect(srv.rrdata).toBe('0 0 0 .');
    const mx = ok(await maas.post('dnsresourcerecords/', null, { fqdn: 'tf.test', rrtype: 'MX', rrdata: '0 .' }));
    expect(mx.rrdata).toBe('0 .');
    expect((await maas.post('dnsresourcerecords/', null, { fqdn: 'tf.test', rrtype: 'NS', rrdata: '.' })).status).toBe(
      400,
    );
    for (const one of [srv, mx]) ok(await maas.remove(one.resource_uri), 204);
  });

  it('take a domain away that has nothing left', async () => {
    ok(await maas.remove(domain.resource_uri), 204);
  });
});

describe('maas_node_script', () => {
  /** As the provider sends it: one file, without a name of the script. */
  async function send(method: 'POST' | 'PUT', path: string, text: string) {
    const answer = await site.api.inject({
      method,
      url: `/MAAS/api/2.0/${path}`,
      headers: {
        authorization: authorizationOf(site.keys.admin),
        'content-type': 'multipart/form-data; boundary=xx',
      },
      payload: `--xx\r\nContent-Disposition: form-data; name="script"; filename="script"\r\nContent-Type: application/octet-stream\r\n\r\n${text}\r\n--xx--\r\n`,
    });
    return {
      status: answer.statusCode,
      body: JSON.parse(answer.payload) as Record<string, unknown>,
      raw: answer.payload,
    };
  }
  const script = (title: string) =>
    `#!/bin/sh\n# --- Start MAAS 1.0 script metadata ---\n# name: probe\n# title: ${title}\n# description: looks\n# script_type: testing\n# hardware_type: cpu\n# parallel: instance\n# timeout: 00:10:00\n# --- End MAAS 1.0 script metadata ---\nexit 0\n`;

  it('is a file that says itself what it is', async () => {
    const made = await send('POST', 'scripts/', script('A probe'));
    expect([made.status, made.body]).toEqual([
      200,
      expect.objectContaining({
        name: 'probe',
        title: 'A probe',
        type: 2,
        hardware_type: 1,
        parallel: 1,
        timeout: '0:10:00',
      }),
    ]);
    const shown = ok(await maas.get('scripts/probe', { include_script: 'true' }));
    expect(Buffer.from(shown.history[0].data, 'base64').toString()).toBe(script('A probe'));
    const changed = await send('PUT', 'scripts/probe', script('Another'));
    expect([changed.status, changed.body['title']]).toEqual([200, 'Another']);
    ok(await maas.remove('scripts/probe'), 204);
  });

  it('is a test where it says nothing, but has to have a name', async () => {
    const nameless = await send('POST', 'scripts/', '#!/bin/sh\nexit 0\n');
    expect([nameless.status, Object.keys(nameless.body)]).toEqual([400, ['name']]);
    const named = await maas.post(
      'scripts/',
      null,
      { name: 'plain', script: '#!/bin/sh\n' },
      { encoding: 'multipart' },
    );
    expect(ok(named).type_name).toBe('Testing script');
    const odd = await maas.post('scripts/', null, { name: 'odd', script: '#!/bin/sh\n', timeout: 'soon' });
    expect([odd.status, Object.keys(odd.body)]).toEqual([400, ['timeout']]);
    ok(await maas.remove('scripts/plain'), 204);
  });
});

describe('maas_configuration', () => {
  const set = (name: string, value: string) => maas.post('maas/', 'set_config', { name, value });
  const get = async (name: string) => ok(await maas.get('maas/', { op: 'get_config', name }));

  it('is read back as it was written', async () => {
    for (const [name, text, value] of [
      ['enable_disk_erasing_on_release', 'true', true],
      ['enable_disk_erasing_on_release', 'false', false],
      ['disk_erase_with_quick_erase', 'true', true],
      ['disk_erase_with_secure_erase', 'false', false],
      ['maas_auto_ipmi_user', 'maas', 'maas'],
      ['maas_auto_ipmi_user_privilege_level', 'ADMIN', 'ADMIN'],
      ['vcenter_server', 'vc.example.net', 'vc.example.net'],
      ['session_length', '1209600', 1_209_600],
      ['promtail_enabled', 'true', true],
    ] as const) {
      ok(await set(name, text));
      expect([name, await get(name)]).toEqual([name, value]);
    }
  });
});

describe('networks', () => {
  it('are made from a fabric up, changed, and taken away from below', async () => {
    const space = ok(await maas.post('spaces/', null, { name: 'tf-space' }));
    const fabric = ok(await maas.post('fabrics/', null, { name: 'tf-fabric' }));
    const at = `fabrics/${fabric.id}/vlans/`;
    const vlan = ok(
      await maas.post(at, null, { vid: '40', name: 'tf-vlan', mtu: '1500', space: 'tf-space', dhcp_on: 'false' }),
    );
    expect(vlan).toMatchObject({ vid: 40, space: 'tf-space', dhcp_on: false });
    const same = { vid: '40', name: 'tf-vlan', mtu: '9000', space: 'tf-space', dhcp_on: 'false' };
    expect(ok(await maas.put(`${at}40/`, same)).mtu).toBe(9000);
    const off = { dhcp_on: 'false', primary_rack: '', secondary_rack: '', relay_vlan: '' };
    expect(ok(await maas.put(`${at}40/`, off))).toMatchObject({ dhcp_on: false, primary_rack: null, relay_vlan: null });
    const subnet = ok(
      await maas.post('subnets/', null, {
        cidr: '10.78.0.0/24',
        name: 'tf-subnet',
        fabric: String(fabric.id),
        vlan: String(vlan.id),
        gateway_ip: '10.78.0.1',
        dns_servers: '1.1.1.1',
        allow_dns: 'true',
        allow_proxy: 'true',
        rdns_mode: '2',
      }),
    );
    expect(subnet).toMatchObject({ cidr: '10.78.0.0/24', space: 'tf-space', dns_servers: ['1.1.1.1'] });
    expect(ok(await maas.put(subnet.resource_uri, { gateway_ip: '', dns_servers: '' }))).toMatchObject({
      gateway_ip: null,
      dns_servers: [],
    });
    const range = { subnet: String(subnet.id), type: 'reserved', start_ip: '10.78.0.100', end_ip: '10.78.0.110' };
    const kept = ok(await maas.post('ipranges/', null, { ...range, comment: 'a' }));
    expect(ok(await maas.put(kept.resource_uri, { ...range, end_ip: '10.78.0.120', comment: '' }))).toMatchObject({
      end_ip: '10.78.0.120',
      comment: '',
    });
    const other = ok(await maas.put(kept.resource_uri, { ...range, type: 'dynamic' }));
    expect([other.id, other.type]).toEqual([kept.id, 'dynamic']);
    const odd = await maas.put(kept.resource_uri, { ...range, type: 'static' });
    expect([odd.status, Object.keys(odd.body)]).toEqual([400, ['type']]);
    ok(await maas.remove(kept.resource_uri), 204);
    ok(await maas.remove(subnet.resource_uri), 204);
    ok(await maas.remove(`${at}40/`), 204);
    ok(await maas.remove(fabric.resource_uri), 204);
    ok(await maas.remove(space.resource_uri), 204);
    for (const one of [subnet, fabric, space]) expect((await maas.get(one.resource_uri)).status).toBe(404);
  });
});

describe('zones and spaces that are taken away while something is in them', () => {
  it('leave it to the default zone, and to no space', async () => {
    const zone = ok(await maas.post('zones/', null, { name: 'tf-zone', description: 'a' }));
    expect(ok(await maas.put('zones/tf-zone/', { name: 'tf-zone-2', description: '' }))).toMatchObject({ id: zone.id });
    const wanted = {
      hostname: 'in-zone',
      architecture: 'amd64',
      mac_addresses: '52:54:00:00:77:05',
      zone: 'tf-zone-2',
    };
    const machine = ok(await maas.post('machines/', null, wanted));
    expect(machine.zone.name).toBe('tf-zone-2');
    ok(await maas.remove('zones/tf-zone-2/'), 204);
    expect(ok(await maas.get(machine.resource_uri)).zone.name).toBe('default');
    expect((await maas.remove('zones/default/')).status).toBe(400);
    const space = ok(await maas.post('spaces/', null, { name: 'full' }));
    const [fabric] = ok(await maas.get('fabrics/'));
    const vlan = ok(await maas.post(`fabrics/${fabric.id}/vlans/`, null, { vid: '55', space: String(space.id) }));
    ok(await maas.remove(space.resource_uri), 204);
    expect(ok(await maas.get(vlan.resource_uri)).space).toBe('undefined');
  });

  it('but a pool stays while it has machines', async () => {
    const pool = ok(await maas.post('resourcepools/', null, { name: 'tf-pool', description: 'a' }));
    const wanted = { hostname: 'in-pool', architecture: 'amd64', mac_addresses: '52:54:00:00:77:06', pool: 'tf-pool' };
    const machine = ok(await maas.post('machines/', null, wanted));
    expect([400, 409]).toContain((await maas.remove(pool.resource_uri)).status);
    ok(await maas.remove(machine.resource_uri), 204);
    ok(await maas.remove(pool.resource_uri), 204);
  });
});

describe('what Regent has not', () => {
  it('says so clearly: power types, VM hosts', async () => {
    const wanted = { architecture: 'amd64/generic', mac_addresses: '52:54:00:00:77:01', power_type: 'lxd' };
    const none = await maas.post('machines/', null, wanted);
    expect([none.status, none.raw]).toEqual([
      400,
      expect.stringMatching(/lxd cannot be used here.*ipmi, redfish, virsh, webhook, manual/),
    ]);
    for (const path of ['vm-hosts/', 'pods/']) {
      expect(ok(await maas.get(path))).toEqual([]);
      expect((await maas.get(`${path}1/`)).status).toBe(404);
      expect((await maas.post(`${path}1/`, 'compose', { cores: '1' })).status).toBe(404);
      const host = { type: 'lxd', power_address: '10.0.0.1', power_user: 'u', power_pass: 'p' };
      const made = await maas.post(path, null, host);
      expect([made.status, typeof made.raw]).toEqual([400, 'string']);
    }
  });

  it('passes over what gomaasapi sends besides', async () => {
    const made = ok(
      await maas.post('machines/', '', {
        hostname: 'ga',
        architecture: 'amd64',
        mac_addresses: '52:54:00:00:77:02',
        commission: 'false',
        power_type: 'ipmi',
        power_parameters_power_address: '192.0.2.9',
        power_parameters_power_user: 'root',
        power_parameters_power_password: 'root',
        power_parameters_power_pass: 'a long secret',
      }),
    );
    expect(made).toMatchObject({ hostname: 'ga', power_type: 'ipmi' });
  });
});

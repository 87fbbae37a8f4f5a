import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizationOf, maasClient, type MaasClient } from '../kit/maas.ts';
import { ok } from '../kit/maas-site.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What the `maas` command sends: files are fields without a name of a file, and what an object cannot become is said. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
});
afterAll(() => site.close());

/** Posts parts as `maas PROFILE … name=value file@=path` does. */
async function send(path: string, parts: Readonly<Record<string, Buffer | string>>) {
  const boundary = '===============1234567890==';
  const written = Object.entries(parts).map(([name, value]) => {
    const type = typeof value === 'string' ? 'text/plain; charset="utf-8"' : 'application/octet-stream';
    const head = `Content-Transfer-Encoding: base64\r\nContent-Disposition: form-data; name="${name}"\r\nMIME-Version: 1.0\r\nContent-Type: ${type}`;
    return `--${boundary}\r\n${head}\r\n\r\n${Buffer.from(value).toString('base64')}\r\n`;
  });
  const answer = await site.api.inject({
    method: 'POST',
    url: `/MAAS/api/2.0/${path}`,
    headers: {
      authorization: authorizationOf(site.keys.admin),
      'content-type': `multipart/form-data; boundary="${boundary}"`,
    },
    payload: `${written.join('')}--${boundary}--\r\n`,
  });
  return { status: answer.statusCode, body: JSON.parse(answer.payload) as { id: number } };
}

describe('files that are sent as fields', () => {
  it('come back byte by byte, be they text or not', async () => {
    for (const [filename, content] of [
      ['bytes', Buffer.from([0, 255, 128, 10, 13, 0, 200])],
      ['text', Buffer.from('some ẅords\n')],
    ] as const) {
      expect((await send('files/', { filename, file: content })).status).toBe(201);
      const { content: kept } = ok(await maas.get(`files/${filename}/`)) as { content: string };
      expect([filename, Buffer.from(kept, 'base64')]).toEqual([filename, content]);
    }
  });

  it('are keys of a source of images', async () => {
    const keyring = Buffer.from('99010d04' + 'ff00fe80'.repeat(8), 'hex');
    const url = 'https://images.example.net/keys/';
    const made = await send('boot-sources/', { url, keyring_data: keyring });
    expect(made.status).toBe(201);
    expect(ok(await maas.get(`boot-sources/${made.body.id}/`)).keyring_data).toBe(keyring.toString('base64'));
  });
});

describe('what an object cannot become', () => {
  it('is said: a VLAN stays in its fabric', async () => {
    const other = ok(await maas.post('fabrics/', null, { name: 'other' }));
    const vlan = ok(await maas.post('fabrics/0/vlans/', null, { vid: '40' }));
    const path = 'fabrics/0/vlans/40/';
    expect(ok(await maas.get(path)).id).toBe(vlan.id);
    expect(ok(await maas.put(path, { fabric: '0', mtu: '1600' })).mtu).toBe(1600);
    expect(ok(await maas.put(path, { fabric: String(vlan.fabric_id), mtu: '1700' })).mtu).toBe(1700);
    const moved = await maas.put(path, { fabric: String(other.id) });
    expect([moved.status, moved.body]).toEqual([400, { fabric: [expect.stringContaining(`stays in ${vlan.fabric}`)] }]);
  });

  it('is said: a range stays in its subnet', async () => {
    ok(await maas.post('subnets/', null, { cidr: '10.44.0.0/24' }));
    ok(await maas.post('subnets/', null, { cidr: '10.45.0.0/24' }));
    const at = { start_ip: '10.44.0.10', end_ip: '10.44.0.20' };
    const range = ok(await maas.post('ipranges/', null, { type: 'reserved', ...at }));
    const path = `ipranges/${range.id}/`;
    expect(ok(await maas.put(path, { type: 'reserved', subnet: '10.44.0.0/24', comment: 'c' })).comment).toBe('c');
    const { status, body } = await maas.put(path, { subnet: '10.45.0.0/24' });
    expect([status, Object.keys(body)]).toEqual([400, ['subnet']]);
    expect(ok(await maas.put(path, { type: 'dynamic' })).type).toBe('dynamic');
  });
});

describe('a refusal', () => {
  it('names what the caller gave, by its own name: an address, a text, a part of a disk', async () => {
    for (const [path, op, values, field] of [
      ['ipaddresses/', 'release', { ip: 'x' }, 'ip'],
      ['ipaddresses/', 'reserve', { ip: 'x' }, 'ip'],
      ['reservedips/', null, { ip: 'x' }, 'ip'],
      ['dhcp-snippets/', null, { name: 'bad', value: 'x' }, 'value'],
    ] as const) {
      const { status, body } = await maas.post(path, op, values);
      expect([path, op, status, Object.keys(body)]).toEqual([path, op, 400, [field]]);
    }
  });

  it('of a change of storage tells what is wrong with that change', async () => {
    const body = { hostname: 'k1', interfaces: [{ mac: '52:54:00:00:55:01' }] };
    const id = String((await site.call('POST', '/machines', { body })).body['id']);
    const admin = (text: string) => pg.get().admin(text, site.connection.database);
    const disks = JSON.stringify({ disks: [{ name: 'sda', bytes: 100_000_000_000 }] });
    await admin(`insert into machine_inventories (machine_id, inventory) values ('${id}', '${disks}')`);
    await admin(`insert into machine_states (machine_id, state, epoch) values ('${id}', 'ready', 1)`);
    const blocks = `nodes/${id}/blockdevices/`;
    const [disk] = ok(await maas.get(blocks));
    for (const [path, op, values, field] of [
      [blocks, null, { size: '1000000000' }, 'name'],
      [blocks, null, { name: 'sdx', size: '1000000000', model: 'm'.repeat(200) }, 'model'],
      [`${blocks}${disk.id}/`, 'format', { fstype: 'ext4', label: 'l'.repeat(40) }, 'label'],
      [`${blocks}${disk.id}/`, 'add_tag', { tag: 't'.repeat(70) }, 'tag'],
    ] as const) {
      const { status, body: told } = await maas.post(path, op, values);
      expect([op, status, told]).toEqual([op, 400, { [field]: [expect.any(String)] }]);
    }
    const own = await site.call('POST', `/machines/${id}/storage/changes`, { body: { changes: [{ do: 'nope' }] } });
    expect(own.raw).toContain('one of lay-out, add-disk');
  });
});

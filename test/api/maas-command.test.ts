import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorizationOf, type MaasAnswer, maasClient, type MaasClient } from '../kit/maas.ts';
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

/** The body of an answer that worked. */
function ok(answer: MaasAnswer, status = 200) {
  expect([answer.status, answer.raw.slice(0, 300)]).toEqual([status, answer.raw.slice(0, 300)]);
  // What an answer has in it is what a test looks for.
  // oxlint-disable-next-line typescript/no-explicit-any
  return answer.body as any;
}

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

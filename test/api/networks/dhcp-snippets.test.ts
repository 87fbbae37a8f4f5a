import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
const MAC = '52:54:00:00:00:30';
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await made('/subnets', { cidr: '10.20.0.0/24', name: 'lab' });
  await made('/subnets', { cidr: '2001:db8:20::/64', name: 'six' });
  await made('/reservations', { address: '10.20.0.30', mac: MAC });
  await made('/machines', { hostname: 'web1', interfaces: [{ mac: '52:54:00:00:00:31' }] });
});
afterAll(() => site.close());

async function made(path: string, body: object) {
  const answer = await site.call('POST', path, { body });
  expect(answer.status, answer.raw).toBe(201);
  return answer.body;
}
const patch = (path: string, body: object) => site.call('PATCH', path, { body });
const BOOT = '{"boot-file-name": "x"}';

describe('snippets', () => {
  it('are for all, for a subnet by its name, for a MAC of a reservation or a machine', async () => {
    expect(await made('/dhcp-snippets', { name: 'a' })).toMatchObject({ scope: 'global', text: '{}', enabled: true });
    expect(await made('/dhcp-snippets', { name: 'b', scope: 'lab', text: ` ${BOOT} ` })).toMatchObject({
      scope: '10.20.0.0/24',
      text: BOOT,
    });
    expect(await made('/dhcp-snippets', { name: 'c', scope: '52-54-00-00-00-30', text: BOOT })).toMatchObject({
      scope: MAC,
    });
    expect(await made('/dhcp-snippets', { name: 'd', scope: '52:54:00:00:00:31' })).toMatchObject({ name: 'd' });
    const large = `{"option-data":[${Array(250)
      .fill(`{"code":224,"data":"${'A'.repeat(200)}"}`)
      .join()}]}`;
    expect((await patch('/dhcp-snippets/a', { text: large })).status).toBe(200);
  });

  it('are statements of dhcpd.conf once every region node knows them, and stay as they were written', async () => {
    const text = 'option log-servers 192.0.2.14; # ours';
    const early = await site.call('POST', '/dhcp-snippets', { body: { name: 'words', text } });
    expect([early.status, early.raw]).toEqual([409, expect.stringContaining('every region node')]);
    await pg.get().admin("insert into features (name) values ('dhcp-statements')", site.connection.database);
    expect(await made('/dhcp-snippets', { name: 'words', text })).toMatchObject({ text });
    const wrong = await patch('/dhcp-snippets/words', { text: 'ddns-updates off;' });
    expect([wrong.status, wrong.raw]).toEqual([422, expect.stringContaining('is not known here')]);
  });

  it('can be switched off, and taken back in one step', async () => {
    await made('/dhcp-snippets', { name: 'undone', text: BOOT });
    const latest = async () => {
      const list = await site.call('GET', '/config/history?limit=1');
      return (list.body['items'] as { id: number; summary: string }[])[0];
    };
    expect((await patch('/dhcp-snippets/undone', { enabled: false })).body).toMatchObject({
      enabled: false,
      text: BOOT,
    });
    expect((await patch('/dhcp-snippets/undone', { text: '{"renew-timer": 5}' })).body).toMatchObject({
      enabled: false,
    });
    const change = await latest();
    expect(change?.summary).toBe('dhcp-snippet set undone');
    expect((await site.call('POST', `/config/history/${change?.id}/rollback`)).status).toBe(201);
    expect((await site.call('GET', '/dhcp-snippets/undone')).body).toMatchObject({ text: BOOT, enabled: false });
  });

  it('tell what they would change before they do', async () => {
    const dry = await site.call('POST', '/dhcp-snippets?dry_run=true', { body: { name: 'dry', text: BOOT } });
    expect(dry.body).toMatchObject({ dryRun: true, object: { name: 'dry' } });
    expect((await site.call('GET', '/dhcp-snippets/dry')).status).toBe(404);
  });

  it('live on when their subnet goes', async () => {
    await made('/subnets', { cidr: '10.21.0.0/24' });
    await made('/dhcp-snippets', { name: 'left', scope: '10.21.0.0/24', text: BOOT });
    expect((await site.call('DELETE', '/subnets/10.21.0.0%2F24')).status).toBe(200);
    expect((await patch('/dhcp-snippets/left', { comment: 'x' })).body).toMatchObject({ scope: '10.21.0.0/24' });
    expect((await patch('/dhcp-snippets/left', { scope: '10.21.0.0/24' })).status).toBe(422);
  });

  it.each([
    [
      { text: '{"hooks-libraries": []}' },
      'text: the member "hooks-libraries" is not for a snippet: a library would run',
    ],
    [{ text: '{' }, 'text: "{" is not a JSON object.'],
    [{ scope: 'lab', text: '{"option-def": []}' }, 'text: the member "option-def" is not for a snippet.'],
    [
      { scope: MAC, text: '{"ip-address": "10.20.0.31"}' },
      'text: the member "ip-address" is not for a snippet: static leases',
    ],
    [{ scope: 'six' }, 'scope: 2001:db8:20::/64 is an IPv6 subnet.'],
    [{ scope: 'nowhere' }, 'scope: There is no subnet "nowhere".'],
    [{ scope: '52:54:00:00:00:99' }, 'scope: no machine and no reservation has the MAC 52:54:00:00:00:99.'],
    [{ scope: 'ff:ff:ff:ff:ff:ff' }, 'scope: "ff:ff:ff:ff:ff:ff" is the broadcast address'],
    [{ text: `{"option-data": "${'x'.repeat(65_600)}"}` }, 'text: '],
  ])('refuse %j', async (body, detail) => {
    const answer = await site.call('POST', '/dhcp-snippets', { body: { name: 'bad', ...body } });
    expect({ status: answer.status, detail: answer.body['detail'] }).toEqual({
      status: 422,
      detail: expect.stringContaining(detail),
    });
  });

  it('refuse a scope that the text does not fit, and 1 MB', async () => {
    await made('/dhcp-snippets', {
      name: 'def',
      text: '{"option-def": [{"name": "x", "code": 240, "type": "uint8"}]}',
    });
    expect((await patch('/dhcp-snippets/def', { scope: 'lab' })).body).toMatchObject({
      detail: expect.stringContaining('the member "option-def" is not for a snippet'),
    });
    const body = { name: 'huge', text: `{"option-data": "${'x'.repeat(1_000_000)}"}` };
    expect((await site.call('POST', '/dhcp-snippets', { body })).status).toBe(413);
  });
});

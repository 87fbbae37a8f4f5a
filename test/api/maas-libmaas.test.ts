import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { ok } from '../kit/maas-site.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What python-libmaas asks of answers: it reads moments by one format, objects by their numbers, and raises on everything else. */

/** `%Y-%m-%dT%H:%M:%S.%f`. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}$/;
/** `%a, %d %b. %Y %H:%M:%S`. */
const EVENT_MOMENT = /^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2}\. \d{4} \d\d:\d\d:\d\d$/;
const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
let machine = '';
const admin = (text: string) => pg.get().admin(text, site.connection.database);
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
  const body = { hostname: 'l1', interfaces: [{ mac: '52:54:00:00:66:01' }] };
  machine = String((await site.call('POST', '/machines', { body })).body['id']);
  await admin(`insert into machine_inventories (machine_id, inventory) values ('${machine}', '{}')`);
  await admin(
    `insert into machine_states (machine_id, state, epoch, commissioned_at) values ('${machine}', 'ready', 1, now())`,
  );
});
afterAll(() => site.close());

describe('moments', () => {
  it('of addresses, names, sources and events are read by the format of each', async () => {
    ok(await maas.post('subnets/', null, { cidr: '10.66.0.0/24', gateway_ip: '10.66.0.1' }));
    expect(ok(await maas.post('ipaddresses/', 'reserve', { ip: '10.66.0.9' })).created).toMatch(MOMENT);
    const named = ok(await maas.post('dnsresources/', null, { fqdn: 'l.regent.internal', ip_addresses: '10.66.0.9' }));
    expect(named.ip_addresses[0].created).toMatch(MOMENT);
    const url = 'https://images.example.net/ephemeral-v3/stable/';
    const source = ok(await maas.post('boot-sources/', null, { url }), 201);
    expect([source.created, source.updated]).toEqual([expect.stringMatching(MOMENT), expect.stringMatching(MOMENT)]);
    const { events } = ok(await maas.get('events/', { op: 'query', limit: '5' })) as { events: { created: string }[] };
    expect(events.length).toBeGreaterThan(0);
    for (const { created } of events) expect(created).toMatch(EVENT_MOMENT);
  });
});

describe('what MAAS has from the beginning', () => {
  it('is found by the number 0: a fabric, a domain, a resource pool', async () => {
    const fabric = ok(await maas.get('fabrics/0/'));
    expect([fabric.id, fabric.vlans.length]).toEqual([ok(await maas.get('fabrics/'))[0].id, fabric.vlans.length]);
    expect(ok(await maas.get('fabrics/0/vlans/0/')).id).toBe(fabric.vlans[0].id);
    expect(ok(await maas.get('fabrics/0/vlans/untagged/')).id).toBe(fabric.vlans[0].id);
    expect(ok(await maas.put('fabrics/0/', { description: 'the first' })).description).toBe('the first');
    expect(ok(await maas.get('resourcepool/0/')).name).toBe('default');
    expect(ok(await maas.get('domains/0/')).is_default).toBe(true);
    const made = ok(await maas.post('dnsresources/', null, { name: 'zero', domain: '0', ip_addresses: '10.66.0.10' }));
    expect(made.fqdn).toMatch(/^zero\./);
    expect((await maas.get('fabrics/none/')).status).toBe(404);
    expect((await maas.remove('resourcepool/0/')).status).toBe(400);
  });
});

describe('links of an interface', () => {
  it('have numbers that stay: the one that is new is what was made', async () => {
    const [card] = ok(await maas.get(`nodes/${machine}/interfaces/`));
    const { vlans } = ok(await maas.get('fabrics/0/'));
    ok(await maas.put(card.resource_uri, { vlan: String(vlans[0].id) }));
    const subnets: { id: number; cidr: string }[] = [];
    for (const cidr of ['10.67.0.0/24', '10.67.1.0/24'])
      subnets.push(ok(await maas.post('subnets/', null, { cidr, vlan: String(vlans[0].id) })));
    const numbers = async () => ok(await maas.get(card.resource_uri)).links.map(({ id }: { id: number }) => id);
    let before: number[] = await numbers();
    for (const { id } of subnets) {
      ok(await maas.post(card.resource_uri, 'link_subnet', { mode: 'STATIC', subnet: String(id), force: 'False' }));
      const now: number[] = await numbers();
      expect(now.filter((one) => !before.includes(one))).toHaveLength(1);
      before = now;
    }
    expect(before).toHaveLength(2);
  });
});

describe('a machine', () => {
  it('that is released twice is released once', async () => {
    ok(await maas.post('machines/', 'allocate', { system_id: machine }));
    for (const _ of [1, 2]) {
      const released = ok(await maas.post(`machines/${machine}/`, 'release', { comment: 'done' }));
      expect(['Ready', 'Releasing']).toContain(released.status_name);
    }
  });

  it('tells by 409 and by words that its state is another', async () => {
    for (const op of ['exit_rescue_mode', 'mark_fixed', 'abort', 'override_failed_testing']) {
      const { status, type, raw } = await maas.post(`machines/${machine}/`, op);
      expect([op, status, type]).toEqual([op, 409, 'text/plain; charset=utf-8']);
      expect(raw.length).toBeGreaterThan(20);
    }
  });
});

describe('a DHCP snippet', () => {
  it('is for a machine by its first interface', async () => {
    const [card] = ok(await maas.get(`nodes/${machine}/interfaces/`));
    const text = { name: 'one', value: '{"boot-file-name": "x"}' };
    const made = ok(await maas.post('dhcp-snippets/', null, { ...text, node: machine }));
    expect(made).toMatchObject({ node: { system_id: machine }, subnet: null, global_snippet: false });
    expect(made.history[0].created).toMatch(MOMENT);
    const { body } = await site.call('GET', '/dhcp-snippets/one');
    expect(body).toMatchObject({ scope: card.mac_address });
    expect(ok(await maas.get('dhcp-snippets/'))).toMatchObject([{ id: made.id, node: { system_id: machine } }]);
    const none = await maas.put(made.resource_uri, { node: 'abcdef' });
    expect([none.status, Object.keys(none.body)]).toEqual([400, ['node']]);
    expect(ok(await maas.put(made.resource_uri, { global_snippet: 'true' }))).toMatchObject({ node: null });
  });
});

describe('names', () => {
  it('follow from machines, too, where all are asked for', async () => {
    const [card] = ok(await maas.get(`nodes/${machine}/interfaces/`));
    const held = card.links.map(({ ip_address }: { ip_address: string }) => ip_address);
    const { fqdn } = ok(await maas.get(`machines/${machine}/`));
    expect(held.length).toBeGreaterThan(0);
    const find = async (query: Record<string, string>) =>
      (ok(await maas.get('dnsresources/', query)) as { fqdn: string }[]).filter((one) => one.fqdn === fqdn);
    expect(await find({})).toEqual([]);
    const [own, ...more] = await find({ all: 'true' });
    expect(more).toEqual([]);
    expect(own).toMatchObject({ id: -1, ip_addresses: null, address_ttl: null });
    expect(own).toMatchObject({
      resource_records: held.map((rrdata: string) => ({ rrtype: 'A', rrdata, system_id: machine, node_type: 0 })),
    });
    expect(await find({ all: 'true', rrtype: 'AAAA' })).toEqual([]);
  });

  it('are found by a part of what they are', async () => {
    const domain = ok(await maas.post('domains/', null, { name: 'parts.example' }));
    for (const [rrtype, rrdata] of [
      ['CNAME', 'mail.parts.example'],
      ['TXT', 'words'],
    ] as const)
      ok(
        await maas.post('dnsresourcerecords/', null, {
          name: `n-${rrtype}`,
          domain: String(domain.id),
          rrtype,
          rrdata,
        }),
      );
    const found = async (query: Record<string, string>) =>
      ok(await maas.get('dnsresourcerecords/', query)).map(({ rrtype }: { rrtype: string }) => rrtype);
    expect(await found({ domain: 'parts.example' })).toEqual(['CNAME', 'TXT']);
    expect(await found({ domain: String(domain.id), rrtype: 'txt' })).toEqual(['TXT']);
    expect(await found({ name: 'n-txt' })).toEqual(['TXT']);
    expect(await found({ name: 'other' })).toEqual([]);
    expect(await found({ domain: 'none.example' })).toEqual([]);
  });
});

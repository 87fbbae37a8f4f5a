import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateZones } from '../../../src/services/dns/bind-zone-generator.ts';
import { holdBackZones } from '../../../src/services/dns/hold-back.ts';
import { txtStrings } from '../../../src/model/names/txt.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

/** The law of names, second half: every input with its answer, printed as a table. Each case goes on from the one before. */

const pg = usePostgres();
const table: string[] = [];
let site: TestRegion;

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await pg
    .get()
    .admin("insert into features (name) values ('record-types'), ('txt-strings')", site.connection.database);
  await done('PATCH', '/vlans/0', { name: 'untagged-1' });
  await done('POST', '/subnets', { cidr: '10.10.10.0/24', vlan: 'untagged-1' });
  for (const name of ['a.test', 'b.test', 'c.test']) await done('POST', '/domains', { name });
});
afterAll(async () => {
  process.stdout.write(`\npublic reports 6, 29, 33: input → answer\n${table.join('\n')}\n`);
  await site?.close();
});

async function say(method: Method, path: string, body?: unknown) {
  const answer = await site.call(method, path, body === undefined ? {} : { body });
  const data: { detail?: string; data?: string; id?: number } = JSON.parse(answer.raw);
  const detail = answer.status < 400 ? (data.data ?? 'done') : (data.detail ?? '');
  table.push(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} → ${answer.status} ${detail}`);
  return { status: answer.status, detail, id: data.id ?? 0 };
}
async function done(method: Method, path: string, body?: unknown) {
  const answer = await say(method, path, body);
  expect(answer.status, `${method} ${path}: ${answer.detail}`).toBeLessThan(300);
  return answer;
}
const record = (fqdn: string, type: string, data: string) => say('POST', '/records', { fqdn, type, data });
async function made(fqdn: string, type: string, data: string) {
  const answer = await record(fqdn, type, data);
  expect(answer.status, answer.detail).toBe(201);
  return answer;
}
async function refused(fqdn: string, type: string, data: string, detail: RegExp) {
  const answer = await record(fqdn, type, data);
  expect({ status: answer.status, detail: answer.detail }).toEqual({
    status: expect.any(Number) as number,
    detail: expect.stringMatching(detail) as string,
  });
  expect([409, 422]).toContain(answer.status);
}
const zones = async () => {
  const held = holdBackZones(
    generateZones(value(await site.db.read(readSnapshot))).map((zone) => zone.content),
    [],
  );
  return { ...held, of: (name: string) => held.zones.find((zone) => zone.name === name)?.records ?? [] };
};

describe('TXT data is read as zone files and dig print it', () => {
  it.each([
    ['one', 'v=spf1 -all', ['v=spf1 -all']],
    ['quoted', '"v=spf1 include:_spf.a.test -all"', ['v=spf1 include:_spf.a.test -all']],
    ['several', '"v=DKIM1; k=rsa; " "p=MIGf"', ['v=DKIM1; k=rsa; ', 'p=MIGf']],
    ['touching', '"a""b"', ['a', 'b']],
    ['brackets', '( "a" "b" )', ['a', 'b']],
    ['semicolon', 'v=DKIM1\\; k=rsa\\; p=MIGf', ['v=DKIM1; k=rsa; p=MIGf']],
    ['semicolon-quoted', '"v=DKIM1\\; p=MIGf"', ['v=DKIM1; p=MIGf']],
    ['quote', '\\"meant\\"', ['"meant"']],
    ['inner', 'say "hello" twice', ['say "hello" twice']],
    ['backslash', 'C:\\\\temp', ['C:\\temp']],
    ['bytes', '"gr\\195\\188n"', ['grün']],
    ['empty', '""', ['']],
    ['long', 'x'.repeat(600), ['x'.repeat(600)]],
  ])('%s', async (name, data, strings) => {
    const { detail, id } = await made(`${name}.txt.a.test`, 'TXT', data);
    expect(txtStrings(detail)).toEqual(strings);
    // What a client reads, it may write again.
    expect(await say('PATCH', `/records/${id}`, { data: detail })).toMatchObject({ status: 200, detail });
  });

  it('and refused if it is neither', async () => {
    await refused('x.a.test', 'TXT', '"not closed', /quote that is not closed\. Rule: /);
    await refused('x.a.test', 'TXT', '"a" b; c', /outside of quotes/);
    await refused('x.a.test', 'TXT', '("a" "b"', /bracket that is not closed/);
    await refused('x.a.test', 'TXT', 'C:\\temp', /has "\\t"; a backslash is written \\\\/);
    await refused('x.a.test', 'TXT', 'ends\\', /ends with a backslash/);
    await refused('x.a.test', 'TXT', `"a" "${'x'.repeat(256)}"`, /string of 256 bytes/);
    await refused('x.a.test', 'TXT', '"\\255"', /not UTF-8/);
    await refused('x.a.test', 'TXT', '"a"b"', /directly after a closing quote/);
  });
});

describe('a delegation', () => {
  it('hides no name', async () => {
    await made('host.sub.a.test', 'A', '192.0.2.1');
    await refused(
      'sub.a.test',
      'NS',
      'ns.other.test',
      /would give the record host\.sub\.a\.test A to other name servers/,
    );
    await done('POST', '/machines', { hostname: 'given', domain: 'a.test' });
    await refused('given.a.test', 'NS', 'ns.other.test', /would give the machine given\.a\.test to/);
    await made('mail.a.test', 'MX', '10 mx.other.test');
    await refused('mail.a.test', 'NS', 'ns.other.test', /to other name servers/);
    await refused('*.wild.a.test', 'NS', 'ns.other.test', /a wildcard cannot delegate names/);
  });

  it('may have glue, in either order, and nothing else', async () => {
    await made('ns1.child.a.test', 'A', '192.0.2.53');
    await made('child.a.test', 'NS', 'ns1.child.a.test');
    await made('child.a.test', 'NS', 'ns2.child.a.test');
    expect((await zones()).findings.map(({ code, subject }) => [code, subject])).toContainEqual([
      'host_without_address',
      'name child.a.test',
    ]);
    await made('ns2.child.a.test', 'AAAA', '2001:db8::53');
    await refused('www.child.a.test', 'A', '192.0.2.2', /would lie at or below child\.a\.test/);
    await refused('child.a.test', 'TXT', 'text', /would lie at or below child\.a\.test/);
    await refused('ns1.child.a.test', 'TXT', 'text', /would lie at or below/);
    await refused('deep.er.child.a.test', 'CNAME', 'www.a.test', /would lie at or below/);
    await refused('more.child.a.test', 'NS', 'ns.other.test', /would lie at or below/);
    const machine = await say('POST', '/machines', { hostname: 'child', domain: 'a.test' });
    expect(machine).toMatchObject({
      status: 409,
      detail: expect.stringMatching(/^the machine child\.a\.test would lie at/) as string,
    });
    const found = await zones();
    expect(found.of('a.test').filter(({ name }) => name.endsWith('child'))).toHaveLength(4);
    expect(found.findings).toEqual([]);
  });

  it('that goes elsewhere leaves a name that nobody finds: it is left out, and reported', async () => {
    const [first] = (
      JSON.parse((await site.call('GET', '/records?fqdn=child.a.test&type=NS')).raw) as {
        items: { id: number; data: string }[];
      }
    ).items;
    expect(first?.data).toBe('ns1.child.a.test');
    const moved = await say('PATCH', `/records/${first?.id}`, { data: 'ns.other.test' });
    expect(moved).toMatchObject({ status: 409, detail: expect.stringMatching(/ns1\.child\.a\.test/) as string });
    await done('DELETE', `/records/${first?.id}`);
    const { findings, of } = await zones();
    expect(findings).toMatchObject([{ code: 'name_delegated', subject: 'name ns1.child.a.test', severity: 'error' }]);
    expect(of('a.test').map(({ name }) => name)).not.toContain('ns1.child');
  });
});

describe('CNAMEs end somewhere', () => {
  it('over any number of zones', async () => {
    await made('one.a.test', 'CNAME', 'two.b.test');
    await made('two.b.test', 'CNAME', 'three.c.test');
    await refused(
      'three.c.test',
      'CNAME',
      'one.a.test',
      /leads to itself: three\.c\.test → one\.a\.test → two\.b\.test → three\.c\.test\. Rule/,
    );
    await refused('self.a.test', 'CNAME', 'self.a.test', /points at itself/);
    const { id } = await made('three.c.test', 'CNAME', 'end.c.test');
    expect(await say('PATCH', `/records/${id}`, { data: 'one.a.test' })).toMatchObject({ status: 409 });
    expect(await say('PATCH', '/domains/b.test', { name: 'd.test' })).toMatchObject({ status: 200 });
    await made('end.c.test', 'CNAME', 'two.b.test');
    const back = await say('PATCH', '/domains/d.test', { name: 'b.test' });
    expect(back).toMatchObject({ status: 409, detail: expect.stringMatching(/leads to itself/) as string });
  });

  it('also by a wildcard, which answers for its own target', async () => {
    await refused(
      '*.w.a.test',
      'CNAME',
      'www.w.a.test',
      /leads to itself: \*\.w\.a\.test → www\.w\.a\.test → www\.w\.a\.test/,
    );
    const www = await made('www.w.a.test', 'A', '192.0.2.9');
    await made('*.w.a.test', 'CNAME', 'www.w.a.test');
    expect((await zones()).findings.map(({ code }) => code)).not.toContain('cname_loop');
    await done('DELETE', `/records/${www.id}`);
    expect((await zones()).findings).toContainEqual(
      expect.objectContaining({
        code: 'cname_loop',
        severity: 'warning',
        sentence: expect.stringContaining('www.w.a.test → www.w.a.test') as string,
      }),
    );
  });
});

describe('a machine whose address comes by DHCP', () => {
  const lease = (address: string, mac: string, hostname: string) =>
    site.db.repeatable((tx) =>
      tx.run(sql`insert into leases (node_id, subnet_id, address, mac, hostname, state, starts_at, expires_at)
        values ('r1', 1, ${address}, ${mac}, ${hostname}, 'active', now() - interval '1 s', now() + interval '1 h')`),
    );
  const mac = '52:54:00:00:00:29';

  it('has its name, forward and backward, as long as its lease', async () => {
    await done('POST', '/machines', {
      hostname: 'm29',
      domain: 'a.test',
      interfaces: [{ mac, addresses: [{ address: 'dhcp' }] }],
    });
    await done('POST', '/devices', {
      hostname: 'cam',
      interfaces: [{ mac: '52:54:00:00:00:30', addresses: [{ address: 'dhcp' }] }],
    });
    value(await lease('10.10.10.129', mac, 'chosen-by-the-client'));
    value(await lease('10.10.10.130', '52:54:00:00:00:30', ''));
    const { of } = await zones();
    expect(of('a.test')).toContainEqual({ name: 'm29', type: 'A', data: '10.10.10.129' });
    expect(of('regent.internal')).toContainEqual(expect.objectContaining({ name: 'cam', data: '10.10.10.130' }));
    expect(of('10.10.10.in-addr.arpa')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: '129', type: 'PTR', data: 'm29.a.test' }),
        expect.objectContaining({ name: '130', type: 'PTR', data: 'cam.regent.internal' }),
      ]),
    );
    value(await site.db.repeatable((tx) => tx.run(sql`update leases set state = 'expired' where mac = ${mac}`)));
    expect((await zones()).of('a.test').map(({ name }) => name)).not.toContain('m29');
  });
});

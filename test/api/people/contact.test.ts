import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { contactText, parseAddress, parseContactName, parsePhone } from '../../../src/model/people/contact.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { serveAllVlans } from '../../kit/serving-rack.ts';
import { change, value } from '../../kit/store.ts';

/** Whom to call. What holds for every declared noun is in declared.test.ts. */

const pg = usePostgres();
const RACK = '11111111-1111-4111-8111-111111111111';
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  value(
    await change(site.db, (tx) =>
      createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: [] }),
    ),
  );
  await serveAllVlans(pg.get(), site.connection.database, 'k1');
  for (const hostname of ['web1', 'web2']) await say('POST', '/machines', { hostname });
});
afterAll(() => site.close());

const say = (method: Method, path: string, body?: unknown) =>
  site.call(method, path, body === undefined ? {} : { body });
const undo = async () => {
  const [last] = (await say('GET', '/config/history?limit=1')).body['items'] as { id: number }[];
  return say('POST', `/config/history/${last?.id ?? 0}/rollback`);
};
const fqdn = async (name: string) => String((await say('GET', `/machines/${name}`)).body['fqdn']);

describe('what a contact is about', () => {
  it('is a machine, a rack, or the site', async () => {
    const ada = await say('POST', '/contacts', { name: 'Ada Lovelace', phone: '+49 30  1234-56 x7', machine: 'web1' });
    expect(ada).toMatchObject({
      status: 201,
      body: { phone: '+49 30 1234-56x7', machine: await fqdn('web1'), rack: null },
    });
    expect((await say('PATCH', '/contacts/Ada%20Lovelace', { machine: null, rack: 'K1' })).body).toMatchObject({
      machine: null,
      rack: 'k1',
    });
    expect((await say('GET', `/contacts?rack=${RACK}`)).body['items']).toMatchObject([{ name: 'Ada Lovelace' }]);
    expect((await say('GET', `/contacts?machine=${await fqdn('web1')}`)).body['items']).toEqual([]);
    expect((await say('DELETE', '/contacts/Ada%20Lovelace')).status).toBe(200);
  });

  it('refuses two things, and things that are not there', async () => {
    const both = await say('POST', '/contacts', { name: 'Both', machine: 'web1', rack: 'k1' });
    expect(both).toMatchObject({ status: 422, body: { code: 'invalid_value' } });
    expect(both.body.detail).toContain('name one of them');
    for (const about of [{ machine: 'gone' }, { rack: 'k9' }, { machine: '' }, { machine: 7 }]) {
      const { status } = await say('POST', '/contacts', { name: 'Nobody', ...about });
      expect([404, 422]).toContain(status);
    }
    await say('POST', '/domains', { name: 'other.test' });
    await say('POST', '/machines', { hostname: 'web1', domain: 'other.test' });
    expect(await say('POST', '/contacts', { name: 'Which', machine: 'web1' })).toMatchObject({ status: 409 });
    expect(await say('POST', '/contacts', { name: 'This', machine: 'web1.other.test' })).toMatchObject({ status: 201 });
    expect(await say('POST', '/contacts', { name: 'This' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('takes the contact with it, and brings it back', async () => {
    await say('POST', '/contacts', { name: 'Grace', machine: 'web2' });
    expect((await say('DELETE', '/machines/web2')).status).toBe(200);
    expect((await say('GET', '/contacts/Grace')).status).toBe(404);
    expect(await undo()).toMatchObject({ status: 201 });
    expect((await say('GET', '/contacts/Grace')).body).toMatchObject({ machine: await fqdn('web2') });
  });

  it('is found by name, number and address', async () => {
    await say('POST', '/contacts', { name: 'Zoë', phone: '030/987654', address: 'zoe@Example.NET' });
    for (const text of ['zo%C3%AB', '98765', 'ZOE@ex']) {
      const { items } = (await say('GET', `/search?q=${text}`)).body as { items: object[] };
      expect(items).toMatchObject([{ kind: 'contact', name: 'Zoë', detail: '030/987654 zoe@example.net' }]);
    }
  });
});

it('stands in findings of its rack', async () => {
  const held = [{ name: 'snippet phones', why: 'no such option', remedy: 'Change it.' }];
  const report = anObservation('k1', { generation: 1, digest: 'd', services: [aServiceReport('dhcp', { held })] });
  value(await site.db.repeatable((tx) => storeObservation(tx, { id: 'k1', name: 'k1' }, report)));
  const remedies = async () =>
    ((await say('GET', '/status')).body['findings'] as { code: string; remedy: string }[])
      .filter(({ code }) => code === 'part_refused')
      .map(({ remedy }) => remedy);
  expect(await remedies()).toEqual(['Change it. Contact: Zoë, 030/987654.']);
  await say('POST', '/contacts', { name: 'Rack desk', rack: 'k1', phone: '112' });
  expect(await remedies()).toEqual(['Change it. Contact: Rack desk, 112.']);
});

describe('the text for a finding', () => {
  const none = { phone: '', address: '', fqdn: null, nodeId: null };
  const all = [
    { ...none, name: 'Site', address: 'a@b.test' },
    { ...none, name: 'Rack', nodeId: 'k1', phone: '1' },
    { ...none, name: 'Machine', fqdn: 'web1.a.test' },
  ];
  it.each([
    ['name web1.a.test', 'k1', 'Contact: Machine.'],
    ['name web1.a.test.b.test', 'k1', 'Contact: Rack, 1.'],
    ['zone a.test', 'r1', 'Contact: Site, a@b.test.'],
  ])('%s on %s: %s', (subject, nodeId, text) => {
    expect(contactText(all, { subject, nodeId })).toBe(text);
    expect(contactText([], { subject, nodeId })).toBe('');
  });
});

describe('the grammar', () => {
  it.each(['Ada', "O'Brien & Söhne (Nacht)", '王小明', 'Zoe\u0308', '24/7'.replace('/', '-')])(
    'takes the name %j',
    (name) => {
      expect(parseContactName(name)).toBe(name.normalize('NFC'));
    },
  );
  it.each(['', ' Ada', 'Ada ', 'a  b', '42', 'a/b', 'a"b', '<b>', 'a\u202eb', 'a\u200bb', '-x', 'a'.repeat(65)])(
    'refuses the name %j',
    (name) => {
      expect(isRejected(parseContactName(name))).toBe(true);
    },
  );
  it.each([
    ['+49 (0)30 1234-56', '+49 (0)30 1234-56'],
    ['112', '112'],
    [' 030/123456 x7 ', '030/123456x7'],
    ['', ''],
  ])('takes the number %j', (text, phone) => {
    expect(parsePhone(text)).toBe(phone);
  });
  it.each([
    '12',
    '1'.repeat(16),
    '++49301',
    '030 abc',
    '(030',
    '030)1234',
    '((030)) 1',
    '030-',
    '030x',
    '030x1234567',
    '+',
    '١١٢',
  ])('refuses the number %j', (text) => {
    expect(isRejected(parsePhone(text))).toBe(true);
  });
  it.each([
    ['Ada+night@Example.NET', 'Ada+night@example.net'],
    ['', ''],
  ])('takes the address %j', (text, address) => {
    expect(parseAddress(text)).toBe(address);
  });
  it.each([
    'ada',
    'ada@',
    '@example.net',
    'ada@localhost',
    'a b@example.net',
    'ada@exa mple.net',
    'a@b@c.test',
    '.a@b.test',
    'a..b@c.test',
    'a@-b.test',
    `${'a'.repeat(65)}@b.test`,
    `a@${'b.'.repeat(130)}test`,
    'a@b.test\nBcc: x@y.test',
  ])('refuses the address %j', (text) => {
    expect(isRejected(parseAddress(text))).toBe(true);
  });
});

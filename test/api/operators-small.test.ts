import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePostgres } from '../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../kit/region.ts';

/** Small things that operators meet first, each with its exact answer; the file prints them as a table (`scripts/test --only operators`). */

const pg = usePostgres();
let site: TestRegion;
const table: string[] = [];

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  const vlan = await site.call('POST', '/vlans', { body: { vid: 10, name: 'vlan10' } });
  const subnet = await site.call('POST', '/subnets', { body: { cidr: '10.10.10.0/24', vlan: 'vlan10' } });
  if (vlan.status !== 201 || subnet.status !== 201) throw new Error(`${vlan.raw} ${subnet.raw}`);
});

afterAll(async () => {
  process.stdout.write(`\nsmall things and their answers\n${table.join('\n')}\n`);
  await site.close();
});

async function ask(method: Method, path: string, body?: unknown): Promise<readonly [number, string]> {
  const answer = await site.call(method, path, body === undefined ? {} : { body });
  const said = answer.raw === '' ? '' : (JSON.parse(answer.raw) as { detail?: string }).detail;
  table.push(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} → ${answer.status} ${said ?? ''}`);
  return [answer.status, said ?? ''];
}

describe('a path with a slash too many', () => {
  const nouns = ['vlans', 'subnets', 'domains', 'records', 'machines', 'nodes', 'racks', 'reservations', 'leases'];
  it.each([...nouns, 'settings', 'users', 'events', 'jobs'])('GET /%s/ is the list', async (noun) => {
    const [plain, slash] = [await site.call('GET', `/${noun}`, {}), await site.call('GET', `/${noun}/`, {})];
    table.push(`GET /${noun}/ → ${slash.status}, as GET /${noun}`);
    expect(slash.status).toBe(plain.status);
    expect(slash.status).toBe(200);
    expect(slash.raw).toBe(plain.raw);
  });

  it('is the same path for one object, and for other methods', async () => {
    expect((await ask('GET', '/vlans/vlan10/'))[0]).toBe(200);
    expect(await ask('PATCH', '/vlans/', { name: 'x' })).toEqual([405, 'The path takes GET, HEAD, POST, not PATCH.']);
    expect(await ask('DELETE', '/vlans/')).toEqual([405, 'The path takes GET, HEAD, POST, not DELETE.']);
    expect((await ask('POST', '/vlans/', { vid: 11, name: 'vlan11' }))[0]).toBe(201);
    expect((await ask('PATCH', '/vlans/vlan11/', { name: 'vlan11b' }))[0]).toBe(200);
    expect((await ask('DELETE', '/vlans/vlan11b/'))[0]).toBe(200);
  });

  const empty: readonly (readonly [Method, string, string])[] = [
    ['GET', '/vlans//', '/vlans'],
    ['GET', '//vlans', '/vlans'],
    ['DELETE', '/vlans//vlan10', '/vlans/vlan10'],
    ['POST', '/racks//accept', '/racks/accept'],
    ['GET', '/vlans///?limit=1', '/vlans'],
  ];
  it.each(empty)('%s %s guesses nothing', async (method, path, nearest) => {
    const asked = path.split('?')[0] ?? '';
    const [status, detail] = await ask(method, path);
    expect(status).toBe(404);
    expect(detail).toBe(
      `There is no path "/api/v1${asked}": a name between two slashes is empty. The nearest path without it is "/api/v1${nearest}".`,
    );
    expect((await site.call('GET', '/vlans/vlan10', {})).status).toBe(200);
  });

  it('is no name when it is percent-encoded', async () => {
    expect((await ask('GET', '/vlans/%2F'))[0]).toBe(404);
    expect((await ask('GET', '/vlans%2F'))[0]).toBe(404);
    expect((await ask('GET', '/vlans/fabric-1%2F10'))[0]).toBe(200);
  });
});

describe('a MAC address that no interface has', () => {
  const GROUP = 'Rule: the address of one interface: the lowest bit of the first octet is 0.';
  const macs: readonly (readonly [string, string])[] = [
    ['00:00:00:00:00:00', 'is the address of no interface: all its octets are 0. Rule: the address of one interface.'],
    ['ff:ff:ff:ff:ff:ff', `is the broadcast address, which is all interfaces. ${GROUP}`],
    ['01:00:5e:00:00:01', `is a multicast address, which is a group of interfaces. ${GROUP}`],
    ['33:33:00:00:00:01', `is a multicast address, which is a group of interfaces. ${GROUP}`],
  ];
  const calls = (mac: string): readonly (readonly [Method, string, unknown, string])[] => [
    ['POST', '/machines', { hostname: 'm1', interfaces: [{ mac }] }, 'interfaces/0/mac'],
    ['POST', '/reservations', { address: '10.10.10.20', mac }, 'mac'],
    ['GET', `/machines?mac=${mac}`, undefined, 'mac'],
    ['GET', `/reservations?mac=${mac}`, undefined, 'mac'],
    ['GET', `/leases?mac=${mac}`, undefined, 'mac'],
  ];
  const cases = macs.flatMap(([mac, why]) =>
    calls(mac).map(([method, path, body, field]) => [method, path, body, `${field}: "${mac}" ${why}`] as const),
  );
  it.each(cases)('%s %s %j', async (method, path, body, detail) => {
    expect(await ask(method, path, body)).toEqual([422, detail]);
  });

  it.each(['02:00:00:00:00:01', '00:00:5e:00:01:33'])('%s is one that an interface may have', async (mac) => {
    const hostname = `ok${mac.slice(-2)}`;
    expect((await ask('POST', '/machines', { hostname, interfaces: [{ mac }] }))[0]).toBe(201);
  });
});

describe('a name that is not written in ASCII', () => {
  const RULE = 'Rule: names in their ASCII form (IDNA, RFC 5891).';
  const says = (field: string, text: string, ascii: string) =>
    `${field}: "${text}" is not ASCII; its ASCII form is ${ascii}. ${RULE}`;
  const record = { type: 'CNAME', fqdn: 'www.regent.internal' };
  const cases: readonly (readonly [Method, string, unknown, string])[] = [
    ['POST', '/domains', { name: 'bücher.test' }, says('name', 'bücher.test', 'xn--bcher-kva.test')],
    ['POST', '/domains', { name: 'Пример' }, says('name', 'Пример', 'xn--e1afmkfd')],
    ['POST', '/domains', { name: 'ｅｘ.test' }, says('name', 'ｅｘ.test', 'ex.test')],
    ['PATCH', '/domains/regent.internal', { name: 'bücher.test' }, says('name', 'bücher.test', 'xn--bcher-kva.test')],
    [
      'POST',
      '/records',
      { fqdn: '_sip.bücher.regent.internal', type: 'A', data: '192.0.2.1' },
      says('fqdn', '_sip.bücher.regent.internal', '_sip.xn--bcher-kva.regent.internal'),
    ],
    ['POST', '/records', { ...record, data: 'müller.test' }, says('data', 'müller.test', 'xn--mller-kva.test')],
    ['POST', '/machines', { hostname: 'müller' }, says('hostname', 'müller', 'xn--mller-kva')],
    [
      'POST',
      '/reservations',
      { address: '10.10.10.30', mac: '02:00:00:00:00:30', hostname: 'müller' },
      says('hostname', 'müller', 'xn--mller-kva'),
    ],
    [
      'PUT',
      '/settings/ntp_servers',
      { value: ['zeit.bücher.test'] },
      says('ntp_servers', 'zeit.bücher.test', 'zeit.xn--bcher-kva.test'),
    ],
    [
      'PUT',
      '/settings/default_domain',
      { value: 'bücher.test' },
      says('default_domain', 'bücher.test', 'xn--bcher-kva.test'),
    ],
    [
      'PUT',
      '/settings/http_proxy',
      { value: 'http://bücher.test:3128' },
      says('http_proxy', 'bücher.test', 'xn--bcher-kva.test'),
    ],
  ];
  it.each(cases)('%s %s %j', async (method, path, body, detail) => {
    expect(await ask(method, path, body)).toEqual([422, detail]);
  });

  it('is taken in its ASCII form', async () => {
    expect((await ask('POST', '/domains', { name: 'xn--bcher-kva.test' }))[0]).toBe(201);
    expect((await ask('POST', '/domains', { name: 'a b.bücher' }))[1]).toContain('is not a domain name');
  });
});

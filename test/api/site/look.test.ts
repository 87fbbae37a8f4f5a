import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { createRecord } from '../../../src/store/queries/names/records.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

/** What screens ask for in one call: search, whose addresses are, files of services and of changes, every what-if. */

const pg = usePostgres();
let site: TestRegion;
let endTasks: () => Promise<void>;
const MAC = '52:54:00:00:aa:01';
beforeAll(async () => {
  site = await startTestRegion(pg.get(), {
    askName: async (server, name, type) => ({
      code: name.startsWith('none') ? 'NXDOMAIN' : 'NOERROR',
      answers: [`${server === '' ? 'nobody' : name} ${type}`],
      serial: type === 'SOA' ? 42 : null,
    }),
  });
  endTasks = site.region.startTasks();
  const made = await Promise.all([
    site.call('POST', '/domains', { body: { name: 'look.test' } }),
    site.call('POST', '/subnets', { body: { cidr: '10.30.0.0/24', name: 'Look net', gateway: '10.30.0.1' } }),
  ]);
  if (made.some(({ status }) => status !== 201)) throw new Error(made.map(({ raw }) => raw).join('\n'));
  const interfaces = [{ mac: MAC, addresses: [{ address: '10.30.0.9' }] }];
  const bodies: [string, object][] = [
    ['/machines', { hostname: 'm1', domain: 'look.test', interfaces }],
    ['/records', { fqdn: 'www.look.test', type: 'A', data: '10.30.0.77' }],
    ['/ranges', { subnet: '10.30.0.0/24', kind: 'dynamic', first: '10.30.0.100', last: '10.30.0.199' }],
    ['/reservations', { address: '10.30.0.50', mac: '52:54:00:00:aa:02', hostname: 'printer' }],
  ];
  for (const [path, body] of bodies) {
    const answer = await site.call('POST', path, { body });
    if (answer.status !== 201) throw new Error(answer.raw);
  }
  await pg.get().admin(
    `insert into leases (node_id, address, subnet_id, mac, hostname, state, starts_at, expires_at)
     select 'r1', '10.30.0.120', id, '52:54:00:00:aa:03', 'laptop', 'active', now(), now() + interval '1 hour' from subnets where name = 'Look net'`,
    site.connection.database,
  );
});
afterAll(async () => {
  await endTasks();
  await site.close();
});

describe('a search', () => {
  const search = async (q: string, role: 'user' | 'admin' = 'user') => {
    const { body } = await site.call('GET', `/search?q=${encodeURIComponent(q)}`, { role });
    return (body['items'] as { kind: string; name: string }[]).map(({ kind, name }) => `${kind} ${name}`);
  };

  it.each([
    [MAC, ['machine m1.look.test']],
    ['M1.LOOK', ['machine m1.look.test']],
    ['10.30.0.9', ['machine m1.look.test']],
    ['look net', ['subnet 10.30.0.0/24']],
    ['printer', ['reservation 10.30.0.50']],
    ['laptop', ['lease 10.30.0.120']],
    ['www.look', ['record www.look.test']],
    ['look.test', ['machine m1.look.test', 'record www.look.test', 'domain look.test']],
    ['%', []],
    ["'; drop table users; --", []],
    ['auditor', []],
  ])('finds %s', async (text, found) => {
    expect(await search(text)).toEqual(found);
  });

  it('shows users to those who may see them', async () => {
    expect(await search('auditor', 'admin')).toEqual(['user auditor']);
    expect((await site.call('GET', '/search')).status).toBe(422);
  });
});

it('addresses of a subnet come as runs, the most particular first', async () => {
  const { body } = await site.call('GET', '/subnets/10.30.0.0%2F24/addresses', { role: 'user' });
  const runs = body['runs'] as { first: string; last: string; use: string; what: string; mac: string | null }[];
  expect(runs.map(({ first, last, use }) => [first, last, use])).toEqual([
    ['10.30.0.1', '10.30.0.1', 'gateway'],
    ['10.30.0.9', '10.30.0.9', 'machine'],
    ['10.30.0.50', '10.30.0.50', 'reservation'],
    ['10.30.0.77', '10.30.0.77', 'record'],
    ['10.30.0.100', '10.30.0.199', 'dynamic'],
    ['10.30.0.120', '10.30.0.120', 'lease'],
  ]);
  expect(runs[1]).toMatchObject({ what: expect.stringContaining('m1.look.test'), mac: MAC });
  expect(runs[5]).toMatchObject({ what: 'laptop', until: expect.any(String) });
  const list = (await site.call('GET', '/subnets?name=Look')).body['items'];
  expect(list).toMatchObject([{ cidr: '10.30.0.0/24', leased: 1, dynamic: 100 }]);
  expect((await site.call('GET', '/subnets/nothing/addresses')).status).toBe(404);
});

describe('files', () => {
  const files = async (service: string) => site.call('GET', `/services/r1/${service}/files`);

  it('of a service are those that are published', async () => {
    await until('the zone is published', async () => (await files('dns')).raw.includes('www A 10.30.0.77'));
    const { body } = await files('dns');
    expect(body).toMatchObject({ node: 'r1', service: 'dns', isApplied: false, generation: expect.any(Number) });
    expect((await files('nothing')).body.detail).toContain('There are');
    expect((await site.call('GET', '/services/r1/dns/files', { role: 'user' })).status).toBe(403);
  });

  it('of a change are what it did, also when it is long past', async () => {
    await site.call('POST', '/records', { body: { fqdn: 'then.look.test', type: 'A', data: '10.30.0.78' } });
    const history = await site.call('GET', '/config/history?limit=1');
    const [change] = history.body['items'] as { id: number }[];
    await until('it is published', async () => (await files('dns')).raw.includes('then A 10.30.0.78'));
    await site.call('DELETE', '/records/then.look.test,A');
    await until('the next one is published', async () => !(await files('dns')).raw.includes('then A 10.30.0.78'));
    const { body } = await site.call('GET', `/config/history/${change?.id}/files`);
    const nodes = body['nodes'] as { node: string; first: number; last: number; files: { diff: string }[] }[];
    expect(nodes).toMatchObject([{ node: 'r1' }]);
    expect(nodes[0]?.files.map(({ diff }) => diff).join('')).toContain('\n+then A 10.30.0.78\n');
    expect((await site.call('GET', '/config/history/999999/files')).status).toBe(404);
  });
});

describe('what was found', () => {
  interface Found {
    readonly state: string;
    readonly first: number;
    readonly last: number;
    readonly items: { readonly severity: string; readonly sentence: string; readonly isNew: boolean }[];
    readonly gone: { readonly sentence: string; readonly untilAt: string | null }[];
  }
  const newest = async () =>
    ((await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[])[0]?.id ?? 0;
  const foundOf = async (id: number): Promise<Found> => {
    const look = async () => (await site.call('GET', `/config/history/${id}/findings`)).body as unknown as Found;
    await until(`change ${id} is compiled`, async () => (await look()).state === 'compiled');
    return look();
  };

  it('when a change was compiled is told by it later, too; the change that mended it tells that', async () => {
    const domainId = Number((await site.call('GET', '/domains/look.test')).body['id']);
    // What the API refuses by now, as an earlier release took it.
    const record = { domainId, name: 'lost', type: 'MX', data: '10 nowhere.look.test', ttl: null } as const;
    value(await change(site.db, (tx) => createRecord(tx, record)));
    const broken = await newest();
    const first = await foundOf(broken);
    const about = first.items.filter(({ sentence }) => sentence.includes('nowhere.look.test'));
    expect(about).toMatchObject([{ isNew: true }]);
    // A change meanwhile has it as one that stood before.
    await site.call('POST', '/records', { body: { fqdn: 'meanwhile.look.test', type: 'A', data: '10.30.0.79' } });
    const meanwhile = await newest();
    const standing = (await foundOf(meanwhile)).items.find(({ sentence }) => sentence === about[0]?.sentence);
    expect(standing?.isNew).toBe(false);
    const files = (await site.call('GET', `/config/history/${meanwhile}/files`)).body['nodes'];
    expect(files).toMatchObject([{ node: 'r1', findings: [{ sentence: about[0]?.sentence }], first: meanwhile }]);
    const deleted = await site.call('DELETE', '/records/lost.look.test,MX');
    expect(deleted.status).toBe(200);
    const mended = await newest();
    expect((await foundOf(mended)).gone).toMatchObject([{ sentence: about[0]?.sentence, untilAt: expect.any(String) }]);
    expect((await foundOf(broken)).items.find(({ sentence }) => sentence === about[0]?.sentence)).toMatchObject({
      isNew: true,
      untilAt: expect.any(String),
    });
  });

  it('is told to those who may watch, of a change that is there', async () => {
    expect((await site.call('GET', '/config/history/999999/findings')).status).toBe(404);
    expect((await site.call('GET', '/config/history/1/findings', { role: 'user' })).status).toBe(403);
  });
});

it('every what-if comes in one answer', async () => {
  const { body } = await site.call('GET', '/cluster/what-ifs', { role: 'user' });
  const items = body['items'] as { node: string; event: string }[];
  const refused = body['refused'] as { node: string; event: string }[];
  expect([...items, ...refused].map(({ node, event }) => `${node} ${event}`).sort()).toEqual([
    'r1 dies',
    'r1 drains',
    'r1 is-cut-off',
  ]);
});

it('the audit trail tells what was done and what was refused, on every surface', async () => {
  await site.call('POST', '/domains', { body: { name: 'forbidden.test' }, role: 'user' });
  const list = async (query: string) =>
    (await site.call('GET', `/audit?${query}`, { role: 'auditor' })).body['items'] as { action: string }[];
  expect(await list('who=user&refused=true&action=domain')).toMatchObject([
    { who: 'user', origin: 'api', action: 'domain.create', outcome: 'refused: forbidden' },
  ]);
  expect(await list('action=domain+create+look&refused=false')).toMatchObject([
    { who: 'admin', action: 'domain create look.test', outcome: 'done' },
  ]);
  expect(await list('since=2999-01-01T00:00:00Z')).toEqual([]);
  expect((await site.call('GET', '/audit', { role: 'operator' })).status).toBe(403);
});

describe('a lookup', () => {
  const lookup = (query: string) => site.call('GET', `/dns/lookup?${query}`, { role: 'user' });

  it('asks every node that serves DNS', async () => {
    const items = await until('r1 serves DNS', async () => {
      const { body } = await lookup('name=WWW.look.test');
      const found = body['items'] as Record<string, unknown>[];
      return found.length > 0 && found;
    });
    expect(items).toMatchObject([{ node: 'r1', code: 'NOERROR', answers: ['www.look.test A'], serial: null }]);
    const { body } = await lookup('name=look.test&type=SOA');
    expect(body).toMatchObject({ agree: true, type: 'SOA', items: [{ serial: 42 }] });
    expect((await lookup('name=10.30.0.77&type=PTR')).body).toMatchObject({ items: [{ answers: ['10.30.0.77 PTR'] }] });
    expect((await lookup('name=none.look.test')).body).toMatchObject({ items: [{ code: 'NXDOMAIN' }] });
  });

  it('refuses what is no name, and a type that nobody asks for', async () => {
    const bad = await lookup('name=-.%3Cimg%3E');
    expect([bad.status, bad.body.fields?.[0]?.field]).toEqual([422, 'name']);
    expect((await lookup('name=a.test&type=AXFR')).status).toBe(422);
    expect((await lookup('type=A')).status).toBe(422);
  });
});

import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../src/model/site/settings.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, refusal } from '../../kit/store.ts';

/** Names have one law, whoever changes them: every input with its exact answer, printed as a table. Each case goes on from the one before. */

const pg = usePostgres();
const table: string[] = [];
const ZONE = 'regent.internal';
const A = '52:54:00:00:00:0a';
const B = '52:54:00:00:00:0b';
const C = '52:54:00:00:00:0c';
let site: TestRegion;

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await done('PATCH', '/vlans/0', { name: 'untagged-1' });
  await done('POST', '/subnets', { cidr: '10.10.10.0/24', vlan: 'untagged-1' });
});
afterAll(async () => {
  process.stdout.write(`\nnames: input → answer\n${table.join('\n')}\n`);
  await site?.close();
});

async function say(method: Method, path: string, body?: unknown) {
  const answer = await site.call(method, path, body === undefined ? {} : { body });
  const detail = answer.status < 400 ? 'done' : (JSON.parse(answer.raw) as { detail: string }).detail;
  table.push(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} → ${answer.status} ${detail}`);
  return { ...answer, detail };
}
async function done(method: Method, path: string, body?: unknown) {
  const answer = await say(method, path, body);
  expect(answer.status, `${method} ${path}: ${answer.detail}`).toBeLessThan(300);
  return JSON.parse(answer.raw) as { id: number };
}
async function refused(method: Method, path: string, body: unknown, detail: string) {
  const answer = await say(method, path, body);
  const status = detail.includes('RFC 1035') ? 422 : 409;
  expect({ path, body, status: answer.status, detail: answer.detail }).toEqual({ path, body, status, detail });
}
const lastChange = async () =>
  (JSON.parse((await site.call('GET', '/config/history?limit=1&sort=-id')).raw) as { items: { id: number }[] }).items[0]
    ?.id ?? 0;
const LONGEST = 'Rule: a name lies in the longest domain that holds it; move or delete it first.';
const ONE = 'Rule: a name belongs to one of node, machine and reserved address.';
const ALIAS = 'Rule: a CNAME is the only data of its name (RFC 1034 §3.6.2).';

describe('a domain never hides names', () => {
  it('when it is renamed above one that holds its names', async () => {
    await done('POST', '/domains', { name: 'b.test' });
    await done('POST', '/domains', { name: 'x.a.test' });
    await done('POST', '/records', { fqdn: 'www.x.b.test', type: 'A', data: '192.0.2.1' });
    await done('POST', '/records', { fqdn: 'www.x.a.test', type: 'CNAME', data: 'other.test' });
    await refused(
      'PATCH',
      '/domains/b.test',
      { name: 'a.test' },
      `www.x.a.test: the record www.x.a.test A cannot have this name beside the record www.x.a.test CNAME. ${ALIAS}`,
    );
    await done('POST', '/records', { fqdn: 'mail.x.b.test', type: 'A', data: '192.0.2.2' });
    await done('DELETE', `/records/${await idOf('www.x.b.test')}`);
    await refused(
      'PATCH',
      '/domains/b.test',
      { name: 'a.test' },
      `the record mail.x.a.test A, of the domain a.test, would lie in x.a.test, which is a domain of its own. ${LONGEST}`,
    );
  });

  it('of nodes, machines with their interfaces, reserved addresses and records, when it is made', async () => {
    await done('POST', '/machines', { hostname: 'web1', interfaces: [{ mac: A }, { mac: B, name: 'eth1' }] });
    await done('POST', '/reservations', { address: '10.10.10.9', hostname: 'printer' });
    await refused(
      'POST',
      '/domains',
      { name: `web1.${ZONE}` },
      `web1.${ZONE} would cover the machine web1.${ZONE} of the domain ${ZONE}. Rule: a name lies in the longest domain that holds it; move or delete it first.`,
    );
    await refused(
      'POST',
      '/domains',
      { name: `eth1.web1.${ZONE}` },
      `an interface of the machine web1.${ZONE}, of the domain ${ZONE}, would lie in eth1.web1.${ZONE}, which is a domain of its own. ${LONGEST}`,
    );
    await refused(
      'POST',
      '/domains',
      { name: `printer.${ZONE}` },
      `the reserved address 10.10.10.9, of the domain ${ZONE}, would lie in printer.${ZONE}, which is a domain of its own. ${LONGEST}`,
    );
    await refused(
      'POST',
      '/domains',
      { name: `r1.${ZONE}` },
      `the node r1, of the domain ${ZONE}, would lie in r1.${ZONE}, which is a domain of its own. ${LONGEST}`,
    );
    await done('POST', '/domains', { name: `lab.${ZONE}` });
    await done('POST', '/domains', { name: 'c.test' });
    await refused(
      'PATCH',
      '/domains/c.test',
      { name: `printer.${ZONE}` },
      `the reserved address 10.10.10.9, of the domain ${ZONE}, would lie in printer.${ZONE}, which is a domain of its own. ${LONGEST}`,
    );
  });

  it('and a name is never made inside another domain', async () => {
    await refused(
      'POST',
      '/machines',
      { hostname: 'lab' },
      `lab.${ZONE} is a domain of its own, which would hide the machine's name.`,
    );
    await refused(
      'POST',
      '/reservations',
      { address: '10.10.10.10', hostname: 'lab' },
      `the reserved address 10.10.10.10, of the domain ${ZONE}, would lie in lab.${ZONE}, which is a domain of its own. ${LONGEST}`,
    );
  });
});

describe('a name has one owner', () => {
  it('a machine whose interface goes leaves the name to the reserved address of that interface', async () => {
    await done('DELETE', `/machines/web1.${ZONE}`);
    await done('POST', '/reservations', { address: '10.10.10.20', mac: A, hostname: 'web1' });
    await done('POST', '/machines', { hostname: 'web1', interfaces: [{ mac: A }] });
    await refused(
      'PATCH',
      `/machines/web1.${ZONE}`,
      { interfaces: [{ mac: B }] },
      `web1.${ZONE}: the reserved address 10.10.10.20 cannot have this name beside the machine web1.${ZONE}. ${ONE}`,
    );
    await refused(
      'POST',
      '/reservations',
      { address: '10.10.10.21', hostname: 'r1' },
      `hostname: r1.${ZONE} is the name of the node r1.`,
    );
  });

  it('also for a node that joins: an alias, a machine or a reserved address has its name', async () => {
    await done('POST', '/records', { fqdn: `k3.${ZONE}`, type: 'CNAME', data: 'other.test' });
    const join = async (name: string) => {
      const node = { id: `n-${name}`, name, isRegion: false, isRack: true, addresses: ['10.10.10.3'] };
      const { code, message } = refusal(await change(site.db, (tx) => createNode(tx, node)));
      table.push(`a host ${name} joins → ${code} ${message}`);
      return message;
    };
    expect(await join('k3')).toBe(
      `k3.${ZONE}: the node k3 cannot have this name beside the record k3.${ZONE} CNAME. ${ALIAS}`,
    );
    expect(await join('web1')).toBe(
      `web1.${ZONE}: the node web1 cannot have this name beside the machine web1.${ZONE}. ${ONE}`,
    );
    expect(await join('printer')).toBe(
      `printer.${ZONE}: the node printer cannot have this name beside the reserved address 10.10.10.9. ${ONE}`,
    );
    expect(await join('lab')).toBe(
      `the node lab, of the domain ${ZONE}, would lie in lab.${ZONE}, which is a domain of its own. ${LONGEST}`,
    );
  });

  it('and nothing that was taken meanwhile comes back by a rollback', async () => {
    await done('POST', '/records', { fqdn: 'db.b.test', type: 'CNAME', data: 'other.test' });
    await done('DELETE', `/records/${await idOf('db.b.test')}`);
    const deletion = await lastChange();
    await done('POST', '/machines', { hostname: 'db', domain: 'b.test' });
    const answer = await say('POST', `/config/history/${deletion}/rollback`);
    expect(answer.status).toBe(409);
    expect(answer.detail).toBe(`db: CNAME cannot stand beside machine. ${ALIAS}`.replace('db: CNAME', 'db'));
    await done('DELETE', '/machines/db.b.test');
    const gone = await lastChange();
    await done('POST', '/domains', { name: 'db.b.test' });
    await refused(
      'POST',
      `/config/history/${gone}/rollback`,
      undefined,
      `the machine db.b.test, of the domain b.test, would lie in db.b.test, which is a domain of its own. ${LONGEST}`,
    );
  });

  it('of two that come at once exactly one gets it', async () => {
    const [one, two] = await Promise.all([
      site.call('POST', '/records', { body: { fqdn: 'rival.b.test', type: 'CNAME', data: 'other.test' } }),
      site.call('POST', '/domains', { body: { name: 'rival.b.test' } }),
    ]);
    expect(new Set([one.status, two.status])).toEqual(new Set([201, 409]));
  });
});

describe('a full name has at most 253 characters', () => {
  it('also after a rename', async () => {
    const label = 'a'.repeat(60);
    const name = `${label}.${label}.${label}`;
    await done('POST', '/domains', { name: 'short.test' });
    await done('POST', '/records', { fqdn: `${name}.short.test`, type: 'A', data: '192.0.2.3' });
    const long = `${'b'.repeat(63)}.${'c'.repeat(10)}.test`;
    await refused(
      'PATCH',
      '/domains/short.test',
      { name: long },
      `the record ${name}.${long} A has ${name.length + 1 + long.length} characters. Rule: a full name has at most 253 characters (RFC 1035 §3.1).`,
    );
  });
});

describe('the order of interfaces', () => {
  const names = async () => {
    const body = JSON.parse((await site.call('GET', `/machines/nics.${ZONE}`)).raw) as {
      interfaces: { mac: string; addresses: { address: string }[] }[];
    };
    return body.interfaces.map(({ mac, addresses }) => `${mac} ${addresses[0]?.address}`);
  };
  it('is the one that was asked for, and comes back by a rollback', async () => {
    const nic = (mac: string, address: string) => ({ mac, addresses: [{ address }] });
    await done('POST', '/machines', { hostname: 'nics', interfaces: [nic(C, '10.10.10.30')] });
    await done('PATCH', `/machines/nics.${ZONE}`, {
      interfaces: [nic('52:54:00:00:00:0d', '10.10.10.31'), nic(C, '10.10.10.30')],
    });
    expect(await names()).toEqual(['52:54:00:00:00:0d 10.10.10.31', `${C} 10.10.10.30`]);
    const snapshot = await site.db.read((tx) =>
      tx.all(sql<{ fqdn: string }>`select fqdn from name_claims where fqdn like '%nics%' order by fqdn`),
    );
    expect(snapshot).toEqual([{ fqdn: `eth1.nics.${ZONE}` }, { fqdn: `nics.${ZONE}` }]);
    await done('POST', `/config/history/${await lastChange()}/rollback`);
    expect(await names()).toEqual([`${C} 10.10.10.30`]);
  });
});

it('the database knows the default domain of the model', async () => {
  const row = await site.db.read((tx) => tx.one(sql<{ name: string }>`select default_domain() as name`));
  expect(row).toEqual({ name: DEFAULT_SETTINGS.default_domain });
});

async function idOf(fqdn: string): Promise<number> {
  const { items } = JSON.parse((await site.call('GET', `/records?fqdn=${fqdn}`)).raw) as { items: { id: number }[] };
  return items[0]?.id ?? 0;
}

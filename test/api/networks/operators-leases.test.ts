import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

/** Leases in the way of a new owner, and those that operators end: input → answer, printed as a table. Each case goes on from the one before. */

const pg = usePostgres();
const table: string[] = [];
const OLD = '52:54:00:00:00:51';
const NEW = '52:54:00:00:00:52';
const GUEST = '52:54:00:00:00:77';
let site: TestRegion;

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await done('PATCH', '/vlans/0', { name: 'untagged-1' });
  await done('POST', '/subnets', { cidr: '10.10.10.0/24', vlan: 'untagged-1' });
});
afterAll(async () => {
  process.stdout.write(`\nleases: input → answer\n${table.join('\n')}\n`);
  await site?.close();
});

async function say(method: Method, path: string, body?: unknown) {
  const answer = await site.call(method, path, body === undefined ? {} : { body });
  const detail = answer.status < 400 ? 'done' : (JSON.parse(answer.raw) as { detail: string }).detail;
  table.push(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} → ${answer.status} ${detail}`);
  return { status: answer.status, detail };
}
async function done(method: Method, path: string, body?: unknown) {
  const answer = await say(method, path, body);
  expect(answer.status, `${method} ${path}: ${answer.detail}`).toBeLessThan(300);
}
const leased = (address: string, mac: string) =>
  site.db.repeatable((tx) =>
    tx.run(sql`insert into leases (node_id, subnet_id, address, mac, hostname, state, starts_at, expires_at)
      values ('r1', 1, ${address}, ${mac}, '', 'active', now() - interval '1 s', now() + interval '1 h')`),
  );
const ends = async () => value(await site.db.read(readSnapshot)).leaseEnds ?? [];
const nic = (mac: string, address: string) => ({ mac, addresses: [{ address }] });

describe('a replaced NIC', () => {
  it('has its machine’s address at once: the old one’s lease is to end, in the same change', async () => {
    await done('POST', '/machines', { hostname: 'nics', interfaces: [nic(OLD, '10.10.10.51')] });
    value(await leased('10.10.10.51', OLD));
    expect(await ends()).toEqual([]);
    await done('PATCH', '/machines/nics.regent.internal', { interfaces: [nic(NEW, '10.10.10.51')] });
    expect(await ends()).toEqual([{ address: '10.10.10.51', keptFor: NEW, mac: OLD, before: null, heldBy: ['r1'] }]);
  });

  it('also in two steps, and by a reserved address that changes its MAC', async () => {
    await done('DELETE', '/machines/nics.regent.internal');
    await done('POST', '/machines', { hostname: 'nics2', interfaces: [nic(NEW, '10.10.10.51')] });
    expect(await ends()).toMatchObject([{ address: '10.10.10.51', keptFor: NEW }]);
    await done('POST', '/reservations', { address: '10.10.10.60', mac: '52:54:00:00:00:60' });
    value(await leased('10.10.10.60', '52:54:00:00:00:60'));
    await done('PATCH', '/reservations/10.10.10.60', { mac: '52:54:00:00:00:61' });
    expect(await ends()).toMatchObject([
      { address: '10.10.10.51' },
      { address: '10.10.10.60', keptFor: '52:54:00:00:00:61', mac: '52:54:00:00:00:60' },
    ]);
  });
});

describe('a lease of a stranger', () => {
  it('stands in the way and the refusal says how it ends; released, it does not', async () => {
    value(await leased('10.10.10.77', GUEST));
    const refused = await say('POST', '/machines', {
      hostname: 'guest',
      interfaces: [nic(NEW.replace('52', '78'), '10.10.10.77')],
    });
    expect(refused.status).toBe(409);
    expect(refused.detail).toMatch(
      /10\.10\.10\.77 is taken: 52:54:00:00:00:77 has 10\.10\.10\.77 by DHCP\. .*`regent lease release 10\.10\.10\.77` ends it now\.$/,
    );
    await done('POST', '/leases/10.10.10.77/release');
    await done('POST', '/leases/10.10.10.77/release');
    expect(await ends()).toContainEqual({
      address: '10.10.10.77',
      keptFor: null,
      mac: GUEST,
      before: expect.any(Number) as number,
      heldBy: ['r1'],
    });
    await done('POST', '/machines', { hostname: 'guest', interfaces: [nic('52:54:00:00:00:78', '10.10.10.77')] });
  });

  it('that is not there cannot be released', async () => {
    expect(await say('POST', '/leases/10.10.10.199/release')).toMatchObject({ status: 404 });
    expect(await say('POST', '/leases/nonsense/release')).toMatchObject({ status: 422 });
    expect((await site.call('POST', '/leases/10.10.10.51/release', { role: 'auditor' })).status).toBe(403);
  });
});

import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { machineEvent } from '../../../src/region/machines/lifecycle/event.ts';
import type { MachineEvent } from '../../../src/model/machines/machine-states.ts';
import { relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Keys, oauth, readPreseed } from '../../kit/preseed.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change } from '../../kit/store.ts';

/** Users' SSH keys: who has which, and which machines let whom in. */

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILQ+OqcnvRyfz8Fxz81OskkE7ws6PtJvzD927o1bKB9s';
const P256 =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHyGJb8NA995g88j/4Ijo9ZYUpTBtc+88Iuu17p8IHbFhh7Qv93bqTE/FnDS74cSPStGUNtSGWlCmQ8HqZtC22Y=';

const pg = usePostgres();
let site: TestRegion;
let relay: FastifyInstance;
let id = '';
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  relay = relayListener(site);
  await site.call('POST', '/bmcs', { body: { name: 'hands', powerType: 'manual' } });
  const parameters = { power_address: '10.88.0.1', power_user: 'operator', power_pass: '' };
  await site.call('POST', '/bmcs', { body: { name: 'm1-bmc', powerType: 'ipmi', parameters } });
  const body = { hostname: 'm1', bmc: 'm1-bmc', interfaces: [{ mac: '52:54:00:00:00:01' }] };
  id = String((await site.call('POST', '/machines', { body })).body.id);
  await admin(`insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
    values ('r1', '10.10.10.21', 1, '52:54:00:00:00:01', 'active', now(), now() + interval '1 hour')`);
});
afterAll(async () => {
  await relay.close();
  await site.close();
});
beforeEach(() =>
  admin('delete from ssh_keys; delete from jobs; delete from machine_states; delete from machine_tokens'),
);

const admin = (text: string) => pg.get().admin(text, site.connection.database);
const say = (
  method: Method,
  path: string,
  body?: object,
  role: 'admin' | 'operator' | 'user' | 'auditor' = 'operator',
) => site.call(method, path, { role, ...(body === undefined ? {} : { body }) });
const add = (key: string, more: object = {}, role: Parameters<typeof say>[3] = 'operator') =>
  say('POST', '/ssh-keys', { key, ...more }, role);
const tell = (event: MachineEvent) =>
  change(site.db, (tx) => machineEvent(tx, { machineId: id, event, by: `machine ${id}` }));

/** What the machine's cloud-init reads. */
async function publicKeys(): Promise<string> {
  const ask = (url: string, headers: object = {}) =>
    relay.inject({
      url: `/MAAS/metadata/${url}`,
      remoteAddress: '10.88.0.5',
      headers: { 'x-forwarded-for': '10.10.10.21', 'x-forwarded-host': 'rack', ...headers },
    });
  const preseed = await ask(`latest/by-id/${id}/?op=get_preseed`);
  if (preseed.statusCode !== 200) return `${preseed.statusCode}`;
  const keys: Keys = readPreseed(preseed.body).datasource.MAAS;
  return (await ask('2012-03-01/meta-data/public-keys', { authorization: oauth(keys) })).body;
}

describe('SSH keys of users', () => {
  it('are added, listed with their fingerprint, and deleted by it', async () => {
    const made = await add(`${ED25519} ada@laptop`);
    expect([made.status, made.body]).toMatchObject([
      201,
      { user: 'operator', type: 'ssh-ed25519', bits: 256, comment: 'ada@laptop', key: `${ED25519} ada@laptop` },
    ]);
    // As `ssh-keygen -l` says it.
    expect(made.body['fingerprint']).toBe('SHA256:1OyKvJKO5xOH6d7zkoVhmGG3A5/2072lPZ8ydEytM44');
    expect((await say('GET', '/ssh-keys')).body['items']).toEqual([made.body]);
    const gone = await say('DELETE', `/ssh-keys/${encodeURIComponent(String(made.body['fingerprint']))}`);
    expect([gone.status, gone.body]).toEqual([200, made.body]);
    expect((await say('GET', '/ssh-keys')).body['items']).toEqual([]);
    expect((await say('GET', '/events?kind=ssh-key.added')).raw).toContain('SHA256:1OyK');
  });

  it('are there once per user, whatever their comment, and 64 at most', async () => {
    expect((await add(`${ED25519} one`)).status).toBe(201);
    const twice = await add(`${ED25519} two`);
    expect([twice.status, twice.body.detail]).toEqual([409, expect.stringContaining('has this SSH key already')]);
    expect((await add(ED25519, {}, 'user')).status).toBe(201);
    await admin(`insert into ssh_keys (user_name, type, data, bits) select 'operator', 'ssh-ed25519', repeat('A', 60) || lpad(n::text, 4, '0'), 256
      from generate_series(1, 63) n`);
    const many = await add(P256);
    expect([many.status, many.body.detail]).toEqual([409, expect.stringContaining('at most 64')]);
  });

  it('are the own ones, but for admins, who handle all, and auditors, who see all', async () => {
    const mine = (await add(ED25519)).body;
    expect((await add(P256, { user: 'user' })).status).toBe(403);
    const theirs = (await add(P256, { user: 'user' }, 'admin')).body;
    expect(theirs).toMatchObject({ user: 'user' });
    expect((await say('GET', '/ssh-keys', undefined, 'user')).body['items']).toEqual([theirs]);
    expect((await say('GET', '/ssh-keys?user=operator', undefined, 'user')).status).toBe(403);
    expect((await say('GET', '/ssh-keys', undefined, 'auditor')).body['items']).toEqual([mine, theirs]);
    expect((await say('DELETE', `/ssh-keys/${theirs.id}`)).status).toBe(404);
    expect((await say('DELETE', `/ssh-keys/${mine.id}`, undefined, 'auditor')).status).toBe(403);
    expect((await say('DELETE', `/ssh-keys/${theirs.id}`, undefined, 'admin')).status).toBe(200);
  });

  it('of two users are not deleted by a fingerprint that both have', async () => {
    const { fingerprint } = (await add(ED25519)).body;
    await add(ED25519, {}, 'user');
    const path = `/ssh-keys/${encodeURIComponent(String(fingerprint))}`;
    expect((await say('DELETE', path, undefined, 'admin')).body.detail).toContain('Name it by its id');
    expect((await say('DELETE', path)).status).toBe(200);
  });

  it('that are none are refused with the rule, and a private one is not repeated', async () => {
    const refused = await add('-----BEGIN OPENSSH PRIVATE KEY----- c2VjcmV0');
    expect([refused.status, refused.body.detail]).toEqual([422, expect.stringContaining('this is a private key')]);
    expect(refused.raw).not.toContain('c2VjcmV0');
    expect((await add('ssh-dss AAAA')).status).toBe(422);
  });
});

describe('a machine', () => {
  const start = (verb: string, body: object = {}) => say('POST', `/machines/m1/${verb}`, body);

  it('that is commissioned lets nobody in, unless it is asked for', async () => {
    await add(ED25519);
    expect((await start('commission')).status).toBeLessThan(300);
    expect(await publicKeys()).toBe('');
    await tell('scripts-failed');
    expect((await start('commission', { enableSsh: true })).status).toBeLessThan(300);
    expect(await publicKeys()).toBe(ED25519);
    expect((await start('abort')).status).toBeLessThan(300);
    expect((await start('lock', { enableSsh: true })).status).toBe(422);
  });

  it('that lets people in stays on when its scripts have passed, and is switched off by who aborts', async () => {
    const orders = async () =>
      (await admin("select payload -> 'order' ->> 'verb' as verb from jobs order by id")) as { verb: string }[];
    await start('commission', { enableSsh: true });
    await tell('scripts-passed');
    expect((await say('GET', '/machines/m1')).body).toMatchObject({ state: 'ready' });
    expect(await orders()).toEqual([{ verb: 'cycle' }]);
    await start('commission');
    await tell('scripts-passed');
    await admin('delete from jobs');
    await start('commission', { enableSsh: true });
    await start('abort');
    expect((await orders()).at(-1)).toEqual({ verb: 'off' });
  });

  it('in rescue mode lets in who owns it and who asked, each key once', async () => {
    await admin(
      `insert into machine_states (machine_id, state, owner, commissioned_at) values ('${id}', 'broken', 'user', now())`,
    );
    await add(ED25519, {}, 'user');
    await add(ED25519);
    await add(`${P256} here`);
    await add('ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', {}, 'admin');
    expect((await start('rescue')).status).toBeLessThan(300);
    expect((await publicKeys()).split('\n')).toEqual([ED25519, `${P256} here`]);
    await tell('rescue-up');
    expect((await say('GET', '/machines/m1')).body).toMatchObject({ state: 'rescue-mode' });
    expect((await publicKeys()).split('\n')).toHaveLength(2);
  });

  it('goes on when the user is gone that began its run', async () => {
    await say('POST', '/users', { name: 'eve', role: 'operator' }, 'admin');
    await add(P256, { user: 'eve' }, 'admin');
    await start('commission', { enableSsh: true });
    await admin(`update machine_tokens set begun_by = 'eve'; update machine_states set owner = null`);
    expect(await publicKeys()).toBe(P256);
    await admin(`delete from users where name = 'eve'`);
    expect(await publicKeys()).toBe('');
  });
});

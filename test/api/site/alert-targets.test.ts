import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingAlarm } from '../../../src/region/site/alarms/port.ts';
import { claimDeliveries, queueDeliveries, settleDelivery } from '../../../src/store/queries/site/alert-deliveries.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
let site: TrustedRegion;
let sent: OutgoingAlarm[];
let answer: (alarm: OutgoingAlarm) => string | null;
beforeEach(async () => {
  sent = [];
  answer = () => null;
  const sendAlarm = async (alarm: OutgoingAlarm) => {
    sent.push(alarm);
    return answer(alarm);
  };
  site = await startTrustedRegion(pg.get(), { vip: '10.77.0.10/24', sendAlarm });
  // The doctor's own judgements would come between.
  await run(sql`update chores set last_ran = now(), every = '1 day' where name = 'findings'`);
  await until('the task that judges has ended', async () => {
    await run(sql`delete from doctor_findings`);
    return true;
  });
});
afterEach(() => site.close());

const run = (statement: ReturnType<typeof sql>) =>
  site.db.repeatable(async (tx) => ({ rows: await tx.run(statement) }));
const rows = async <R>(statement: ReturnType<typeof sql>): Promise<R[]> =>
  value(await site.db.read(async (tx) => ({ rows: (await tx.all(statement)) as R[] }))).rows;
const URL = 'https://alarms.example.net/regent';
const WEBHOOK = { kind: 'webhook', url: URL } as const;
const MAIL = {
  kind: 'mail',
  server: 'mail.example.net',
  port: 587,
  security: 'starttls',
  sender: 'regent@example.net',
  recipients: ['night@example.net'],
} as const;
const create = (body: object) => site.asAdmin('POST', '/alert-targets', { name: 'pager', settings: WEBHOOK, ...body });
const set = (body: object) => site.asAdmin('PATCH', '/alert-targets/pager', body);
const show = async () => (await site.asAdmin('GET', '/alert-targets/pager')).body;
/** A finding that stands and is announced. */
const open = (finding: string, state = 'broken') =>
  run(
    sql`insert into doctor_findings (finding, state, detail, remedy, announced_at) values (${finding}, ${state}, 'It is so.', 'Mend it.', now())`,
  );
const end = (finding: string, reason = 'holds') =>
  run(
    sql`update doctor_findings set ended_at = now(), end_reason = ${reason} where finding = ${finding} and ended_at is null`,
  );
const kinds = () => sent.map(({ message }) => `${message.kind} ${message.finding.id}`);
const again = () => run(sql`update alert_deliveries set next_at = now() where state = 'waiting'`);

describe('a target of alarms', () => {
  it('has a secret that is shown once, and stored sealed', async () => {
    const made = await create({});
    const secret = String(made.body['secret']);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await show()).toMatchObject({ hasSecret: true, secret: null, waiting: 0, lastSuccessAt: null });
    const tables = ['alert_targets', 'audit', 'events', 'idempotency'];
    const texts = await Promise.all(tables.map((name) => rows(sql`select t::text from ${sql.table(name)} t`)));
    expect(JSON.stringify(texts)).not.toContain(secret.slice(6, 40));
    expect((await create({})).status).toBe(409);
  });

  it('takes no secret without encryption, and none along to another place', async () => {
    const clear = { kind: 'webhook', url: 'http://alarms.example.net/' };
    expect((await create({ settings: clear, secret: 'x-secret-x' })).status).toBe(422);
    expect((await create({ settings: { ...MAIL, security: 'none', user: 'u' }, secret: 'p' })).status).toBe(422);
    const made = await create({ secret: 'my own secret' });
    expect(made.body).toMatchObject({ hasSecret: true, secret: null });
    expect((await set({ settings: { ...WEBHOOK, url: `${URL}/other` } })).body['secret']).toBeNull();
    const moved = await set({ settings: { kind: 'webhook', url: 'https://other.example.net/' } });
    expect(moved.body['secret']).toMatch(/^whsec_/);
    expect((await set({ settings: clear })).body).toMatchObject({ hasSecret: false });
    expect((await set({ settings: { ...MAIL, user: 'regent' } })).status).toBe(422);
    expect((await set({ settings: { ...MAIL, user: 'regent' }, secret: 'pass' })).status).toBe(200);
    const elsewhere = await set({ settings: { ...MAIL, server: 'evil.example.net', user: 'regent' } });
    expect(elsewhere.status).toBe(422);
    expect(elsewhere.body['detail']).toContain('give the secret again');
    expect((await set({ settings: { ...MAIL, recipients: ['ada@example.net'], user: 'regent' } })).status).toBe(200);
  });

  it.each([
    ['https://10.77.0.10/x', 'the floating address of the cluster'],
    ['https://127.0.0.1/', 'lies in 127.0.0.0/8'],
    ['https://localhost/', 'localhost'],
    ['https://u:p@alarms.example.net/', 'it holds a user name or a password'],
    ['ftp://alarms.example.net/', 'is another protocol'],
    ['nonsense', 'is not a URL'],
  ])('is not at %s', async (url, why) => {
    const refused = await create({ settings: { kind: 'webhook', url } });
    expect(refused.status, String(refused.body['detail'])).toBe(422);
    expect(refused.body['detail']).toContain(why);
  });

  it('is not at a name of the site that leads to the cluster', async () => {
    const record = { fqdn: 'alarms.regent.internal', type: 'A', data: '10.77.0.10' };
    expect((await site.asAdmin('POST', '/records', record)).status).toBe(201);
    const refused = await create({ settings: { kind: 'webhook', url: 'https://alarms.regent.internal/' } });
    expect(refused.body['detail']).toContain('the floating address of the cluster');
  });

  it('gets a message of each finding, once, and one of its end', async () => {
    await create({});
    await open('jobs');
    await until('it is sent', () => sent.length === 1);
    const [first] = sent;
    expect(first?.message).toMatchObject({
      kind: 'opened',
      finding: {
        id: 'jobs',
        state: 'broken',
        detail: 'It is so.',
        remedy: 'Mend it.',
        title: expect.stringContaining('region'),
      },
    });
    expect(first?.secret).toMatch(/^whsec_/);
    expect(first?.closed).toContain('10.77.0.10');
    await end('jobs');
    await until('its end is sent', () => sent.length === 2);
    expect(kinds()).toEqual(['opened jobs', 'closed jobs']);
    expect(await show()).toMatchObject({ delivered: 2, waiting: 0, lastFailure: null });
  });

  it('gets it again until it is taken, always with the same id, and the end after the start', async () => {
    answer = () => 'the receiver is away.';
    await create({});
    await open('jobs');
    await until('it was tried', async () => (await show())['lastFailure'] === 'the receiver is away.');
    await end('jobs');
    await until('both wait', async () => (await show())['waiting'] === 2);
    await again();
    await until('it is tried again', () => sent.length === 2);
    expect(new Set(sent.map(({ message }) => message.id)).size).toBe(1);
    answer = () => null;
    await until('both are sent', async () => {
      await again();
      return (await show())['waiting'] === 0;
    });
    expect(kinds()).toEqual(['opened jobs', 'opened jobs', 'opened jobs', 'closed jobs']);
  });

  it('gets nothing below its state, while it is off, or of what is muted', async () => {
    await create({ least: 'broken' });
    await create({ name: 'off', isEnabled: false });
    await open('jobs', 'warning');
    await open('clock');
    await run(sql`update doctor_findings set is_muted = true where finding = 'clock'`);
    await open('backup');
    await until('one is sent', () => sent.length === 1);
    await run(sql`update doctor_findings set state = 'broken' where finding = 'jobs'`);
    await until('the other one is sent when it is worse', () => sent.length === 2);
    expect(kinds()).toEqual(['opened backup', 'opened jobs']);
  });

  it('can be tried at once, and says how that went', async () => {
    await create({});
    answer = () => 'alarms.example.net answered 500.';
    const failed = await site.asAdmin('POST', '/alert-targets/pager/test');
    expect(failed.body).toMatchObject({ isDelivered: false, detail: 'alarms.example.net answered 500.' });
    answer = () => null;
    expect((await site.asAdmin('POST', '/alert-targets/pager/test')).body).toMatchObject({ isDelivered: true });
    expect((await site.asAdmin('POST', '/alert-targets/pager/test?dry_run=true')).status).toBe(200);
    expect(kinds()).toEqual(['opened', 'opened'].map(() => 'test test'));
    expect((await show())['lastSuccessAt']).not.toBeNull();
  });

  it('is deleted with what waits', async () => {
    answer = () => 'away.';
    await create({});
    await open('jobs');
    await until('it waits', async () => (await show())['waiting'] === 1);
    expect((await site.asAdmin('DELETE', '/alert-targets/pager')).status).toBe(200);
    expect(await rows(sql`select from alert_deliveries`)).toEqual([]);
    expect((await site.asAdmin('GET', '/alert-targets/pager')).status).toBe(404);
  });
});

describe('the queue', () => {
  beforeEach(async () => {
    answer = () => 'away.';
    await create({ isEnabled: false });
    // No task of the region takes part: it would claim, too.
    await run(sql`update alert_targets set is_enabled = true`);
  });
  const claim = async () =>
    value(await site.db.repeatable(async (tx) => ({ claimed: await claimDeliveries(tx, 8) }))).claimed;

  it('gives a message to one of two regions; who lost its claim changes nothing', async () => {
    await open('jobs');
    await until('it is tried', () => sent.length === 1);
    await until('it waits again', async () => (await show())['lastFailure'] !== null);
    await run(sql`update alert_deliveries set next_at = now() + interval '1 hour'`);
    expect(await claim()).toEqual([]);
    await run(sql`update alert_deliveries set next_at = now(), claimed_until = now() + interval '1 hour'`);
    expect(await claim()).toEqual([]);

    await run(sql`update alert_deliveries set epoch = epoch + 5`);
    const [row] = await rows<{ id: string; epoch: number; targetId: number }>(
      sql`select id, epoch - 1 as epoch, target_id as "targetId" from alert_deliveries`,
    );
    if (row === undefined) throw new Error('no delivery');
    await site.db.repeatable(async (tx) => {
      await settleDelivery(tx, row, { failure: null, againMs: 0 });
      return { settled: true };
    });
    expect((await show())['waiting']).toBe(1);
  });

  it('is bounded: what has no room is dropped and counted', async () => {
    await run(sql`insert into doctor_findings (finding, state, detail, announced_at)
      select 'f' || n, 'broken', '', now() from generate_series(1, 1010) n`);
    await site.db.repeatable(async (tx) => ({ queued: await queueDeliveries(tx) }));
    const [counts] = await rows<{
      waiting: number;
      dropped: number;
    }>(sql`select count(*) filter (where state = 'waiting')::int as waiting,
      count(*) filter (where state = 'dropped')::int as dropped from alert_deliveries`);
    expect(counts).toEqual({ waiting: 1000, dropped: 10 });
    expect((await show())['dropped']).toBe(10);
  });
});

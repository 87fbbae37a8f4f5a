import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
let site: TestRegion;
let end: () => Promise<void>;
beforeEach(async () => {
  site = await startTestRegion(pg.get());
  end = site.region.startTasks();
});
afterEach(async () => {
  await end();
  await site.close();
});

const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const run = (statement: ReturnType<typeof sql>) =>
  site.db.repeatable(async (tx) => ({ rows: await tx.run(statement) }));
const rows = async <R>(statement: ReturnType<typeof sql>): Promise<R[]> =>
  value(await site.db.read(async (tx) => ({ rows: (await tx.all(statement)) as R[] }))).rows;
interface Listed {
  readonly id: string;
  readonly since: string;
  readonly mute: { readonly reason: string; readonly isInForce: boolean } | null;
}
const listed = async () => (await site.call('GET', '/findings')).body['items'] as readonly Listed[];
const agents = async () => (await listed()).find(({ id }) => id === 'agents');
const events = async (id: string, kind: string) =>
  rows<{ subject: string }>(sql`select subject from events where kind = ${kind} and subject = ${`finding/${id}`}`);
const turns = () => rows<{ at: string }>(sql`select last_ran as at from chores where name = 'findings'`);
/** Lets so much time pass for all lives that stand. */
const age = (seconds: number) =>
  run(sql`update doctor_findings set since = since - ${seconds} * interval '1 s', seen_at = seen_at - ${seconds} * interval '1 s'
    where ended_at is null`);
/** The node r1 of this site has never reported. */
const stands = () =>
  until(
    'the finding is stored',
    async () => (await rows(sql`select from doctor_findings where finding = 'agents'`)).length === 1,
  );
const mute = (body: object, id = 'agents') => site.call('PUT', `/findings/${id}/mute`, { body });
const SLOW = { deadlineMs: 30_000 } as const;

describe('a finding', () => {
  it('has an age and is announced once', async () => {
    await stands();
    await age(300);
    await until('it is announced', async () => (await events('agents', 'finding.opened')).length === 1, SLOW);
    const found = await agents();
    expect(Date.parse(found?.since ?? '')).toBeLessThan(Date.now() - 290_000);

    const again = await rows(sql`select from doctor_findings where finding = 'agents'`);
    expect(again).toHaveLength(1);
    expect(await events('agents', 'finding.opened')).toHaveLength(1);
  });

  it('ends when its invariant has held for a minute', async () => {
    await run(
      sql`insert into doctor_findings (finding, state, detail, announced_at) values ('jobs', 'broken', 'Job 7 waits.', now())`,
    );
    const [before] = await turns();
    await until('it is judged', async () => (await turns())[0]?.at !== before?.at, SLOW);
    expect(await events('jobs', 'finding.closed')).toEqual([]);

    await age(100);
    await until('it has ended', async () => (await events('jobs', 'finding.closed')).length === 1, SLOW);
    const { items } = (await site.call('GET', '/findings/past')).body as unknown as {
      items: Record<string, unknown>[];
    };
    expect(items.find((one) => one['id'] === 'jobs')).toMatchObject({ endReason: 'holds', state: 'broken' });
  });

  it('that is muted stays visible, is not announced, and returns after the date', async () => {
    expect((await mute({ until: inDays(1), reason: 'r1 is repaired' })).status).toBe(200);
    await stands();
    await age(300);
    const [before] = await turns();
    await until('it is judged again', async () => (await turns())[0]?.at !== before?.at, SLOW);

    expect(await events('agents', 'finding.opened')).toEqual([]);
    expect((await agents())?.mute).toMatchObject({ reason: 'r1 is repaired', isInForce: true, by: 'admin' });
    const doctor = (await site.call('GET', '/cluster/doctor')).body;
    expect(doctor['summary']).toContain('1 muted');
    expect((await site.call('GET', '/status')).body['summary']).toContain('Muted (regent finding list): agents');

    await run(sql`update finding_mutes set until = now() - interval '1 s'`);
    await until('it is announced', async () => (await events('agents', 'finding.opened')).length === 1, SLOW);
    expect((await agents())?.mute).toBeNull();
  });

  it('that is muted after its alarm begins again quietly, with its age', async () => {
    await stands();
    await age(300);
    await until('it is announced', async () => (await events('agents', 'finding.opened')).length === 1, SLOW);
    const before = await agents();
    await mute({ until: inDays(1), reason: 'known' });
    const lives = () =>
      rows<{ endReason: string | null; since: string }>(
        sql`select end_reason as "endReason", since from doctor_findings where finding = 'agents' order by id`,
      );
    await until('a life has ended', async () => (await lives()).length === 2, SLOW);

    expect((await lives()).map(({ endReason }) => endReason)).toEqual(['muted', null]);
    expect((await agents())?.since).toBe(before?.since);
    expect((await site.call('DELETE', '/findings/agents/mute')).status).toBe(200);
    await until('it is announced again', async () => (await events('agents', 'finding.opened')).length === 2, SLOW);
  });

  it('is muted by operators, until a moment that comes, with a reason; the audit log has it', async () => {
    const body = { until: inDays(1), reason: 'known' };
    expect((await mute(body, 'nonsense')).status).toBe(404);
    expect((await mute({ ...body, until: inDays(-1) })).status).toBe(422);
    expect((await mute({ ...body, until: inDays(400) })).status).toBe(422);
    expect((await mute({ ...body, until: 'tomorrow' })).status).toBe(422);
    expect((await mute({ until: body.until })).status).toBe(422);
    expect((await mute({ ...body, reason: '' })).status).toBe(422);
    expect((await site.call('PUT', '/findings/agents/mute', { body, role: 'auditor' })).status).toBe(403);
    expect((await site.call('GET', '/findings', { role: 'user' })).status).toBe(403);
    expect((await site.call('DELETE', '/findings/agents/mute')).status).toBe(404);
    expect(await rows(sql`select from finding_mutes`)).toEqual([]);

    expect((await mute(body, 'jobs')).status).toBe(200);
    const { mutes } = (await site.call('GET', '/findings')).body as unknown as {
      mutes: { id: string; mute: object }[];
    };
    expect(mutes).toMatchObject([{ id: 'jobs', mute: { reason: 'known', covers: null, isInForce: true } }]);
    const audit = await rows<{ action: string }>(
      sql`select action from audit where action like 'finding mute jobs%known'`,
    );
    expect(audit).toHaveLength(1);
  });
});

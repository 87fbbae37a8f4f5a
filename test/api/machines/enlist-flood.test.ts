import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EnlistReply } from '../../../src/contract/machines/enlist.ts';
import { RejectedError } from '../../../src/core/errors.ts';
import { asker, aStranger, cardOf, freshChannel, giveDefaultImage } from '../../kit/enlistment.ts';
import { realClock, usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** A thousand cards that nobody knows, at a real database: what they cost. */

const STRANGERS = 1_000;
const LIMIT = 25;
/** As many as racks ask at once: each eight. */
const AT_ONCE = 8;
/** Questions of one rack that are heard at one moment (`src/api/agent/enlist-calls.ts`). */
const HEARD = 20;
const TOO_SLOW = 'the database was too slow';
/** As the rack takes a region's 503: the machine asks again. */
function tooSlow(error: unknown): EnlistReply {
  if (error instanceof RejectedError && error.rejected.code === 'unavailable')
    return { kind: 'busy', reason: TOO_SLOW };
  throw error;
}

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await giveDefaultImage(site);
  await site.call('POST', '/subnets', { body: { cidr: '10.10.8.0/21' } });
  await site.call('PUT', '/settings/enlist_limit', { body: { value: LIMIT } });
});
afterAll(() => site.close());

const rows = async () => {
  const [row] = await pg.get().admin(
    `select (select count(*)::int from idempotency) as writes, (select count(*)::int from audit) as audit,
      (select count(*)::int from events) as events, (select count(*)::int from machines) as machines,
      (select count(*)::int from machine_tokens) as runs, (select revision::int from counters) as revision`,
    site.connection.database,
  );
  return row as Record<'writes' | 'audit' | 'events' | 'machines' | 'runs' | 'revision', number>;
};
async function askAll(ask: (index: number) => Promise<EnlistReply>): Promise<EnlistReply[]> {
  const replies: EnlistReply[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < STRANGERS; index = next++) replies.push(await ask(index));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return replies;
}
const kinds = (replies: readonly EnlistReply[]) =>
  Object.fromEntries(
    ['offer', 'busy', 'ignored'].map((kind) => [kind, replies.filter((one) => one.kind === kind).length]),
  );

describe('a thousand strange cards', () => {
  it('are answered busy by the channel before anything is read: what one rack may ask at once is through, the rest costs nothing', async () => {
    const still = { ...realClock, monotonic: () => 0 };
    const channel = freshChannel(site, still);
    const before = await rows();
    const began = performance.now();
    const replies = await askAll(async (index) => {
      const response = await asker({ ...site, agentApi: channel }).post(aStranger({ mac: cardOf(index), uuid: null }));
      if (response.statusCode === 503) return { kind: 'busy', reason: TOO_SLOW };
      expect(response.statusCode, response.body).toBe(200);
      return JSON.parse(response.body) as EnlistReply;
    });
    const ms = Math.round(performance.now() - began);
    const after = await rows();
    await channel.close();
    console.log(`1,000 strange cards by the channel of one rack: ${ms} ms, ${JSON.stringify(kinds(replies))}`);
    // Those that are heard may still find the database too slow, on a busy machine: then the answer has a reason.
    const unheard = replies.filter((reply) => reply.kind === 'busy' && reply.reason === undefined);
    expect(unheard).toHaveLength(STRANGERS - HEARD);
    const { offer = 0 } = kinds(replies);
    expect(offer).toBeGreaterThan(0);
    expect(after.machines - before.machines).toBe(offer);
    expect(after.events - before.events).toBe(offer);
    expect(after.writes - before.writes).toBe(offer);
    expect(after.audit - before.audit).toBeLessThanOrEqual(HEARD);
  }, 300_000);

  it('are as many machines as may wait for an operator, and the others are read and written nowhere', async () => {
    const before = await rows();
    const began = performance.now();
    const replies = await askAll((index) =>
      asker(site)
        .ask({ mac: cardOf(2_000 + index), uuid: null })
        .catch(tooSlow),
    );
    const ms = Math.round(performance.now() - began);
    const after = await rows();
    console.log(
      `1,000 strange cards past the channel's limit: ${ms} ms, ${JSON.stringify(kinds(replies))}, rows ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
    );
    expect(after.machines).toBe(LIMIT);
    expect(after.runs).toBe(LIMIT);
    const more = LIMIT - before.machines;
    expect(kinds(replies)).toEqual({ offer: more, busy: STRANGERS - more, ignored: 0 });
    // Those who ask at the same moment as the last one is made look once more under the lock.
    expect(after.writes - before.writes).toBeLessThanOrEqual(more + AT_ONCE);
    expect(after.events - before.events).toBe(more);
    expect(after.revision - before.revision).toBe(more);
    const said = replies.findLast((reply) => reply.kind === 'busy' && reply.reason !== TOO_SLOW);
    expect(said).toMatchObject({ reason: expect.stringContaining(`${LIMIT} enlisted machines wait for an operator`) });
  }, 300_000);

  it('go on when an operator has deleted or accepted some', async () => {
    const [first] = (await site.call('GET', '/machines?state=new&limit=1')).body['items'] as { hostname: string }[];
    await site.call('POST', `/machines/${first?.hostname}/commission`, { body: {} });
    expect((await asker(site).ask({ mac: cardOf(9_000), uuid: null })).kind).toBe('offer');
    expect((await asker(site).ask({ mac: cardOf(9_001), uuid: null })).kind).toBe('busy');
  });
});

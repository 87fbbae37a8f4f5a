import { randomUUID } from 'node:crypto';
import { type RawBuilder, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { MASTER, masterOf } from '../../../src/model/cluster/rack.ts';
import { type Announcement, register } from '../../../src/region/cluster/trust/registration.ts';
import type { Database } from '../../../src/store/database.ts';
import { readEvents } from '../../../src/store/queries/base/events.ts';
import { listRacks } from '../../../src/store/queries/cluster/racks.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { aRack } from '../../kit/rack.ts';
import { change, value } from '../../kit/store.ts';

const pg = usePostgres();

const announced = (name: string, changes: Partial<Announcement> = {}): Announcement => ({
  uuid: randomUUID(),
  name,
  publicKey: aRack(name).publicKey,
  isProven: true,
  nonce: realRandom.hex(16),
  arrival: 'elsewhere',
  token: 'none',
  nodeId: null,
  source: '10.77.0.21',
  ...changes,
});

/** Two regions on one database. */
async function regions(): Promise<[Database, Database]> {
  const connection = await pg.get().createDatabase();
  return [pg.get().open(connection), pg.get().open(connection)];
}
const racksOf = async (db: Database) => value(await db.read(listRacks));
const told = (result: Awaited<ReturnType<typeof register>>) => ('state' in result ? result.state : result.code);

describe('the key by which racks copy the zones', () => {
  it('is another one as soon as a rack goes, and stays while racks come or wait', async () => {
    const [db] = await regions();
    const key = async () => value(await db.read(readSnapshot)).copyKey;
    const first = await key();
    for (const name of ['k1', 'k2', 'k3']) value(await register(db, announced(name, { token: 'valid' })));
    value(await register(db, announced('waits')));
    expect(await key()).toEqual(first);
    const act = (text: RawBuilder<unknown>) => change(db, async (tx) => await tx.run(text));
    value(await act(sql`update racks set state = 'rejected', accepted_at = null, node_id = null where name = 'k1'`));
    const second = await key();
    expect(second).toMatchObject({ number: 2, secret: expect.not.stringContaining(first?.secret ?? '') as string });
    value(await act(sql`delete from racks where name = 'k2'`));
    expect(await key()).toMatchObject({ number: 3 });
    value(await act(sql`update racks set name = 'k4' where name = 'k3'`));
    value(await act(sql`delete from racks where name in ('k1', 'waits')`));
    expect(await key()).toMatchObject({ number: 3 });
  });
});

describe('registrations at the same moment', () => {
  it('of two from own hosts exactly one becomes the master, the other waits', async () => {
    const dbs = await regions();
    for (let round = 0; round < 5; round += 1) {
      const before = (await racksOf(dbs[0])).length;
      const both = await Promise.all(
        dbs.map((db, n) => register(db, announced(`o${round}-${n}`, { arrival: 'own_host', source: 'unix' }))),
      );
      const outcome = both.map(told).sort();
      expect(outcome).toEqual(before === 0 ? ['accepted', 'waiting'] : ['waiting', 'waiting']);
    }
    const racks = await racksOf(dbs[0]);
    expect(racks.filter(({ state }) => state === 'accepted')).toHaveLength(1);
    expect(value(await dbs[0].read(readSnapshot)).racks).toMatchObject([
      { nodeId: masterOf(racks)?.nodeId, isMaster: true },
    ]);
  });

  it('of twenty with tokens all are accepted, one is the master, and the order of acceptance is the succession', async () => {
    const dbs = await regions();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) => register(dbs[n % 2] ?? dbs[0], announced(`t${n}`, { token: 'valid' }))),
    );
    expect(new Set(answers.map(told))).toEqual(new Set(['accepted']));
    const racks = await racksOf(dbs[0]);
    expect(new Set(racks.map(({ acceptedAt }) => acceptedAt)).size).toBe(20);
    const events = value(await dbs[0].read((tx) => readEvents(tx, 0, 1000, { kind: 'rack' })));
    // The first that was accepted is the master, and nobody took it from him.
    const changes = events.filter(({ kind }) => kind === 'rack.master_changed');
    expect(changes.map(({ data }) => data)).toEqual([{ before: null, after: masterOf(racks)?.uuid }]);
    const accepted = events
      .filter(({ kind }) => kind === 'rack.accepted')
      .map(({ data }) => (data as { uuid: string }).uuid);
    expect(accepted).toEqual(racks.map(({ uuid }) => uuid));
  });

  it('the same rack twice at once is one rack; two with one UUID are one rack and one refusal', async () => {
    const [one, two] = await regions();
    const rack = announced('k1');
    const twice = await Promise.all([register(one, rack), register(two, { ...rack, nonce: realRandom.hex(16) })]);
    expect(twice.map(told)).toEqual(['waiting', 'waiting']);
    const uuid = randomUUID();
    const rivals = [announced('k2', { uuid }), announced('k3', { uuid })];
    const outcome = await Promise.all([register(one, rivals[0] ?? rack), register(two, rivals[1] ?? rack)]);
    expect(outcome.map(told).sort()).toEqual(['conflict', 'waiting']);
    expect((await racksOf(one)).map(({ name }) => name)).toHaveLength(2);
  });

  it('whoever waits makes no change of the configuration; whoever is accepted makes one', async () => {
    const [db] = await regions();
    const revision = async () => value(await db.read(readSnapshot)).revision;
    const before = await revision();
    expect(told(await register(db, announced('k1')))).toBe('waiting');
    expect(await revision()).toBe(before);
    await register(db, announced('k2', { token: 'valid' }));
    expect(await revision()).toBe(before + 1);
  });

  it(`no rack is called "${MASTER}", whatever the case`, async () => {
    const [db] = await regions();
    expect(told(await register(db, announced('Master.example.test', { token: 'valid' })))).toBe('invalid_value');
  });
});

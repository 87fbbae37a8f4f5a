import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { readAddressUsers, writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { createMachine, deleteMachine } from '../../../src/store/queries/machines/machines.ts';
import { createRange, updateRange } from '../../../src/store/queries/networks/ranges.ts';
import {
  createReservation,
  deleteReservation,
  updateReservation,
} from '../../../src/store/queries/networks/reservations.ts';
import { createSubnet, lockSubnet, updateSubnet } from '../../../src/store/queries/networks/subnets.ts';
import { createDomain } from '../../../src/store/queries/names/domains.ts';
import { createNode, deleteNode, updateNode } from '../../../src/store/queries/cluster/nodes.ts';
import { revertChange } from '../../../src/store/queries/site/revert.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { register } from '../../../src/region/cluster/trust/registration.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { aRack } from '../../kit/rack.ts';
import { change, refusal, value } from '../../kit/store.ts';

/** Addresses of the cluster's own are nobody else's, whatever the way: the database keeps it, without a use case before it. */

const pg = usePostgres();
let db: Database;
let rival: Database;
let subnetId: number;
let domainId: number;
const table: string[] = [];
const RULE = 'Rule: an address of a node and the floating address have no other user.';
const vip = (address: string | null) => (tx: Tx) =>
  writeCluster(tx, { id: 'c1', vip: address === null ? null : `${address}/24`, virtualRouter: 51 });
const node = (id: string, ...addresses: string[]) => ({ id, name: id, isRegion: false, isRack: true, addresses });
const reserve =
  (address: string, mac: string | null = null) =>
  (tx: Tx) =>
    createReservation(tx, { subnetId, address, mac, hostname: null, comment: '' });
const machine = (hostname: string, address: string) => (tx: Tx) =>
  createMachine(tx, {
    id: hostname.padEnd(6, '0'),
    hostname,
    domainId,
    rackId: null,
    interfaces: [
      { name: 'eth0', mac: '52:54:00:99:00:16', kind: 'physical', vlanId: 1, addresses: [{ subnetId, address }] },
    ],
  });
const range =
  (first: string, last: string, kind: 'dynamic' | 'reserved' = 'dynamic') =>
  (tx: Tx) =>
    createRange(tx, { subnetId, kind, first, last, comment: '' });
const sees = (id: string, ...addresses: string[]) =>
  db.repeatable(async (tx) => {
    const facts = { hostname: id, interfaces: [{ name: 'eth0', mac: '02:00:00:00:00:01', addresses }] };
    await tx.run(sql`insert into node_observations (node_id, generation, digest, agent_version, agent_since, facts)
      values (${id}, 1, '', '0', now(), ${JSON.stringify(facts)}::jsonb)
      on conflict (node_id) do update set facts = excluded.facts`);
    return null;
  });

beforeEach(async () => {
  const connection = await pg.get().createDatabase();
  db = pg.get().open(connection);
  rival = pg.get().open(connection);
  [subnetId, domainId] = value(
    await change(db, async (tx) => {
      const { id } = await createSubnet(tx, { vlanId: 1, name: 'a', cidr: '10.9.0.0/24', dnsOn: true });
      return [id, (await createDomain(tx, { name: 'a.test', ttl: null })).id] as const;
    }),
  );
});
afterAll(() => process.stdout.write(`\naddresses of the cluster's own, kept by the database\n${table.join('\n')}\n`));

async function refused(name: string, body: (tx: Tx) => Promise<unknown>, sentence: string): Promise<void> {
  const { code, message } = refusal(await change(db, body));
  table.push(`${name.padEnd(56)} ${code}: ${message}`);
  expect([code, message]).toEqual(['conflict', `${sentence}. ${RULE}`]);
}

describe('a claim beside an own address', () => {
  it('of each noun is refused: of a node, of what it reports, and the floating one', async () => {
    value(await change(db, (tx) => createNode(tx, node('k1', '10.9.0.1'))));
    value(await change(db, vip('10.9.0.3')));
    value(await sees('k1', '10.9.0.1', '10.9.0.2', '10.9.0.3', 'no address'));
    const own = {
      '10.9.0.1': 'an address of the node k1',
      '10.9.0.2': 'an address of the node k1',
      '10.9.0.3': 'the floating address of the cluster',
    };
    for (const [address, words] of Object.entries(own)) {
      const sentence = `${address} is ${words}`;
      await refused(`machine ${address}`, machine('rkm', address), sentence);
      await refused(`static lease ${address}`, reserve(address, '52:54:00:99:00:16'), sentence);
      await refused(`reserved address ${address}`, reserve(address), sentence);
      await refused(`dynamic range ${address}-10.9.0.9`, range(address, '10.9.0.9'), sentence);
      value(await change(db, (tx) => range(address, address, 'reserved')(tx)));
    }
    const gateway = (address: string) => (tx: Tx) => updateSubnet(tx, { key: subnetId }, { gateway: address });
    value(await change(db, gateway('10.9.0.2')));
    await refused('gateway 10.9.0.3', gateway('10.9.0.3'), '10.9.0.3 is the floating address of the cluster');
  });

  it('of before keeps everything else: it is moved, noted, given back', async () => {
    const made = value(await change(db, reserve('10.9.0.1', '52:54:00:99:00:17')));
    const pool = value(await change(db, range('10.9.0.100', '10.9.0.109')));
    value(await change(db, (tx) => createNode(tx, node('k1'))));
    value(await sees('k1', '10.9.0.1', '10.9.0.105'));
    value(await change(db, (tx) => updateReservation(tx, { key: made.id }, { comment: 'x' })));
    value(
      await change(db, (tx) =>
        updateRange(tx, { key: pool.id }, { first: '10.9.0.100', last: '10.9.0.104', comment: '' }),
      ),
    );
    value(await change(db, (tx) => deleteReservation(tx, { key: made.id })));
    await refused('again', reserve('10.9.0.1', '52:54:00:99:00:17'), '10.9.0.1 is an address of the node k1');
  });
});

describe('an own address beside a claim', () => {
  it('is refused: a node that joins, one that moves, the floating address set or moved', async () => {
    value(await change(db, reserve('10.9.0.7', '52:54:00:99:00:17')));
    value(await change(db, machine('web1', '10.9.0.8')));
    value(await change(db, range('10.9.0.100', '10.9.0.109')));
    value(await change(db, (tx) => updateSubnet(tx, { key: subnetId }, { gateway: '10.9.0.254' })));
    const claims = {
      '10.9.0.7': '10.9.0.7, the static lease of 52:54:00:99:00:17',
      '10.9.0.8': '10.9.0.8, the address of eth0 of the machine web1',
      '10.9.0.105': 'the dynamic range 10.9.0.100-10.9.0.109',
    };
    value(await change(db, (tx) => createNode(tx, node('k1', '10.9.0.254'))));
    value(await change(db, vip('10.9.0.3')));
    for (const [address, words] of Object.entries(claims)) {
      const sentence = `${address} collides with ${words}`;
      await refused(`node k2 ${address}`, (tx) => createNode(tx, node('k2', address)), sentence);
      const move = (tx: Tx) => updateNode(tx, { key: 'k1' }, { addresses: ['10.9.0.254', address] });
      await refused(`node k1 moves to ${address}`, move, sentence);
      await refused(`floating address ${address}`, vip(address), sentence);
    }
    await refused(
      'floating address 10.9.0.254',
      vip('10.9.0.254'),
      '10.9.0.254 collides with 10.9.0.254, the gateway of 10.9.0.0/24',
    );
    await refused(
      'node k2 10.9.0.3',
      (tx) => createNode(tx, node('k2', '10.9.0.3')),
      '10.9.0.3 is the floating address of the cluster',
    );
  });

  it('that a node tells of is no change that could be refused; what it was told of is free when the node is gone', async () => {
    value(await change(db, (tx) => createNode(tx, node('k1', '10.9.0.1'))));
    await refused('reservation of a node', reserve('10.9.0.1'), '10.9.0.1 is an address of the node k1');
    value(await change(db, (tx) => deleteNode(tx, { key: 'k1' })));
    value(await change(db, reserve('10.9.0.1')));
    value(await change(db, vip('10.9.0.3')));
    value(await change(db, vip('10.9.0.4')));
    value(await change(db, reserve('10.9.0.3')));
    await refused(
      'reservation of the new floating address',
      reserve('10.9.0.4'),
      '10.9.0.4 is the floating address of the cluster',
    );
    value(await change(db, vip(null)));
    value(await change(db, reserve('10.9.0.4')));
  });
});

describe('ways around the use cases', () => {
  it('a rack is accepted with no address that somebody has; a join is told who has it', async () => {
    value(await change(db, range('10.9.0.100', '10.9.0.109')));
    const users = value(await db.read((tx) => readAddressUsers(tx, ['10.9.0.105', '10.9.0.110'])));
    expect(users).toEqual([{ address: '10.9.0.105', user: 'the dynamic range 10.9.0.100-10.9.0.109' }]);
    const registered = await register(db, {
      uuid: randomUUID(),
      name: 'k9',
      publicKey: aRack('k9').publicKey,
      isProven: true,
      nonce: realRandom.hex(16),
      arrival: 'elsewhere',
      token: 'valid',
      nodeId: null,
      source: '10.9.0.105',
    });
    const { message } = refusal(registered);
    table.push(`${'rack k9 registers from 10.9.0.105'.padEnd(56)} ${message}`);
    expect(message).toBe(`10.9.0.105 collides with the dynamic range 10.9.0.100-10.9.0.109. ${RULE}`);
    expect(value(await db.read(readSnapshot)).nodes).toEqual([]);
  });

  it('two thousand claims beside a hundred nodes with forty addresses each take seconds, not minutes', async () => {
    value(
      await change(db, async (tx) => {
        for (let n = 0; n < 100; n += 1) await createNode(tx, node(`n${n}`, `10.8.${n}.1`));
        return null;
      }),
    );
    for (let n = 0; n < 100; n += 1)
      value(await sees(`n${n}`, ...Array.from({ length: 40 }, (_, k) => `10.7.${n}.${k}`)));
    const before = performance.now();
    value(
      await change(db, async (tx) => {
        const wide = await createSubnet(tx, { vlanId: 1, name: 'wide', cidr: '10.16.0.0/16', dnsOn: true });
        return tx.run(sql`insert into reservations (subnet_id, address)
          select ${wide.id}, '10.16.0.1'::inet + n from generate_series(1, 2000) as n`);
      }),
    );
    const took = Math.round(((performance.now() - before) / 2000) * 100) / 100;
    table.push(`${'2000 reservations beside 100 nodes with 4000 addresses'.padEnd(56)} ${took} ms each`);
    expect(took).toBeLessThan(20);
  });

  it('a change that is taken back is judged, too', async () => {
    value(await change(db, machine('web1', '10.9.0.8')));
    value(await change(db, (tx) => deleteMachine(tx, { key: 'web100' })));
    const { revision } = value(await db.read(readSnapshot));
    value(await change(db, (tx) => createNode(tx, node('k1', '10.9.0.8'))));
    await refused(
      'rollback of a machine’s deletion',
      (tx) => revertChange(tx, revision),
      '10.9.0.8 is an address of the node k1',
    );
  });

  it('of two rivals at the same moment one wins: a reservation and a node, a reservation and the floating address', async () => {
    for (let round = 0; round < 10; round += 1) {
      const address = `10.9.0.${20 + round}`;
      const other = round % 2 === 0 ? (tx: Tx) => createNode(tx, node(`n${round}`, address)) : vip(address);
      const claim = async (tx: Tx) => (await lockSubnet(tx, { key: subnetId })) ?? reserve(address)(tx);
      const both = await Promise.all([change(db, claim), change<unknown>(rival, other)]);
      const lost = both.filter((result) => result !== null && typeof result === 'object' && 'kind' in result);
      expect(lost).toHaveLength(1);
      expect(refusal(lost[0]).message).toContain(RULE);
    }
    table.push(`${'ten pairs of rivals'.padEnd(56)} one of each pair won`);
  });
});

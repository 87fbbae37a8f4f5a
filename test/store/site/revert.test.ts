import { beforeAll, beforeEach, expect, test } from 'vitest';
import { isRejected, type Rejected } from '../../../src/core/errors.ts';
import type { Database } from '../../../src/store/database.ts';
import { createDomain, deleteDomain, updateDomain } from '../../../src/store/queries/names/domains.ts';
import { findChange, listChanges } from '../../../src/store/queries/site/changes.ts';
import { createMachine, deleteMachine, updateMachine } from '../../../src/store/queries/machines/machines.ts';
import { createNode, updateNode } from '../../../src/store/queries/cluster/nodes.ts';
import { createRecord, updateRecord } from '../../../src/store/queries/names/records.ts';
import { requestRestart } from '../../../src/store/queries/cluster/restarts.ts';
import { setSetting } from '../../../src/store/queries/site/settings.ts';
import { createSubnet } from '../../../src/store/queries/networks/subnets.ts';
import { revertChange } from '../../../src/store/queries/site/revert.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { type WriteTx, write } from '../../../src/store/write.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { operation, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
let domainId: number;
let subnetId: number;

beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
});
beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  await change(async (tx) => {
    domainId = (await createDomain(tx, { name: 'example.test', ttl: null })).id;
    subnetId = (await createSubnet(tx, { vlanId: 1, name: 'lab', cidr: '10.0.0.0/24', dnsOn: true })).id;
  });
});

/** Changes something; gives the revision that it made. */
async function change(body: (tx: WriteTx) => Promise<unknown>): Promise<number> {
  const written = await write(db, operation(), async (tx) => {
    const result = await body(tx);
    return isRejected(result) ? result : { status: 200, body: null };
  });
  return value(written).revision;
}
async function revert(revision: number): Promise<{ revision: number } | Rejected> {
  return write(db, operation({ summary: `undo ${revision}` }), async (tx) => {
    const answer = await revertChange(tx, revision);
    return answer ?? { status: 200, body: null, reverts: revision };
  });
}
async function content() {
  const { revision: _, ...rest } = value(await db.read(readSnapshot));
  return rest;
}

const machine = (id: string, address: string) => ({
  id,
  hostname: id,
  domainId,
  interfaces: [
    {
      name: 'eth0',
      mac: `52:54:00:00:00:0${id.length + Number(address.at(-1))}`,
      kind: 'physical' as const,
      vlanId: 1,
      addresses: [{ subnetId, address }],
    },
  ],
});

/** A change, and what must hold before it. Taking it back must give exactly the content from before. */
const CHANGES: Readonly<Record<string, (tx: WriteTx) => Promise<unknown>>> = {
  'a new record': (tx) => createRecord(tx, { domainId, name: 'new', type: 'A', data: '10.0.0.9', ttl: 5 }),
  'a changed domain': (tx) => updateDomain(tx, { key: domainId }, { name: 'other.test', ttl: 99 }),
  'a new machine with its interface and address': (tx) => createMachine(tx, machine('newone', '10.0.0.2')),
  'a deleted machine with its interface and address': (tx) => deleteMachine(tx, { key: 'oldone' }),
  'another list of interfaces': (tx) => updateMachine(tx, { key: 'oldone' }, { interfaces: [] }),
  'a setting': (tx) => setSetting(tx, 'ntp_servers', ['192.0.2.9']),
  'a deleted domain with its records': async (tx) => {
    await deleteMachine(tx, { key: 'oldone' });
    return deleteDomain(tx, { key: domainId, isCascade: true });
  },
};

test.each(Object.keys(CHANGES))('taken back: %s', async (name) => {
  await change(async (tx) => {
    await createMachine(tx, machine('oldone', '10.0.0.1'));
    await createRecord(tx, { domainId, name: 'old', type: 'TXT', data: 'text', ttl: null });
  });
  const before = await content();
  const revision = await change(CHANGES[name] ?? (async () => null));
  expect(await content()).not.toEqual(before);
  const undone = value(await revert(revision));
  expect(await content()).toEqual(before);
  expect(value(await db.read((tx) => findChange(tx, undone.revision)))).toMatchObject({ reverts: revision });
  // And the taking back can be taken back.
  value(await revert(undone.revision));
  expect(await content()).not.toEqual(before);
});

test('refused when a row was changed since, naming it; nothing is half undone', async () => {
  let id = 0;
  const first = await change(async (tx) => {
    id = (await createRecord(tx, { domainId, name: 'www', type: 'A', data: '10.0.0.9', ttl: null })).id;
    await createRecord(tx, { domainId, name: 'other', type: 'A', data: '10.0.0.9', ttl: null });
  });
  const second = await change((tx) => updateRecord(tx, { key: id }, { ttl: 77 }));
  const before = await content();
  expect(refusal(await revert(first)).message).toBe(
    `Change ${first} cannot be undone: records ${id} was changed later. Undo the later change first.`,
  );
  expect(await content()).toEqual(before);
  value(await revert(second));
  value(await revert(first));
  expect((await content()).records).toEqual([]);
});

test('refused when what it would bring back no longer fits', async () => {
  await change((tx) => createMachine(tx, machine('oldone', '10.0.0.1')));
  const gone = await change((tx) => deleteMachine(tx, { key: 'oldone' }));
  await change((tx) => createMachine(tx, { ...machine('newone', '10.0.0.1'), hostname: 'other' }));
  expect(refusal(await revert(gone))).toMatchObject({ code: 'conflict' });
});

test('refused: an unknown change, and one that only asked for a restart', async () => {
  expect(refusal(await revert(999)).code).toBe('not_found');
  await change((tx) => createNode(tx, { id: 'n1', name: 'r1', isRegion: true, isRack: true, addresses: [] }));
  const restart = await change((tx) => requestRestart(tx, { nodeId: 'n1', service: 'dns', nonce: 'x', actor: 'ada' }));
  expect(refusal(await revert(restart)).message).toMatch(/contains nothing that can be undone/);
});

test('refused: what makes or unmakes a region node; a rack that came to stand on one goes again', async () => {
  const made = await change((tx) =>
    createNode(tx, { id: 'n1', name: 'r1', isRegion: true, isRack: false, addresses: [], state: 'joining' }),
  );
  expect(refusal(await revert(made)).message).toContain('added or removed a region node');
  const joined = await change((tx) => updateNode(tx, { key: 'n1' }, { state: 'member' }));
  expect(refusal(await revert(joined)).code).toBe('conflict');
  const rack = await change((tx) => updateNode(tx, { key: 'n1' }, { isRack: true }));
  expect(await revert(rack)).toMatchObject({ status: 200 });
});

test('changes are listed newest first, by who and by table', async () => {
  await change((tx) => setSetting(tx, 'default_ttl', 5));
  const page = value(await db.read((tx) => listChanges(tx, { limit: 1 })));
  expect(page.items).toMatchObject([{ who: 'ada', rows: [{ table: 'settings', key: { name: 'default_ttl' } }] }]);
  const rest = value(await db.read((tx) => listChanges(tx, { limit: 5, cursor: page.next ?? '' })));
  expect(rest.items.every(({ id }) => id < (page.items[0]?.id ?? 0))).toBe(true);
  const domains = value(await db.read((tx) => listChanges(tx, { table: 'domains', who: 'ada' })));
  expect(domains.items).toHaveLength(1);
  expect(value(await db.read((tx) => listChanges(tx, { who: 'nobody' }))).items).toEqual([]);
});

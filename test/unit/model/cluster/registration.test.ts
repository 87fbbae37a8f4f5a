import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { masterOf, parseRackKey, parseRackUuid, type RackState } from '../../../../src/model/cluster/rack.ts';
import {
  type Decision,
  decideRegistration,
  type KnownRack,
  type Registration,
  WAITING_FROM_SOURCE_MAX,
  WAITING_MAX,
} from '../../../../src/model/cluster/registration.ts';

const uuid = (n: number) => `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;
const key = (n: number) => `${n.toString(16).padStart(42, 'k')}A`;

function rack(n: number, state: RackState, changes: Partial<KnownRack> = {}): KnownRack {
  const acceptedAt = state === 'accepted' ? new Date(n * 1000).toISOString() : null;
  const nodeId = state === 'accepted' ? uuid(n) : null;
  return { uuid: uuid(n), name: `k${n}`, nodeId, state, publicKey: key(n), acceptedAt, mayRekey: false, ...changes };
}

/** Rack 1 registers, from elsewhere, without token, if nothing else is said. */
const request = (changes: Partial<Registration> = {}): Registration => ({
  uuid: uuid(1),
  name: 'k1',
  publicKey: key(1),
  isProven: true,
  arrival: 'elsewhere',
  token: 'none',
  nodeId: null,
  waitingFromSource: 0,
  ...changes,
});

const OWN = { arrival: 'own_host' } as const;
const VALID = { token: 'valid' } as const;
const R1 = { id: 'r1', name: 'r1' };
const crowd = Array.from({ length: WAITING_MAX }, (_, index) => rack(100 + index, 'waiting'));

/** Who registers, what is there, in words; what is there; the request; what becomes of it. */
type Case = readonly [string, string, readonly KnownRack[], Registration, string];

/** The table of cases: who registers, what is there, what becomes of it. */
const CASES: readonly Case[] = [
  ['own host', 'placeholder', [], request(OWN), 'accept, master'],
  ['own host, its node is known', 'placeholder', [], request({ ...OWN, name: 'r1', nodeId: 'r1' }), 'accept, master'],
  ['valid token', 'placeholder', [], request(VALID), 'accept, master'],
  ['own host, expired token', 'placeholder', [], request({ ...OWN, token: 'expired' }), 'accept, master'],
  ['elsewhere', 'placeholder', [], request(), 'wait'],
  ['elsewhere, expired token', 'placeholder', [], request({ token: 'expired' }), 'wait'],
  ['elsewhere, used token', 'placeholder', [], request({ token: 'used' }), 'wait'],
  ['own host', 'another waits', [rack(2, 'waiting')], request(OWN), 'accept, master'],
  ['own host', 'another was rejected', [rack(2, 'rejected')], request(OWN), 'accept, master'],
  ['own host', 'another is master', [rack(2, 'accepted')], request(OWN), 'wait'],
  ['valid token', 'another is master', [rack(2, 'accepted')], request(VALID), 'accept'],
  ['elsewhere', 'another is master', [rack(2, 'accepted')], request(), 'wait'],
  ['elsewhere', 'it waits', [rack(1, 'waiting')], request(), 'known waiting'],
  ['own host', 'it waits, placeholder', [rack(1, 'waiting')], request(OWN), 'accept, master'],
  ['own host', 'it waits, another is master', [rack(1, 'waiting'), rack(2, 'accepted')], request(OWN), 'known waiting'],
  ['valid token', 'it waits, another is master', [rack(1, 'waiting'), rack(2, 'accepted')], request(VALID), 'accept'],
  ['elsewhere', 'it is accepted', [rack(1, 'accepted')], request(), 'known accepted'],
  ['own host', 'it is accepted', [rack(1, 'accepted')], request(OWN), 'known accepted'],
  ['valid token', 'it is accepted', [rack(1, 'accepted')], request(VALID), 'known accepted'],
  ['elsewhere', 'it was rejected', [rack(1, 'rejected')], request(), 'known rejected'],
  ['own host', 'it was rejected', [rack(1, 'rejected')], request(OWN), 'known rejected'],
  ['valid token', 'it was rejected', [rack(1, 'rejected')], request(VALID), 'known rejected'],
  [
    "a stranger with a rack's UUID",
    'it waits',
    [rack(1, 'waiting')],
    request({ publicKey: key(9) }),
    'refuse conflict',
  ],
  [
    "a stranger with a rack's UUID",
    'it is accepted',
    [rack(1, 'accepted')],
    request({ publicKey: key(9) }),
    'refuse conflict',
  ],
  [
    'the same with a valid token',
    'it is accepted',
    [rack(1, 'accepted')],
    request({ ...VALID, publicKey: key(9) }),
    'refuse conflict',
  ],
  [
    'the same from the own host',
    'it was rejected',
    [rack(1, 'rejected')],
    request({ ...OWN, publicKey: key(9) }),
    'refuse conflict',
  ],
  [
    'rebuilt host, new key',
    'accepted, key reset',
    [rack(1, 'accepted', { mayRekey: true })],
    request({ publicKey: key(9) }),
    'refuse conflict',
  ],
  [
    'the same, its certificate shown',
    'accepted, key reset',
    [rack(1, 'accepted', { mayRekey: true, nodeId: uuid(1) })],
    request({ publicKey: key(9), nodeId: uuid(1) }),
    'rekey accepted',
  ],
  [
    'the same, a certificate of r1',
    'accepted, key reset',
    [rack(1, 'accepted', { mayRekey: true, nodeId: uuid(1) })],
    request({ publicKey: key(9), nodeId: 'r1' }),
    'refuse conflict',
  ],
  [
    'the same, its certificate shown',
    'accepted',
    [rack(1, 'accepted', { nodeId: uuid(1) })],
    request({ publicKey: key(9), nodeId: uuid(1) }),
    'refuse conflict',
  ],
  [
    'rebuilt host, new key',
    'waits, key reset',
    [rack(1, 'waiting', { mayRekey: true })],
    request({ publicKey: key(9) }),
    'refuse conflict',
  ],
  [
    'rebuilt host, new key',
    'rejected, key reset',
    [rack(1, 'rejected', { mayRekey: true })],
    request({ publicKey: key(9) }),
    'refuse conflict',
  ],
  ['old key', 'accepted, key reset', [rack(1, 'accepted', { mayRekey: true })], request(), 'known accepted'],
  [
    "another rack's key",
    'accepted, key reset',
    [rack(1, 'accepted', { mayRekey: true }), rack(2, 'waiting')],
    request({ publicKey: key(2) }),
    'refuse conflict',
  ],
  [
    'a copy: same key, own UUID',
    'the first is accepted',
    [rack(2, 'accepted')],
    request({ publicKey: key(2) }),
    'refuse conflict',
  ],
  [
    'a copy with a valid token',
    'the first waits',
    [rack(2, 'waiting')],
    request({ ...VALID, publicKey: key(2) }),
    'refuse conflict',
  ],
  [
    'own host, UUID changed',
    'its node is a rack',
    [rack(2, 'accepted', { nodeId: 'r1' })],
    request({ ...OWN, nodeId: 'r1' }),
    'refuse conflict',
  ],
  ["a node's name", 'r1 is a node', [], request({ name: 'r1' }), 'refuse conflict'],
  ["a node's name, valid token", 'r1 is a node', [], request({ ...VALID, name: 'r1' }), 'refuse conflict'],
  ["a rack's name", 'that one is accepted', [rack(2, 'accepted')], request({ name: 'k2' }), 'refuse conflict'],
  ["a rack's name", 'that one waits', [rack(2, 'waiting')], request({ name: 'k2' }), 'wait'],
  ['named "master"', 'placeholder', [], request({ ...VALID, name: 'master' }), 'refuse invalid_value'],
  ['wrong signature', 'placeholder', [], request({ ...OWN, ...VALID, isProven: false }), 'refuse unauthenticated'],
  ['wrong signature', 'it is accepted', [rack(1, 'accepted')], request({ isProven: false }), 'refuse unauthenticated'],
  ['elsewhere', `${WAITING_MAX} wait`, crowd, request(), 'refuse too_many_requests'],
  [
    'elsewhere',
    `${WAITING_FROM_SOURCE_MAX} of its source wait`,
    [],
    request({ waitingFromSource: WAITING_FROM_SOURCE_MAX }),
    'refuse too_many_requests',
  ],
  [
    'elsewhere, it waits too',
    `${WAITING_MAX} wait`,
    [...crowd.slice(1), rack(1, 'waiting')],
    request(),
    'known waiting',
  ],
  ['own host', `${WAITING_MAX} wait`, crowd, request(OWN), 'accept, master'],
  ['valid token', `${WAITING_MAX} wait`, crowd, request(VALID), 'accept, master'],
];

const decide = (racks: readonly KnownRack[], asked: Registration): Decision =>
  decideRegistration({ racks, nodes: [R1] }, asked);

function show(decision: Decision): string {
  if (decision.kind === 'accept') return decision.becomesMaster ? 'accept, master' : 'accept';
  if (decision.kind === 'refuse') return `refuse ${decision.code}`;
  return decision.kind === 'wait' ? 'wait' : `${decision.kind} ${decision.state}`;
}

describe('a registration', () => {
  const told: string[] = [];
  afterAll(() => {
    const head = `${'who registers'.padEnd(32)}${'what is there'.padEnd(34)}what becomes of it`;
    console.log(['', head, '-'.repeat(head.length + 8), ...told, ''].join('\n'));
  });

  // The name of a test is that of its line in the table.
  const named = CASES.map((line) => ({ name: `${line[0]}; ${line[1]}: ${line[4]}`, line }));
  it.each(named)('$name', ({ line: [who, there, racks, asked, outcome] }) => {
    const decision = decide(racks, asked);
    told.push(`${who.padEnd(32)}${there.padEnd(34)}${show(decision)}`);
    expect(show(decision)).toBe(outcome);
    expect(decision.why).toMatch(/\S/);
  });

  it('says to a rebuilt host what to do', () => {
    const decision = decide([rack(1, 'accepted')], request({ publicKey: key(9) }));
    expect(decision.why).toContain(`regent rack reset-key ${uuid(1)}`);
  });
});

const ANY_RACKS = fc.uniqueArray(
  fc.record({
    n: fc.integer({ min: 1, max: 6 }),
    state: fc.constantFrom<RackState>('waiting', 'accepted', 'rejected'),
  }),
  { selector: ({ n }) => n },
);
const ANY_REQUEST = fc.record({
  n: fc.integer({ min: 1, max: 8 }),
  keyOf: fc.integer({ min: 1, max: 8 }),
  arrival: fc.constantFrom('own_host', 'elsewhere'),
  token: fc.constantFrom('none', 'valid', 'expired', 'used'),
  isProven: fc.boolean(),
});

describe('whatever is there and whoever comes', () => {
  const outcomeOf = (
    list: readonly { n: number; state: RackState }[],
    asked: { n: number; keyOf: number } & Pick<Registration, 'arrival' | 'token' | 'isProven'>,
  ) => {
    const racks = list.map(({ n, state }) => rack(n, state));
    const { n, keyOf, ...how } = asked;
    return { racks, decision: decide(racks, request({ ...how, uuid: uuid(n), name: `k${n}`, publicKey: key(keyOf) })) };
  };

  it('only the own host before the first, or a token, gets in without an admin', () => {
    fc.assert(
      fc.property(ANY_RACKS, ANY_REQUEST, (list, asked) => {
        const { racks, decision } = outcomeOf(list, asked);
        if (decision.kind !== 'accept') return;
        expect(asked.isProven).toBe(true);
        expect(asked.token === 'valid' || (asked.arrival === 'own_host' && masterOf(racks) === null)).toBe(true);
        expect(decision.becomesMaster).toBe(masterOf(racks) === null);
      }),
    );
  });

  it('a rejected rack never gets further by asking', () => {
    fc.assert(
      fc.property(ANY_RACKS, ANY_REQUEST, (list, asked) => {
        const { racks, decision } = outcomeOf(list, asked);
        if (racks.find((item) => item.uuid === uuid(asked.n))?.state !== 'rejected') return;
        expect(['known rejected', 'refuse conflict', 'refuse unauthenticated']).toContain(show(decision));
      }),
    );
  });

  it('the master is the one that was accepted first, and there is always at most one', () => {
    fc.assert(
      fc.property(ANY_RACKS, (list) => {
        const racks = list.map(({ n, state }) => rack(n, state));
        const accepted = list.filter(({ state }) => state === 'accepted').map(({ n }) => n);
        expect(masterOf(racks)?.uuid ?? null).toBe(accepted.length === 0 ? null : uuid(Math.min(...accepted)));
      }),
    );
  });
});

describe('succession of the master', () => {
  it('goes to the next oldest, and back to the placeholder', () => {
    const three = [rack(3, 'accepted'), rack(1, 'accepted'), rack(2, 'accepted')];
    const names: (string | null)[] = [];
    for (let left: KnownRack[] = three; ; left = left.filter((item) => item !== masterOf(left))) {
      names.push(masterOf(left)?.name ?? null);
      if (left.length === 0) break;
    }
    expect(names).toEqual(['k1', 'k2', 'k3', null]);
  });

  it('two accepted at one moment: the lower UUID, whatever the order', () => {
    const at = { acceptedAt: '2026-01-01T00:00:00.000Z' };
    const two = [rack(2, 'accepted', at), rack(1, 'accepted', at)];
    expect(masterOf(two)?.name).toBe('k1');
    expect(masterOf(two.toReversed())?.name).toBe('k1');
  });
});

describe('identity', () => {
  it('a UUID in any case, but not nil or max', () => {
    expect(parseRackUuid('6F9619FF-8B86-D011-B42D-00CF4FC964FF')).toBe('6f9619ff-8b86-d011-b42d-00cf4fc964ff');
    const bad = [
      '',
      'x',
      uuid(1).slice(1),
      `{${uuid(1)}}`,
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
    ];
    for (const text of bad) expect(isRejected(parseRackUuid(text))).toBe(true);
  });

  it('a key is 32 bytes', () => {
    expect(parseRackKey(key(1))).toBe(key(1));
    for (const text of ['', 'A'.repeat(42), `${'A'.repeat(42)}B`, 'A'.repeat(44)])
      expect(isRejected(parseRackKey(text))).toBe(true);
  });
});

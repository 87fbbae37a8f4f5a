import { describe, expect, it } from 'vitest';
import { decide } from '../../../../ha/dhcp/decide.ts';
import { firstMemory, type Memory, type Verdict } from '../../../../ha/dhcp/verdict.ts';
import { type Reach, USELESS } from '../../../../ha/dhcp/reach.ts';
import type { Answer, KeaView, PairInputs } from '../../../../ha/dhcp/inputs.ts';
import {
  firstRecord,
  ANSWER_VALID_MS,
  type OwnerRecord,
  SILENT_MS,
  UNABLE_MS,
  type PairStatus,
} from '../../../../ha/dhcp/messages.ts';
import { aRecord, aStatus as says, KEY } from '../../../kit/dhcp/pair-fixtures.ts';

const NOW = 100_000;
/** The day's time then. */
const DAY = 1_764_000_000_000;
const record = (owner: string, epoch: number, changes: Partial<OwnerRecord> = {}) =>
  aRecord(owner, epoch, { isWhole: true, ...changes });
const K1 = record('k1', 4);
const K2 = record('k2', 5, { isAlone: true, isWhole: false });

const kea = (state: string | null, changes: Partial<KeaView> = {}): KeaView => {
  const base = { isRunning: state !== null, isOver: state === null, isAnswering: state !== null };
  return {
    ...base,
    state,
    scopes: [],
    pausedBy: [],
    isCut: false,
    syncId: null,
    tag: null,
    isHung: false,
    hasGoneBack: false,
    ...changes,
  };
};
/** So many regions have answered, `ago` ms after the question. */
function regions(
  count: number,
  named: OwnerRecord | null,
  changes: Partial<Answer> & { ago?: number; silentMs?: number } = {},
) {
  const { ago = 100, silentMs = 0, ...rest } = changes;
  const vote = { key: KEY, record: named, partner: { silentMs, word: null } };
  const answer: Answer = { sentAt: NOW - ago, wasWanting: true, claim: null, vote, ...rest };
  return new Map(['r1', 'r2', 'r3'].slice(0, count).map((name) => [name, answer]));
}
const heard = (word: PairStatus, ago = 100): Pick<PairInputs, 'beat' | 'reply'> => ({
  beat: { at: NOW - ago, status: word, run: 1, said: 2 },
  reply: { sentAt: NOW - ago, wasWanting: true, status: word, run: 1, said: 1 },
});
const WELL: Reach = { missing: [], isCut: false, isFull: false, isDrained: false, aheadMs: 0 };
const CUT: Reach = { ...WELL, missing: ['eth2'] };
const DRAINED: Reach = { ...WELL, isDrained: true };
const FULL: Reach = { ...WELL, isFull: true };
const SILENT: Pick<PairInputs, 'beat' | 'reply'> = { beat: null, reply: null };

function inputs(self: 'k1' | 'k2', changes: Partial<PairInputs>): PairInputs {
  const [partner, role] = self === 'k1' ? (['k2', 'primary'] as const) : (['k1', 'standby'] as const);
  const base = { now: NOW, startedAt: 0, floorAt: 0, dayTime: DAY, key: KEY, self, partner, role, regions: 3 } as const;
  const none = { answers: new Map(), ...SILENT, kea: kea(null), reach: WELL, isLeaving: false, isOrdered: false };
  return { ...base, ...none, ...changes };
}
const PRIMARY = kea('hot-standby', { scopes: ['k1'] });
const ALONE = kea('partner-down', { scopes: ['k1'] });

/** What matters of a verdict. */
type Expected = Partial<
  Pick<Verdict, 'isPermitted' | 'state' | 'isDetached' | 'isKilled' | 'isReset' | 'resumes' | 'scopes'>
> & {
  readonly isWhole?: boolean;
  readonly owner?: string;
  readonly claims?: string | null;
  readonly isWanting?: boolean;
  readonly why?: RegExp;
};

type Case = readonly [
  name: string,
  record: OwnerRecord,
  inputs: PairInputs,
  expected: Expected,
  memory?: Partial<Memory>,
];

function check([, start, seen, expected, memory]: Case): void {
  const verdict = decide({ ...firstMemory(start), ...memory }, seen);
  const { record: ledger, claim } = verdict.memory;
  const { why, ...rest } = expected;
  const found = {
    ...verdict,
    owner: ledger.owner,
    claims: claim?.owner ?? null,
    isWanting: verdict.status.isWanting,
    isWhole: ledger.isWhole,
  };
  expect({ ...found, why: why === undefined || why.test(found.why) }).toMatchObject({ ...rest, why: true });
}

describe('the primary', () => {
  it.for<Case>([
    [
      'serves while a majority names it',
      K1,
      inputs('k1', { answers: regions(2, K1), kea: PRIMARY }),
      { isPermitted: true, state: 'serving' },
    ],
    [
      'serves while its partner says that it does not',
      K1,
      inputs('k1', { ...heard(says(K1)), kea: PRIMARY }),
      { isPermitted: true, state: 'serving', why: /hears k2, which does not serve/ },
    ],
    [
      'fences itself when it hears neither, and wants until its Kea is dead',
      K1,
      inputs('k1', { answers: regions(1, K1), kea: PRIMARY }),
      { isPermitted: false, state: 'fenced', isWanting: true, why: /1 of 3 regions/ },
    ],
    [
      '... and says that it is fenced when it is',
      K1,
      inputs('k1', { answers: regions(1, K1) }),
      { isPermitted: false, isWanting: false },
    ],
    [
      'counts an answer from when its question was sent',
      K1,
      inputs('k1', { answers: regions(3, K1, { ago: ANSWER_VALID_MS + 1 }), kea: PRIMARY }),
      { isPermitted: false, state: 'fenced' },
    ],
    [
      'counts no answer to a beat that did not say that it serves',
      K1,
      inputs('k1', { answers: regions(3, K1, { wasWanting: false }) }),
      { isPermitted: false, isWanting: true },
    ],
    [
      'counts nothing from before its loop was late',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)), kea: PRIMARY, floorAt: NOW - 50 }),
      { isPermitted: false, state: 'fenced' },
    ],
    [
      'does not trust a partner that asks for the pair',
      K1,
      inputs('k1', { ...heard(says(K1, { isWanting: true, claim: record('k2', 5) })), kea: PRIMARY }),
      { isPermitted: false, why: /k2 wants to serve/ },
    ],
    [
      'is kept from a silent partner only when a majority knows that leases will be missing',
      K1,
      inputs('k1', { answers: regions(3, K1), kea: PRIMARY }),
      { isPermitted: true, isDetached: false },
    ],
    [
      '... and then it is',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { answers: regions(2, record('k1', 4, { isWhole: false })), kea: PRIMARY }),
      { isPermitted: true, isDetached: true },
    ],
    [
      'does not start its Kea while the owner is not heard',
      K2,
      inputs('k1', { answers: regions(3, K2) }),
      { isPermitted: false, state: 'fenced', why: /k2 owns the pair and is silent/ },
    ],
    [
      'takes the leases from an owner that serves',
      K2,
      inputs('k1', {
        answers: regions(3, K2),
        ...heard(says(K2, { isWanting: true, isServing: true, kea: 'partner-down' })),
      }),
      { isPermitted: true, state: 'waiting' },
    ],
    [
      'ends a Kea that goes on alone beside the owner',
      K2,
      inputs('k1', { ...heard(says(K2, { isWanting: true, isServing: true, kea: 'partner-down' })), kea: ALONE }),
      { isPermitted: false, state: 'fenced' },
    ],
    [
      'learns from its partner that it owns the pair no more',
      K1,
      inputs('k1', { ...heard(says(K2, { isWanting: true })), answers: regions(3, K1), kea: PRIMARY }),
      { owner: 'k2' },
    ],
    [
      'learns it from a majority of regions',
      K1,
      inputs('k1', { answers: regions(2, K2), kea: PRIMARY }),
      { owner: 'k2', isPermitted: false },
    ],
    [
      'not from one region',
      K1,
      inputs('k1', { answers: regions(1, K2), ...heard(says(K1)), kea: PRIMARY }),
      { owner: 'k1', isPermitted: true },
    ],
    [
      'ends its Kea before it hands over',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)), kea: kea(null, { isOver: false }) }),
      { owner: 'k1', isPermitted: false, isWanting: true },
      { unableSince: NOW - UNABLE_MS },
    ],
    [
      'hands over when its Kea cannot serve',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)) }),
      { owner: 'k2', isWanting: false },
      { unableSince: NOW - UNABLE_MS },
    ],
    [
      'hands over at once when its Kea was gone before it began: its clients have waited since then',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)) }),
      { owner: 'k2', isWanting: false },
    ],
    [
      '... also when it has started its Kea before it heard the standby',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)), kea: kea(null, { isOver: false }) }),
      { owner: 'k1', isPermitted: false, state: 'fenced' },
    ],
    [
      'starts a Kea again that was there',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)) }),
      { owner: 'k1', isPermitted: true, state: 'starting' },
      { hadKea: true },
    ],
    [
      'hands nothing over to who lacks leases',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)) }),
      { owner: 'k1', isPermitted: true },
      { unableSince: NOW - UNABLE_MS },
    ],
    [
      'kills a Kea that hangs, and hands over',
      K1,
      inputs('k1', {
        answers: regions(3, K1),
        ...heard(says(K1)),
        kea: { ...PRIMARY, isAnswering: false, isHung: true },
      }),
      { isKilled: true, isPermitted: false },
    ],
    [
      'ends its Kea and hands over when it lacks an interface that its partner has',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)), kea: PRIMARY, reach: CUT }),
      { owner: 'k1', isPermitted: false, isWanting: true, why: /hands over to k2; eth2 has no carrier/ },
    ],
    [
      '... and gives it when its Kea is dead',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)), reach: CUT }),
      { owner: 'k2', isWanting: false },
    ],
    [
      'keeps it when its partner lacks as much',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { burden: 2 })), kea: PRIMARY, reach: CUT }),
      { owner: 'k1', isPermitted: true, state: 'serving' },
    ],
    [
      'keeps it when its partner has not all leases',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { kea: 'ready' })), kea: PRIMARY, reach: CUT }),
      { owner: 'k1', isPermitted: true },
    ],
    [
      'hands over when it is drained',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1)), reach: DRAINED }),
      { owner: 'k2', isWanting: false },
    ],
    [
      'keeps it when it is drained and its partner lacks an interface',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { burden: 2 })), kea: PRIMARY, reach: DRAINED }),
      { owner: 'k1', isPermitted: true },
    ],
    [
      'hands over when it has no room for leases',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { burden: 3 })), reach: FULL }),
      { owner: 'k2' },
    ],
    [
      'hands nothing over to who cannot serve either, hung or not',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { burden: USELESS })) }),
      { owner: 'k1', isPermitted: true },
      { unableSince: NOW - UNABLE_MS },
    ],
    [
      'does not come back while it lacks what the owner has',
      K2,
      inputs('k1', {
        answers: regions(3, K2),
        ...heard(says(K2, { isWanting: true, isServing: true, kea: 'partner-down' })),
        reach: DRAINED,
      }),
      { isPermitted: false, state: 'fenced', why: /k2 owns the pair; an operator has drained it/ },
    ],
    [
      'comes back when the owner lacks more',
      K2,
      inputs('k1', {
        answers: regions(3, K2),
        ...heard(says(K2, { isWanting: true, isServing: true, kea: 'partner-down', burden: 2 })),
        reach: DRAINED,
      }),
      { isPermitted: true, state: 'waiting' },
    ],
    [
      'kills a Kea that hangs where nobody takes over',
      K1,
      inputs('k1', { answers: regions(3, K1), kea: { ...PRIMARY, isAnswering: false, isHung: true } }),
      { isKilled: true, isPermitted: true },
    ],
    [
      'gives its pairs away when it is to end',
      K1,
      inputs('k1', { ...heard(says(K1)), isLeaving: true }),
      { owner: 'k2' },
    ],
    [
      'serves alone by order, heard or not',
      K2,
      inputs('k1', { isOrdered: true }),
      { owner: 'k1', isPermitted: true, why: /an operator ordered it/ },
    ],
    [
      'stops when the order ends and nobody is heard',
      record('k1', 6, { isAlone: true, isOrdered: true }),
      inputs('k1', { kea: ALONE }),
      { isPermitted: false, state: 'fenced' },
    ],
    [
      'believes a standby that it has all leases when it has taken them since',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { syncId: '2' })), kea: PRIMARY }),
      { isWhole: true },
      { apart: { isApart: false, syncBefore: '1', togetherSince: NOW - 2000 } },
    ],
    [
      'not when it has taken them before',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { syncId: '1' })), kea: PRIMARY }),
      { isWhole: false },
      { apart: { isApart: false, syncBefore: '1', togetherSince: NOW - 2000 } },
    ],
    [
      'not when its Kea came without taking them',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { syncId: null })), kea: PRIMARY }),
      { isWhole: false },
      { apart: { isApart: false, syncBefore: '1', togetherSince: NOW - 2000 } },
    ],
    [
      'says that leases will be missing before its Kea goes on alone',
      K1,
      inputs('k1', { answers: regions(3, K1), ...heard(says(K1, { kea: null })), kea: PRIMARY }),
      { isWhole: false, isDetached: false },
      { apart: { isApart: false, syncBefore: null, togetherSince: NOW - 2000 } },
    ],
    [
      'has its scope given back when it was lost',
      K1,
      inputs('k1', { answers: regions(3, K1), kea: kea('partner-down') }),
      { scopes: ['k1'] },
    ],
  ])('%s', (row) => check(row));
});

describe('the standby', () => {
  const quiet = { silentMs: SILENT_MS };
  it.for<Case>([
    ['runs its Kea always', K1, inputs('k2', { kea: kea('hot-standby') }), { isPermitted: true, state: 'standby' }],
    [
      'asks for nothing while the primary is heard',
      K1,
      inputs('k2', {
        answers: regions(3, K1, quiet),
        ...heard(says(K1, { isWanting: true }), SILENT_MS - 1),
        kea: kea('partner-down'),
      }),
      { claims: null, isDetached: true },
    ],
    [
      'asks when it is silent, and a majority says so too',
      K1,
      inputs('k2', { answers: regions(2, K1, quiet), kea: kea('partner-down') }),
      { claims: 'k2', isWanting: true, scopes: null },
    ],
    [
      'does not ask when the regions hear the primary',
      K1,
      inputs('k2', { answers: regions(3, K1), kea: kea('partner-down') }),
      { claims: null, why: /a majority of the regions does not confirm it/ },
    ],
    [
      'does not ask without a majority',
      K1,
      inputs('k2', { answers: regions(1, K1, quiet), kea: kea('partner-down') }),
      { claims: null, why: /no majority of the regions answers/ },
    ],
    [
      'does not ask when it lacks leases',
      record('k1', 4, { isWhole: false }),
      inputs('k2', { answers: regions(3, record('k1', 4, { isWhole: false }), quiet), kea: kea('partner-down') }),
      { claims: null, why: /leases that this rack lacks/ },
    ],
    [
      'lacks them when its own Kea was away',
      K1,
      inputs('k2', { answers: regions(3, K1, quiet), kea: kea('waiting') }),
      { claims: null },
    ],
    [
      'takes the pair when a majority has granted it',
      K1,
      inputs('k2', { answers: regions(2, { ...K2, isWhole: true }, { claim: K2 }), kea: kea('partner-down') }),
      { owner: 'k2', scopes: ['k1'], state: 'starting' },
      { claim: K2 },
    ],
    [
      'not by grants that it did not ask for with this claim',
      K1,
      inputs('k2', { answers: regions(3, K2), kea: kea('partner-down') }),
      { owner: 'k1', claims: 'k2' },
    ],
    [
      'gives up when the primary is heard again and wants to serve',
      K1,
      inputs('k2', {
        answers: regions(3, K2, { claim: K2 }),
        ...heard(says(K1, { isWanting: true })),
        kea: kea('partner-down'),
      }),
      { owner: 'k1', claims: null, isWanting: false },
      { claim: K2 },
    ],
    [
      'takes at once what the primary has given to it',
      K1,
      inputs('k2', { ...heard(says({ ...K2, isWhole: true })), kea: kea('partner-down') }),
      { owner: 'k2', scopes: ['k1'] },
    ],
    [
      'waits for its Kea’s own state before it gives it the scope',
      K2,
      inputs('k2', { kea: kea('hot-standby') }),
      { scopes: null, isPermitted: true },
    ],
    ['gives the scope again when it was wiped', K2, inputs('k2', { kea: kea('partner-down') }), { scopes: ['k1'] }],
    [
      'gives no lease while the primary’s Kea takes them, or is about to',
      K2,
      inputs('k2', { ...heard(says(K2, { kea: 'waiting' })), kea: ALONE }),
      { scopes: [], isPermitted: true },
    ],
    [
      '... not again what it has stopped',
      K2,
      inputs('k2', { ...heard(says(K2, { kea: 'syncing' })), kea: kea('partner-down') }),
      { scopes: null, state: 'starting', why: /lets k1 take the leases/ },
      { yieldSince: NOW - 500 },
    ],
    [
      '... and serves on when the primary’s does not get on',
      K2,
      inputs('k2', { ...heard(says(K2, { kea: 'waiting' })), kea: kea('partner-down') }),
      { scopes: ['k1'] },
      { yieldSince: NOW - 4000 },
    ],
    [
      'goes on when its Kea was told to wait by one that is gone',
      K2,
      inputs('k2', { kea: { ...ALONE, pausedBy: [2001] } }),
      { resumes: [2001] },
      { abandonedSince: NOW - 1000 },
    ],
    [
      '... and by one that takes no leases any more',
      K2,
      inputs('k2', { ...heard(says(K2, { kea: null })), kea: { ...ALONE, pausedBy: [2001] } }),
      { resumes: [2001] },
      { abandonedSince: NOW - 1000 },
    ],
    [
      '... not before what the partner says is surely younger',
      K2,
      inputs('k2', { ...heard(says(K2, { kea: null })), kea: { ...ALONE, pausedBy: [2001] } }),
      { resumes: [] },
      { abandonedSince: NOW - 900 },
    ],
    [
      '... nor while the primary takes the leases',
      K2,
      inputs('k2', { ...heard(says(K2, { kea: 'syncing' })), kea: { ...ALONE, pausedBy: [2001] } }),
      { resumes: [] },
      { abandonedSince: NOW - 5000 },
    ],
    [
      '... nor while nobody knows, because the primary is silent for a moment',
      K2,
      inputs('k2', { ...heard(says(K2, { kea: null }), 1200), kea: { ...ALONE, pausedBy: [2001] } }),
      { resumes: [] },
      { abandonedSince: NOW - 5000 },
    ],
    [
      'does not while the primary may serve still',
      K2,
      inputs('k2', { ...heard(says(K2, { isWanting: true, isServing: true })), kea: kea('partner-down') }),
      { scopes: null },
    ],
    ['serves on when nobody is heard', K2, inputs('k2', { kea: ALONE }), { isPermitted: true, state: 'taken-over' }],
    [
      'ends a Kea that serves when the pair is not its own',
      record('k1', 6, { isAlone: true, isOrdered: true }),
      inputs('k2', { kea: ALONE }),
      { isPermitted: false, state: 'fenced' },
    ],
    [
      'gives the pair back when both Keas have worked together for a while',
      K2,
      inputs('k2', { ...heard(says(K2, { isWanting: true, isServing: true })), kea: kea('hot-standby') }),
      { owner: 'k1', isWanting: false },
      { pairedSince: NOW - 500 },
    ],
    [
      'keeps it while the primary has not taken the leases',
      K2,
      inputs('k2', {
        ...heard(says(K2, { isWanting: true, isServing: true, syncId: null })),
        kea: kea('hot-standby'),
      }),
      { owner: 'k2' },
      { pairedSince: NOW - 5000 },
    ],
    [
      'takes the leases anew when both work together and it lacks some',
      record('k1', 4, { isWhole: false }),
      inputs('k2', {
        ...heard(says(record('k1', 4, { isWhole: false }), { isWanting: true, isServing: true })),
        kea: kea('hot-standby'),
      }),
      { isReset: true },
      { pairedSince: NOW - 1000 },
    ],
    [
      '... once in a while',
      record('k1', 4, { isWhole: false }),
      inputs('k2', {
        ...heard(says(record('k1', 4, { isWhole: false }), { isWanting: true, isServing: true })),
        kea: kea('hot-standby'),
      }),
      { isReset: false },
      { pairedSince: NOW - 1000, resetAt: NOW - 1000 },
    ],
    [
      'keeps it while the primary lacks more',
      K2,
      inputs('k2', { ...heard(says(K2, { isServing: true, burden: 1 })), kea: kea('hot-standby') }),
      { owner: 'k2' },
      { pairedSince: NOW - 500 },
    ],
    [
      'runs no Kea that would refuse the leases of the primary',
      K1,
      inputs('k2', {
        answers: regions(3, K1),
        ...heard(says(K1, { isWanting: true })),
        kea: kea('hot-standby'),
        reach: FULL,
      }),
      { isPermitted: false, state: 'fenced', why: /no room for leases/ },
    ],
    [
      'serves on without room when the pair is its own: nobody else does',
      K2,
      inputs('k2', { kea: ALONE, reach: FULL }),
      { isPermitted: true, state: 'taken-over' },
    ],
    [
      'keeps it until then',
      K2,
      inputs('k2', { ...heard(says(K2, { isWanting: true, isServing: true })), kea: kea('hot-standby') }),
      { owner: 'k2' },
    ],
    [
      'asks for what a majority says is its own, when its ledger was lost',
      firstRecord(KEY),
      inputs('k2', { answers: regions(2, K2), kea: kea('partner-down') }),
      { claims: 'k2' },
    ],
  ])('%s', (row) => check(row));
});

describe('clocks that differ', () => {
  const HOUR = 3_600_000;
  /** Regions whose clocks are right, and a partner whose clock is so far ahead. */
  const timed = (named: OwnerRecord, word: PairStatus, aheadMs = 0) => {
    const answers = new Map(
      [...regions(3, named, { ago: 0 })].map(([name, answer]) => [
        name,
        { ...answer, vote: { ...answer.vote, dayTime: DAY } },
      ]),
    );
    return { answers, ...heard({ ...word, dayTime: DAY + aheadMs }, 0) };
  };
  const serving = (of: OwnerRecord, changes: Partial<PairStatus> = {}) =>
    says(of, { isWanting: true, isServing: true, ...changes });
  const ENDED = kea('terminated', { scopes: ['k1'] });
  const ENDED_STANDBY = kea('terminated');

  it.for<Case>([
    [
      'an owner whose clock is wrong ends its Kea and hands over',
      K1,
      inputs('k1', { ...timed(K1, says(K1)), dayTime: DAY + HOUR, kea: PRIMARY }),
      { isPermitted: false, state: 'fenced', why: /hands over to k2; its clock is 3600 s ahead of the regions'/ },
    ],
    [
      '... and has handed over when it is dead',
      K1,
      inputs('k1', { ...timed(K1, says(K1)), dayTime: DAY - HOUR }),
      { owner: 'k2', isWhole: true },
    ],
    [
      '... but not to one that lacks leases by its own word',
      K1,
      inputs('k1', { ...timed(K1, says(record('k1', 4, { isWhole: false }))), dayTime: DAY - HOUR }),
      { owner: 'k1' },
    ],
    [
      'its partner keeps its Kea for that',
      K1,
      inputs('k2', { ...timed(K1, serving(K1, { burden: 10_000 }), HOUR), kea: kea('hot-standby') }),
      { isPermitted: true, state: 'standby', why: /the clock of k1 is 3600 s ahead of its own/ },
    ],
    [
      'who stands by with a wrong clock ends its Kea',
      K1,
      inputs('k2', { ...timed(K1, serving(K1), -HOUR), dayTime: DAY, kea: kea('hot-standby') }),
      { isPermitted: false, state: 'fenced', why: /k1 owns the pair; the clock of k1 is 3600 s behind its own/ },
    ],
    [
      'nobody moves for half a minute',
      K1,
      inputs('k1', { ...timed(K1, says(K1)), dayTime: DAY - 29_000, kea: PRIMARY }),
      { isPermitted: true, state: 'serving', owner: 'k1', why: /name it the owner\.$/ },
    ],
    [
      'one region that is wrong says nothing of a rack',
      K1,
      inputs('k1', {
        ...timed(K1, says(K1)),
        answers: new Map(
          [...timed(K1, says(K1)).answers].map(([name, { vote, ...answer }]) => [
            name,
            { ...answer, vote: { ...vote, dayTime: name === 'r1' ? DAY + HOUR : DAY } },
          ]),
        ),
        kea: PRIMARY,
      }),
      { isPermitted: true, owner: 'k1', state: 'serving', why: /name it the owner\.$/ },
    ],
    [
      'a majority of regions that jumps is not believed by one that goes on as it did while they agreed',
      K1,
      inputs('k1', { ...timed(K1, says(K1)), dayTime: DAY - HOUR, kea: PRIMARY }),
      { isPermitted: true, owner: 'k1', state: 'serving', isWhole: true },
      { day: { aheadMs: 0, rightSince: null, partnerAheadMs: 0, agreed: DAY - HOUR - NOW } },
    ],
    [
      'an owner alone gives no lease by a clock that is minutes wrong',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { ...timed(K1, says(K1)), beat: null, reply: null, dayTime: DAY - HOUR, kea: ALONE }),
      { isPermitted: false, state: 'fenced', owner: 'k1', why: /its clock and therefore its lease times are wrong/ },
    ],
    [
      '... but by one that is a minute wrong',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { ...timed(K1, says(K1)), beat: null, reply: null, dayTime: DAY - 60_000, kea: ALONE }),
      { isPermitted: true, state: 'serving', why: /its clock is 60 s behind the regions'/ },
    ],
    [
      '... and by an order',
      record('k1', 5, { isAlone: true, isOrdered: true }),
      inputs('k1', { ...timed(K1, says(K1)), dayTime: DAY - HOUR, kea: ALONE, isOrdered: true }),
      { isPermitted: true, state: 'serving' },
    ],
    [
      'a Kea that has left its pair serves, and the standby lacks what it gives',
      K1,
      inputs('k1', { ...timed(K1, says(K1, { kea: 'terminated', isAble: false }), HOUR), kea: ENDED }),
      { isPermitted: true, state: 'serving', isWhole: false, isKilled: false },
    ],
    [
      '... and begins anew when the other one has ended',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { ...timed(K1, says(K1, { kea: null, isAble: false }), HOUR), kea: ENDED }),
      { isKilled: true, isPermitted: true },
    ],
    [
      '... or waits for it, when the clocks agree',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { ...timed(K1, says(K1, { kea: 'waiting', isAble: false })), kea: ENDED }),
      { isKilled: true },
    ],
    [
      'a standby that has left the pair begins anew when the clocks agree',
      record('k1', 4, { isWhole: false }),
      inputs('k2', { ...timed(K1, serving(K1, { kea: 'terminated' })), kea: ENDED_STANDBY }),
      { isKilled: true, isPermitted: true },
    ],
    [
      '... once in a while',
      record('k1', 4, { isWhole: false }),
      inputs('k2', { ...timed(K1, serving(K1, { kea: 'terminated' })), kea: ENDED_STANDBY }),
      { isKilled: false },
      { restartedAt: NOW - 1000 },
    ],
    [
      'who takes over serves from that state at once',
      K2,
      inputs('k2', { ...timed(K2, says(K2, { kea: null, isAble: false })), kea: ENDED_STANDBY }),
      { scopes: ['k1'], isPermitted: true },
    ],
    [
      'a primary whose Kea has left the pair does not serve beside the owner',
      record('k2', 5, { isAlone: true }),
      inputs('k1', { ...timed(K2, serving(K2), -HOUR), dayTime: DAY, kea: ENDED }),
      { isPermitted: false, state: 'fenced' },
    ],
    [
      'Kea begins anew when its clock went back: its timers stand still',
      record('k1', 4, { isWhole: false }),
      inputs('k1', { answers: regions(3, K1), kea: { ...ALONE, hasGoneBack: true } }),
      { isKilled: true, isPermitted: true },
    ],
  ])('%s', (row) => check(row));
});

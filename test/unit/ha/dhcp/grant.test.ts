import { describe, expect, it } from 'vitest';
import {
  afterStall,
  firstVotes,
  FORGOTTEN_MS,
  acceptStatus,
  type PairVotes,
  voteFor,
} from '../../../../ha/dhcp/grant.ts';
import { firstRecord, type OwnerRecord, SILENT_MS, type PairStatus } from '../../../../ha/dhcp/messages.ts';
import { aRecord as record, aStatus, KEY } from '../../../kit/dhcp/pair-fixtures.ts';

const FIRST = firstRecord(KEY);
const says = (changes: Partial<PairStatus> = {}) => aStatus(FIRST, changes);
const WHOLE = record('k1', 4, { isWhole: true });
const SERVES = says({ record: WHOLE, isWanting: true, isServing: true });
const CLAIM = record('k2', 5, { isAlone: true, isWhole: true });
const ASKS = says({ record: WHOLE, isWanting: true, claim: CLAIM });

/** Words in their order, `[when, who, what]`. */
type Story = readonly (readonly [at: number, from: string, word: PairStatus])[];
const known = (start: OwnerRecord): PairVotes => ({ ...firstVotes(KEY, false, 0), record: start });
const after = (votes: PairVotes, ...story: Story) =>
  story.reduce((now, [at, from, word]) => acceptStatus(now, from, word, at), votes).record;

describe('a region’s vote', () => {
  it.each<[string, PairVotes, Story, OwnerRecord | null]>([
    ['names the primary of a pair that nobody ever took', firstVotes(KEY, false, 0), [[0, 'k1', says()]], FIRST],
    [
      'grants nothing while the owner is heard',
      known(WHOLE),
      [
        [5000, 'k1', SERVES],
        [5000 + SILENT_MS - 1, 'k2', ASKS],
      ],
      WHOLE,
    ],
    [
      'grants it when the owner was silent for long enough',
      known(WHOLE),
      [
        [5000, 'k1', SERVES],
        [5000 + SILENT_MS, 'k2', ASKS],
      ],
      CLAIM,
    ],
    ['counts silence from its own start', known(WHOLE), [[SILENT_MS - 1, 'k2', ASKS]], WHOLE],
    [
      'grants it at once when the owner says that it has stopped',
      known(WHOLE),
      [
        [5000, 'k1', says({ record: WHOLE })],
        [5010, 'k2', ASKS],
      ],
      CLAIM,
    ],
    [
      'takes the owner’s word back when it wants again',
      known(WHOLE),
      [
        [5000, 'k1', says({ record: WHOLE })],
        [5005, 'k1', SERVES],
        [5010, 'k2', ASKS],
      ],
      WHOLE,
    ],
    ['grants nothing when leases are missing', known(record('k1', 4)), [[9000, 'k2', ASKS]], record('k1', 4)],
    [
      'grants nothing that an owner has alone',
      known(record('k2', 4, { isAlone: true, isWhole: true })),
      [[9000, 'k1', says({ isWanting: true, claim: record('k1', 5) })]],
      record('k2', 4, { isAlone: true, isWhole: true }),
    ],
    [
      'lets an older epoch never win',
      known(record('k1', 6, { isWhole: true })),
      [[9000, 'k2', ASKS]],
      record('k1', 6, { isWhole: true }),
    ],
    [
      'grants the same epoch once',
      known(WHOLE),
      [
        [9000, 'k2', ASKS],
        [9001, 'k1', says({ isWanting: true, claim: record('k1', 5) })],
      ],
      CLAIM,
    ],
    [
      'takes what the owner has given away',
      known(WHOLE),
      [[100, 'k1', says({ record: record('k2', 5, { isAlone: true }) })]],
      record('k2', 5, { isAlone: true }),
    ],
    [
      'takes what a majority has granted without it',
      known(WHOLE),
      [[100, 'k2', says({ record: CLAIM, isWanting: true })]],
      CLAIM,
    ],
    [
      'takes an operator’s order of the same epoch',
      known(CLAIM),
      [[100, 'k1', says({ record: record('k1', 5, { isAlone: true, isOrdered: true }), isWanting: true })]],
      record('k1', 5, { isAlone: true, isOrdered: true }),
    ],
    [
      'believes the owner that leases are missing',
      known(WHOLE),
      [[100, 'k1', says({ record: record('k1', 4), isWanting: true })]],
      record('k1', 4),
    ],
    [
      'believes nobody else about that',
      known(WHOLE),
      [[100, 'k2', says({ record: record('k1', 4), isWanting: true })]],
      WHOLE,
    ],
    ['knows nothing when its file was lost', firstVotes(KEY, true, 0), [[9000, 'k1', SERVES]], null],
    [
      'takes both racks’ word for what it has lost',
      firstVotes(KEY, true, 0),
      [
        [FORGOTTEN_MS, 'k1', SERVES],
        [FORGOTTEN_MS, 'k2', says({ record: WHOLE })],
      ],
      WHOLE,
    ],
    [
      'not while one of them asks for more',
      firstVotes(KEY, true, 0),
      [
        [FORGOTTEN_MS, 'k1', SERVES],
        [FORGOTTEN_MS, 'k2', ASKS],
      ],
      null,
    ],
    [
      'not before a grant that it has forgotten is over',
      firstVotes(KEY, true, 0),
      [
        [FORGOTTEN_MS - 1, 'k1', SERVES],
        [FORGOTTEN_MS - 1, 'k2', says({ record: WHOLE })],
      ],
      null,
    ],
    [
      'takes what a majority names without it',
      firstVotes(KEY, true, 0),
      [[FORGOTTEN_MS, 'k1', { ...SERVES, namedBy: ['r2', 'r3'] }]],
      WHOLE,
    ],
  ])('%s', (_, votes, story, expected) => {
    expect(after(votes, ...story)).toEqual(expected);
  });

  it('was deaf, not the owner silent, when its own program stood still', () => {
    const heard = acceptStatus(known(WHOLE), 'k1', SERVES, 1000);
    expect(after(afterStall(heard, 9000), [9001, 'k2', ASKS])).toEqual(WHOLE);
    expect(after(heard, [9001, 'k2', ASKS])).toEqual(CLAIM);
  });

  it('tells each rack what it knows of the other', () => {
    const votes = acceptStatus(known(WHOLE), 'k1', SERVES, 1000);
    expect(voteFor(votes, 'k2', KEY, 1400)).toEqual({
      key: KEY,
      record: WHOLE,
      partner: { silentMs: 400, word: SERVES },
    });
    expect(voteFor(votes, 'k1', KEY, 1400).partner).toEqual({ silentMs: 1400, word: null });
  });
});

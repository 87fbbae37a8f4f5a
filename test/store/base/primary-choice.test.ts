import { describe, expect, test } from 'vitest';
import { choosePrimary, stateSentence, withTimelines } from '../../../src/store/pool/primary-choice.ts';
import type { ServerAnswer } from '../../../src/store/pool/server-query.ts';

const primary = (timeline: number | null, changes: object = {}): ServerAnswer => ({
  kind: 'primary',
  isReadOnly: false,
  isSynchronous: true,
  version: 170_000,
  system: timeline === null ? null : 's1',
  timeline,
  ...changes,
});
const STANDBY: ServerAnswer = { kind: 'standby' };
const SILENT: ServerAnswer = { kind: 'silent', why: 'connect ECONNREFUSED' };
const NONE = new Map<string, number>();
const FIVE = new Map([['s1', 5]]);

describe('which server is used', () => {
  test.each([
    ['the only primary', [STANDBY, primary(3), SILENT], NONE, null, { index: 1, isWritable: true }],
    ['no primary', [STANDBY, SILENT, null], NONE, 0, null],
    ['nobody has answered', [null, null], NONE, 0, null],
    ['of two the later timeline', [primary(3), primary(4)], NONE, 0, { index: 1, isWritable: true }],
    ['of two alike the present one', [primary(3), primary(3)], NONE, 1, { index: 1, isWritable: true }],
    ['of two alike the first', [primary(3), primary(3)], NONE, null, { index: 0, isWritable: true }],
    [
      'one that takes writes before one that does not',
      [primary(3, { isReadOnly: true }), primary(3)],
      NONE,
      0,
      { index: 1, isWritable: true },
    ],
    [
      'one that can be read, where none takes writes',
      [STANDBY, primary(3, { isReadOnly: true })],
      NONE,
      null,
      { index: 1, isWritable: false },
    ],
    ['never an old primary', [primary(4), STANDBY], FIVE, 0, null],
    [
      'an old timeline of another system',
      [primary(4, { system: 's2' }), STANDBY],
      FIVE,
      0,
      { index: 0, isWritable: true },
    ],
    ['one that tells no timeline', [primary(null), STANDBY], FIVE, 0, { index: 0, isWritable: true }],
  ] as const)('%s', (...[, said, timelines, current, wanted]) => {
    expect(choosePrimary(said, timelines, current)).toEqual(wanted);
  });

  test('the newest timeline of each system is remembered', () => {
    const seen = withTimelines([primary(3), primary(6), STANDBY, null, SILENT, primary(1, { system: 's2' })], FIVE);
    expect([...seen]).toEqual([
      ['s1', 6],
      ['s2', 1],
    ]);
  });

  test('each state is said', () => {
    const said = [primary(5), primary(4), primary(5, { isReadOnly: true }), STANDBY, SILENT, null];
    expect(said.map((one) => stateSentence(one, FIVE))).toEqual([
      'is the primary',
      'is a primary on the old timeline 4, which does not know of its successor',
      'is a primary that takes no writes (default_transaction_read_only is on)',
      'is a standby',
      'does not answer (connect ECONNREFUSED)',
      'has not answered yet',
    ]);
  });
});

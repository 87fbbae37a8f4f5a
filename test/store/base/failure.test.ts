import { describe, expect, test } from 'vitest';
import {
  classifyFailure,
  type FailureClass,
  failureSentence,
  isConnectionReusable,
  isOwnTimeout,
  NoPrimaryError,
  ReadOnlyError,
  StandbyError,
  UnprovenCommitError,
} from '../../../src/store/failure.ts';

/** As pg throws a server's error. */
function sqlError(code: string): Error {
  return Object.assign(new Error(`says ${code}`), { code, severity: 'ERROR' });
}
function socketError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code, syscall: 'connect' });
}
const many = (...errors: Error[]) => new AggregateError(errors);

/** Error → what it means before BEGIN was answered, in the body, and once COMMIT was sent. */
const TABLE: readonly (readonly [string, Error, FailureClass, FailureClass, FailureClass])[] = [
  ['connection refused', socketError('ECONNREFUSED'), 'not_committed', 'not_committed', 'ambiguous'],
  ['no socket there', socketError('ENOENT'), 'not_committed', 'not_committed', 'ambiguous'],
  ['reset by peer', socketError('ECONNRESET'), 'not_committed', 'not_committed', 'ambiguous'],
  ['broken pipe', socketError('EPIPE'), 'not_committed', 'not_committed', 'ambiguous'],
  ['no route', socketError('EHOSTUNREACH'), 'not_committed', 'not_committed', 'ambiguous'],
  ['name not resolved', socketError('EAI_AGAIN'), 'not_committed', 'not_committed', 'ambiguous'],
  [
    'all addresses refuse',
    many(socketError('ECONNREFUSED'), socketError('ETIMEDOUT')),
    'not_committed',
    'not_committed',
    'ambiguous',
  ],
  ['connection lost', new Error('Connection terminated unexpectedly'), 'not_committed', 'not_committed', 'ambiguous'],
  [
    'connect timed out',
    new Error('Connection terminated due to connection timeout'),
    'not_committed',
    'not_committed',
    'ambiguous',
  ],
  ['pool is full', new Error('timeout exceeded when trying to connect'), 'not_committed', 'not_committed', 'ambiguous'],
  ['query timed out', new Error('Query read timeout'), 'not_committed', 'not_committed', 'ambiguous'],
  ['08001 cannot connect', sqlError('08001'), 'not_committed', 'not_committed', 'ambiguous'],
  ['08006 connection failure', sqlError('08006'), 'not_committed', 'not_committed', 'ambiguous'],
  ['08007 outcome unknown', sqlError('08007'), 'not_committed', 'not_committed', 'ambiguous'],
  ['57P03 starting up', sqlError('57P03'), 'not_committed', 'not_committed', 'ambiguous'],
  ['57P01 shut down', sqlError('57P01'), 'not_committed', 'not_committed', 'ambiguous'],
  ['57P02 crash', sqlError('57P02'), 'not_committed', 'not_committed', 'ambiguous'],
  ['57014 cancelled', sqlError('57014'), 'not_committed', 'not_committed', 'ambiguous'],
  ['53300 too many connections', sqlError('53300'), 'not_committed', 'not_committed', 'ambiguous'],
  ['53100 disk full', sqlError('53100'), 'not_committed', 'not_committed', 'ambiguous'],
  ['25006 read-only', sqlError('25006'), 'not_committed', 'not_committed', 'ambiguous'],
  ['25P03 idle in transaction', sqlError('25P03'), 'not_committed', 'not_committed', 'ambiguous'],
  ['55P03 lock timeout', sqlError('55P03'), 'not_committed', 'not_committed', 'ambiguous'],
  ['0A000 a prepared plan is outdated', sqlError('0A000'), 'not_committed', 'not_committed', 'ambiguous'],
  ['40001 serialization', sqlError('40001'), 'not_committed', 'not_committed', 'not_committed'],
  ['40P01 deadlock', sqlError('40P01'), 'not_committed', 'not_committed', 'not_committed'],
  ['23505 duplicate', sqlError('23505'), 'fault', 'fault', 'fault'],
  ['42601 syntax', sqlError('42601'), 'fault', 'fault', 'ambiguous'],
  ['28000 not let in by pg_hba.conf yet', sqlError('28000'), 'not_committed', 'not_committed', 'ambiguous'],
  ['28P01 wrong password', sqlError('28P01'), 'fault', 'fault', 'ambiguous'],
  ['3D000 no such database', sqlError('3D000'), 'fault', 'fault', 'ambiguous'],
  ['a primary without writes', new ReadOnlyError('db:5432'), 'not_committed', 'not_committed', 'not_committed'],
  ['no primary', new NoPrimaryError(['db:5432 is a standby'], true), 'not_committed', 'not_committed', 'not_committed'],
  ['a standby', new StandbyError(), 'not_committed', 'not_committed', 'not_committed'],
  ['success with a warning', new UnprovenCommitError('x'), 'ambiguous', 'ambiguous', 'ambiguous'],
  ['a bug of ours', new TypeError('x is undefined'), 'fault', 'fault', 'ambiguous'],
];

describe('what a failure means', () => {
  test.each(TABLE)('%s', (_, error, ...expected) => {
    expect([
      classifyFailure(error, 'connect'),
      classifyFailure(error, 'body'),
      classifyFailure(error, 'commit'),
    ]).toEqual(expected);
  });

  test.each(['0A000', '25006', '25P03', '57P01', '08006', '53200', '58030', 'XX000'])(
    '%s: the connection is destroyed',
    (code) => {
      expect(isConnectionReusable(sqlError(code))).toBe(false);
    },
  );

  test.each(['40001', '40P01', '55P03', '23505', '42601'])('%s: the connection may be used again', (code) => {
    expect(isConnectionReusable(sqlError(code))).toBe(true);
  });

  test('an error that is not the server’s destroys the connection', () => {
    expect(
      [socketError('EPIPE'), new Error('Query read timeout'), 'text', null].map(isConnectionReusable),
    ).not.toContain(true);
  });

  test('the sentence has the SQLSTATE', () => {
    expect(failureSentence(sqlError('57P03'))).toBe('says 57P03 (SQLSTATE 57P03)');
    expect(failureSentence(many(socketError('ECONNREFUSED')))).not.toBe('');
    expect(failureSentence('text')).toBe('text');
  });
});

test('a wait that this process gave up says nothing of the server; an answer and a lost connection do', () => {
  for (const words of ['Query read timeout', 'timeout exceeded when trying to connect', 'timeout expired'])
    expect(isOwnTimeout(new Error(words))).toBe(true);
  for (const error of [
    sqlError('57P03'),
    new StandbyError(),
    socketError('ECONNREFUSED'),
    new Error('Client was closed'),
    'x',
  ])
    expect(isOwnTimeout(error)).toBe(false);
});

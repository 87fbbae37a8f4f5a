import { describe, expect, test } from 'vitest';
import { lockLimitMs, parseDatabaseUrl, SHORTEST_TRY_MS } from '../../../src/store/connection.ts';
import { refusal } from '../../kit/store.ts';

describe('DATABASE_URL', () => {
  test.each([
    [
      'postgresql://regent:p%40ss@db.example:6432/site',
      { host: 'db.example', port: 6432, user: 'regent', database: 'site', password: 'p@ss', tls: 'off' },
    ],
    [
      'postgres://regent@[2001:db8::5]/site?sslmode=verify-full',
      { host: '2001:db8::5', port: 5432, user: 'regent', database: 'site', tls: 'verified' },
    ],
    [
      'postgresql:///regent?host=/run/regent-db&user=regent',
      { host: '/run/regent-db', port: 5432, user: 'regent', database: 'regent', tls: 'off' },
    ],
    [
      'postgresql://regent@%2Frun%2Fregent-db/regent?sslmode=require',
      { host: '/run/regent-db', port: 5432, user: 'regent', database: 'regent', tls: 'unverified' },
    ],
    [
      'postgresql://regent@db.example/site?sslmode=verify-full&sslrootcert=/etc/regent/db.crt&target_session_attrs=read-write',
      {
        host: 'db.example',
        port: 5432,
        user: 'regent',
        database: 'site',
        tls: 'verified',
        caFile: '/etc/regent/db.crt',
      },
    ],
  ])('%s', (text, spec) => {
    expect(parseDatabaseUrl(text)).toEqual(spec);
  });

  test.each([
    'postgresql://regent:p%2Cw@a.example/site,postgresql://regent:p%2Cw@b.example:5433/site',
    ' postgresql://regent:p%2Cw@a.example/site  postgresql://regent:p%2Cw@b.example:5433/site ',
    'postgresql://regent:p%2Cw@a.example,b.example:5433/site',
  ])('several servers: %s', (text) => {
    const server = { user: 'regent', database: 'site', password: 'p,w', tls: 'off' };
    expect(parseDatabaseUrl(text)).toEqual({
      host: 'a.example',
      port: 5432,
      ...server,
      others: [{ host: 'b.example', port: 5433, ...server }],
    });
  });

  test.each([
    ['not a url: s3cr3t', 'not a URL'],
    ['mysql://u:s3cr3t@h/d', 'scheme'],
    ['postgresql://:s3cr3t@h/d', 'no user'],
    ['postgresql://u:s3cr3t@h', 'no database'],
    ['postgresql:///d?user=u&password=s3cr3t', 'no host'],
    ['postgresql://u:s3cr3t@h/d?sslmode=maybe', 'sslmode'],
    ['postgresql://u:s3cr3t@h/d?port=0', 'port'],
    ['postgresql://u:s3cr3t@h/d?target_session_attrs=any', 'target_session_attrs'],
    ['postgresql://u:%zz@h/d', 'percent'],
    ['postgresql://u:s3cr3t@h/d,postgresql://u:s3cr3t@h:5432/d', 'twice'],
    ['postgresql://u:s3cr3t@a,b,c,d,e,f,g,h,i,j/d', 'at most 9'],
    ['postgresql://u:s3cr3t@h/d?sslrootcert=/x', 'verify-full'],
    ['postgresql://u:s3cr3t@h/d?sslmode=verify-full&sslrootcert=x', 'whole path'],
    ['', 'not a URL'],
  ])('refused: %s', (text, why) => {
    const { message } = refusal(parseDatabaseUrl(text));
    expect(message).toContain(why);
    expect(message).not.toContain('s3cr3t');
  });
});

test.each([
  [5000, 4000],
  [1000, 800],
  [500, 400],
  [400, 300],
  [SHORTEST_TRY_MS, 1],
  [10, 1],
])('in a statement of %d ms the server waits for a lock for %d ms: its word is in time', (queryMs, lockMs) => {
  expect(lockLimitMs(queryMs)).toBe(lockMs);
});

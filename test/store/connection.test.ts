import { describe, expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/store/connection.ts';
import { refusal } from '../kit/store.ts';

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
  ])('%s', (text, spec) => {
    expect(parseDatabaseUrl(text)).toEqual(spec);
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
  ])('refused: %s', (text, why) => {
    const { message } = refusal(parseDatabaseUrl(text));
    expect(message).toContain(why);
    expect(message).not.toContain('s3cr3t');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createNonceMemory,
  isOAuthRefusal,
  type OAuthCredentials,
  parseOAuth,
  refuseStale,
} from '../../../src/api/oauth.ts';

const WANTED = { consumer: 'CK', token: 'TK', secret: 'se-cret', timestamp: 1_700_000_000, nonce: '4' };
const rest = 'oauth_timestamp="1700000000", oauth_nonce="4", oauth_signature_method="PLAINTEXT", oauth_version="1.0"';
const parts = {
  oauth_version: '1.0',
  oauth_signature_method: 'PLAINTEXT',
  oauth_consumer_key: 'CK',
  oauth_token: 'TK',
  oauth_signature: '%26se-cret',
  oauth_timestamp: '1700000000',
  oauth_nonce: '4',
};
const headerOf = (values: Readonly<Record<string, string>>) =>
  `OAuth ${Object.entries(values)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}`;

describe('a header of OAuth', () => {
  it.each([
    ['oauthlib', `OAuth oauth_consumer_key="CK", oauth_token="TK", oauth_signature="%26se-cret", ${rest}`],
    [
      'python-libmaas',
      `OAuth realm="OAuth", oauth_consumer_key="CK", oauth_token="TK", oauth_signature="%26se-cret", ${rest}`,
    ],
    [
      'gomaasapi',
      `OAuth oauth_signature="%26se-cret", realm="MAAS+API", ${rest}, oauth_token="TK", oauth_consumer_key="CK"`,
    ],
    [
      'ansible',
      `OAuth oauth_version="1.0",oauth_signature_method="PLAINTEXT",oauth_consumer_key="CK",oauth_token="TK",oauth_signature="%26se-cret",oauth_nonce="4",oauth_timestamp="1700000000"`,
    ],
    [
      'curl',
      'OAuth oauth_version=1.0, oauth_signature_method=PLAINTEXT, oauth_consumer_key=CK, oauth_token=TK, oauth_signature=&se-cret, oauth_nonce=4, oauth_timestamp=1700000000',
    ],
    ['an encoded raw secret', headerOf({ ...parts, oauth_signature: '%26se%2Dcret' })],
    ['odd blanks', `  oauth   ${headerOf(parts).slice(6).replaceAll(', ', '  ,\t')} ,`],
  ])('is read as %s writes it', (_client, header) => {
    expect(parseOAuth(header)).toEqual(WANTED);
  });

  it.each(Object.keys(parts).filter((name) => name !== 'oauth_version'))('without %s is 401, and says so', (name) => {
    const { [name as keyof typeof parts]: _gone, ...others } = parts;
    expect(parseOAuth(headerOf(others))).toMatchObject({ status: 401, message: expect.stringContaining(name) });
    expect(parseOAuth(headerOf({ ...others, [name]: '' }))).toMatchObject({ status: 401 });
  });

  it.each([
    [undefined, 401],
    ['', 401],
    ['Bearer CK:TK:secret', 401],
    ['OAuth', 401],
    [headerOf({ ...parts, oauth_timestamp: 'soon' }), 400],
    [headerOf({ ...parts, oauth_timestamp: '1e9' }), 400],
    [headerOf({ ...parts, oauth_timestamp: '-5' }), 400],
    [headerOf({ ...parts, oauth_signature: '%2' }), 400],
    [headerOf({ ...parts, oauth_signature: 'se-cret' }), 401],
    [headerOf({ ...parts, oauth_signature: '%26' }), 401],
    [headerOf({ ...parts, oauth_signature_method: 'HMAC-SHA1' }), 401],
    [headerOf({ ...parts, oauth_version: '2.0' }), 401],
    [headerOf({ ...parts, oauth_token: 'T%0AK' }), 401],
    [headerOf({ ...parts, oauth_token: 'x'.repeat(129) }), 401],
    [`${headerOf(parts)}, oauth_token="other"`, 400],
    [`${headerOf(parts)}, "`, 400],
    [`${headerOf(parts)}, realm="a`, 400],
    [`OAuth ${'a=b,'.repeat(40)}`, 400],
    [`OAuth ${'a'.repeat(5000)}`, 400],
    [headerOf({ ...parts, oauth_token: '' }).replace('oauth_token=""', 'oauth_token="T"K"'), 400],
  ])('that is wrong is refused: %j', (header, status) => {
    const read = parseOAuth(header);
    expect(read).toMatchObject({ kind: 'refused', status });
    expect(JSON.stringify(read)).not.toContain('se-cret');
  });

  it('has a clock of 1970 without harm', () => {
    expect(parseOAuth(headerOf({ ...parts, oauth_timestamp: '12' }))).toMatchObject({ timestamp: 12 });
  });

  it('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `OAuth ${text}`),
        ),
        (header) => {
          expect(parseOAuth(header)).toBeTypeOf('object');
        },
      ),
    );
  });

  it('says who calls in any order, quoted or bare, whatever the values', () => {
    const word = fc.stringMatching(/^[!-~]{1,40}$/);
    const who = fc.record({ consumer: word, token: word, secret: word, nonce: word, timestamp: fc.nat() });
    fc.assert(
      fc.property(who, fc.boolean(), fc.nat(), (wanted, isBare, turn) => {
        const values = {
          oauth_consumer_key: wanted.consumer,
          oauth_token: wanted.token,
          oauth_signature: `&${wanted.secret}`,
          oauth_nonce: wanted.nonce,
          oauth_timestamp: String(wanted.timestamp),
          oauth_signature_method: 'PLAINTEXT',
        };
        const all = Object.entries(values).map(([name, value]) => {
          const coded = encodeURIComponent(value);
          return isBare ? `${name}=${coded}` : `${name}="${coded}"`;
        });
        const turned = [...all.slice(turn % 6), ...all.slice(0, turn % 6)];
        expect(parseOAuth(`OAuth ${turned.join(', ')}`)).toEqual(wanted);
      }),
    );
  });
});

describe('freshness', () => {
  const read = parseOAuth(headerOf(parts));
  if (isOAuthRefusal(read)) throw new Error(read.message);
  const nowMs = WANTED.timestamp * 1000;
  const ask = (credentials: OAuthCredentials, rule: Parameters<typeof refuseStale>[1], source: string, ms = nowMs) =>
    refuseStale(credentials, rule, { nowMs: ms, source });

  it('bounds how far a clock is off, both ways, and names what is wrong', () => {
    const rule = { windowSeconds: 300, nonces: createNonceMemory(10) };
    expect(ask(read, rule, 'a', nowMs + 300_000)).toBeNull();
    for (const off of [301_000, -301_000])
      expect(ask(read, rule, 'a', nowMs + off)).toMatchObject({
        status: 401,
        message: expect.stringContaining('Expired timestamp'),
      });
  });

  it('without a window takes any clock', () => {
    const rule = { windowSeconds: null, nonces: createNonceMemory(10) };
    expect(ask({ ...read, timestamp: 0 }, rule, 'a')).toBeNull();
  });

  it('refuses a nonce that another address has used; its own sender may repeat it', () => {
    const rule = { windowSeconds: null, nonces: createNonceMemory(2) };
    expect(ask(read, rule, '10.0.0.1')).toBeNull();
    expect(ask(read, rule, '10.0.0.1')).toBeNull();
    expect(ask(read, rule, '10.0.0.2')).toMatchObject({ status: 401, message: expect.stringContaining('nonce') });
    expect(ask({ ...read, nonce: '5' }, rule, '10.0.0.2')).toBeNull();
    expect(ask({ ...read, token: 'other' }, rule, '10.0.0.2')).toBeNull();
    // Memory is bounded: the oldest is forgotten.
    expect(ask(read, rule, '10.0.0.2')).toBeNull();
  });
});

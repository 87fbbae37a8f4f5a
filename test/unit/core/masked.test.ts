import { describe, expect, it } from 'vitest';
import { maskSecrets } from '../../../src/core/masked.ts';

const SECRET = 'correct-horse-battery';

describe('a line of a log as people may read it', () => {
  it.each([
    `connection to postgres://regent:${SECRET}@127.0.0.1:5432/regent failed`,
    `cannot log in with password=${SECRET}, code 28P01`,
    `{"user":"ada","password":"${SECRET}","tries":2}`,
    `statement: ALTER ROLE regent PASSWORD '${SECRET}'`,
    `client-secret: "${SECRET} with a space"`,
    `GET /MAAS/api/2.0/ Authorization: OAuth oauth_token="abc", oauth_signature="&${SECRET}"`,
    `GET / with Bearer ${SECRET}`,
    `api_key=${SECRET}&x=1`,
    `the key aaaaaaaaaaaaaaaaaa:bbbbbbbbbbbbbbbbbb:${SECRET}0000 was refused`,
    `regent1-${SECRET} was used by another host`,
    `read -----BEGIN EC PRIVATE KEY----- ${SECRET}`,
    `Set-Cookie: __Host-regent=${SECRET}; Secure`,
  ])('has no secret: %s', (line) => {
    expect(maskSecrets(line)).toContain('***');
    expect(maskSecrets(line)).not.toContain(SECRET);
  });

  it.each([
    'zone example.test/IN: loaded serial 2026030101',
    'client 10.0.0.7#53 (www.example.test): query: www.example.test IN A + (10.0.0.1)',
    '52:54:00:00:00:07 DHCPREQUEST for 10.10.10.101 (10.10.10.1) from fe80::5054:ff:fe00:7',
    'password authentication failed for user "ada"',
    'GET https://10.0.0.1:5443/api/v1/nodes?limit=100 200',
  ])('stays as it is: %s', (line) => {
    expect(maskSecrets(line)).toBe(line);
  });

  it('keeps what stands around a secret', () => {
    expect(maskSecrets(`bind to ldap://u:${SECRET}@h failed: token=${SECRET}, again in 5 s`)).toBe(
      'bind to ldap://u:***@h failed: token=***, again in 5 s',
    );
  });
});

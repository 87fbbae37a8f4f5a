import { describe, expect, it } from 'vitest';
import { isSecretFile, maskSecrets, maskText, maskValue, secretsIn } from '../../../src/core/masked.ts';

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

describe('a text for people outside', () => {
  const HEX = '0123456789abcdef0123456789abcdef0123456789abcdef';

  it.each([
    `beacon ${HEX}`,
    'hmac sHs0Q2pP9mW1xk+/aB3dE5fG7hJ9kL1mN3oP5qR7sT9uV1wX3yZ5A7b==',
    '1234567-89abcde-f012345-6789abc-def0123-4567890',
    'session=0123456789abcdef0123456789abcdef',
  ])('has no long run that may be a key: %s', (line) => {
    expect(maskText(line)).toContain('***');
    for (const run of line.split(/[ =]/).filter((part) => part.length >= 32)) expect(maskText(line)).not.toContain(run);
  });

  it.each([
    `sha256 of the image: ${'ab12'.repeat(16)}`,
    'job 6f9619ff-8b86-4011-b42d-00cf4fc964ff started',
    '/var/lib/postgresql/17/regent/pg_wal/archive_status is full',
    'kea-dhcp4-server-service-of-vlan-10 started',
    'regent-pair-votes.service: scheduled restart',
  ])('keeps what people need: %s', (line) => expect(maskText(line)).toBe(line));

  it('has no line of a private key', () => {
    const key = `a\n-----BEGIN PRIVATE KEY-----\nMIGHAgEAMB\nshort1\n-----END PRIVATE KEY-----\nb`;
    expect(maskText(key)).toBe('a\n-----BEGIN PRIVATE KEY-----***\nb');
  });

  it('is as quick as many lines need', () => {
    const text = `${'a=b c/d '.repeat(12)}\n`.repeat(20_000);
    const started = performance.now();
    maskText(text);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('a value', () => {
  it('has no text of a member whose name is that of a secret', () => {
    const value = {
      power_pass: 'a1',
      apiKey: 'b2',
      recoveryKey: 'k',
      keys: [{ secret: 'c3', name: 'n' }],
      token: null,
    };
    expect(maskValue(value)).toEqual({
      power_pass: '***',
      apiKey: '***',
      recoveryKey: '***',
      keys: [{ secret: '***', name: 'n' }],
      token: null,
    });
  });
});

describe('files with secrets', () => {
  it.each([
    ['{"superuser":"0123456789abcdef01234567","id":"r1"}', ['0123456789abcdef01234567']],
    ['PATRONI_SUPERUSER_PASSWORD=abc123def456\nPORT=5432\n', ['abc123def456']],
    ['DATABASE_URL=postgres://regent:s3cret%21@10.0.0.1/regent', ['s3cret%21']],
    ['repo1-path=/srv/backup\nrepo1-cipher-pass=Zm9vYmFy-0\n', ['Zm9vYmFy-0']],
    ['key "regent-racks" {\n  secret "c2VjcmV0LW9mLXRzaWc9";\n};', ['c2VjcmV0LW9mLXRzaWc9']],
    ['node:r1:0123456789abcdef0123\n', ['0123456789abcdef0123']],
  ])('say which: %s', (content, secrets) => expect(secretsIn(content)).toEqual(secrets));

  it('are those of the list, and the copies that the agent stores beside them', () => {
    for (const path of [
      '/etc/regent/secrets/patroni.env',
      '/etc/regent/pki/node.key',
      '/etc/bind/regent/keys.conf',
      '/etc/bind/regent/.previous/keys.conf',
      '/var/lib/regent/agent/ledger.json',
    ])
      expect(isSecretFile(path), path).toBe(true);
    for (const path of ['/etc/regent/pki/node.crt', '/etc/bind/regent/named.conf', '/etc/hosts'])
      expect(isSecretFile(path), path).toBe(false);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { formatSshKey, parseSshKey, SSH_KEY_TYPES } from '../../../../src/model/people/ssh-key.ts';

/** As `ssh-keygen` of OpenSSH 9.2 writes them. */
const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILQ+OqcnvRyfz8Fxz81OskkE7ws6PtJvzD927o1bKB9s ada@laptop';
const RSA =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDhuxmy7xAEcrpfHZgmvwGutOe/ZEETHgBmK4Q0z721q6nZrN0rt0IoGuwQTRc03Z3e3dWb330lhNQu3gPpXyZwzfXcmqd9v8yY3wVqvkBlL7gDorITEeH0dLkIr+1X64sQvtHBxSh34NrjoWaKGRWCA0cvvJb1uqy9WaGfW0qRLpK7yo48TAloNYiXf3Vq9YEPSBo3mCALP0cuKiecJopukeYQszajNCErMhREOp3ubs0P4umu9Ih7wk+FILo3IWElVMsq2CxLreZhP8iO9Uk955HtOg+DXk578ie00YVX15ssD21wdRIsIlQmB5BP65MtuMhSFjejshreUoMm7DG9';
const RSA_1024 =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDN1RCPadCnDHI/4tnoYBum6rgRgJJ26k9RjSAIt+K4rFgbpkyFT+LMSMPzHXJbpZ8pBv1Y1HDwsb1rzrRBasLRb4zbltj4cpunhR5Vaz20NW0GOO0eAHZhif2UBHwG5bI77cCJOfruplk56hN45z6OFy5+9W4DDLlq6TtT9NYmPQ==';
const P256 =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHyGJb8NA995g88j/4Ijo9ZYUpTBtc+88Iuu17p8IHbFhh7Qv93bqTE/FnDS74cSPStGUNtSGWlCmQ8HqZtC22Y=';
const P384 =
  'ecdsa-sha2-nistp384 AAAAE2VjZHNhLXNoYTItbmlzdHAzODQAAAAIbmlzdHAzODQAAABhBDNo42z4k4OICNqs9phmIO5hdrX7Jjrbcc9HKdA2gLom9j2a9OxSmHyXXb4U1a05znOQKTSnOxZpZZx7NldPlitrvjCK1s+VWFf+I08Be1PBBaRN9ay5LJQmJk3V51nKpQ==';
const P521 =
  'ecdsa-sha2-nistp521 AAAAE2VjZHNhLXNoYTItbmlzdHA1MjEAAAAIbmlzdHA1MjEAAACFBAHEXuo4ypsngG4JjGSceRlPCgsYmCM7kuFDWlWm721wxcWVFYiP8htpEtM/47p9aTTOOBF+XKlbxHjtu3ZT0qCHUgGeQIgQleYN/V3Esfjdy/PLZADMIGQbnmCHEQy7fEyS30krGx6dhMde4igZe2i7mFXxA3XINoc2gAbwP8u6qpqAbA==';

/** A key's line from its fields. */
function lineOf(...fields: readonly (string | Buffer)[]): string {
  const bytes = fields.map((field) => {
    const content = typeof field === 'string' ? Buffer.from(field) : field;
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  });
  return `${String(fields[0])} ${Buffer.concat(bytes).toString('base64')}`;
}
const point = (bytes: number) => Buffer.concat([Buffer.from([4]), Buffer.alloc(2 * bytes, 7)]);
const SK_ED = lineOf('sk-ssh-ed25519@openssh.com', Buffer.alloc(32, 7), 'ssh:');
const SK_EC = lineOf('sk-ecdsa-sha2-nistp256@openssh.com', 'nistp256', point(32), 'ssh:');

describe('a public key', () => {
  it.each([
    [ED25519, 'ssh-ed25519', 256],
    [RSA, 'ssh-rsa', 2048],
    [P256, 'ecdsa-sha2-nistp256', 256],
    [P384, 'ecdsa-sha2-nistp384', 384],
    [P521, 'ecdsa-sha2-nistp521', 521],
    [SK_ED, 'sk-ssh-ed25519@openssh.com', 256],
    [SK_EC, 'sk-ecdsa-sha2-nistp256@openssh.com', 256],
  ])('%.30s… is taken', (line, type, bits) => {
    const key = parseSshKey(line);
    expect(key).toMatchObject({ type, bits });
    expect(isRejected(key) ? key.message : formatSshKey(key)).toBe(line);
  });

  it('keeps its comment, with blanks and all, and loses the end of its line', () => {
    expect(parseSshKey(`${ED25519} at home, “Bär”\r\n`)).toMatchObject({ comment: 'ada@laptop at home, “Bär”' });
    expect(parseSshKey(`  ${RSA}\n`)).toMatchObject({ comment: '' });
  });

  it.each([
    ['nothing', '', 'not a supported key type'],
    ['a private key', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA', 'this is a private key'],
    ['options', `no-pty,command="reboot" ${ED25519}`, 'not a supported key type'],
    ['two keys', `${ED25519}\n${RSA}`, 'several lines'],
    ['a control character', `${ED25519}\u001b[2J`, 'control characters'],
    ['DSA', lineOf('ssh-dss', Buffer.alloc(8, 7)), 'not a supported key type'],
    ['a short RSA key', RSA_1024, '1024 bits; RSA keys have 2048 to 16384'],
    ['a negative modulus', lineOf('ssh-rsa', Buffer.from([3]), Buffer.alloc(256, 255)), '0 bits'],
    ['an even modulus', lineOf('ssh-rsa', Buffer.from([3]), Buffer.alloc(256, 2)), 'not valid for RSA'],
    ['an exponent of one', lineOf('ssh-rsa', Buffer.from([1]), Buffer.alloc(256, 3)), 'not valid for RSA'],
    ['a huge RSA key', lineOf('ssh-rsa', Buffer.from([3]), Buffer.alloc(2100, 3)), 'RSA keys have 2048 to 16384'],
    ['another type inside', ED25519.replace('ssh-ed25519', 'ssh-rsa'), 'not a key of the type ssh-rsa'],
    ['a cut key', ED25519.replace('KB9s', ''), 'not a key of the type ssh-ed25519'],
    ['what is no base64', ED25519.replace('AAAAC3', 'AA*AC3'), 'not base64'],
    ['bytes too many', lineOf('ssh-ed25519', Buffer.alloc(32), Buffer.alloc(1)), '32 bytes'],
    ['another curve', lineOf('ecdsa-sha2-nistp256', 'nistp384', point(32)), 'curve does not match its type'],
    ['a short point', lineOf('ecdsa-sha2-nistp384', 'nistp384', point(32)), 'point is not on its curve'],
    ['a hardware key of no application', lineOf('sk-ssh-ed25519@openssh.com', Buffer.alloc(32)), '32 bytes'],
    ['a comment that is too long', `${ED25519}${'x'.repeat(250)}`, 'more than 256 characters'],
    ['a line that is too long', `${ED25519} ${'x'.repeat(9000)}`, 'more than 8192'],
  ])('is refused: %s', (_name, text, why) => {
    const refused = parseSshKey(text);
    expect(isRejected(refused) ? refused.message : refused).toContain(why);
  });

  it('is never taken for one when it is not, and no text is a fault', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SSH_KEY_TYPES),
        fc.uint8Array({ maxLength: 80 }),
        fc.string(),
        (type, bytes, rest) => {
          expect(isRejected(parseSshKey(`${type} ${Buffer.from(bytes).toString('base64')} ${rest}`))).toBe(true);
          expect(isRejected(parseSshKey(rest))).toBe(true);
        },
      ),
    );
  });
});

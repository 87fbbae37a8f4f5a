import { describe, expect, it } from 'vitest';
import { kindOfBytes, parseContent, type ImageContent, UNPACKED_MOST } from '../../../../src/model/images/content.ts';
import { createScan } from '../../../../src/model/images/scan.ts';
import { aProgram, aTar, type Member, SYSTEM } from '../../../kit/tar.ts';

const TAR: ImageContent = { file: 'root.tar', format: 'tar', compression: 'none', bytes: null, hasCloudInit: true };
const RAW: ImageContent = { ...TAR, file: 'disk.raw', format: 'raw' };

/** In pieces of an odd length, as a decompressor gives them. */
function look(bytes: Buffer, changes: Partial<Parameters<typeof createScan>[0]> = {}, piece = 777): string {
  const scan = createScan({ content: TAR, architecture: 'amd64', packedBytes: bytes.length, ...changes });
  for (let at = 0; at < bytes.length; at += piece) {
    const refusal = scan.push(bytes.subarray(at, at + piece));
    if (refusal) return refusal.message;
  }
  return scan.end()?.message ?? `well, ${scan.bytes()} bytes`;
}
const withMember = (member: Member) => aTar([...SYSTEM, member]);

describe('a tar', () => {
  it('of a system is taken, in pieces of any length', () => {
    const bytes = aTar(SYSTEM);
    for (const piece of [1, 511, 512, 513, 100_000]) expect(look(bytes, {}, piece)).toBe(`well, ${bytes.length} bytes`);
  });

  it('may have long names, attributes, pipes, and the devices that every system has', () => {
    const long = `usr/share/${'x'.repeat(200)}`;
    const record = (text: string) => `${text.length + 4} ${text}\n`;
    const bytes = aTar([
      ...SYSTEM,
      { name: '././@LongLink', type: 'L', body: Buffer.from(`${long}\0`) },
      { name: 'cut', body: Buffer.alloc(1000, 'a') },
      { name: 'PaxHeaders/x', type: 'x', body: Buffer.from(record(`path=usr/${'y'.repeat(80)}`)) },
      { name: 'short', body: Buffer.from('b') },
      { name: './run/pipe', type: '6' },
      { name: './dev/null', type: '3', major: 1 },
      { name: './usr/bin/bash', type: '1', target: './usr/bin/sh' },
    ]);
    expect(look(bytes)).toMatch(/^well/);
  });

  it.each<[string, Member, string]>([
    ['a way out', { name: '../etc/passwd', body: Buffer.from('x') }, 'leads out'],
    ['a way out in the middle', { name: './usr/../../etc/passwd' }, 'leads out'],
    ['a place of its own', { name: '/etc/passwd' }, 'leads out'],
    ['a hard link out', { name: './shadow', type: '1', target: '../../etc/shadow' }, 'leads out'],
    ['a way through a link', { name: './bin/evil', body: aProgram() }, 'leads through the link "bin"'],
    ['a disk', { name: './dev/sda', type: '4', major: 8 }, 'is a device'],
    ['memory elsewhere', { name: './tmp/mem', type: '3', major: 1 }, 'is a device'],
    ['a device of another kind', { name: './dev/kvm', type: '3', major: 10 }, 'is a device'],
    ['a sparse file', { name: './sparse', type: 'S' }, 'without --sparse'],
  ])('with %s is refused', (_, member, why) => {
    expect(look(withMember(member))).toContain(why);
  });

  it('whose long name leads out is refused', () => {
    const long = `${'x/'.repeat(80)}../../../etc/passwd`;
    const bytes = aTar([...SYSTEM, { name: 'L', type: 'L', body: Buffer.from(long) }, { name: 'harmless' }]);
    expect(look(bytes)).toContain('leads out');
    const pax = `${long.length + 10} path=${long}\n`;
    expect(look(aTar([...SYSTEM, { name: 'P', type: 'x', body: Buffer.from(pax) }, { name: 'harmless' }]))).toContain(
      'leads out',
    );
  });

  it('of another architecture, of no system, or without cloud-init is refused', () => {
    const arm = aTar([
      { name: './usr/bin/sh', body: aProgram(183) },
      { name: './usr/bin/ls', body: aProgram(183) },
    ]);
    expect(look(arm)).toBe('Its programs are of arm64, but its manifest says amd64.');
    // An emulator for another architecture lies in many.
    const mixed = aTar([
      ...SYSTEM,
      { name: './usr/bin/ls', body: aProgram() },
      { name: './usr/bin/qemu', body: aProgram(183) },
    ]);
    expect(look(mixed)).toMatch(/^well/);
    expect(look(aTar([{ name: './letter.txt', body: Buffer.from('dear') }]))).toContain('not a Linux root file system');
    const plain = aTar(SYSTEM.filter(({ name }) => !name.includes('cloud-init')));
    expect(look(plain)).toContain('--cloud-init no');
    expect(look(plain, { content: { ...TAR, hasCloudInit: false } })).toMatch(/^well/);
  });

  it('that is cut, changed or none is refused', () => {
    expect(look(aTar(SYSTEM, { isCut: true }))).toContain('ends in the middle');
    expect(look(aTar(SYSTEM).subarray(0, 1300))).toContain('ends in the middle');
    expect(look(Buffer.alloc(2000, 'no tar '))).toContain('the checksum of a header');
    const changed = aTar(SYSTEM);
    changed.write('x', 3);
    expect(look(changed)).toContain('the checksum of a header');
  });

  it('that is longer than it says, or grows beyond all measure, is refused', () => {
    const bytes = aTar(SYSTEM);
    expect(look(bytes, { content: { ...TAR, bytes: bytes.length } })).toMatch(/^well/);
    expect(look(bytes, { content: { ...TAR, bytes: bytes.length - 1 } })).toContain('the size in its manifest');
    expect(look(bytes, { content: { ...TAR, bytes: bytes.length + 1 } })).toContain('but its manifest says');
    const bomb = createScan({ content: TAR, architecture: 'amd64', packedBytes: 1_000_000 });
    const piece = aTar([{ name: 'zeros', body: Buffer.alloc(2 ** 26) }], { isCut: true });
    let [refusal, pieces] = [bomb.push(piece), 1];
    for (; refusal === null && pieces < 100; pieces += 1) refusal = bomb.push(piece);
    expect(refusal?.message).toContain('far more than a system grows');
    expect(pieces * piece.length).toBeLessThan(1.2 * 2 ** 30);
  });
});

describe('a disk', () => {
  const disk = (bytes: number, last: number) => {
    const image = Buffer.alloc(bytes);
    image.writeUInt16LE(0xaa55, 510);
    image.write('EFI PART', 512);
    image.writeBigUInt64LE(BigInt(last), 512 + 32);
    return image;
  };
  it('with its whole partition table is taken', () => {
    expect(look(disk(100_352, 195), { content: RAW })).toBe('well, 100352 bytes');
  });

  it.each([
    ['cut', disk(100_352, 196), 'It is cut off: the partition table describes a disk of 100864 bytes'],
    ['without a table', Buffer.alloc(100_352), 'no partition table'],
    ['a qcow2 image', Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(5000)]), '--format qcow2'],
    ['nothing', Buffer.alloc(1), 'no partition table'],
  ])('that is %s is refused', (_, bytes, why) => {
    expect(look(bytes, { content: RAW })).toContain(why);
  });
});

describe('what a manifest says of a root', () => {
  const told = { file: 'root.tar.zst', format: 'tar', compression: 'zst', cloudInit: true };
  it('is taken', () => {
    expect(parseContent(told, ['root.tar.zst'])).toMatchObject({ bytes: null, hasCloudInit: true });
    expect(parseContent({ ...told, bytes: 5 }, ['root.tar.zst'])).toMatchObject({ bytes: 5 });
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'it is not an object'],
    ['another format', { ...told, format: 'iso' }, 'tar, raw'],
    ['another compression', { ...told, compression: 'rar' }, 'none, gz, xz, zst'],
    ['another file', { ...told, file: 'root.tar' }, 'root.tar.zst, by format'],
    ['no word on cloud-init', { ...told, cloudInit: 'no' }, 'true or false'],
    ['too many bytes', { ...told, bytes: UNPACKED_MOST + 1 }, 'unpacked'],
  ])('is refused with %s', (_, value, why) => {
    expect(parseContent(value, ['root.tar.zst'])).toMatchObject({ message: expect.stringContaining(why) });
  });

  it('is of one file', () => {
    expect(parseContent(told, ['root.tar.zst', 'x'])).toMatchObject({ message: expect.stringContaining('one file') });
  });
});

it('first bytes say what a file is', () => {
  expect(kindOfBytes(Buffer.from('1f8b0800', 'hex'))).toBe('gz');
  expect(kindOfBytes(Buffer.from('fd377a585a0000', 'hex'))).toBe('xz');
  expect(kindOfBytes(Buffer.from('28b52ffd', 'hex'))).toBe('zst');
  expect(kindOfBytes(Buffer.from('514649fb', 'hex'))).toBe('qcow2');
  expect(kindOfBytes(Buffer.from('./'))).toBeNull();
});

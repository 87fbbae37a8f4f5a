/** A member of a tar. `type`: POSIX's flag; `mode` and owners are root's. */
export interface Member {
  readonly name: string;
  readonly type?: string;
  readonly body?: Buffer;
  readonly target?: string;
  readonly major?: number;
}

/** A tar (ustar) of members, as they are said, whatever they are; `isCut`: without its end. */
export function aTar(members: readonly Member[], { isCut = false } = {}): Buffer {
  const end = isCut ? [] : [Buffer.alloc(1024)];
  return Buffer.concat([...members.flatMap(({ body, ...member }) => pieces(member, body)), ...end]);
}

function pieces(member: Omit<Member, 'body'>, body: Buffer = Buffer.alloc(0)): Buffer[] {
  return [header(member, body.length), body, Buffer.alloc(-body.length & 511)];
}

function header({ name, type = '0', target = '', major = 0 }: Omit<Member, 'body'>, size: number): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, '0')}\0`;
  block.write(name, 0, 100);
  block.write(octal(0o755, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write(target, 157, 100);
  block.write('ustar\u000000', 257);
  block.write(octal(major, 8), 329);
  block.write(octal(0, 8), 337);
  block.write(
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return block;
}

/** The beginning of a program. `machine`: e_machine of ELF, 62 for amd64, 183 for arm64. */
export function aProgram(machine = 62, bytes = 100): Buffer {
  const program = Buffer.alloc(bytes);
  program.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  program.writeUInt16LE(machine, 18);
  return program;
}

/** The files of a small system. */
export const SYSTEM: readonly Member[] = [
  { name: './', type: '5' },
  { name: './bin', type: '2', target: 'usr/bin' },
  { name: './usr/bin/', type: '5' },
  { name: './usr/bin/sh', body: aProgram() },
  { name: './usr/bin/cloud-init', body: Buffer.from('#!/usr/bin/python3\n') },
  { name: './etc/resolv.conf', type: '2', target: '../run/systemd/resolve/stub-resolv.conf' },
];

/** Files of an archive by their path. */
export function filesOfTar(tar: Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    files[tar.toString('latin1', at, at + 100).replace(/\0.*$/s, '')] = tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

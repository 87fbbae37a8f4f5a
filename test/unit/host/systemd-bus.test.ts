import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openReader, openSystemdBus, pathOf } from '../../../src/host/systemd-bus.ts';
import { systemdUnits } from '../../../src/host/units.ts';
import { answer } from '../../kit/exec-result.ts';

type Value = readonly ['s', string] | readonly ['u', number] | readonly ['t', bigint];

const PROPERTIES: Readonly<Record<string, Value>> = {
  LoadState: ['s', 'loaded'],
  ActiveState: ['s', 'active'],
  SubState: ['s', 'running'],
  StateChangeTimestamp: ['t', 1_700_000_000_123_456n],
  MainPID: ['u', 12],
  NRestarts: ['u', 2],
};

function aligned(parts: readonly (readonly [number, Buffer])[]): Buffer {
  return parts.reduce(
    (made, [to, part]) => Buffer.concat([made, Buffer.alloc((to - (made.length % to)) % to), part]),
    Buffer.alloc(0),
  );
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

/** A message of systemd: a return (2), an error (3) or a signal (4). */
function message(kind: number, replyTo: number, value: Value | null): Buffer {
  const field = (code: number, type: string, data: Buffer) =>
    aligned([
      [1, Buffer.from([code, 1, type.charCodeAt(0), 0])],
      [4, data],
    ]);
  const text = Buffer.from('org.example\0');
  const fields = aligned([
    [8, field(kind === 3 ? 4 : 2, 's', Buffer.concat([uint32(11), text]))],
    [8, field(5, 'u', uint32(replyTo))],
    [
      8,
      aligned([
        [1, Buffer.from([8, 1, 103, 0])],
        [1, Buffer.from([1, 118, 0])],
      ]),
    ],
  ]);
  const type = Buffer.from([1, value?.[0].charCodeAt(0) ?? 0, 0]);
  let body: Buffer = Buffer.alloc(0);
  if (value?.[0] === 's')
    body = aligned([
      [1, type],
      [4, uint32(value[1].length)],
      [1, Buffer.from(`${value[1]}\0`)],
    ]);
  if (value?.[0] === 'u')
    body = aligned([
      [1, type],
      [4, uint32(value[1])],
    ]);
  if (value?.[0] === 't')
    body = aligned([
      [1, type],
      [8, uint64(value[1])],
    ]);
  const head = Buffer.concat([
    Buffer.from(['l'.charCodeAt(0), kind, 0, 1]),
    uint32(body.length),
    uint32(9),
    uint32(fields.length),
  ]);
  return aligned([
    [1, head],
    [1, fields],
    [8, body],
  ]);
}

let folder = '';
let path = '';
let server: Server | null = null;
const sockets = new Set<Socket>();
let connections = 0;
const greetings: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-bus-'));
  path = join(folder, 'private');
  connections = 0;
  greetings.length = 0;
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
  server = null;
  await rm(folder, { recursive: true });
});

/** A systemd that greets, and answers each call by `reply`. */
async function systemd(reply: (call: Buffer, serial: number) => Buffer | null): Promise<void> {
  server = createServer((socket) => {
    sockets.add(socket);
    connections += 1;
    let rest: Buffer = Buffer.alloc(0);
    let isGreeted = false;
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      if (!isGreeted) {
        if (!rest.includes('BEGIN\r\n')) return;
        greetings.push(rest.toString('latin1'));
        rest = Buffer.alloc(0);
        isGreeted = true;
        socket.write('OK 0123456789abcdef\r\n');
        return;
      }
      while (rest.length >= 16) {
        const size = Math.ceil((16 + rest.readUInt32LE(12)) / 8) * 8 + rest.readUInt32LE(4);
        if (rest.length < size) return;
        const made = reply(rest.subarray(0, size), rest.readUInt32LE(8));
        rest = rest.subarray(size);
        if (made) socket.write(made);
      }
    });
  });
  await new Promise<void>((resolve) => server?.listen(path, resolve));
}

const told = (call: Buffer, serial: number): Buffer => {
  const name = Object.keys(PROPERTIES).find((candidate) => call.includes(`${candidate}\0`)) ?? '';
  return message(2, serial, PROPERTIES[name] ?? null);
};

const units = (run = async () => answer('LoadState=not-found\nActiveState=inactive\n')) =>
  systemdUnits(run, openSystemdBus(path));

describe('systemd by its own socket', () => {
  it('tells the state of a unit, over one connection', async () => {
    const paths = new Set<string>();
    await systemd((call, serial) => {
      paths.add(/\/org\/freedesktop\/systemd1\/unit\/\w+/.exec(call.toString('latin1'))?.[0] ?? '');
      // A signal that nobody asked for comes first.
      return Buffer.concat([message(4, serial, ['s', 'noise']), told(call, serial)]);
    });
    const systemctl = units();
    const wanted = {
      load: 'loaded',
      active: 'active',
      sub: 'running',
      mainPid: 12,
      restarts: 2,
      sinceMs: 1_700_000_000_123,
    };
    expect(await systemctl.state('kea-dhcp4-server.service')).toEqual(wanted);
    expect(await Promise.all([systemctl.state('named.service'), systemctl.state('named.service')])).toEqual([
      wanted,
      wanted,
    ]);
    expect([...paths]).toEqual([pathOf('kea-dhcp4-server.service'), pathOf('named.service')]);
    expect(connections).toBe(1);
    // It would not take a call that came with the greeting.
    const uid = Buffer.from(String(process.getuid?.())).toString('hex');
    expect(greetings).toEqual([`\0AUTH EXTERNAL ${uid}\r\nBEGIN\r\n`]);
  });

  it('does without what a unit does not have', async () => {
    await systemd((call, serial) =>
      call.includes('org.freedesktop.systemd1.Service') ? message(3, serial, ['s', 'no such']) : told(call, serial),
    );
    expect(await units().state('a.socket')).toMatchObject({ load: 'loaded', mainPid: null, restarts: 0 });
  });

  it('asks anew over a new connection when systemd has ended the old one', async () => {
    await systemd(told);
    const systemctl = units();
    await systemctl.state('named.service');
    for (const socket of sockets) socket.destroy();
    expect(await systemctl.state('named.service')).toMatchObject({ active: 'active' });
    expect(connections).toBe(2);
  });

  it('leaves it to systemctl where it may not ask, or is answered nonsense', async () => {
    expect(await units().state('named.service')).toMatchObject({ load: 'not-found', active: 'inactive' });
    await systemd(() => Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(await units().state('named.service')).toMatchObject({ load: 'not-found' });
    const broken = units(async () => answer('', { code: 1, stderr: 'no bus' }));
    await expect(broken.state('named.service')).rejects.toThrow(
      'systemd does not report the state of named.service: no bus',
    );
  });

  it('names units as systemd does', () => {
    expect(pathOf('named.service')).toBe('/org/freedesktop/systemd1/unit/named_2eservice');
    expect(pathOf('9-a_b@é.socket')).toBe('/org/freedesktop/systemd1/unit/_39_2da_5fb_40_c3_a9_2esocket');
  });

  it('reads answers wherever the chunks end', () => {
    const seen: unknown[] = [];
    const read = openReader(
      () => seen.push('greeted'),
      (reply) => seen.push(reply),
    );
    const whole = Buffer.concat([Buffer.from('OK 1\r\n'), message(2, 7, ['s', 'ü']), message(2, 8, ['t', 5n])]);
    for (const byte of whole) read(Buffer.from([byte]));
    expect(seen).toEqual(['greeted', expect.objectContaining({ serial: 7 }), { serial: 8, value: 5 }]);
    expect(() =>
      openReader(
        () => {},
        () => {},
      )(Buffer.from('REJECTED\r\n')),
    ).toThrow(/refused/);
  });
});

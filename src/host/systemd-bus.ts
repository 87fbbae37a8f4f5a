import { connect, type Socket } from 'node:net';
import { AppError, sentenceOf } from '../core/errors.ts';
import { deadline } from './ask/deadline.ts';

/*
 * A few questions to systemd over its own socket, in D-Bus's wire format (D-Bus Specification, "Message Protocol"). `systemctl show` would cost a
 * process each time, and make systemd check every file of the unit.
 */

/** Only root may use this socket, which has no bus in between. */
export const SYSTEMD_SOCKET = '/run/systemd/private';

/** Properties of a unit by name. A property that the unit lacks (a socket has no MainPID) is missing. Times are µs since 1970. */
export type UnitProperties = ReadonlyMap<string, string | number>;

/** One connection to systemd, opened by the first question, and again after it was lost. */
export interface SystemdBus {
  /** Throws AppError `unreachable` when systemd does not answer. */
  show(unit: string): Promise<UnitProperties>;
}

const UNIT = 'org.freedesktop.systemd1.Unit';
const SERVICE = 'org.freedesktop.systemd1.Service';
const PROPERTIES = [
  [UNIT, 'LoadState'],
  [UNIT, 'ActiveState'],
  [UNIT, 'SubState'],
  [UNIT, 'StateChangeTimestamp'],
  [SERVICE, 'MainPID'],
  [SERVICE, 'NRestarts'],
] as const;
/** Leaves time for one more try and for `systemctl`, within the agent's limit. */
const TIMEOUT_MS = 1_000;
/** Longest accepted message. systemd's signals about a unit have some tens of kilobytes. */
const MESSAGE_LIMIT = 4 * 1024 * 1024;
const HEAD_SIZE = 16;

/** Opens the client. */
export function openSystemdBus(path = SYSTEMD_SOCKET): SystemdBus {
  let line: BusLine | null = null;
  const ask = async (unit: string): Promise<UnitProperties> => {
    if (line === null || line.isOver()) line = openLine(path);
    const current = line;
    const values = await current.get(pathOf(unit), PROPERTIES);
    return new Map(
      PROPERTIES.flatMap(([, name], at) => (values[at] === undefined ? [] : [[name, values[at]] as const])),
    );
  };
  return {
    show: async (unit) => {
      const wasOpen = line !== null;
      try {
        return await ask(unit);
      } catch (error) {
        // systemd ends its connections when it restarts itself.
        if (!wasOpen || !(error instanceof AppError) || error.code !== 'unreachable') throw error;
        return await ask(unit);
      }
    },
  };
}

/** A unit's object path: `_` and its code replace every character that is no letter or digit. */
export function pathOf(unit: string): string {
  const escaped = Array.from(Buffer.from(unit), (code, at) => {
    const char = String.fromCharCode(code);
    return (at > 0 ? /[A-Za-z0-9]/ : /[A-Za-z]/).test(char) ? char : `_${code.toString(16).padStart(2, '0')}`;
  });
  return `/org/freedesktop/systemd1/unit/${escaped.join('')}`;
}

interface BusLine {
  /** Values of properties in their order, undefined for a missing one. It asks for all at once. */
  get(path: string, properties: typeof PROPERTIES): Promise<readonly (string | number | undefined)[]>;
  isOver(): boolean;
}

function openLine(path: string): BusLine {
  const waiting = new Map<number, (value: string | number | undefined | Error) => void>();
  const socket: Socket = connect(path);
  let serial = 0;
  let isOver = false;
  const end = (why: string) => {
    isOver = true;
    socket.destroy();
    for (const settle of waiting.values()) settle(new AppError('unreachable', `systemd cannot be queried: ${why}`));
    waiting.clear();
  };
  // systemd accepts no call before the greeting is complete.
  const held: Buffer[] = [];
  let isGreeted = false;
  const greeted = () => {
    isGreeted = true;
    for (const call of held.splice(0)) socket.write(call);
  };
  const read = openReader(greeted, (reply) => {
    waiting.get(reply.serial)?.(reply.value);
    waiting.delete(reply.serial);
  });
  socket.on('error', (error) => end(sentenceOf(error)));
  socket.on('close', () => end('the connection was closed'));
  socket.on('data', (chunk: Buffer) => {
    try {
      read(chunk);
    } catch (error) {
      end(sentenceOf(error));
    }
  });
  const valueOf = (call: number) =>
    new Promise<string | number | undefined>((resolve, reject) => {
      const cancel = deadline(TIMEOUT_MS, () => end('no answer in time'));
      waiting.set(call, (value) => {
        cancel();
        if (value instanceof Error) reject(value);
        else resolve(value);
      });
    });
  // The caller's identity, which the kernel confirms.
  socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(process.getuid?.() ?? 0)).toString('hex')}\r\nBEGIN\r\n`);
  // An idle connection does not keep the program alive.
  socket.unref();
  return {
    isOver: () => isOver,
    get: async (at, properties) => {
      const calls: Buffer[] = [];
      const values = properties.map(([of, name]) => {
        serial += 1;
        calls.push(callOf(serial, at, [of, name]));
        return valueOf(serial);
      });
      const all = Buffer.concat(calls);
      if (isGreeted) socket.write(all);
      else held.push(all);
      return await Promise.all(values);
    },
  };
}

/** A call of Properties.Get with two texts. */
function callOf(serial: number, path: string, texts: readonly string[]): Buffer {
  const body = Buffer.concat(
    texts.flatMap((text, at) => [at > 0 ? pad(sizeOf(texts.slice(0, at)), 4) : NONE, textOf(text)]),
  );
  const fields = [
    [1, 'o', textOf(path)],
    [2, 's', textOf('org.freedesktop.DBus.Properties')],
    [3, 's', textOf('Get')],
    [8, 'g', Buffer.from('\u0002ss\0', 'latin1')],
  ] as const;
  let list = Buffer.alloc(0);
  for (const [code, type, value] of fields) {
    list = Buffer.concat([list, pad(list.length, 8), Buffer.from([code, 1, type.charCodeAt(0), 0]), value]);
  }
  const head = Buffer.alloc(HEAD_SIZE);
  head.write('l', 0, 'latin1');
  head.writeUInt8(1, 1);
  head.writeUInt8(1, 3);
  head.writeUInt32LE(body.length, 4);
  head.writeUInt32LE(serial, 8);
  head.writeUInt32LE(list.length, 12);
  return Buffer.concat([head, list, pad(HEAD_SIZE + list.length, 8), body]);
}

const NONE = Buffer.alloc(0);

function textOf(text: string): Buffer {
  const bytes = Buffer.from(text);
  const whole = Buffer.alloc(4 + bytes.length + 1);
  whole.writeUInt32LE(bytes.length, 0);
  bytes.copy(whole, 4);
  return whole;
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((size, text) => size + textOf(text).length, 0);
}

function pad(size: number, to: number): Buffer {
  return Buffer.alloc((to - (size % to)) % to);
}

interface Reply {
  /** The serial of the call that it answers. */
  readonly serial: number;
  readonly value: string | number | undefined;
}

/** Reads the greeting and then messages, wherever the chunks end; skips signals. Throws if it is not D-Bus. */
export function openReader(onGreeting: () => void, onReply: (reply: Reply) => void): (chunk: Buffer) => void {
  let rest: Buffer = NONE;
  let isGreeted = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (!isGreeted) {
      const end = rest.indexOf('\r\n');
      if (end < 0) return;
      if (!rest.toString('latin1', 0, end).startsWith('OK ')) throw new Error('systemd refused the connection');
      isGreeted = true;
      onGreeting();
      rest = rest.subarray(end + 2);
    }
    while (rest.length >= HEAD_SIZE) {
      const bodyAt = Math.ceil((HEAD_SIZE + rest.readUInt32LE(12)) / 8) * 8;
      const size = bodyAt + rest.readUInt32LE(4);
      if (rest.readUInt8(0) !== 0x6c || size > MESSAGE_LIMIT) throw new Error("systemd's answer is not D-Bus");
      if (rest.length < size) return;
      const reply = replyOf(rest.subarray(0, size), bodyAt);
      if (reply !== null) onReply(reply);
      rest = rest.subarray(size);
    }
  };
}

const RETURN = 2;
const ERROR = 3;

function replyOf(message: Buffer, bodyAt: number): Reply | null {
  const kind = message.readUInt8(1);
  if (kind !== RETURN && kind !== ERROR) return null;
  const serial = replySerialOf(message);
  if (serial === null) return null;
  return { serial, value: kind === ERROR ? undefined : variantAt(message, bodyAt) };
}

/** The header field 5: which call it answers. */
function replySerialOf(message: Buffer): number | null {
  const end = HEAD_SIZE + message.readUInt32LE(12);
  for (let at = HEAD_SIZE; at < end; at = Math.ceil(at / 8) * 8) {
    const type = message.toString('latin1', at + 2, at + 3);
    // One letter for each of these fields: the code, the length of the type, the type, a zero.
    if (message.readUInt8(at) === 5) return message.readUInt32LE(at + 4);
    if (type === 'g') at += 4 + 1 + message.readUInt8(at + 4) + 1;
    else if (type === 'u') at += 8;
    else at += 8 + message.readUInt32LE(at + 4) + 1;
  }
  return null;
}

/** A variant with a text, a 32-bit or a 64-bit number; undefined for any other. */
function variantAt(message: Buffer, at: number): string | number | undefined {
  const type = message.toString('latin1', at + 1, at + 1 + message.readUInt8(at));
  const valueAt = at + type.length + 2;
  const four = Math.ceil(valueAt / 4) * 4;
  if (type === 's') return message.toString('utf8', four + 4, four + 4 + message.readUInt32LE(four));
  if (type === 'u') return message.readUInt32LE(four);
  return type === 't' ? Number(message.readBigUInt64LE(Math.ceil(valueAt / 8) * 8)) : undefined;
}

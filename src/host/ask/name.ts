import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { sentenceOf } from '../../core/errors.ts';
import type { ExecResult, NameQuestion } from '../../core/host-values.ts';
import { errnoOf } from '../system-error.ts';
import { deadline } from './deadline.ts';
import { answered, failed, silent } from './result.ts';

const PORT = 53;
const HEADER_SIZE = 12;
const SOA = 6;
/** RFC 1035 §4.1.1. */
const RECURSION_DESIRED = 0x0100;
const INTERNET = 1;
const LABEL_MAX = 63;
/** Names of the answer codes (RFC 1035 §4.1.1). */
const STATUSES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
/** Times of an SOA record behind its two names: serial, refresh, retry, expire, minimum (RFC 1035 §3.3.13). */
const SOA_NUMBERS = 5;

/**
 * Asks a name server once for a name's SOA. A socket of its own accepts only that server's answers. The last line of the answer says when it came, in
 * seconds since 1970. Never throws.
 */
export function askName(
  { nameserver, name, isRecursive, timeoutMs, port: requestedPort = PORT }: NameQuestion,
  port = requestedPort,
): Promise<ExecResult> {
  const id = randomInt(0x10000);
  const query = queryOf(id, name, isRecursive);
  if (query === null) return Promise.resolve(failed(`${name} is not a DNS name`));
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(nameserver) ? 'udp6' : 'udp4');
    const settle = (result: ExecResult) => {
      cancel();
      socket.removeAllListeners('message');
      resolve(result);
      socket.close();
    };
    const cancel = deadline(timeoutMs, () => settle(silent()));
    socket.once('error', (error) => {
      socket.on('error', () => {});
      settle(failed(describeFailure(`${nameserver} port ${port}`, error)));
    });
    socket.on('message', (packet) => {
      const text = textOf(packet, id);
      if (text !== null) settle(answered(`${text}when: ${Math.floor(Date.now() / 1000)}\n`));
    });
    // A connected socket learns of a closed port, and accepts only packets of the other side.
    socket.once('connect', () => socket.send(query));
    socket.connect(port, nameserver);
  });
}

function describeFailure(place: string, error: unknown): string {
  return errnoOf(error) === 'ECONNREFUSED'
    ? `nobody answers at ${place}: the daemon is not running`
    : sentenceOf(error);
}

/** A query for a name's SOA; null: the text is no name. */
export function queryOf(id: number, name: string, isRecursive?: true): Buffer | null {
  const labels = (name === '.' ? [] : name.split('.')).map((label) => Buffer.from(label, 'latin1'));
  if (labels.some(({ length }) => length === 0 || length > LABEL_MAX)) return null;
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt16BE(id, 0);
  if (isRecursive) header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const question = labels.flatMap((label) => [Buffer.from([label.length]), label]);
  return Buffer.concat([header, ...question, Buffer.from([0, 0, SOA, 0, INTERNET])]);
}

/** Status and SOA records of an answer as text; null: it does not answer this question, or cannot be read. */
export function textOf(packet: Buffer, id: number): string | null {
  try {
    if (packet.readUInt16BE(0) !== id || (packet.readUInt8(2) & 0x80) === 0) return null;
    const code = packet.readUInt8(3) & 0x0f;
    const lines = [`status: ${STATUSES[code] ?? `RCODE${code}`}`];
    let at = HEADER_SIZE;
    for (let left = packet.readUInt16BE(4); left > 0; left -= 1) at = nameAt(packet, at).end + 4;
    for (let left = packet.readUInt16BE(6); left > 0; left -= 1) {
      const { name, end } = nameAt(packet, at);
      const size = packet.readUInt16BE(end + 8);
      if (packet.readUInt16BE(end) === SOA)
        lines.push(`${name}\t${packet.readUInt32BE(end + 4)}\tIN\tSOA\t${soaAt(packet, end + 10)}`);
      at = end + 10 + size;
    }
    return `${lines.join('\n')}\n`;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function soaAt(packet: Buffer, start: number): string {
  const primary = nameAt(packet, start);
  const mailbox = nameAt(packet, primary.end);
  const numbers = Array.from({ length: SOA_NUMBERS }, (_, index) => packet.readUInt32BE(mailbox.end + 4 * index));
  return [primary.name, mailbox.name, ...numbers].join(' ');
}

/** A name with its pointers (RFC 1035 §4.1.4), and the offset after it. A pointer always leads back, so this ends. */
function nameAt(packet: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let end: number | null = null;
  for (let at = start, low = start; ; ) {
    const length = packet.readUInt8(at);
    if (length === 0) return { name: `${labels.join('.')}.`, end: end ?? at + 1 };
    if (length >= 0xc0) {
      const target = packet.readUInt16BE(at) & 0x3fff;
      if (target >= low) throw new RangeError('a pointer leads forward');
      end ??= at + 2;
      at = target;
      low = target;
    } else {
      labels.push(packet.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
}

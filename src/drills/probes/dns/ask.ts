import { createSocket } from 'node:dgram';
import { startDeadline } from '../time/deadline.ts';
import { whyOf } from '../why.ts';
import { decodeAnswer, encodeQuery } from './packet.ts';

/** One question to one server, sent once. */
export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
  readonly server: string;
  /** Default: 53. */
  readonly port?: number;
  readonly timeoutMs: number;
  /** A host that says that nobody listens, or a network that leads nowhere, is an answer; otherwise it is silence like any other. */
  readonly isEager?: boolean;
}

/** `rcode`: the response code by number (0: no error, 3: no such name; RFC 1035 §4.1.1), or what came instead of one. */
export type DnsAnswer = { readonly rcode: number | string; readonly data: readonly string[] };

/** Asks from a port of its own, so that no two questions are one flow. Calls back once. */
export function askDns(question: DnsQuestion, done: (answer: DnsAnswer) => void): void {
  const { name, type, server, port = 53, timeoutMs, isEager = false } = question;
  const number = Math.floor(Math.random() * 65_536);
  const query = encodeQuery(number, name, type);
  const socket = createSocket('udp4');
  let isDone = false;
  const finish = (answer: DnsAnswer) => {
    if (isDone) return;
    isDone = true;
    cancel();
    socket.close();
    done(answer);
  };
  const cancel = startDeadline(timeoutMs, () => finish({ rcode: 'timeout', data: [] }));
  socket.on('error', (error) => {
    if (isEager) finish({ rcode: whyOf(error), data: [] });
  });
  socket.on('message', (packet) => {
    if (packet.length < 12 || packet.readUInt16BE(0) !== number) return;
    const answer = read(packet);
    if (answer) finish(answer);
  });
  // Only a connected socket gets the kernel's error about a port that nobody listens at.
  if (isEager) socket.on('connect', () => socket.send(query)).connect(port, server);
  else socket.send(query, port, server);
}

/** A packet that ends in the middle is no answer. */
function read(packet: Buffer): DnsAnswer | null {
  try {
    return decodeAnswer(packet);
  } catch {
    return null;
  }
}

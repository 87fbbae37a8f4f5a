import { createSocket } from 'node:dgram';
import { createInterface } from 'node:readline';
import { type DhcpQuestion, type DhcpReply, decodeReply, encodeQuestion } from './packet.ts';

/**
 * Many machines' DHCP clients as one program, to be run in a network namespace with an address and a default route: one wish per
 * line on standard input (JSON, `Wish`), one JSON answer (`Result`) per line on standard output, in order of arrival. Unlike a real
 * client it may have any number of MACs; the answers are broadcast, so it sees every one of them.
 */
export interface Wish {
  readonly id: number;
  /** new: discover, then request what is offered first. again: ask for the address that the machine had (RFC 2131 §4.3.2, INIT-REBOOT). */
  readonly kind: 'new' | 'again' | 'release';
  readonly mac: string;
  readonly address?: string;
  readonly server?: string;
  readonly hostname?: string;
  readonly timeoutMs: number;
}

/** `address` null: no lease. `why`: what was missing. */
export interface Result {
  readonly id: number;
  readonly address: string | null;
  readonly seconds: number | null;
  readonly offered: readonly string[];
  readonly why: '' | 'no offer' | 'no acknowledgement' | 'refused';
}

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const EVERYBODY = '255.255.255.255';

if (process.argv[1] === import.meta.filename) {
  const waiting = new Map<number, (reply: DhcpReply) => void>();
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (packet) => {
    const reply = decodeReply(packet);
    if (reply) waiting.get(reply.xid)?.(reply);
  });
  // A network that is down is no answer: the time-out tells it.
  const send = (question: DhcpQuestion) =>
    socket.send(encodeQuestion(question), SERVER_PORT, EVERYBODY, () => undefined);
  socket.on('error', () => undefined);
  socket.bind(CLIENT_PORT, '0.0.0.0', () => {
    socket.setBroadcast(true);
    createInterface({ input: process.stdin }).on('line', (line) => {
      const wish = JSON.parse(line) as Wish;
      grant(wish, { waiting, send }, (result) => console.log(JSON.stringify(result)));
    });
    console.log(JSON.stringify({ id: 0 }));
  });
}

interface Wire {
  readonly waiting: Map<number, (reply: DhcpReply) => void>;
  send(question: DhcpQuestion): void;
}

function grant(wish: Wish, wire: Wire, done: (result: Result) => void): void {
  const { id, mac, kind } = wish;
  const xid = Math.floor(Math.random() * 0xffffffff);
  const name = wish.hostname === undefined ? {} : { hostname: wish.hostname };
  const offered: string[] = [];
  let isRequested = kind === 'again';
  const finish = (why: Result['why'], reply?: DhcpReply) => {
    clearTimeout(timer);
    wire.waiting.delete(xid);
    done({ id, address: reply?.address ?? null, seconds: reply?.seconds ?? null, offered, why });
  };
  const timer = setTimeout(() => finish(isRequested ? 'no acknowledgement' : 'no offer'), wish.timeoutMs);
  wire.waiting.set(xid, (reply) => {
    if (reply.mac !== mac) return;
    if (reply.kind === 'offer') {
      offered.push(reply.address);
      if (isRequested) return;
      isRequested = true;
      const server = reply.server === null ? {} : { server: reply.server };
      wire.send({ kind: 'request', xid, mac, wants: reply.address, ...server, ...name });
    } else if (reply.kind === 'ack') finish('', reply);
    else if (reply.kind === 'nak') finish('refused');
  });
  const address = wish.address ?? '0.0.0.0';
  if (kind === 'new') wire.send({ kind: 'discover', xid, mac, ...name });
  else if (kind === 'again') wire.send({ kind: 'request', xid, mac, wants: address, ...name });
  else {
    wire.send({ kind: 'release', xid, mac, has: address, ...(wish.server ? { server: wish.server } : {}) });
    finish('');
  }
}

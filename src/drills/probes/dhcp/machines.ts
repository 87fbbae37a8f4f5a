import { createSocket } from 'node:dgram';
import { startDeadline } from '../time/deadline.ts';
import { Holders, type Shared } from './holders.ts';
import { type DhcpQuestion, type DhcpReply, decodeReply, encodeQuestion } from './packet.ts';

/** What one machine wants. */
export interface LeaseRequest {
  /** new: discover, then request what is offered first. again: ask for the address that the machine had (RFC 2131 §4.3.2, INIT-REBOOT). */
  readonly kind: 'new' | 'again' | 'release';
  readonly mac: string;
  readonly address?: string;
  readonly server?: string;
  readonly hostname?: string;
  /** Whole seconds since it began to ask, in earlier tries. */
  readonly waited?: number;
  readonly timeoutMs: number;
}

/** `address` null: no lease, and `why`: what was missing. `server`: who gave it. */
export interface LeaseResult {
  readonly address: string | null;
  readonly server: string | null;
  readonly seconds: number | null;
  readonly offered: readonly string[];
  readonly why: '' | 'no offer' | 'no acknowledgement' | 'refused';
}

/** Many machines' DHCP clients behind one socket: the answers are broadcast, so it sees every one of them. */
export interface Machines {
  /** Calls back once. Nobody answers a release: it is done when it is sent. */
  grant(request: LeaseRequest, done: (result: LeaseResult) => void): void;
  /** Addresses that these machines have now, with their MACs. */
  held(): ReturnType<Holders['held']>;
}

const SERVER_PORT = 67;
const CLIENT_PORT = 68;
const EVERYBODY = '255.255.255.255';

/**
 * Binds the clients' port; the network namespace needs an address and a default route. Throws (`error` of the socket) when it is taken. `onShared`: an
 * address was given to a machine while another one of these had it.
 */
export function openMachines(
  onOpen: (machines: Machines) => void,
  onShared: (shared: Shared) => void = () => undefined,
): void {
  const holders = new Holders();
  const waiting = new Map<number, (reply: DhcpReply) => void>();
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (packet) => {
    const reply = decodeReply(packet);
    if (reply) waiting.get(reply.xid)?.(reply);
  });
  // A network that is down gives no answer: the time-out reports it.
  const note = (mac: string, reply: DhcpReply | null) => {
    if (reply === null) return holders.takeBack(mac);
    const shared = holders.give(mac, reply.address);
    if (shared) onShared(shared);
  };
  const send = (question: DhcpQuestion) =>
    socket.send(encodeQuestion(question), SERVER_PORT, EVERYBODY, () => undefined);
  socket.bind(CLIENT_PORT, '0.0.0.0', () => {
    socket.on('error', () => undefined).setBroadcast(true);
    onOpen({ grant: (request, done) => grant(request, { waiting, send, note }, done), held: () => holders.held() });
  });
}

interface Wire {
  readonly waiting: Map<number, (reply: DhcpReply) => void>;
  send(question: DhcpQuestion): void;
  /** A machine got an address, or (null) has none any more. */
  note(mac: string, reply: DhcpReply | null): void;
}

function grant(request: LeaseRequest, wire: Wire, done: (result: LeaseResult) => void): void {
  const { mac, kind } = request;
  const xid = Math.floor(Math.random() * 0xffffffff);
  const name = {
    ...(request.hostname !== undefined && { hostname: request.hostname }),
    ...(request.waited !== undefined && { seconds: request.waited }),
  };
  const offered: string[] = [];
  let isRequested = kind === 'again';
  const finish = (why: LeaseResult['why'], reply?: DhcpReply) => {
    cancel();
    wire.waiting.delete(xid);
    const { address = null, server = null, seconds = null } = reply ?? {};
    done({ address, server, seconds, offered, why });
  };
  const cancel = startDeadline(request.timeoutMs, () => finish(isRequested ? 'no acknowledgement' : 'no offer'));
  wire.waiting.set(xid, (reply) => {
    if (reply.mac !== mac) return;
    if (reply.kind === 'offer') {
      offered.push(reply.address);
      if (isRequested) return;
      isRequested = true;
      const server = reply.server === null ? {} : { server: reply.server };
      wire.send({ kind: 'request', xid, mac, wants: reply.address, ...server, ...name });
    } else if (reply.kind === 'ack') {
      wire.note(mac, reply);
      finish('', reply);
    } else if (reply.kind === 'nak') {
      wire.note(mac, null);
      finish('refused');
    }
  });
  const address = request.address ?? '0.0.0.0';
  if (kind === 'new') wire.send({ kind: 'discover', xid, mac, ...name });
  else if (kind === 'again') wire.send({ kind: 'request', xid, mac, wants: address, ...name });
  else {
    wire.note(mac, null);
    wire.send({ kind: 'release', xid, mac, has: address, ...(request.server ? { server: request.server } : {}) });
    finish('');
  }
}

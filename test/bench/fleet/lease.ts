import { createSocket, type Socket } from 'node:dgram';
import {
  decodeReply,
  type DhcpQuestion,
  type DhcpReply,
  encodeQuestion,
  optionsOf,
} from '../../../src/drills/probes/dhcp/packet.ts';

/** An answer to a machine that boots: what a server offered or gave. `bootFile`: what its loader is to fetch; empty: nothing. */
export interface BootReply extends DhcpReply {
  readonly bootFile: string;
}

/** An answer, and how many packets were sent for it besides the first. */
export interface Answered {
  readonly reply: BootReply;
  readonly again: number;
}

/** DHCP clients of machines that boot by iPXE, any number of them at once. Both throw an Error when nobody answers in time. */
export interface LeaseDesk {
  discover(mac: string, timeoutMs: number): Promise<Answered>;
  /** Asks for what was offered. Throws, too, when the server refuses it. */
  request(mac: string, offer: BootReply, timeoutMs: number): Promise<Answered>;
  /** Gives an address back; nobody answers that. */
  release(mac: string, address: string, server: string | null): void;
  close(): void;
}

/** Where packets go; a test has its own server. */
export interface LeaseWire {
  readonly clientPort: number;
  readonly serverPort: number;
  readonly to: string;
}

const WIRE: LeaseWire = { clientPort: 68, serverPort: 67, to: '255.255.255.255' };
/** As firmware sends again: ms until the next packet, and up to half as long again. */
const PAUSES = [1000, 2000, 4000, 8000] as const;

/**
 * What iPXE on a BIOS machine says of itself: option 60, 77 (RFC 3004, as iPXE writes it), 93 and 94 (RFC 4578); and what it asks for (55): besides what
 * every machine does, where to boot from.
 */
const BOOT_OPTIONS: NonNullable<DhcpQuestion['options']> = [
  [60, Buffer.from('PXEClient:Arch:00000:UNDI:002001')],
  [77, Buffer.from('iPXE')],
  [93, [0, 0]],
  [94, [1, 2, 1]],
  [55, [1, 3, 6, 15, 42, 43, 51, 60, 66, 67, 119, 150, 175]],
];

/** A server's answer; null when it is none. The boot file stands in option 67 or in the header's own field. */
export function decodeBoot(packet: Buffer): BootReply | null {
  const reply = decodeReply(packet);
  if (reply === null) return null;
  const file = optionsOf(packet).get(67) ?? packet.subarray(108, 236);
  const end = file.indexOf(0);
  return { ...reply, bootFile: file.subarray(0, end < 0 ? undefined : end).toString('latin1') };
}

/** Opens it on the clients' port of this network namespace. */
export async function openLeaseDesk(wire: LeaseWire = WIRE): Promise<LeaseDesk> {
  const waiting = new Map<number, (reply: BootReply) => void>();
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  socket.on('message', (packet) => {
    const reply = decodeBoot(packet);
    if (reply) waiting.get(reply.xid)?.(reply);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(wire.clientPort, '0.0.0.0', resolve);
  });
  // A network that is down is no answer: the deadline tells it.
  socket.on('error', () => undefined).setBroadcast(true);
  const exchange = (question: DhcpQuestion, wanted: DhcpReply['kind'], timeoutMs: number) =>
    new Promise<Answered>((resolve, reject) => {
      const { xid, mac } = question;
      let sent = 0;
      const started = performance.now();
      let timer: NodeJS.Timeout | undefined;
      const finish = () => {
        clearTimeout(timer);
        clearTimeout(end);
        waiting.delete(xid);
      };
      const end = setTimeout(() => {
        finish();
        reject(new Error(wanted === 'offer' ? 'no offer' : 'no acknowledgement'));
      }, timeoutMs);
      waiting.set(xid, (reply) => {
        if (reply.mac !== mac || (reply.kind !== wanted && reply.kind !== 'nak')) return;
        finish();
        if (reply.kind === 'nak') reject(new Error('the server refused it'));
        else resolve({ reply, again: sent - 1 });
      });
      const send = () => {
        const seconds = Math.floor((performance.now() - started) / 1000);
        post(socket, wire, { ...question, seconds });
        const pauseMs = PAUSES[Math.min(sent, PAUSES.length - 1)] ?? 8000;
        sent += 1;
        timer = setTimeout(send, pauseMs * (1 + Math.random() / 2));
      };
      send();
    });
  return {
    discover: (mac, timeoutMs) => exchange({ kind: 'discover', xid: newXid(), mac }, 'offer', timeoutMs),
    request: (mac, offer, timeoutMs) =>
      exchange(
        { kind: 'request', xid: offer.xid, mac, wants: offer.address, ...serverOf(offer.server) },
        'ack',
        timeoutMs,
      ),
    release: (mac, address, server) =>
      post(socket, wire, { kind: 'release', xid: newXid(), mac, has: address, ...serverOf(server) }),
    close: () => socket.close(),
  };
}

function post(socket: Socket, { serverPort, to }: LeaseWire, question: DhcpQuestion): void {
  socket.send(encodeQuestion({ ...question, options: BOOT_OPTIONS }), serverPort, to, () => undefined);
}

function serverOf(server: string | null): { readonly server?: string } {
  return server === null ? {} : { server };
}

function newXid(): number {
  return Math.floor(Math.random() * 0xffffffff);
}

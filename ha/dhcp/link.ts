import { connect, type TLSSocket } from 'node:tls';
import type { Identity } from '../kit/host.ts';
import { type Heartbeat, type LineSplit, type Reply, splitLines } from './messages.ts';

/** A connection that is not there within this, or that answers nothing for this, is given up. */
const PATIENCE_MS = 1000;
const DIAL_MS = 800;
/** Between two attempts, and as much again at random. */
const REST_MS = 150;
/** Nobody reads what we say: such a connection is dead. */
const UNSENT_MAX = 262_144;

/** The other end of a link. `name`: the name in its certificate. */
export interface Peer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** What a link needs of its program. `clock`: monotonic, ms. */
export interface LinkPorts<Sent> {
  identity(): Identity;
  clock(): number;
  random(): number;
  /** An answer, and what was stored of the beat that it answers. */
  receive(reply: Reply, sent: Sent & { readonly sentAt: number }): void;
  log(text: string): void;
}

/**
 * A connection to one peer, by mutual TLS: beats go out, answers come back. It dials by itself, gives up who is silent, and keeps nothing for later: what
 * cannot be sent now is worth nothing a moment later.
 */
export class Link<Sent extends object> {
  readonly peer: Peer;
  readonly #ports: LinkPorts<Sent>;
  readonly #open = new Map<number, Sent & { readonly sentAt: number }>();
  #socket: TLSSocket | null = null;
  #isUp = false;
  #since = 0;
  #dialAfter = 0;
  #problem = '';

  constructor(peer: Peer, ports: LinkPorts<Sent>) {
    this.peer = peer;
    this.#ports = ports;
  }

  /** Says a beat, or dials. `sent`: stored for the answer. */
  send(beat: Heartbeat, sent: Sent): void {
    const now = this.#ports.clock();
    const [oldest] = this.#open.values();
    if (this.#socket && oldest && now - oldest.sentAt > PATIENCE_MS) this.#end('no answer');
    if (this.#socket && !this.#isUp && now - this.#since > DIAL_MS) this.#end('no connection in time');
    if (this.#socket && this.#socket.writableLength > UNSENT_MAX) this.#end('it does not read');
    if (this.#socket === null && now >= this.#dialAfter) this.#dial(now);
    if (!this.#isUp || this.#socket === null) return;
    this.#open.set(beat.number, { ...sent, sentAt: now });
    this.#socket.write(`${JSON.stringify(beat)}\n`);
  }

  close(): void {
    this.#end('');
    this.#dialAfter = Infinity;
  }

  #dial(now: number): void {
    const { name, address, port } = this.peer;
    const { ca, cert, key } = this.#ports.identity();
    const options = { host: address, port, servername: name, ca, cert, key, minVersion: 'TLSv1.3' as const };
    const socket = connect(options, () => {
      if (this.#socket !== socket) return;
      this.#isUp = true;
      this.#report('connected');
    });
    socket.setNoDelay(true);
    this.#socket = socket;
    this.#since = now;
    const lines: LineSplit = splitLines((line) => this.#read(socket, line));
    socket.on('data', (part: Buffer) => {
      if (!lines.add(part) && this.#socket === socket) this.#end('its answer is too large');
    });
    socket.on('error', (error) => this.#socket === socket && this.#end(error.message));
    socket.on('close', () => this.#socket === socket && this.#end('closed'));
  }

  #read(socket: TLSSocket, line: string): void {
    if (this.#socket !== socket) return;
    try {
      // Every program with such a certificate writes this shape.
      const reply = JSON.parse(line) as Reply;
      const sent = this.#open.get(reply.echo);
      if (!sent) return;
      // Answers come in order: what is older is not answered any more.
      for (const number of this.#open.keys()) if (number <= reply.echo) this.#open.delete(number);
      this.#ports.receive(reply, sent);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : 'no answer that can be read');
    }
  }

  #end(why: string): void {
    const socket = this.#socket;
    [this.#socket, this.#isUp] = [null, false];
    this.#open.clear();
    this.#dialAfter = this.#ports.clock() + REST_MS * (1 + this.#ports.random());
    socket?.destroy();
    if (why !== '') this.#report(why);
  }

  /** A problem once, not with every attempt. */
  #report(what: string): void {
    if (this.#problem !== what) this.#ports.log(`${this.peer.name} (${this.peer.address}): ${what}`);
    this.#problem = what;
  }
}

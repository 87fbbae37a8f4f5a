import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Identity } from '../kit/host.ts';
import { type Heartbeat, type Reply, splitLines } from './messages.ts';

const IDLE_MS = 5000;
const HANDSHAKE_MS = 2000;
const CONNECTIONS_MAX = 256;
const UNREAD_MAX = 262_144;
/** An address may come later than we do. */
const AGAIN_MS = 500;

/** What a listener needs of its program. */
export interface ListenPorts {
  /** Who may speak, by name. */
  names(): readonly string[];
  /** Answers a beat; null: says nothing. */
  answer(beat: Heartbeat): Reply | null;
  log(text: string): void;
}

/**
 * Takes beats by mutual TLS. A certificate of the site's authority names who it is (DNS names): nobody speaks for another one. Of one speaker only
 * what is newer than everything before counts, over whichever connection it comes.
 */
export class Listener {
  readonly #ports: ListenPorts;
  readonly #server: Server;
  readonly #place: { readonly address: string; readonly port: number };
  readonly #last = new Map<string, { readonly run: number; readonly number: number }>();
  readonly #sockets = new Set<TLSSocket>();
  #isClosed = false;
  #problem = '';

  constructor(place: { readonly address: string; readonly port: number }, identity: Identity, ports: ListenPorts) {
    this.#place = place;
    this.#ports = ports;
    const options = { requestCert: true, rejectUnauthorized: true, handshakeTimeout: HANDSHAKE_MS } as const;
    this.#server = createServer({ ...identity, ...options, minVersion: 'TLSv1.3' });
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('secureConnection', (socket) => this.#welcome(socket));
    this.#server.on('tlsClientError', (error) => this.#report(`refused: ${error.message}`));
    this.#server.on('error', (error) => {
      this.#report(error.message);
      setTimeout(() => this.#listen(), AGAIN_MS);
    });
    this.#server.on('listening', () => this.#report(`listens at ${place.address} port ${place.port}`));
    this.#listen();
  }

  /** The certificate was renewed. */
  renew({ ca, cert, key }: Identity): void {
    this.#server.setSecureContext({ ca, cert, key });
  }

  close(): void {
    this.#isClosed = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #listen(): void {
    if (this.#isClosed || this.#server.listening) return;
    const { address: host, port } = this.#place;
    this.#server.listen({ host, port });
  }

  #welcome(socket: TLSSocket): void {
    const names = namesOf(socket);
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    const lines = splitLines((line) => this.#read(socket, names, line));
    socket.on('data', (part: Buffer) => {
      if (!lines.add(part) || socket.writableLength > UNREAD_MAX) socket.destroy();
    });
  }

  #read(socket: TLSSocket, names: readonly string[], line: string): void {
    try {
      // Every program with such a certificate writes this shape.
      const beat = JSON.parse(line) as Heartbeat;
      const { from, run, number } = beat;
      if (!names.includes(from) || !this.#ports.names().includes(from)) {
        this.#report(
          `refused: ${names[0] ?? 'nobody'} claims to be ${from}, which has no role here or another certificate`,
        );
        return void socket.destroy();
      }
      const last = this.#last.get(from);
      if (last && run < last.run) return this.#say(socket, { echo: number, staleRun: last.run });
      if (last && run === last.run && number <= last.number) return;
      this.#last.set(from, { run, number });
      const reply = this.#ports.answer(beat);
      if (reply) this.#say(socket, reply);
    } catch (error) {
      this.#report(`a beat has no answer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #say(socket: TLSSocket, reply: Reply): void {
    socket.write(`${JSON.stringify(reply)}\n`);
  }

  #report(what: string): void {
    if (this.#problem !== what) this.#ports.log(what);
    this.#problem = what;
  }
}

/** DNS names of the certificate that the other side has shown. */
function namesOf(socket: TLSSocket): string[] {
  const { subjectaltname = '' } = socket.getPeerCertificate();
  return subjectaltname.split(', ').flatMap((item) => (item.startsWith('DNS:') ? [item.slice(4)] : []));
}

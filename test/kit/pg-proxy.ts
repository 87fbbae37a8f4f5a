import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';

/** What the proxy does to the next COMMIT that a client sends. */
export type Trap =
  /** Cut before the server gets it. */
  | 'cut-before'
  /** Let the server do it; cut before the client hears of it. */
  | 'cut-after'
  /** Let the server do it; never answer. */
  | 'swallow'
  /** Let the server do it; a WARNING comes with the answer, as when the wait for a synchronous standby was cancelled. */
  | 'warn';

/** A TCP proxy in front of a server's unix socket, that can break exactly at a COMMIT, and lose connections without a word. */
export class PgProxy {
  readonly port: number;
  /** Commits that a trap has caught. */
  sprung = 0;
  /** Connections that were made. */
  made = 0;
  #traps: Trap[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that were made before this one carry nothing any more. */
  #alive = { isDeaf: false };

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  static async start(socketPath: string): Promise<PgProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const proxy = new PgProxy(server, typeof address === 'object' ? (address?.port ?? 0) : 0);
    server.on('connection', (client) => proxy.#join(client, createConnection(socketPath)));
    return proxy;
  }

  /** Sets traps for the next commits, one each. */
  set(...traps: Trap[]): void {
    this.#traps.push(...traps);
  }

  /** Cuts every connection. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** From now on every open connection swallows what is sent, without a reset, as when a firewall forgot its flows; new ones are well. */
  halfOpen(): void {
    this.#alive.isDeaf = true;
    this.#alive = { isDeaf: false };
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, upstream: Socket): void {
    let trap: Trap | undefined;
    const alive = this.#alive;
    this.made += 1;
    const end = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', end).on('close', () => {
        this.#sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk) => {
      if (alive.isDeaf) return;
      if (isCommit(chunk) && this.#traps.length > 0) {
        trap = this.#traps.shift();
        this.sprung += 1;
        if (trap === 'cut-before') return end();
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (alive.isDeaf) return;
      if (trap === 'cut-after') return end();
      if (trap === 'swallow') return;
      client.write(trap === 'warn' ? Buffer.concat([warning(), chunk]) : chunk);
      trap = undefined;
    });
  }
}

/** A simple query (message Q of the protocol, "Message Formats" of PostgreSQL's manual) that says COMMIT. */
function isCommit(chunk: Buffer): boolean {
  return chunk[0] === 0x51 && chunk.toString('latin1', 5, 11).toLowerCase() === 'commit';
}

/** A NoticeResponse with the words of src/backend/replication/syncrep.c. */
function warning(): Buffer {
  const fields = ['SWARNING', 'VWARNING', 'C01000', 'Mcanceling wait for synchronous replication due to user request'];
  const body = Buffer.from(`${fields.map((field) => `${field}\0`).join('')}\0`);
  const head = Buffer.from([0x4e, 0, 0, 0, 0]);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

import { createConnection, type Socket } from 'node:net';

/**
 * Writes a record of the log and flushes it, and waits for no standby: that is no commit. It needs neither a table nor a transaction's
 * number. (The fourth argument is PostgreSQL 17's.) A server that says why it cannot (it starts, its disk is full) answers, too.
 */
const QUESTION = "select pg_logical_emit_message(false, 'regent_keeper', '', true)";
const STARTUP = ['user', 'postgres', 'database', 'postgres', 'application_name', 'regent-keeper'];
const PROTOCOL = 196_608;
/** As in patroni.ts. */
const TIMEOUT_MS = 900;
/** PostgreSQL must let new ones in, too. */
const QUESTIONS = 10;

/** `answered`: it did, or said why not; `refused`: nobody listens; `silent`: nothing in time. */
export type Answer = 'answered' | 'refused' | 'silent';

/**
 * Asks this host's PostgreSQL by its socket, where the superuser of its system user needs no password, with the few messages of its
 * protocol (version 3) that this takes: no process is started for it.
 */
export class PostgresProbe {
  readonly #path: string;
  #socket: Socket | null = null;
  #left = 0;

  /** `path`: of the server's socket. */
  constructor(path = '/run/postgresql/.s.PGSQL.5432') {
    this.#path = path;
  }

  /** One question with a deadline. Never two at a time. */
  async ask(): Promise<Answer> {
    let answer = await this.#askOnce();
    // An old session may have ended for its own reasons: only what a new one is told counts.
    if (answer === 'ended') answer = await this.#askOnce();
    return answer === 'ended' ? 'refused' : answer;
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = null;
  }

  #askOnce(): Promise<Answer | 'ended'> {
    if (this.#left <= 0) this.close();
    const isNew = this.#socket === null;
    const socket = (this.#socket ??= createConnection(this.#path));
    if (isNew) this.#left = QUESTIONS;
    this.#left -= 1;
    return new Promise((resolve) => {
      const end = (answer: Answer | 'ended', isUsable = false) => {
        clearTimeout(timer);
        socket.removeAllListeners();
        socket.on('error', () => {});
        if (!isUsable) this.close();
        resolve(answer);
      };
      const timer = setTimeout(() => end('silent'), TIMEOUT_MS);
      let rest: Buffer = Buffer.alloc(0);
      let isAsked = !isNew;
      socket.on('data', (part) => {
        const { types, rest: left } = split(Buffer.concat([rest, part]));
        rest = left;
        for (const type of types) {
          // ErrorResponse: words are a sign of life. A session goes on after one of them or ends; a new one is cheap.
          if (type === 'E') return end('answered');
          // ReadyForQuery
          if (type !== 'Z') continue;
          if (isAsked) return end('answered', true);
          isAsked = true;
          socket.write(query(QUESTION));
        }
      });
      socket.on('close', () => end(isNew ? 'refused' : 'ended'));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        // EAGAIN: its queue of callers is full, nobody lets them in.
        if (isNew) return end(error.code === 'EAGAIN' ? 'silent' : 'refused');
        end('ended');
      });
      socket.write(isNew ? startup() : query(QUESTION));
    });
  }
}

/** Types of the whole messages in the bytes, and what is left of the next one. */
function split(bytes: Buffer): { types: string[]; rest: Buffer } {
  const types: string[] = [];
  let at = 0;
  while (bytes.length - at >= 5) {
    const end = at + 1 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    types.push(String.fromCharCode(bytes.readUInt8(at)));
    at = end;
  }
  return { types, rest: bytes.subarray(at) };
}

function startup(): Buffer {
  const body = Buffer.from(`${STARTUP.join('\0')}\0\0`);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length + 8, 0);
  head.writeUInt32BE(PROTOCOL, 4);
  return Buffer.concat([head, body]);
}

function query(text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(5);
  head.write('Q');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

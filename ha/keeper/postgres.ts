import { createConnection, type Socket } from 'node:net';

/**
 * Writes a log record and flushes it. It is no commit, so it waits for no standby. It needs neither a table nor a transaction number. (The fourth
 * argument is new in PostgreSQL 17.) A server that says why it cannot (it starts, its disk is full) has also answered.
 */
const QUESTION = "select pg_logical_emit_message(false, 'regent_keeper', '', true)";
const STARTUP = ['user', 'postgres', 'database', 'postgres', 'application_name', 'regent-keeper'];
const PROTOCOL = 196_608;
/** As in patroni.ts. */
const TIMEOUT_MS = 900;
/**
 * PostgreSQL must also accept new sessions. We try it every 30 s, because a new server process costs more than a
 * hundred questions.
 */
const QUESTIONS = 100;
/** A silent session, and another one. */
const SESSIONS = 2;

/** `answered`: it answered, or reported why it cannot; `refused`: nobody listens; `silent`: no answer in time. */
export type Answer = 'answered' | 'refused' | 'silent';

/**
 * Asks this host's PostgreSQL over its socket, where the superuser's system user needs no password. It uses the few messages of the protocol (version
 * 3) that this takes, and starts no process. It goes on waiting for a silent session, and tries a second one beside it. A new session for each
 * question would give a busy server work that nobody needs.
 */
export class PostgresProbe {
  readonly #path: string;
  #sessions: Session[] = [];

  /** `path`: of the server's socket. */
  constructor(path = '/run/postgresql/.s.PGSQL.5432') {
    this.#path = path;
  }

  /** One question with a deadline. Never two at a time. */
  async ask(): Promise<Answer> {
    const end = performance.now() + TIMEOUT_MS;
    let answer = await this.#askOnce(TIMEOUT_MS);
    // An old session may have ended for reasons of its own: only the answer to a new one counts.
    if (answer === 'ended') answer = await this.#askOnce(end - performance.now());
    return answer === 'ended' ? 'refused' : answer;
  }

  close(): void {
    this.#keep([]);
  }

  async #askOnce(timeoutMs: number): Promise<Answer | 'ended'> {
    const spent = (session: Session) => session.answer === null && session.left <= 0;
    this.#keep(this.#sessions.filter((session) => !spent(session)));
    let session = this.#sessions.find(({ answer }) => answer === null);
    if (session === undefined && this.#sessions.length < SESSIONS)
      this.#sessions.push((session = new Session(this.#path)));
    session?.ask();
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<'silent'>((resolve) => (timer = setTimeout(() => resolve('silent'), timeoutMs)));
    const answers = this.#sessions.flatMap((one) =>
      one.answer === null ? [] : [one.answer.then((answer) => ({ answer, from: one }))],
    );
    const first = await Promise.race([...answers, silence]);
    clearTimeout(timer);
    if (first === 'silent') return 'silent';
    const { answer, from } = first;
    from.answer = null;
    // The answer of the other session is no longer needed.
    this.#keep(from.isUsable ? [from] : []);
    return answer;
  }

  #keep(sessions: Session[]): void {
    for (const session of this.#sessions) if (!sessions.includes(session)) session.close();
    this.#sessions = sessions;
  }
}

/** One session. `answer`: the answer to the running question; null: none runs. `left`: how many questions it may still get. */
class Session {
  readonly #socket: Socket;
  answer: Promise<Answer | 'ended'> | null = null;
  left = QUESTIONS;
  isUsable = true;

  constructor(path: string) {
    this.#socket = createConnection(path);
    // Between questions nobody listens for errors.
    this.#socket.on('error', () => (this.isUsable = false));
    this.#socket.on('close', () => (this.isUsable = false));
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Asks, and sets `answer`. Never call it while `answer` is set. */
  ask(): void {
    const socket = this.#socket;
    const isNew = this.left === QUESTIONS;
    this.left -= 1;
    this.answer = new Promise((resolve) => {
      const end = (answer: Answer | 'ended', isUsable = false) => {
        for (const [name, listener] of Object.entries(listeners)) socket.off(name, listener);
        this.isUsable &&= isUsable;
        resolve(answer);
      };
      let rest: Buffer = Buffer.alloc(0);
      let isSent = !isNew;
      const listeners = {
        data: (part: Buffer) => {
          const { types, rest: left } = split(Buffer.concat([rest, part]));
          rest = left;
          for (const type of types) {
            // ErrorResponse: any answer is a sign of life. The session may go on or end after it; a new one is cheap.
            if (type === 'E') return end('answered');
            // ReadyForQuery
            if (type !== 'Z') continue;
            if (isSent) return end('answered', true);
            isSent = true;
            socket.write(query(QUESTION));
          }
        },
        close: () => end(isNew ? 'refused' : 'ended'),
        error: (error: NodeJS.ErrnoException) => {
          // EAGAIN: its queue of connections is full, it accepts none.
          if (isNew) return end(error.code === 'EAGAIN' ? 'silent' : 'refused');
          end('ended');
        },
      };
      for (const [name, listener] of Object.entries(listeners)) socket.on(name, listener);
      if (socket.destroyed) end('ended');
      else socket.write(isNew ? startup() : query(QUESTION));
    });
  }
}

/** Types of the complete messages in the bytes, and the rest of the next one. */
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

import { connect, type Socket } from 'node:net';

/**
 * A small iSCSI initiator (RFC 7143), for a network of its own: `node iscsi-client.ts '{"from":…,"to":…,"target":…,"writes":true}'` prints one line of JSON:
 * what it was let to see and to do. `from`: its address. `writes`: it tries to overwrite the first block. Without `target` it only asks for the names of targets.
 * `holdMs`: stays logged in so long.
 */
interface Asked {
  readonly from: string;
  readonly to: string;
  readonly target?: string;
  readonly writes?: boolean;
  readonly holdMs?: number;
}

const HEAD = 48;
const PORT = 3260;
const PATIENCE_MS = 30_000;
/** Opcodes: of the initiator, and answers of the target (§11.2.1.2). */
const OP = { command: 0x01, login: 0x03, text: 0x04 } as const;
const FROM = { command: 0x21, text: 0x24, data: 0x25 } as const;

interface Pdu {
  readonly head: Buffer;
  readonly data: Buffer;
}

class Initiator {
  readonly #socket: Socket;
  #held = Buffer.alloc(0);
  #tag = 0;
  #wake: () => void = () => undefined;
  #end: Error | null = null;

  constructor({ from, to }: Asked) {
    this.#socket = connect({ host: to, port: PORT, localAddress: from });
    this.#socket.on('data', (chunk) => {
      this.#held = Buffer.concat([this.#held, chunk]);
      this.#wake();
    });
    const end = (error?: Error) => {
      this.#end ??= error ?? new Error('the target closed the connection');
      this.#wake();
    };
    this.#socket.on('error', end).on('close', () => end());
    setTimeout(() => end(new Error('the target does not answer in time')), PATIENCE_MS).unref();
  }

  close(): void {
    this.#socket.destroy();
  }

  async #bytes(size: number): Promise<Buffer> {
    while (this.#held.length < size) {
      if (this.#end !== null) throw this.#end;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const bytes = this.#held.subarray(0, size);
    this.#held = this.#held.subarray(size);
    return bytes;
  }

  async next(): Promise<Pdu> {
    const head = await this.#bytes(HEAD);
    const size = head.readUIntBE(5, 3);
    const data = await this.#bytes((size + 3) & ~3);
    return { head, data: data.subarray(0, size) };
  }

  send(opcode: number, flags: number, fill: (head: Buffer) => void, data = Buffer.alloc(0)): void {
    const head = Buffer.alloc(HEAD);
    head[0] = opcode;
    head[1] = flags;
    head.writeUIntBE(data.length, 5, 3);
    this.#tag += 1;
    head.writeUInt32BE(this.#tag, 16);
    fill(head);
    this.#socket.write(Buffer.concat([head, data, Buffer.alloc(-data.length & 3)]));
  }

  /** The status of a login: class and detail, 0 when it is let in (§11.13.5). */
  async login(target: string | null): Promise<number> {
    const kind = target === null ? ['SessionType=Discovery'] : ['SessionType=Normal', `TargetName=${target}`];
    const words = ['InitiatorName=iqn.2026-11.internal.regent:machine:test', ...kind, 'MaxRecvDataSegmentLength=65536'];
    // At once to the full feature phase: nobody has to prove who he is.
    const fill = (head: Buffer) => head.write('400000000001', 8, 'hex');
    this.send(OP.login | 0x40, 0x87, fill, Buffer.from(words.map((word) => `${word}\0`).join('')));
    const { head } = await this.next();
    return head.readUInt16BE(36);
  }

  /** Names of the targets that this one may see. */
  async names(): Promise<string[]> {
    this.send(OP.text | 0x40, 0x80, (head) => head.writeUInt32BE(0xffffffff, 20), Buffer.from('SendTargets=All\0'));
    const { head, data } = await this.next();
    if (head[0] !== FROM.text) throw new Error(`an answer 0x${head[0]?.toString(16)} to a question for targets`);
    const pairs = data.toString().split('\0');
    return pairs.filter((pair) => pair.startsWith('TargetName=')).map((pair) => pair.slice('TargetName='.length));
  }

  /** The first command has the number of the login, which is out of the count (§4.2.2.1). */
  #number = 0;
  /** One SCSI command of unit 1: what it reads, its status and the sense key (SPC-4 §4.5.6). */
  async command(cdb: Buffer, reads: number, writes: Buffer<ArrayBuffer> = Buffer.alloc(0)) {
    const flags = 0x80 | (reads > 0 ? 0x40 : 0) | (writes.length > 0 ? 0x20 : 0);
    const number = this.#number;
    this.#number += 1;
    const fill = (head: Buffer) => {
      head[9] = 1;
      head.writeUInt32BE(Math.max(reads, writes.length), 20);
      head.writeUInt32BE(number, 24);
      cdb.copy(head, 32);
    };
    this.send(OP.command, flags, fill, writes);
    const parts: Buffer[] = [];
    for (;;) {
      const { head, data } = await this.next();
      const isData = head[0] === FROM.data;
      if (isData) parts.push(data);
      if (isData && ((head[1] ?? 0) & 1) === 0) continue;
      if (!isData && head[0] !== FROM.command) continue;
      const sense = isData || data.length < 5 ? 0 : (data[4] ?? 0) & 0x0f;
      return { data: Buffer.concat(parts), status: head[3] ?? 0, sense };
    }
  }
}

/** READ (10) or WRITE (10) of blocks. */
function transfer(opcode: number, block: number, count: number): Buffer {
  const cdb = Buffer.alloc(16);
  cdb[0] = opcode;
  cdb.writeUInt32BE(block, 2);
  cdb.writeUInt16BE(count, 7);
  return cdb;
}

async function ask(asked: Asked): Promise<object> {
  const initiator = new Initiator(asked);
  try {
    const login = await initiator.login(asked.target ?? null);
    if (login !== 0) return { login };
    if (asked.target === undefined) return { login, names: await initiator.names() };
    const ready = Buffer.alloc(16);
    // A new session is told first that there is something new.
    for (let index = 0; index < 3; index += 1) if ((await initiator.command(ready, 0)).status === 0) break;
    const read = await initiator.command(transfer(0x28, 0, 8), 4096);
    const write = asked.writes ? await initiator.command(transfer(0x2a, 0, 1), 0, Buffer.alloc(512, 0x58)) : null;
    if (asked.holdMs !== undefined) {
      process.stdout.write('held\n');
      await new Promise((resolve) => setTimeout(resolve, asked.holdMs));
    }
    const again = await initiator.command(transfer(0x28, 0, 8), 4096);
    const told = write === null ? {} : { write: { status: write.status, sense: write.sense } };
    return { login, read: read.data.toString('hex'), again: again.data.toString('hex'), ...told };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  } finally {
    initiator.close();
  }
}

process.stdout.write(`${JSON.stringify(await ask(JSON.parse(process.argv[2] ?? '{}') as Asked))}\n`);

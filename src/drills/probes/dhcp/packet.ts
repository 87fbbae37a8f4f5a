/** Kinds of DHCP messages of questions and answers (RFC 2132 §9.6). */
const KINDS = { discover: 1, offer: 2, request: 3, ack: 5, nak: 6, release: 7 } as const;
export type DhcpKind = keyof typeof KINDS;

/** What a client asks. Addresses as dotted quads. */
export interface DhcpQuestion {
  readonly kind: 'discover' | 'request' | 'release';
  readonly xid: number;
  readonly mac: string;
  /** The address that it has (`ciaddr`): for a release. */
  readonly has?: string;
  /** Option 50. */
  readonly wants?: string;
  /** Option 54. */
  readonly server?: string;
  /** Option 12. */
  readonly hostname?: string;
  /** Whole seconds since the machine began to ask (`secs`): servers of a pair judge by it whether their partner answers. */
  readonly seconds?: number;
  /** Further options, in place of those of the same number that every machine sends. */
  readonly options?: readonly (readonly [code: number, data: ArrayLike<number>])[];
}

/** What a server answered. */
export interface DhcpReply {
  readonly kind: DhcpKind | 'other';
  readonly xid: number;
  readonly mac: string;
  /** `yiaddr`; 0.0.0.0 in a refusal. */
  readonly address: string;
  readonly server: string | null;
  readonly seconds: number | null;
}

const COOKIE = 0x63825363;
/** Broadcast flag (RFC 2131 §2): every answer comes to everybody, so one socket speaks for many machines. */
const BROADCAST = 0x8000;

/** A client's packet, with the options that every machine asks for. */
export function encodeQuestion(question: DhcpQuestion): Buffer {
  const packet = Buffer.alloc(240);
  packet.set([1, 1, 6, 0]);
  packet.writeUInt32BE(question.xid, 4);
  packet.writeUInt16BE(Math.min(question.seconds ?? 0, 0xffff), 8);
  packet.writeUInt16BE(BROADCAST, 10);
  if (question.has) packet.set(quad(question.has), 12);
  packet.set(
    question.mac.split(':').map((byte) => Number.parseInt(byte, 16)),
    28,
  );
  packet.writeUInt32BE(COOKIE, 236);
  const options = new Map<number, ArrayLike<number>>([
    [53, [KINDS[question.kind]]],
    ...(question.wants ? [[50, quad(question.wants)] as const] : []),
    ...(question.server ? [[54, quad(question.server)] as const] : []),
    ...(question.hostname ? [[12, Buffer.from(question.hostname)] as const] : []),
    [55, [1, 3, 6, 15, 42, 51, 119]],
    ...(question.options ?? []),
  ]);
  return Buffer.concat([packet, ...[...options].map(([code, data]) => option(code, data)), Buffer.from([255])]);
}

/** A server's packet; null when it is none. */
export function decodeReply(packet: Buffer): DhcpReply | null {
  if (packet.length < 240 || packet[0] !== 2 || packet.readUInt32BE(236) !== COOKIE) return null;
  const options = optionsOf(packet);
  const number = options.get(53)?.[0];
  const server = options.get(54);
  const seconds = options.get(51);
  return {
    kind: (Object.keys(KINDS) as DhcpKind[]).find((name) => KINDS[name] === number) ?? 'other',
    xid: packet.readUInt32BE(4),
    mac: Array.from(packet.subarray(28, 34), (byte) => byte.toString(16).padStart(2, '0')).join(':'),
    address: packet.subarray(16, 20).join('.'),
    server: server ? server.join('.') : null,
    seconds: seconds?.length === 4 ? seconds.readUInt32BE(0) : null,
  };
}

/** The options of a packet by number; empty ones where it is cut off. */
export function optionsOf(packet: Buffer): ReadonlyMap<number, Buffer> {
  const options = new Map<number, Buffer>();
  let at = 240;
  while (at + 1 < packet.length && packet[at] !== 255) {
    const code = packet[at] ?? 0;
    const length = code === 0 ? -1 : (packet[at + 1] ?? 0);
    if (length >= 0) options.set(code, packet.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return options;
}

function option(code: number, data: ArrayLike<number>): Buffer {
  return Buffer.concat([Buffer.from([code, data.length]), Uint8Array.from(data)]);
}

const quad = (address: string): number[] => address.split('.').map(Number);

/** The n-th MAC of a family: `52:54:<family>:…`. */
export function macOf(family: number, number: number): string {
  const bytes = [0x52, 0x54, family, (number >> 16) & 255, (number >> 8) & 255, number & 255];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

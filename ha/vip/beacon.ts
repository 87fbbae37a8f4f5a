import { createHmac, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';

/** UDP port of the beacons. The packet filter lets only region nodes reach it. */
const PORT = 5254;
const MAC_BYTES = 32;
const PACKET_MAX = 1024;
/** An answer to an older message of ours proves nothing. */
const NONCE_MS = 2000;

/** What a node says of itself. */
export interface NodeStatus {
  readonly hasEtcd: boolean;
  readonly seesRegion: boolean;
  /** For how long it has held the floating address, ms; null: it does not. */
  readonly heldMs: number | null;
  /** The node may hold the address, its keepalived runs, and the node is not drained. */
  readonly canTake: boolean;
  /** Another node that says in a fresh message that it holds the address; null: there is none. */
  readonly holder: string | null;
}

/** `seenAt`: when we sent the last message that this peer has answered (monotonic, ms). */
export interface PeerView extends NodeStatus {
  readonly name: string;
  readonly seenAt: number;
}

/** Who talks to whom. */
export interface BeaconConfig {
  readonly clusterId: string;
  readonly name: string;
  readonly address: string;
  readonly peers: readonly { readonly name: string; readonly address: string }[];
}

interface Packet extends NodeStatus {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
  readonly nonce: string;
  /** The nonce of the other side that came last. */
  readonly echo: string;
}

/**
 * Signed messages between region nodes (HMAC-SHA256). A peer counts as seen if its packet repeats a fresh nonce of ours. That proves both directions,
 * compares no clocks, and makes a recorded packet useless.
 */
export class Beacon {
  readonly #config: BeaconConfig;
  /** A KeyObject, not the bytes: Node would wrap the bytes for each of 40 packets a second. */
  readonly #key: KeyObject;
  readonly #socket: Socket;
  readonly #nonces = new Map<string, number>();
  /** Sees each nonce that goes out. */
  onSend: (nonce: string) => void = () => {};
  readonly #received = new Map<string, { nonce: string; view: PeerView | null }>();

  constructor(config: BeaconConfig, key: Buffer, onError: (error: Error) => void) {
    this.#config = config;
    this.#key = createSecretKey(key);
    this.#socket = createSocket('udp4');
    this.#socket.on('error', onError);
    this.#socket.on('message', (packet) => this.receive(packet, performance.now()));
    this.#socket.bind(PORT, config.address);
  }

  /** Peers that have ever answered. */
  get views(): readonly PeerView[] {
    return [...this.#received.values()].flatMap(({ view }) => view ?? []);
  }

  /** Sends a message to every peer. */
  send(status: NodeStatus, now: number): void {
    const nonce = randomBytes(16).toString('base64');
    for (const [old, at] of this.#nonces) if (now - at > NONCE_MS) this.#nonces.delete(old);
    this.#nonces.set(nonce, now);
    this.onSend(nonce);
    const { clusterId, name, peers } = this.#config;
    for (const peer of peers) {
      const echo = this.#received.get(peer.name)?.nonce ?? '';
      const packet = seal({ cluster: clusterId, from: name, to: peer.name, nonce, echo, ...status }, this.#key);
      // A peer that cannot be reached shows by its silence.
      this.#socket.send(packet, PORT, peer.address, () => {});
    }
  }

  /** Takes a packet. It ignores a packet that is not from a peer, or not for us. */
  receive(data: Buffer, now: number): void {
    const packet = unseal(data, this.#key);
    const { clusterId, name, peers } = this.#config;
    if (packet?.cluster !== clusterId || packet.to !== name) return;
    if (!peers.some((peer) => peer.name === packet.from)) return;
    const { from, nonce, hasEtcd, seesRegion, heldMs } = packet;
    // An earlier release does not send these.
    const canTake = packet.canTake === true;
    const holder = packet.holder ?? null;
    const sentAt = this.#nonces.get(packet.echo);
    const before = this.#received.get(packet.from)?.view ?? null;
    if (sentAt !== undefined && now - sentAt <= NONCE_MS) {
      // Packets may overtake one another.
      if (before === null || sentAt >= before.seenAt) {
        const view = { name: from, seenAt: sentAt, hasEtcd, seesRegion, heldMs, canTake, holder };
        this.#received.set(from, { nonce, view });
      }
    } else if (before === null || now - before.seenAt > NONCE_MS) {
      // Perhaps somebody repeats an old packet. We answer it, and believe it only when the peer answers in turn.
      this.#received.set(packet.from, { nonce, view: before });
    }
  }

  close(): void {
    this.#socket.close();
  }
}

/** The packet on the wire: its MAC, then JSON. */
export function seal(packet: Packet, key: KeyObject): Buffer {
  const body = Buffer.from(JSON.stringify(packet));
  return Buffer.concat([createHmac('sha256', key).update(body).digest(), body]);
}

function unseal(data: Buffer, key: KeyObject): Packet | null {
  if (data.length <= MAC_BYTES || data.length > PACKET_MAX) return null;
  const body = data.subarray(MAC_BYTES);
  if (!timingSafeEqual(createHmac('sha256', key).update(body).digest(), data.subarray(0, MAC_BYTES))) return null;
  // Every sender with the key writes this shape.
  return JSON.parse(body.toString()) as Packet;
}

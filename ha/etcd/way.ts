import { readFileSync, statSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { endpointOf } from '../kit/etcd.ts';
import {
  etcdPlacesOf,
  type Identity,
  openNotifier,
  PATRONI_YML,
  PKI_FILES,
  readIdentity,
  signOf,
  messageOf,
} from '../kit/host.ts';
import { proofAge } from '../kit/proof.ts';
import { handLeadOn } from './lead.ts';
import { bestOf, isAstray, WatchedMember } from './members.ts';

/*
 * Patroni's relay to etcd: 127.0.0.1:2378 leads to the etcd of this host. While that does not answer, it leads to another one. A Patroni that knows all
 * etcds moves to another host's at the first trouble and stays there. When that host dies, Patroni waits 1 to 5 s before it sees who leads. TLS
 * passes through unchanged: etcd decides who may ask. Without this program Patroni asks the etcds directly.
 */
const PORT = 2378;
const TICK_MS = 100;
const FILES_MS = 1000;
const CONNECT_MS = 500;
/** A member that has just come back may go again soon. */
const HOME_MS = 5000;
const LEAD_MS = 5000;
/** This file exists while the keeper of this host vouches for its primary. */
const ARMED = '/run/regent-keeper/armed';
/** A new primary has other things to do. */
const SETTLED_MS = 10_000;

/** A client and the etcd that it was connected to. */
interface Pair {
  readonly place: string;
  readonly client: Socket;
  readonly server: Socket;
}

/** The relay: listens, connects clients, and ends connections that lead nowhere. */
export class EtcdRelay {
  readonly #log: (text: string) => void;
  readonly #isProven: () => boolean;
  readonly #pairs = new Set<Pair>();
  readonly #server: Server;
  #members: readonly WatchedMember[] = [];

  /** Connects nobody before `lead`. `isProven`: this host's etcd has just given another program an answer of its majority. */
  constructor(log: (text: string) => void, isProven: () => boolean) {
    this.#log = log;
    this.#isProven = isProven;
    this.#server = createServer((client) => this.#take(client));
    this.#server.on('error', (error) => {
      throw error;
    });
  }

  listen(port: number): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  /** The port on which the proxy listens. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** From now on it uses these, this host's first. Members that stay keep what is known of them. */
  lead(places: readonly string[], identity: Identity): void {
    const remaining = this.#members.filter(({ place }) => places.includes(place));
    for (const member of this.#members) if (!remaining.includes(member)) member.close();
    for (const member of remaining) member.renewIdentity(identity);
    this.#members = places.map(
      (place) =>
        remaining.find((member) => member.place === place) ??
        new WatchedMember(place, identity, {
          onChange: (isAlive) => {
            this.#log(`${place} ${isAlive ? 'answers' : 'does not answer'}`);
            this.cutAstray();
          },
          isSpare: () => {
            const [own] = this.#members;
            return own?.aliveSince != null && own.place !== place;
          },
          isProven: () => place === this.#members[0]?.place && this.#isProven(),
        }),
    );
  }

  /** Ends connections to a silent etcd, and connections that lead elsewhere without need. */
  cutAstray(): void {
    const now = performance.now();
    for (const pair of this.#pairs) if (isAstray(pair.place, this.#members, now, HOME_MS)) this.#cut(pair);
  }

  close(): void {
    this.#server.close();
    for (const member of this.#members) member.close();
    for (const pair of this.#pairs) this.#cut(pair);
  }

  #take(client: Socket): void {
    const place = bestOf(this.#members)?.place;
    if (place === undefined) {
      client.destroy();
      return;
    }
    const server = connect({ ...endpointOf(place), noDelay: true });
    const pair = { place, client, server };
    this.#pairs.add(pair);
    const timer = setTimeout(() => this.#cut(pair), CONNECT_MS);
    server.on('connect', () => clearTimeout(timer));
    client.setNoDelay(true);
    for (const socket of [client, server]) {
      socket.on('error', () => this.#cut(pair));
      socket.on('close', () => {
        clearTimeout(timer);
        this.#cut(pair);
      });
    }
    client.pipe(server);
    server.pipe(client);
  }

  #cut(pair: Pair): void {
    if (!this.#pairs.delete(pair)) return;
    pair.client.destroy();
    pair.server.destroy();
  }
}

// A mere import does nothing. That is how the compiled form gets into the cache.
if (import.meta.main) {
  const log = (text: string) => void process.stdout.write(`${text}\n`);
  const relay = new EtcdRelay(log, () => proofAge() !== null);
  const notify = openNotifier();
  let places: readonly string[] = [];
  let [sign, failure] = ['', ''];
  const logOnce = (error: unknown) => {
    const text = messageOf(error);
    if (text !== failure) log(text);
    failure = text;
  };
  process.on('SIGTERM', () => process.exit(0));
  const follow = () => {
    const now = signOf([PATRONI_YML, ...PKI_FILES]);
    if (now === sign) return;
    try {
      places = etcdPlacesOf(readFileSync(PATRONI_YML, 'utf8'));
      relay.lead(places, readIdentity());
      [sign, failure] = [now, ''];
    } catch (error) {
      logOnce(error);
    }
  };
  const followLead = async (): Promise<never> => {
    for (;;) {
      await delay(LEAD_MS);
      const armedAt = statSync(ARMED, { throwIfNoEntry: false })?.mtimeMs;
      if (armedAt === undefined || Date.now() - armedAt < SETTLED_MS) continue;
      try {
        const heir = await handLeadOn(places, readIdentity());
        if (heir !== null) log(`the primary is here: etcd is led by ${heir} now`);
      } catch (error) {
        logOnce(error);
      }
    }
  };
  follow();
  await relay.listen(PORT);
  notify('READY=1');
  void followLead();
  for (let turn = 0; ; turn += 1) {
    if (turn % (FILES_MS / TICK_MS) === 0) follow();
    relay.cutAstray();
    notify('WATCHDOG=1');
    await delay(TICK_MS);
  }
}

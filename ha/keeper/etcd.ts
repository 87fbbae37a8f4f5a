import { Agent } from 'node:https';
import { askEtcd, type Endpoint, endpointOf } from '../kit/etcd.ts';
import type { Identity } from '../kit/host.ts';

/**
 * After this time the next member is queried as well. The first answer counts, and a slow member is not given up. If the first member has just been
 * slow, it gets twice that time, because two questions to a busy cluster, one of them by a new TLS session, make both slower. Renewals of the lease
 * go on meanwhile.
 */
const NEXT_MS = 350;
const NEXT_MOST_MS = 700;

/** A value of a key. `lease` is '0' if it has none. Numbers of 64 bits are decimal text, as in etcd's JSON. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly lease: string;
  /** The revision of the last change. */
  readonly revision: string;
  /** The revision of the change that made the key. */
  readonly created: string;
}

/** One condition of a transaction. */
export type Compare =
  | { readonly key: string; readonly value: string }
  | { readonly key: string; readonly lease: string }
  | { readonly key: string; readonly created: string }
  /** '0': the key is absent. */
  | { readonly key: string; readonly revision: string };

/** What a transaction does. `all`: a range over every key that begins so. */
export type Change =
  | { readonly put: string; readonly value: string; readonly lease?: string }
  | { readonly remove: string }
  | { readonly get: string }
  | { readonly all: string };

/** A transaction's result: which branch was done, and what its reads gave, one list for each change. */
export interface Outcome {
  readonly isDone: boolean;
  readonly found: readonly (readonly Entry[])[];
}

/**
 * etcd through its JSON gateway, by mutual TLS. The member that answered last is queried first, over persistent connections; then the others in their order,
 * over new ones. The reason: a host that hears nobody can still send. A message over an idle connection to another host's etcd would be obeyed (it
 * would renew the lease, and the others would wait for it), while a new connection needs an answer first. Every call rejects if no member has
 * answered in its time. It may have been done all the same, or twice.
 */
export class Etcd {
  readonly #members: readonly (Endpoint & { agent: Agent })[];
  /** For members that are not queried first. */
  #newAgent: Agent;
  #first = 0;
  /** How long the first member took for its last answer, ms. */
  #tookMs = 0;

  /** `places`: `address:port`, this host's first. */
  constructor(places: readonly string[], identity: Identity) {
    this.#members = places.map((place) => ({ ...endpointOf(place), agent: agentOf(identity, true) }));
    this.#newAgent = agentOf(identity, false);
  }

  /** Did this host's etcd answer last? */
  get isOwnFirst(): boolean {
    return this.#first === 0;
  }

  /** From now on shows another certificate. */
  renewIdentity(identity: Identity): void {
    for (const member of this.#members) {
      member.agent.destroy();
      member.agent = agentOf(identity, true);
    }
    this.#newAgent.destroy();
    this.#newAgent = agentOf(identity, false);
  }

  /** A new lease of so many seconds; its id. */
  async grant(seconds: number): Promise<string> {
    const { ID: id } = (await this.#call('/v3/lease/grant', { TTL: seconds })) as { ID?: string };
    if (id === undefined) throw new Error('etcd granted no lease');
    return id;
  }

  /** Renews a lease; false: there is no such lease any more. */
  async renew(id: string): Promise<boolean> {
    // In etcd this is a stream; a single question gets a single answer.
    const { result } = (await this.#call('/v3/lease/keepalive', { ID: id })) as { result?: { TTL?: string } };
    if (result === undefined) throw new Error('etcd did not report whether it renewed the lease');
    return Number(result.TTL ?? 0) > 0;
  }

  /** Ends a lease with all keys on it. */
  async revoke(id: string): Promise<void> {
    await this.#call('/v3/lease/revoke', { ID: id });
  }

  /** A transaction, or with nothing to compare several reads at one moment; answered by the majority. */
  async transact(
    compare: readonly Compare[],
    then: readonly Change[],
    otherwise: readonly Change[] = [],
  ): Promise<Outcome> {
    const body = { compare: compare.map(compareOf), success: then.map(changeOf), failure: otherwise.map(changeOf) };
    const { succeeded = false, responses = [] } = (await this.#call('/v3/kv/txn', body)) as Reply;
    return { isDone: succeeded, found: responses.map((item) => (item.response_range?.kvs ?? []).map(entryOf)) };
  }

  close(): void {
    for (const { agent } of this.#members) agent.destroy();
    this.#newAgent.destroy();
  }

  #call(path: string, body: object): Promise<unknown> {
    const text = JSON.stringify(body);
    const start = this.#first;
    const count = this.#members.length;
    return new Promise((resolve, reject) => {
      let [attempts, failed] = [0, 0];
      let isDone = false;
      let timer: NodeJS.Timeout | undefined;
      const askOne = () => {
        clearTimeout(timer);
        const index = (start + attempts) % count;
        const member = this.#members[index];
        if (isDone || attempts >= count || member === undefined) return;
        const agent = attempts === 0 ? member.agent : this.#newAgent;
        const at = performance.now();
        timer = setTimeout(askOne, attempts === 0 ? patienceAfter(this.#tookMs) : NEXT_MS);
        attempts += 1;
        askEtcd(member, { path, body: text }, agent).then(
          (answer) => {
            clearTimeout(timer);
            if (!isDone) [this.#first, this.#tookMs] = [index, performance.now() - at];
            isDone = true;
            resolve(answer);
          },
          (error: unknown) => {
            failed += 1;
            if (failed === count) reject(error);
            else askOne();
          },
        );
      };
      askOne();
    });
  }
}

/** How long to wait for the first member alone, if its last answer took so long; ms. */
export function patienceAfter(tookMs: number): number {
  return Math.min(NEXT_MOST_MS, Math.max(NEXT_MS, 2 * tookMs));
}

interface Reply {
  readonly succeeded?: boolean;
  readonly responses?: readonly { readonly response_range?: { readonly kvs?: readonly RawEntry[] } }[];
}
interface RawEntry {
  readonly key: string;
  readonly value?: string;
  readonly lease?: string;
  readonly mod_revision: string;
  readonly create_revision: string;
}

function agentOf(identity: Identity, keepAlive: boolean): Agent {
  // Renewals that wait for an election must not delay other calls.
  return new Agent({ keepAlive, maxSockets: 8, minVersion: 'TLSv1.3', ...identity });
}

const encode = (text: string) => Buffer.from(text).toString('base64');
const decode = (text = '') => Buffer.from(text, 'base64').toString();

function entryOf({ key, value, lease = '0', mod_revision: revision, create_revision: created }: RawEntry): Entry {
  return { key: decode(key), value: decode(value), lease, revision, created };
}

function compareOf(compare: Compare): object {
  const base = { key: encode(compare.key), result: 'EQUAL' };
  if ('value' in compare) return { ...base, target: 'VALUE', value: encode(compare.value) };
  if ('lease' in compare) return { ...base, target: 'LEASE', lease: compare.lease };
  if ('created' in compare) return { ...base, target: 'CREATE', create_revision: compare.created };
  return { ...base, target: 'MOD', mod_revision: compare.revision };
}

function changeOf(change: Change): object {
  if ('put' in change) {
    const { put, value, lease = '0' } = change;
    return { request_put: { key: encode(put), value: encode(value), lease } };
  }
  if ('remove' in change) return { request_delete_range: { key: encode(change.remove) } };
  if ('get' in change) return { request_range: { key: encode(change.get) } };
  // The end of the range: the first key that begins with the next character.
  const end = change.all.slice(0, -1) + String.fromCharCode(change.all.charCodeAt(change.all.length - 1) + 1);
  return { request_range: { key: encode(change.all), range_end: encode(end) } };
}

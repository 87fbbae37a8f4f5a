import type { JoinAnswer, JoinRequest, MembershipRequest, UndoRequest } from '../../../src/contract/cluster/join.ts';
import { formatJoinToken } from '../../../src/contract/cluster/token.ts';
import { AppError, isRejected } from '../../../src/core/errors.ts';
import type { RegionCall, CallAnswer } from '../../../src/join/member/ports.ts';
import { fingerprintOf, readCertificate } from '../../../src/pki/certificate.ts';
import { readRequest } from '../../../src/pki/request.ts';
import { signRequest } from '../../../src/pki/sign.ts';
import type { Authority } from '../../../src/pki/authority.ts';
import type { Mortal } from './mortal.ts';

/** Where this host is, and when. */
export const HOST = { name: 'r2', address: '10.77.0.12', nodeId: 'n2' } as const;
export const NOW = Date.UTC(2026, 10, 20);
const DAY_MS = 86_400_000;
const TOKEN = { id: 'abcdef012345', secret: 's3cr3tS3CR3Ts3cr3t' } as const;

interface Member {
  readonly id: string;
  name: string;
  isLearner: boolean;
  readonly url: string;
}

interface Row {
  name: string;
  state: 'joining' | 'member';
  readonly isRegion: boolean;
  readonly rack: string | null;
}

/** What a joining host is to be. */
export interface Roles {
  readonly isRegion: boolean;
  readonly isRack: boolean;
}

/** The other side of a join: one region node, its database's rows of the joining node, and its etcd. */
export class FakeCluster {
  row: Row | null = null;
  usedByKey: string | null = null;
  /** Of an operator's own database; null: the cluster runs its own. */
  databaseUrl: string | null = null;
  revoked = new Set<string>();
  signed: string[] = [];
  members: Member[] = [{ id: 'a1', name: 'r1', isLearner: false, url: 'https://10.77.0.11:2380' }];
  /** What every call meets with; '' when regions answer. */
  outage = '';
  /** The host's daemons carry their part. */
  isCarrying: () => boolean = () => false;
  #serial = 0x1000;
  #member = 0xb0;
  readonly #world: Mortal;
  readonly #authority: Authority;
  readonly #roles: Roles;

  constructor(world: Mortal, authority: Authority, roles: Roles) {
    this.#world = world;
    this.#authority = authority;
    this.#roles = roles;
  }

  takeOver(other: FakeCluster): void {
    this.row = other.row && { ...other.row };
    this.usedByKey = other.usedByKey;
    this.revoked = new Set(other.revoked);
    this.signed = [...other.signed];
    this.members = other.members.map((member) => ({ ...member }));
    this.#serial = other.#serial;
    this.#member = other.#member;
  }

  token(): string {
    const pin = fingerprintOf(this.#authority.certificate);
    if (isRejected(pin)) throw new Error(pin.message);
    const expiresAt = new Date(NOW + 600_000).toISOString();
    return formatJoinToken({ ...TOKEN, ...this.#roles, pin, urls: ['https://10.77.0.11:5443'], expiresAt });
  }

  /** A certificate that the cluster signed and takes no more. */
  isRevoked(pem: string): boolean {
    const facts = readCertificate(pem);
    return isRejected(facts) || this.revoked.has(facts.serial);
  }

  async call(call: RegionCall): Promise<CallAnswer> {
    const { pathname } = new URL(call.url);
    if (this.outage !== '') throw new AppError('region_unreachable', this.outage);
    if (pathname === '/health/live') return answer(200, {});
    if (pathname === '/api/v1/join') return await this.#join(call);
    if (pathname === '/api/v1/join/undo') return await this.#undo(call.body as UndoRequest);
    if (pathname === '/api/v1/join/membership') return await this.#membership(call.body as MembershipRequest);
    if (pathname === '/agent/v1/member') return this.#finish(call);
    return answer(404, { detail: 'no such path' });
  }

  async #join({ authorization, body }: RegionCall): Promise<CallAnswer> {
    const request = body as JoinRequest;
    const csr = await readRequest(request.csr);
    if (isRejected(csr) || authorization !== `Bearer ${TOKEN.id}:${TOKEN.secret}`) return answer(401, {});
    this.#serial += 1;
    const certificate = await signRequest({
      authority: this.#authority,
      csr: request.csr,
      subject: {
        nodeId: HOST.nodeId,
        name: request.name,
        isRegion: request.isRegion,
        dnsNames: [request.name],
        addresses: request.addresses,
      },
      serial: this.#serial.toString(16),
      notBefore: NOW - 60_000,
      notAfter: NOW + 20 * DAY_MS,
    });
    if (isRejected(certificate)) throw new Error(certificate.message);
    return this.#world.effect(() => this.#admit(request, csr.publicKeyDigest, certificate));
  }

  #admit(request: JoinRequest, key: string, certificate: string): CallAnswer {
    const isAgain = this.usedByKey === key && this.row !== null;
    if (this.usedByKey !== null && this.usedByKey !== key) return answer(401, { detail: 'used by another host' });
    if (this.row !== null && !isAgain) return answer(409, { detail: `Another node has the name ${request.name}.` });
    const { name, isRegion, rack } = request;
    this.row ??= { name, state: isRegion ? 'joining' : 'member', isRegion, rack: rack?.uuid ?? null };
    this.row.name = name;
    this.usedByKey = key;
    this.signed.push(this.#serial.toString(16));
    const secrets = Object.fromEntries(
      ['superuser', 'replication', 'rewind', 'restapi', 'database', 'beacon'].map((item) => [
        item,
        `${item}${'0'.repeat(30)}`,
      ]),
    );
    return answer(200, {
      nodeId: HOST.nodeId,
      name,
      certificate,
      authority: this.#authority.certificate,
      authorityKey: isRegion ? this.#authority.key : null,
      secrets: isRegion ? (secrets as JoinAnswer['secrets']) : null,
      cluster: { id: 'c1', vip: null, virtualRouter: 51 },
      ...(this.databaseUrl === null ? {} : { databaseUrl: this.databaseUrl }),
      regions: [{ name: 'r1', address: '10.77.0.11' }],
      warnings: [],
    } satisfies JoinAnswer);
  }

  async #undo({ csr, isQuestion }: UndoRequest): Promise<CallAnswer> {
    const request = await readRequest(csr);
    if (isRejected(request) || request.commonName !== 'regent leave --undo') return answer(422, {});
    const { row } = this;
    if (row === null || request.publicKeyDigest !== this.usedByKey) return answer(404, { detail: 'no such node' });
    if (row.isRegion && row.state === 'member') return answer(409, { detail: `${row.name} carries its part.` });
    const told = answer(200, { nodeId: HOST.nodeId, name: row.name, state: row.state });
    return isQuestion ? told : this.#world.effect(() => this.forget(told));
  }

  async #membership({ csr, certificate }: MembershipRequest): Promise<CallAnswer> {
    const [request, facts] = [await readRequest(csr), readCertificate(certificate)];
    if (isRejected(request) || isRejected(facts) || request.commonName !== 'regent leave') return answer(422, {});
    if (request.publicKeyDigest !== facts.publicKeyDigest) return answer(422, {});
    const isMember = this.row !== null && !this.revoked.has(facts.serial);
    return answer(200, { isMember, name: this.row?.name ?? null });
  }

  /** Also what an admin's `node delete` does. */
  forget<T>(told: T): T {
    this.row = null;
    for (const serial of this.signed) this.revoked.add(serial);
    return told;
  }

  #finish({ trust }: RegionCall): CallAnswer {
    if (this.row === null) return answer(404, { detail: 'no such node' });
    if (!('certificate' in trust) || this.isRevoked(trust.certificate)) return answer(403, { detail: 'revoked' });
    if (!this.isCarrying()) return answer(409, { detail: 'it is not ready' });
    return this.#world.effect(() => {
      if (this.row) this.row.state = 'member';
      return answer(200, {});
    });
  }

  /** `etcdctl member …`; null: etcd refuses. */
  etcdctl([verb = '', ...words]: readonly string[]): string | null {
    const own = this.members.find(({ id }) => id === words[0]);
    if (verb === 'list') return `${this.members.map(lineOf).join('\n')}\n`;
    if (verb === 'add') return this.#world.effect(() => this.#add(words));
    if (own === undefined) return null;
    if (verb === 'promote') return this.#world.effect(() => promote(own));
    return this.#world.effect(() => {
      this.members = this.members.filter((member) => member !== own);
      return '';
    });
  }

  /** etcd takes in one learner at a time, and no URL twice. */
  #add(words: readonly string[]): string | null {
    const url = words.find((word) => word.startsWith('--peer-urls='))?.slice('--peer-urls='.length) ?? '';
    if (!words.includes('--learner') || this.members.some((item) => item.isLearner || item.url === url)) return null;
    this.#member += 1;
    this.members.push({ id: this.#member.toString(16), name: '', isLearner: true, url });
    return '';
  }
}

function promote(member: Member): string | null {
  if (member.name === '' || !member.isLearner) return null;
  member.isLearner = false;
  return '';
}

function lineOf({ id, name, isLearner, url }: Member): string {
  return `${id}, ${name === '' ? 'unstarted' : 'started'}, ${name}, ${url}, , ${String(isLearner)}`;
}

function answer(status: number, body: unknown): CallAnswer {
  return { status, text: JSON.stringify(body), date: NOW };
}

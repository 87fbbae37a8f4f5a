import { accept, isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import { parseAddress } from '../../../core/ip.ts';
import type { Clock, Random } from '../../../core/ports.ts';
import { isSecret, secretDigest } from '../../../core/secret.ts';
import { canonicalPassword } from '../../../model/people/password.ts';
import type { Database } from '../../../store/database.ts';
import { recordAudit } from '../../../store/queries/people/audit.ts';
import { findApiKey } from '../../../store/queries/people/api-keys.ts';
import { isNodeAddress } from '../../../store/queries/cluster/nodes.ts';
import { findPassword } from '../../../store/queries/people/passwords.ts';
import {
  endSession,
  findSession,
  hasSessionAt,
  openSession,
  type SessionRow,
  touchApiKey,
  touchSession,
} from '../../../store/queries/people/sessions.ts';
import { listSettings } from '../../../store/queries/site/settings.ts';
import type { Tx } from '../../../store/tx.ts';
import type { Caller } from '../../base/port.ts';
import type { FoundSession, KeyPort, PasswordHasher, SessionOrigin, SessionPort, SessionProof } from './port.ts';
import { createWrongLogins } from './wrong-logins.ts';

/** What accounts are made with. */
interface AccountPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly passwords: PasswordHasher;
}

const IN_CLEAR = rejected(
  'forbidden',
  'The API key came without TLS, so that others may have read it. Rule (setting api_keys_tls_only): API keys go over TLS, https://ADDRESS:5443. ' +
    'Replace the key: regent api-key create, regent api-key revoke.',
);
/** Days until a session ends, however much it is used. */
const SESSION_DAYS = 7;
/** Bytes of a session's token. */
const TOKEN_BYTES = 32;
/** Bytes of a session's public id. */
const ID_BYTES = 6;
/** A use that was noted so long ago is noted again, ms. */
const SEEN_MS = 300_000;
/** Notes of use and failed logins are no reason for anybody to wait. */
const BESIDE = { deadlineMs: 2000 } as const;
const ORIGIN = 'login';

/** Who calls: API keys, and sessions of browsers. */
export function createAccounts(ports: AccountPorts): KeyPort & { readonly sessions: SessionPort } {
  const { db, clock, random, passwords } = ports;

  /** Best effort, and nobody waits for it. */
  const beside = (work: (tx: Tx) => Promise<void>) => void db.repeatable(work, BESIDE).catch(() => {});
  const isStale = (at: string | null) => at === null || clock.now() - Date.parse(at) >= SEEN_MS;

  const authenticate: KeyPort['authenticate'] = async (key, origin) => {
    const row = accept(await db.autocommitRead((tx) => findApiKey(tx, key.token)));
    const isRight = isSecret(key.secret, row?.secretSha256 ?? null);
    if (!row || !isRight || row.consumer !== key.consumer) return null;
    if (row.isTlsOnly && !origin.isTls && !(await isOfNode(origin.address))) return IN_CLEAR;
    if (isStale(row.usedAt)) beside((tx) => touchApiKey(tx, key.token));
    return { user: row.user, role: row.role };
  };

  /** Calls within a host, and among the nodes of the cluster, go as they always did. */
  async function isOfNode(address: string): Promise<boolean> {
    if (isRejected(parseAddress(address)) || address === '::1' || address.startsWith('127.')) return true;
    return accept(await db.autocommitRead(async (tx) => ({ is: await isNodeAddress(tx, address) }))).is;
  }

  /** Whom the proof is of; null: it is wrong. A wrong one is written to the audit trail. Sessions begin over TLS. */
  async function check(proof: SessionProof): Promise<Caller | Rejected | null> {
    const caller =
      'key' in proof ? await authenticate(proof.key, { address: '', isTls: true }) : await byPassword(proof);
    if (caller !== null) return caller;
    const who = 'key' in proof ? `key:${proof.key.token}` : proof.user;
    beside((tx) => recordAudit(tx, { who, origin: ORIGIN, action: 'login', outcome: 'refused: unauthenticated' }));
    return null;
  }

  async function byPassword(proof: Extract<SessionProof, { user: string }>): Promise<Caller | Rejected | null> {
    const known = accept(await db.autocommitRead((tx) => findPassword(tx, proof.user)));
    const isRight = await passwords.isRight(canonicalPassword(proof.password), known?.hash ?? null);
    if (isRejected(isRight)) return isRight;
    return isRight && known !== null ? { user: known.user, role: known.role } : null;
  }

  async function begin(user: string, proof: SessionProof, origin: SessionOrigin) {
    const token = random.hex(TOKEN_BYTES);
    const id = random.hex(ID_BYTES);
    const keyToken = 'key' in proof ? proof.key.token : null;
    const row = await db.repeatable(async (tx) => {
      const days = origin.isWall ? await wallDays(tx) : SESSION_DAYS;
      const made = await openSession(tx, { ...origin, id, user, keyToken, days, tokenSha256: secretDigest(token) });
      if (made === null) return null;
      const how = keyToken === null ? 'by password' : `by API key ${keyToken}`;
      await recordAudit(tx, { who: user, origin: ORIGIN, action: `session begin ${id} ${how}`, outcome: 'done' });
      return made;
    });
    if (row === null || isRejected(row)) return row;
    return { session: found(row), token };
  }

  const sessions: SessionPort = {
    wrongLogins: createWrongLogins(db),
    async open(proof, origin, refuse) {
      const caller = await check(proof);
      if (caller === null || isRejected(caller)) return caller;
      return (await refuse()) ?? begin(caller.user, proof, origin);
    },
    check,
    isKnownAt: async (user, address) =>
      accept(await db.autocommitRead(async (tx) => ({ is: await hasSessionAt(tx, user, address) }))).is,
    async find(token) {
      const row = accept(await db.autocommitRead((tx) => findSession(tx, secretDigest(token))));
      if (row === null) return null;
      if (isStale(row.seenAt)) beside((tx) => touchSession(tx, row.id));
      return found(row);
    },
    async end({ id, user }) {
      accept(
        await db.repeatable(async (tx) => {
          const row = await endSession(tx, id, user);
          if (row !== null)
            await recordAudit(tx, { who: user, origin: ORIGIN, action: `session end ${id}`, outcome: 'done' });
          return { isEnded: row !== null };
        }),
      );
    },
  };
  return { authenticate, sessions };
}

async function wallDays(tx: Tx): Promise<number> {
  return Number((await listSettings(tx)).find(({ name }) => name === 'wall_session_days')?.value);
}

function found({ id, user, role, isWall, expiresAt }: SessionRow): FoundSession {
  return { id, user, role, isWall, expiresAt };
}

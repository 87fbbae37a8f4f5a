import type { Caller } from '../../base/port.ts';
import type { Rejected } from '../../../core/errors.ts';
import type { SessionRow } from '../../../store/queries/people/sessions.ts';

/** An API key as it is presented. */
export type PresentedKey = { readonly consumer: string; readonly token: string; readonly secret: string };

/** How a key came. `address`: of the client, '' on a local socket. */
export type KeyOrigin = { readonly address: string; readonly isTls: boolean };

/** Slow hashes of passwords. Both refuse (`too_many_requests`) when too many wait already. */
export interface PasswordHasher {
  /** PHC text, with its parameters. */
  hash(password: string): Promise<string | Rejected>;
  /** `stored` null: there is none; that takes as long as a wrong password. */
  isRight(password: string, stored: string | null): Promise<boolean | Rejected>;
}

/** What a browser shows to begin a session. */
export type SessionProof = { readonly user: string; readonly password: string } | { readonly key: PresentedKey };

/** Where a session comes from. `agent`: what the browser calls itself. `isWall`: it only reads, and stays. */
export type SessionOrigin = { readonly address: string; readonly agent: string; readonly isWall: boolean };

/** A session in force. */
export type FoundSession = Pick<SessionRow, 'id' | 'user' | 'role' | 'isWall' | 'expiresAt'>;

/** Who calls by a key. */
export interface KeyPort {
  /** The caller when the key is known, unexpired and its secret right, else null. Refuses a right one that came as the site does not allow. */
  authenticate(key: PresentedKey, origin: KeyOrigin): Promise<Caller | Rejected | null>;
}

/** Wrong logins of all regions, by names that no row shows. */
export interface LoginCounts {
  /** How much of each is used now; a name without a count has no entry. */
  used(names: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Counts one in each that has room for it, and gives these. `burst`: what one holds; `perSecond`: how much of it comes back. */
  add(
    counts: readonly { readonly name: string; readonly burst: number; readonly perSecond: number }[],
  ): Promise<ReadonlySet<string> | Rejected>;
}

/** Sessions of browsers. Each is a row, so all regions know it, also after a failover. */
export interface SessionPort {
  /** Begins one; `token` proves it and is stored nowhere. Null: the proof is wrong. `refuse`: after the proof was found right, why none begins. */
  open(
    proof: SessionProof,
    origin: SessionOrigin,
    refuse: () => Promise<Rejected | null>,
  ): Promise<{ readonly session: FoundSession; readonly token: string } | Rejected | null>;
  readonly wrongLogins: LoginCounts;
  /** Whom the proof is of, without a session; null: it is wrong. */
  check(proof: SessionProof): Promise<Caller | Rejected | null>;
  /** Is there a session of this user that began at this address, on whatever region? */
  isKnownAt(user: string, address: string): Promise<boolean>;
  /** The session in force that this token proves; null: none. Notes that it is used. */
  find(token: string): Promise<FoundSession | null>;
  /** Ends it at the request of its own user. */
  end(session: Pick<FoundSession, 'id' | 'user'>): Promise<void>;
}

declare module '../../base/use-case.ts' {
  interface CasePorts {
    readonly passwords: PasswordHasher;
  }
}

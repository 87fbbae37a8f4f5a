import { type Rejected, rejected } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { readRevokedSerials } from '../../../store/queries/cluster/certificates.ts';
import { reached, type Task } from '../../base/task.ts';

/** Revoked serial numbers, in memory, so that they count also while the database is away. */
export interface Revocations {
  /** Null, or why the certificate is not taken. */
  check(serial: string): Rejected | null;
  onChange(listener: () => void): () => void;
  /** Reads them again. Every commit wakes it, so a revocation counts on every region as soon as the wake arrives. */
  readonly task: Task;
}

/** A round's database calls end by then. */
const DEADLINE_MS = 3000;
const NOT_READ = rejected('unavailable', 'Regent is starting: it does not know yet which certificates are revoked.');
const REVOKED = rejected(
  'forbidden',
  'The certificate was revoked. A host that is to come back joins again with a new token: regent token create.',
);

/** Opens the list, unread: until it was read once nobody is served. */
export function createRevocations(db: Database): Revocations {
  const listeners = new Set<() => void>();
  let revoked: ReadonlySet<string> | null = null;
  return {
    check: (serial) => (revoked === null ? NOT_READ : revoked.has(serial) ? REVOKED : null),
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    task: {
      name: 'revocations',
      async run() {
        const before = revoked;
        const now = new Set(await reached(db.autocommitRead(readRevokedSerials, { deadlineMs: DEADLINE_MS })));
        revoked = now;
        const more = before === null ? 0 : [...now].filter((serial) => !before.has(serial)).length;
        if (before === null || more > 0) for (const listener of listeners) listener();
        return more > 0 ? `${more} certificates are revoked` : null;
      },
    },
  };
}

import { isRejected } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { readInnerSerials, readInnerTrust, storeInnerTrust } from '../../../store/queries/cluster/inner-trust.ts';
import { readLiveRegions } from '../../../store/queries/cluster/standing.ts';
import type { Tx } from '../../../store/tx.ts';
import { reached, type Task } from '../../base/task.ts';
import type { CertificateAuthority } from './port.ts';

/** A round's database calls end by then; a signature is made meanwhile. */
const DEADLINE_MS = 5000;

/** A region that has not beaten for so long is down, seconds. */
const LIVE_S = 20;

/**
 * Keeps what daemons of region nodes (etcd, PostgreSQL, Patroni) let in by: signed when the cluster has none, when a certificate was revoked, and when
 * the authority is another one. The first time it waits until all regions that live are of this release: then the agents beside them start their etcds
 * one after the other (`agent/self/turn.ts`). Woken by every commit. Two regions that sign at once do no harm: both sign the same.
 */
export function createInnerTrustTask(ports: {
  readonly db: Database;
  readonly ca: Pick<CertificateAuthority, 'isInner' | 'signInner'>;
  readonly version: string;
}): Task {
  const { db, ca, version } = ports;
  return {
    name: 'inner trust',
    async run() {
      const { held, serials, live } = await reached(db.autocommitRead(readBoth, { deadlineMs: DEADLINE_MS }));
      if (held === null && live.some((region) => region.version !== version)) return null;
      const isOwn = held !== null && (await ca.isInner(held.authority));
      if (isOwn && held.serials.join() === serials.join()) return null;
      const signed = await ca.signInner(serials);
      // This site is no cluster, or another region node has the files.
      if (isRejected(signed)) return null;
      // The certificate says the same each time: the one before stays, so that no daemon sees a change.
      const trust = isOwn ? { ...signed, authority: held.authority } : signed;
      await reached(db.repeatable((tx) => storeInnerTrust(tx, trust), { deadlineMs: DEADLINE_MS }));
      return `daemons of region nodes take ${serials.length} certificates from nobody${isOwn ? '' : ', and none of a rack'}`;
    },
  };
}

async function readBoth(tx: Tx) {
  return {
    held: await readInnerTrust(tx),
    serials: await readInnerSerials(tx),
    live: await readLiveRegions(tx, LIVE_S),
  };
}

import { isRejected } from '../../../core/errors.ts';
import type { Clock } from '../../../core/ports.ts';
import type { SiteNames } from '../../../core/node-identity.ts';
import { covers } from '../../../model/cluster/site-names.ts';
import type { Database } from '../../../store/database.ts';
import { readSiteCertificate } from '../../../store/queries/cluster/site-certificate.ts';
import type { CertificateAuthority } from '../trust/port.ts';
import { readSiteNames } from './pair.ts';

/** How long the names are remembered: anybody may ask, and each question would cost the database several. */
const REMEMBER_MS = 30_000;
const DEADLINE_MS = 2_000;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

/** What the site is called: by its own knowledge, and by an operator's certificate. `first`: the address to send others to. */
type SiteHostNames = { readonly names: readonly SiteNames[]; readonly first: string | null; readonly at: number };

/**
 * Finds the host to which a browser may be sent. What a client calls this host counts only if the site is called so.
 */
export function createSiteHost(
  db: Database,
  ca: Pick<CertificateAuthority, 'readShown'>,
  clock: Pick<Clock, 'monotonic'>,
): (named: string) => Promise<string | null> {
  let known: SiteHostNames | null = null;

  async function refresh(): Promise<void> {
    const at = clock.monotonic();
    const read = await db.read(
      async (tx) => ({ names: await readSiteNames(tx), own: (await readSiteCertificate(tx))?.own ?? null }),
      { deadlineMs: DEADLINE_MS },
    );
    // While the database is away the names are those of before.
    if (isRejected(read)) return;
    const shown = read.own === null ? null : await ca.readShown(read.own.certificate);
    const names = [read.names, ...(shown === null || isRejected(shown) ? [] : [shown])];
    const first = read.names.vip ?? read.names.addresses.find((address) => !LOOPBACK.has(address)) ?? null;
    known = { names, first, at };
  }

  return async (named) => {
    if (known === null || clock.monotonic() - known.at >= REMEMBER_MS) await refresh();
    if (known === null) return null;
    return known.names.some((names) => covers(names, named)) ? named : known.first;
  };
}

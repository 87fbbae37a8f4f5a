import { compareText } from '../core/order.ts';
import type { Ledger } from './timeline.ts';
import type { LedgerFindings } from './verdict.ts';

/** A kind of writes: what must, and what may, be on each host. `isForbidden`: was refused for good, or never sent. */
interface Book {
  readonly acknowledged: ReadonlySet<string>;
  readonly isForbidden: (write: string) => boolean;
  readonly found: Readonly<Record<string, readonly string[]>>;
}

type Listed = Omit<LedgerFindings, 'acknowledged'>;

/**
 * The ledger against what each host's own PostgreSQL had at the end. A host that was not read is not here: the recording is faulted
 * for it, see `unfitnessOf`.
 */
export function findingsOf(ledger: Ledger): LedgerFindings {
  const books = [throughAddress(ledger), onHosts(ledger)];
  const listed = books.map(compare);
  return {
    acknowledged: books.reduce((sum, book) => sum + book.acknowledged.size, 0),
    lost: listed.flatMap(({ lost }) => lost),
    unexpected: listed.flatMap(({ unexpected }) => unexpected),
    twice: listed.flatMap(({ twice }) => twice),
    unequal: listed.flatMap(({ unequal }) => unequal),
  };
}

function throughAddress(ledger: Ledger): Book {
  const acknowledged = new Set(ledger.acknowledged.map(String));
  const ambiguous = new Set(ledger.ambiguous.map(String));
  const refused = new Set(ledger.refused.map(String));
  return {
    acknowledged,
    isForbidden: (write) => refused.has(write) || !(acknowledged.has(write) || ambiguous.has(write)),
    found: Object.fromEntries(Object.entries(ledger.found).map(([host, numbers]) => [host, numbers.map(String)])),
  };
}

/** We know only the acknowledged local writes. Any other may have been given up without an answer, so none is forbidden. */
function onHosts(ledger: Ledger): Book {
  const writes = Object.entries(ledger.local).flatMap(([host, numbers]) =>
    numbers.map((number) => `${host} ${number}`),
  );
  return { acknowledged: new Set(writes), isForbidden: () => false, found: ledger.foundLocal };
}

function compare({ acknowledged, isForbidden, found }: Book): Listed {
  const hosts = Object.entries(found)
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([host, writes]) => ({ host, writes, set: new Set(writes) }));
  const somewhere = [...new Set(hosts.flatMap(({ writes }) => writes))];
  return {
    lost: hosts.flatMap(({ host, set }) => [...acknowledged].filter((write) => !set.has(write)).map(on(host))),
    unexpected: hosts.flatMap(({ host, set }) => [...set].filter(isForbidden).map(on(host))),
    twice: hosts.flatMap(({ host, writes }) => repeated(writes).map(on(host))),
    unequal: hosts.flatMap(({ host, set }) => somewhere.filter((write) => !set.has(write)).map(on(host))),
  };
}

function repeated(writes: readonly string[]): string[] {
  const once = new Set<string>();
  const again = new Set<string>();
  for (const write of writes) (once.has(write) ? again : once).add(write);
  return [...again];
}

function on(host: string): (write: string) => string {
  return (write) => `${write} on ${host}`;
}

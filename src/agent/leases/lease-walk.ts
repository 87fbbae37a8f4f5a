import { LEASES_PER_REPORT, type LeaseReport, type ReportedLease } from '../../contract/cluster/agent.ts';
import { textDigest } from '../../core/stable-json.ts';
import { AppError } from '../../core/errors.ts';
import type { LeasePage, ServedLease } from '../../services/kit/contract.ts';

/** A report's content: what makes it one of a series is the sender's. */
export type LeaseChanges = Pick<LeaseReport, 'leases' | 'gone' | 'whole'>;

/**
 * What the region knows of a daemon's leases, one short digest per address. A walk goes over all pages in the order of the addresses and
 * gives what differs, as reports (AppError `leases` when the pages are out of order); nothing is known of it before `note`, which is to be called when the region has taken a report.
 */
export interface LeaseMemory {
  /** Starts a walk; `isWhole`: every lease is reported, known or not. */
  begin(isWhole: boolean): void;
  /** Reports for the next page of the walk; the last page also ends what was not seen. */
  differ(page: LeasePage): readonly LeaseChanges[];
  note(changes: LeaseChanges): void;
  size(): number;
}

const FIRST = 0;
const LAST = 0xffff_ffff;

/** Makes a memory of nothing. */
export function openLeaseMemory(): LeaseMemory {
  const known = new Map<number, string>();
  let isWhole = true;
  /** First address that the walk has not come to. */
  let from = FIRST;
  let unseen = new Set<number>();

  const wholePage = (page: LeasePage, last: number): readonly LeaseChanges[] => {
    const chunks = chunksOf(page.leases.map(reported));
    let first = from;
    return chunks.map((leases, index) => {
      const end = leases.at(-1);
      const until = index === chunks.length - 1 || !end ? last : numberOf(end.address);
      const whole = { first: textOf(first), last: textOf(until) };
      first = until + 1;
      return { leases, gone: [], whole };
    });
  };

  const changedPage = (page: LeasePage, last: number): readonly LeaseChanges[] => {
    const changed = page.leases.map(reported).filter((lease) => known.get(numberOf(lease.address)) !== digestOf(lease));
    for (const lease of page.leases) unseen.delete(numberOf(lease.address));
    const ended = [...unseen].filter((address) => address <= last);
    for (const address of ended) unseen.delete(address);
    const gone = ended.map(textOf);
    const count = Math.ceil(Math.max(changed.length, gone.length) / LEASES_PER_REPORT);
    return Array.from({ length: count }, (_, index) => {
      const part = [index * LEASES_PER_REPORT, (index + 1) * LEASES_PER_REPORT] as const;
      return { leases: changed.slice(...part), gone: gone.slice(...part), whole: null };
    });
  };

  return {
    begin: (whole) => {
      isWhole = whole;
      from = FIRST;
      unseen = new Set(whole ? [] : known.keys());
    },
    differ: (page) => {
      const last = page.next === null ? LAST : numberOf(page.next);
      if (last < from) throw new AppError('leases', `the page that ends at ${page.next} came after a later one`);
      const reports = isWhole ? wholePage(page, last) : changedPage(page, last);
      from = last + 1;
      return reports;
    },
    note: ({ leases, gone, whole }) => {
      if (whole) {
        const [first, last] = [numberOf(whole.first), numberOf(whole.last)];
        for (const address of known.keys()) if (address >= first && address <= last) known.delete(address);
      }
      for (const address of gone) known.delete(numberOf(address));
      for (const lease of leases) known.set(numberOf(lease.address), digestOf(lease));
    },
    size: () => known.size,
  };
}

/** The wire's form of a lease. */
function reported(lease: ServedLease): ReportedLease {
  const { address, subnetId, mac, clientId, hostname, state } = lease;
  const [startsAt, expiresAt] = [timeOf(lease.startsAt), timeOf(lease.expiresAt)];
  return { address, subnetId, mac, clientId, hostname, state, startsAt, expiresAt };
}

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Ten thousand leases are to be remembered: 16 characters of each are enough to see a change. */
const digestOf = (lease: ReportedLease): string => textDigest(JSON.stringify(lease)).slice(0, 16);

function chunksOf<T>(items: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < items.length; start += LEASES_PER_REPORT) {
    chunks.push(items.slice(start, start + LEASES_PER_REPORT));
  }
  return chunks.length > 0 ? chunks : [[]];
}

const numberOf = (address: string): number => address.split('.').reduce((value, part) => value * 256 + Number(part), 0);

const textOf = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

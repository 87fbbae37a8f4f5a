import { backOffMs } from '../../core/back-off.ts';
import type { Clock, Random } from '../../core/ports.ts';
import type { RegionTarget } from './targets.ts';

/** Chooses the next region to call: the nearest first, those that failed lately last. A region that answered stays the first choice. */
export interface EndpointSelector {
  setTargets(targets: readonly RegionTarget[]): void;
  all(): readonly RegionTarget[];
  /** All targets in the order in which a call tries them. */
  order(): readonly RegionTarget[];
  worked(target: RegionTarget): void;
  /** For a while it comes after all others; the while grows with every failure in a row. */
  failed(target: RegionTarget): void;
}

const BACK_OFF = { firstMs: 500, mostMs: 10_000 } as const;

interface Record {
  readonly target: RegionTarget;
  /** Drawn once: nodes that start together must not all ask the same region first. */
  readonly lot: number;
  failures: number;
  notBefore: number;
}

/** Opens a selector that has no endpoint yet. */
export function openEndpoints({ clock, random }: { readonly clock: Clock; readonly random: Random }): EndpointSelector {
  let records: readonly Record[] = [];
  let preferredKey: string | null = null;
  const find = (target: RegionTarget) => records.find((record) => keyOf(record.target) === keyOf(target));
  return {
    setTargets: (targets) => {
      records = targets.map((target) => {
        const { lot = random.fraction(), failures = 0, notBefore = 0 } = find(target) ?? {};
        return { target, lot, failures, notBefore };
      });
    },
    all: () => records.map(({ target }) => target),
    order: () => {
      const now = clock.monotonic();
      const placeOf = ({ target, lot, notBefore }: Record) => {
        const wait = Math.max(0, notBefore - now);
        return [wait > 0 ? 1 : 0, wait, target.rank, keyOf(target) === preferredKey ? 0 : 1, lot] as const;
      };
      return records.toSorted((a, b) => compare(placeOf(a), placeOf(b))).map(({ target }) => target);
    },
    worked: (target) => {
      const record = find(target);
      if (record) Object.assign(record, { failures: 0, notBefore: 0 });
      preferredKey = keyOf(target);
    },
    failed: (target) => {
      const record = find(target);
      if (!record) return;
      record.notBefore = clock.monotonic() + backOffMs(record.failures, BACK_OFF, random);
      record.failures += 1;
    },
  };
}

function keyOf({ proof, url }: RegionTarget): string {
  return `${proof} ${url}`;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

import type { Learned } from './driver.ts';

/** What a BMC needs that others do not. Left out: as everybody. */
export interface Quirks {
  /** Least pause between two commands, ms: it hangs after a burst. */
  readonly gapMs?: number;
  /** How long a state may take to be seen, ms: the BMC reports the old one for long. */
  readonly settleMs?: number;
  /** Redfish: `If-Match` of a change. `never`: it refuses a change that has one; `any`: it wants `*`. */
  readonly ifMatch?: 'never' | 'any';
  /** Redfish: a change of the boot device must also name the firmware's mode. */
  readonly needsBootMode?: true;
}

interface QuirkRow extends Quirks {
  /** As the BMC reports them: IPMI's `mc info`, Redfish's system. */
  readonly manufacturer: RegExp;
  readonly product?: RegExp;
  readonly why: string;
}

/** The table. First match counts. A row's `why` is a sentence for readers. */
export const QUIRKS: readonly QuirkRow[] = [
  { manufacturer: /\bdell\b/i, why: 'An iDRAC reports a new power state some seconds late.', settleMs: 60_000 },
  {
    manufacturer: /\b(?:hpe?|hewlett[- ]packard(?: enterprise)?)\b/i,
    product: /\bilo|proliant|dl\d{3}/i,
    why: 'An iLO is slow to switch off, and fails on orders in quick succession.',
    gapMs: 1000,
    settleMs: 60_000,
  },
  {
    manufacturer: /\bsuper ?micro\b/i,
    why: 'A Supermicro BMC accepts a boot device only together with the firmware mode.',
    gapMs: 500,
    needsBootMode: true,
  },
  {
    manufacturer: /\b(?:ami|american megatrends|asrockrack|gigabyte|giga computing)\b/i,
    why: 'MegaRAC requires If-Match for every change, but its own weak tags do not match.',
    ifMatch: 'any',
  },
  { manufacturer: /\bhuawei\b/i, why: 'A Huawei BMC hangs after a burst of commands.', gapMs: 1000 },
];

/** The quirks of a BMC by its manufacturer and product. */
export function quirksOf(learned: Learned): Quirks {
  const manufacturer = learned['manufacturer'] ?? '';
  const product = learned['product'] ?? '';
  return QUIRKS.find((row) => row.manufacturer.test(manufacturer) && (row.product?.test(product) ?? true)) ?? {};
}

import { AppError } from '../core/errors.ts';
import type { DurableText } from '../host/interface.ts';

/**
 * The highest epoch that each BMC was given an order of. Whoever took a BMC's orders over has a higher one; the orders of the one before, wherever
 * they were delayed, come too late.
 */
export interface Fence {
  /** Remembers the epoch, durably, before it says true. False: a higher one was seen. */
  raise(bmc: string, epoch: number): Promise<boolean>;
  highest(bmc: string): number;
}

/** Opens the fence that is stored in a text. Throws AppError `fence` for a text that is not one: epochs that are forgotten would let old orders in. */
export async function openFence(text: DurableText): Promise<Fence> {
  const seen = parse(await text.read());
  let saving: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const next = saving.then(() => text.write(JSON.stringify(Object.fromEntries(seen))));
    // A failed write is its own caller's.
    saving = next.catch(() => {});
    return next;
  };
  return {
    raise: async (bmc, epoch) => {
      const highest = seen.get(bmc) ?? 0;
      if (epoch < highest) return false;
      if (epoch > highest) {
        seen.set(bmc, epoch);
        await save();
      } else await saving;
      return true;
    },
    highest: (bmc) => seen.get(bmc) ?? 0,
  };
}

function parse(text: string | null): Map<string, number> {
  if (text === null) return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError('fence', 'The epochs of the power orders cannot be read.', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new AppError('fence', 'The epochs of the power orders are not a table.');
  return new Map(
    Object.entries(value).map(([bmc, epoch]) => {
      if (!Number.isSafeInteger(epoch)) throw new AppError('fence', `The epoch of ${bmc} is not a number.`);
      return [bmc, epoch as number];
    }),
  );
}

import { readFileSync } from 'node:fs';

/** What all processors of a machine together have done since it was started, in ticks of its own. */
export interface ProcessorTimes {
  readonly total: number;
  /** Nothing was to be done, or only a disk was waited for. */
  readonly idle: number;
}

/**
 * Reads the first line of `/proc/stat` (proc_stat(5)): user, nice, system, idle, iowait, irq, softirq, steal; what comes after is part of user
 * and nice. What a hypervisor stole counts as busy: it was not there to be used. Null: it is no such line.
 */
export function parseProcessorTimes(text: string): ProcessorTimes | null {
  const ticks = /^cpu +((?:\d+ ?){8,})/.exec(text)?.[1]?.trim().split(' ').slice(0, 8).map(Number);
  if (ticks === undefined) return null;
  const [, , , idle = 0, waiting = 0] = ticks;
  return { total: ticks.reduce((sum, one) => sum + one, 0), idle: idle + waiting };
}

/** Reads the processor times of this machine, which carries all hosts of a lab. Null: it does not say. */
export const readProcessorTimes = (): ProcessorTimes | null => parseProcessorTimes(readFileSync('/proc/stat', 'utf8'));

/** How much of the processors was in use between two readings, percent; null: it is not known. */
export function busyPercent(from: ProcessorTimes | null, to: ProcessorTimes | null): number | null {
  if (from === null || to === null || to.total <= from.total) return null;
  return 100 * (1 - (to.idle - from.idle) / (to.total - from.total));
}

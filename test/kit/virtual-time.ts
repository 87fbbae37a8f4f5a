import type { Clock, Log, LogFields, Random } from '../../src/core/ports.ts';

/** A clock that only a test moves: `wait` steps over the time at once. */
export interface VirtualTime {
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly step: (ms: number) => void;
}

/** Opens a virtual clock; it starts at 2026-01-01. */
export function virtualTime(): VirtualTime {
  let now = 1_000;
  const start = Date.UTC(2026, 0, 1);
  const step = (ms: number) => {
    now += ms;
  };
  return {
    clock: { now: () => start + now, monotonic: () => now },
    step,
    wait: async (ms) => step(ms),
  };
}

/** Jitter that is always in the middle. */
export const evenRandom: Random = { fraction: () => 0.5, hex: (bytes) => 'ab'.repeat(bytes) };

/** A log that a test can read. */
export function memoryLog(): Log & { readonly lines: { level: string; message: string; fields: LogFields }[] } {
  const lines: { level: string; message: string; fields: LogFields }[] = [];
  const at = (base: LogFields): Log => {
    const line = (level: string) => (message: string, fields?: LogFields) => {
      lines.push({ level, message, fields: { ...base, ...fields } });
    };
    return {
      debug: line('debug'),
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      with: (fields) => at({ ...base, ...fields }),
    };
  };
  return Object.assign(at({}), { lines });
}

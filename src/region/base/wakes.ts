import type { WakePort } from './port.ts';

/** Spreads wakes to all listeners. A wake is a hint: it carries nothing. */
export interface Wakes extends WakePort {
  /** Wakes all listeners. */
  fire(): void;
}

/** Makes the spreader of wakes. */
export function createWakes(): Wakes {
  const listeners = new Set<() => void>();
  return {
    onWake: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    fire: () => {
      for (const listener of listeners) listener();
    },
  };
}

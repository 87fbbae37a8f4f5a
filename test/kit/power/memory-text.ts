import type { DurableText } from '../../../src/host/interface.ts';

/** A durable text in memory; `text` is what it holds. */
export function memoryText(text: string | null = null): DurableText & { text: string | null } {
  const kept: DurableText & { text: string | null } = {
    text,
    read: async () => kept.text,
    write: async (next) => {
      kept.text = next;
    },
    remove: async () => {
      kept.text = null;
    },
    setAside: async (suffix) => {
      kept.text = null;
      return `memory.${suffix}`;
    },
  };
  return kept;
}

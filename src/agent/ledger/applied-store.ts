import { sentenceOf } from '../../core/errors.ts';
import { jsonOrNull } from '../../core/json.ts';
import type { Clock } from '../../core/ports.ts';
import type { DurableText } from '../../host/interface.ts';
import type { MemoryStore } from '../../reconcile/ports.ts';
import type { Memory } from '../../reconcile/values.ts';
import type { Findings } from '../findings.ts';
import { isMemory } from '../memory-schema.ts';

/** What the store is built from: a durable text per name (`applied.json`, `good-<service>.json`). */
export interface AppliedStoreOptions {
  readonly text: (name: string) => DurableText;
  readonly findings: Findings;
  readonly clock: Clock;
}

/**
 * Opens the engine's durable memory: `applied.json` for all services, and one file per service with the last healthy desired
 * part, which may be large. What cannot be read is set aside: the engine then finds out from disk and daemons.
 */
export async function openAppliedStore(options: AppliedStoreOptions): Promise<MemoryStore> {
  const applied = options.text('applied.json');
  const memories = await recall(applied, options);
  let writing: Promise<void> = Promise.resolve();
  let next: Promise<void> | null = null;
  /** Saves that come while one is being written are written together by the next. */
  const write = (): Promise<void> => {
    next ??= writing.then(async () => {
      next = null;
      await applied.write(JSON.stringify({ version: 1, services: Object.fromEntries(memories) }));
    });
    writing = next.catch(() => {});
    return next;
  };
  return {
    known: () => [...memories.keys()],
    forget: async (service) => {
      memories.delete(service);
      await write();
      await options.text(goodName(service)).remove();
    },
    load: async (service) => memories.get(service) ?? null,
    save: (service, memory) => {
      memories.set(service, memory);
      return write();
    },
    loadDesired: async (service) => parseGood((await options.text(goodName(service)).read()) ?? ''),
    saveDesired: (service, digest, desired) =>
      options.text(goodName(service)).write(JSON.stringify({ digest, desired })),
  };
}

function goodName(service: string): string {
  return `good-${service}.json`;
}

function parseGood(text: string): { digest: string; desired: unknown } | null {
  const value = jsonOrNull(text);
  if (typeof value !== 'object' || value === null || !('digest' in value) || !('desired' in value)) return null;
  return typeof value.digest === 'string' ? { digest: value.digest, desired: value.desired } : null;
}

async function recall(applied: DurableText, options: AppliedStoreOptions): Promise<Map<string, Memory>> {
  const memories = new Map<string, Memory>();
  try {
    const text = await applied.read();
    if (text === null) return memories;
    const value = jsonOrNull(text);
    const services = typeof value === 'object' && value !== null && 'services' in value ? value.services : null;
    if (typeof services !== 'object' || services === null) throw new Error('it is not JSON in the expected form');
    for (const [service, memory] of Object.entries(services)) if (isMemory(memory)) memories.set(service, memory);
  } catch (error) {
    const aside = await applied.setAside(`unusable-${options.clock.now()}`).catch(() => 'where it was');
    options.findings.raise(
      'memory_unusable',
      `applied.json cannot be used (${sentenceOf(error)}); it was moved to ${aside}.`,
    );
  }
  return memories;
}

import { digestOf } from '../../src/core/stable-json.ts';
import { openEngine, type ServiceEngine } from '../../src/reconcile/engine.ts';
import { openGate } from '../../src/reconcile/gate.ts';
import { type EnginePorts, type MemoryStore, TIMING } from '../../src/reconcile/ports.ts';
import type { Memory, DesiredService } from '../../src/reconcile/values.ts';
import type { AnyService } from '../../src/services/kit/contract.ts';
import { FAKE_FACTS, FakeHost } from './fake-host.ts';
import { FAKE_TEMPLATES, type FakeDesired, fakeDaemon, fakeService } from './fake-service.ts';
import { evenRandom, memoryLog, type VirtualTime, virtualTime } from './virtual-time.ts';

/** An engine of the fake service on a fake host; `start` is the agent's start (again, after a kill). */
export interface EngineRig {
  readonly host: FakeHost;
  readonly time: VirtualTime;
  readonly memories: Map<string, Memory>;
  readonly start: () => Promise<ServiceEngine>;
}

/** Opens a rig; `changes` to the fake service. */
export function engineRig(changes: Partial<AnyService> = {}): EngineRig {
  const time = virtualTime();
  const host = new FakeHost(time, [fakeDaemon(), fakeDaemon('other')]);
  const memories = new Map<string, Memory>();
  const desireds = new Map<string, { digest: string; desired: unknown }>();
  const memory: MemoryStore = {
    known: () => [...memories.keys()],
    forget: async (service) => void memories.delete(service),
    load: async (service) => memories.get(service) ?? null,
    save: (service, value) => host.effect('save memory', () => void memories.set(service, structuredClone(value))),
    loadDesired: async (service) => desireds.get(service) ?? null,
    saveDesired: (service, digest, desired) =>
      host.effect('save desired', () => void desireds.set(service, { digest, desired })),
  };
  const ports: EnginePorts = {
    host,
    clock: time.clock,
    random: evenRandom,
    log: memoryLog(),
    memory,
    templates: FAKE_TEMPLATES,
    timing: TIMING,
    checking: openGate(4),
    wait: time.wait,
  };
  return { host, time, memories, start: () => openEngine({ ...fakeService(), ...changes }, ports) };
}

/** A wish for the fake service. */
export function wish(
  generation: number,
  desired: Partial<FakeDesired> | null,
  more: Partial<DesiredService> = {},
): DesiredService {
  const whole = desired === null ? null : { serial: generation, mood: 'fine' as const, items: ['a', 'b'], ...desired };
  return { generation, digest: digestOf(whole), desired: whole, restart: null, roles: [], ...more };
}

export { FAKE_FACTS };

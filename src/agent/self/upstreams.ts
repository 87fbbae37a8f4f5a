import type { HostObservation } from '../../contract/cluster/agent.ts';
import type { ExecResult } from '../../core/host-values.ts';
import type { Host } from '../../host/interface.ts';
import type { AnyService, OutsideNeed } from '../../services/kit/contract.ts';
import { withInstances } from '../../services/kit/instances.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LoopPorts } from '../ports.ts';

/** What this node's services need of others, and whether it answers from here. */
export interface UpstreamWatch {
  current(): NonNullable<HostObservation['upstreams']>;
  run(signal: AbortSignal): Promise<void>;
}

/** What the watch is built from. */
export interface UpstreamOptions {
  readonly ports: LoopPorts;
  readonly host: Pick<Host, 'exec'>;
  readonly services: readonly AnyService[];
  readonly ledger: Pick<Ledger, 'held'>;
  readonly onChange: () => void;
}

type UpstreamState = NonNullable<HostObservation['upstreams']>[number];

const EVERY_MS = 30_000;
/** After one that was not answered. */
const AGAIN_MS = 5_000;
const SILENCE_MS = 180_000;
/** One packet may be lost. */
const SURE = 2;
const UPSTREAMS_MAX = 16;
const WHY_LIMIT = 200;

/** Opens the watch: every half minute it asks each of them once. */
export function openUpstreamWatch({ ports, host, services, ledger, onChange }: UpstreamOptions): UpstreamWatch {
  const { clock, random } = ports;
  const known = new Map<string, { readonly seen: UpstreamState | null; readonly misses: number }>();
  const needs = () => {
    const parts = ledger.held()?.body.services ?? {};
    return withInstances(services, Object.keys(parts))
      .flatMap((service) => {
        const desired: unknown = parts[service.name]?.desired ?? null;
        const wanted: readonly OutsideNeed[] = desired === null ? [] : (service.outside?.(desired) ?? []);
        return wanted.map((need) => ({ service: service.name, need, key: `${service.name} ${need.place}` }));
      })
      .slice(0, UPSTREAMS_MAX);
  };
  const current = () => [...known.values()].flatMap(({ seen }) => seen ?? []);
  const ask = async ({ service, need, key }: ReturnType<typeof needs>[number]) => {
    const answer = await host.exec(need.question);
    const why = silenceOf(answer);
    const before = known.get(key);
    const misses = why === null ? 0 : (before?.misses ?? 0) + 1;
    if (why !== null && misses < SURE) return void known.set(key, { seen: before?.seen ?? null, misses });
    const isAnswering = why === null;
    const since = before?.seen?.isAnswering === isAnswering ? before.seen.since : new Date(clock.now()).toISOString();
    const seen = { service, place: need.place, isAnswering, why: (why ?? '').slice(0, WHY_LIMIT), since };
    known.set(key, { seen, misses });
  };
  return {
    current,
    async run(signal) {
      const beat = ports.loop('upstreams', SILENCE_MS);
      while (!signal.aborted) {
        const before = JSON.stringify(current());
        const wanted = needs();
        const keys = new Set(wanted.map(({ key }) => key));
        for (const key of known.keys()) if (!keys.has(key)) known.delete(key);
        await Promise.all(wanted.map(ask));
        if (JSON.stringify(current()) !== before) onChange();
        beat();
        const isDoubtful = [...known.values()].some(({ misses }) => misses > 0 && misses < SURE);
        await ports.wait((isDoubtful ? AGAIN_MS : EVERY_MS) * (0.8 + 0.4 * random.fraction()), signal);
      }
      beat.end();
    },
  };
}

/** Why it counts as silent; null: it answered, whatever the answer. */
function silenceOf(answer: ExecResult): string | null {
  if (answer.timedOut) return 'no answer in time';
  if (answer.failure !== null) return answer.failure;
  return answer.code === 0 ? null : 'no answer';
}

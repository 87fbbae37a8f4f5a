import type { ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';
import type { DbDesired } from './desired.ts';
import { parseDbFacts } from './facts.ts';
import { parseProbeDb } from './probe.ts';

/** Role, timeline and lag of this node's PostgreSQL, as Patroni reports them. */
export function metricsDb(answers: readonly ExecResult[], desired: DbDesired): readonly Metric[] {
  const facts = parseDbFacts(parseProbeDb(answers, desired).facts);
  if (facts === null) return [];
  const { role, timeline, lagBytes, isSynchronous, isStreaming } = facts;
  const flag = (name: string, isSet: boolean): Metric => ({ name, unit: 'count', value: isSet ? 1 : 0 });
  return [
    flag('is_primary', role === 'primary'),
    ...(role === 'standby' ? [flag('is_streaming', isStreaming), flag('is_synchronous', isSynchronous)] : []),
    ...(role !== 'standby' || lagBytes === null ? [] : [{ name: 'lag', unit: 'bytes', value: lagBytes } as const]),
    ...(timeline === null ? [] : [{ name: 'timeline', unit: 'count', value: timeline } as const]),
  ];
}

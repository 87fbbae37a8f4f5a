import type { ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';
import { parseProbeNtp } from './daemon.ts';
import type { NtpDesired } from './desired.ts';
import { parseNtpFacts } from './facts.ts';

/** How far the clock is off its source, and off the region node that is furthest from it. */
export function metricsNtp(answers: readonly ExecResult[], desired: NtpDesired): readonly Metric[] {
  const facts = parseNtpFacts(parseProbeNtp(answers, desired).facts);
  if (facts === null) return [];
  const { isSynchronised, offsetSeconds, apart } = facts;
  return [
    { name: 'is_synchronised', unit: 'count', value: isSynchronised ? 1 : 0 },
    ...(offsetSeconds === null ? [] : [{ name: 'offset', unit: 'seconds', value: offsetSeconds } as const]),
    ...(apart ? [{ name: 'apart', unit: 'seconds', value: apart.seconds } as const] : []),
  ];
}

import type { ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';
import { parseProbeNtp } from './daemon.ts';
import type { NtpDesired } from './desired.ts';
import { parseNtpFacts } from './facts.ts';

/** Distance of the clock from its source, and from the region node that differs most. */
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

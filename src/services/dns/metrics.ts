import type { ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';
import { readSoa } from './facts.ts';
import type { DnsDesired } from './desired.ts';

/** How many zones named has; on a rack also how many of the watched copies are not as published. */
export function metricsDns(answers: readonly ExecResult[], { zones, copies }: DnsDesired): readonly Metric[] {
  if (copies === undefined) return [{ name: 'zones', unit: 'count', value: zones.length }];
  const behind = copies.published.filter(({ serial }, index) => {
    const answer = answers[index];
    const found = answer === undefined ? null : readSoa(answer).serial;
    // Serial numbers wrap around (RFC 1982 §3.2). A newer serial is good.
    return found === null || (found !== serial && (serial - found) >>> 0 < 0x8000_0000);
  });
  return [
    { name: 'zones', unit: 'count', value: copies.count },
    { name: 'zones_behind', unit: 'count', value: behind.length },
  ];
}

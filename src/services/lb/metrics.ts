import type { ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';

/** Counters of haproxy's `show info` (management guide, §9.3), by our metric. */
const OF_PROCESS = [
  ['CurrConns', { name: 'connections', unit: 'count' }],
  ['Maxconn', { name: 'connections_limit', unit: 'count' }],
  ['CumConns', { name: 'connections', unit: 'count', isTotal: true }],
  ['CumReq', { name: 'requests', unit: 'count', isTotal: true }],
] as const;

/** Connections and requests of haproxy, and the sessions of each server behind it. */
export function metricsLb([answer]: readonly ExecResult[]): readonly Metric[] {
  if (answer?.code !== 0) return [];
  const lines = answer.stdout.split('\n');
  const own = OF_PROCESS.flatMap(([field, metric]) => {
    const text = lines.find((line) => line.startsWith(`${field}: `))?.slice(field.length + 2);
    return text !== undefined && /^\d+$/.test(text.trim()) ? [{ ...metric, value: Number(text) }] : [];
  });
  return [...own, ...sessionsOf(lines)];
}

function sessionsOf(lines: readonly string[]): Metric[] {
  const start = lines.findIndex((line) => line.startsWith('# pxname,'));
  const head = lines[start]?.slice(2).split(',') ?? [];
  const [proxy, server, sessions] = ['pxname', 'svname', 'scur'].map((name) => head.indexOf(name));
  if (start < 0 || proxy === undefined || server === undefined || sessions === undefined) return [];
  return lines.slice(start + 1).flatMap((line) => {
    const row = line.split(',');
    const count = row[sessions] ?? '';
    if (!/^\d+$/.test(count)) return [];
    const labels = { backend: row[proxy] ?? '', server: row[server] ?? '' };
    return [{ name: 'sessions', unit: 'count', value: Number(count), labels } as const];
  });
}

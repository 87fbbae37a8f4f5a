import type { ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';

/** Squid's counters (cache manager, `counters`), by our metric; kB become bytes. */
const COUNTERS = [
  ['client_http.requests', { name: 'requests', unit: 'count', isTotal: true }, 1],
  ['client_http.hits', { name: 'hits', unit: 'count', isTotal: true }, 1],
  ['client_http.errors', { name: 'errors', unit: 'count', isTotal: true }, 1],
  ['client_http.kbytes_out', { name: 'sent', unit: 'bytes', isTotal: true }, 1024],
  ['client_http.hit_kbytes_out', { name: 'sent_from_cache', unit: 'bytes', isTotal: true }, 1024],
  ['server.http.kbytes_in', { name: 'fetched', unit: 'bytes', isTotal: true }, 1024],
] as const;

/** Lines of the state of the cache (`storedir`), in KB. */
const SIZES = [
  ['Current Store Swap Size', { name: 'cache_used', unit: 'bytes' }],
  ['Maximum Swap Size', { name: 'cache_size', unit: 'bytes' }],
] as const;

/** Requests, hits and the cache of Squid. The probe's own requests also count. */
export function metricsProxy([state, , counted]: readonly ExecResult[]): readonly Metric[] {
  const counters = bodyOf(counted);
  const sizes = bodyOf(state);
  return [
    ...COUNTERS.flatMap(([field, metric, factor]) => {
      const text = new RegExp(`^${field.replaceAll('.', '\\.')} = (\\d+)$`, 'm').exec(counters)?.[1];
      return text === undefined ? [] : [{ ...metric, value: Number(text) * factor }];
    }),
    ...SIZES.flatMap(([field, metric]) => {
      const text = new RegExp(`^${field} *: *(\\d+)(?:\\.\\d+)? KB`, 'm').exec(sizes)?.[1];
      return text === undefined ? [] : [{ ...metric, value: Number(text) * 1024 }];
    }),
  ];
}

/** The page of a good answer, with Unix line ends. */
function bodyOf(answer: ExecResult | undefined): string {
  const text = answer?.failure === null ? answer.stdout : '';
  return /^HTTP\/1\.[01] 200 /.test(text) ? text.replaceAll('\r\n', '\n') : '';
}

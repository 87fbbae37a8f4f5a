import type { ExecResult } from '../../core/host-values.ts';
import type { Metric } from '../kit/contract.ts';
import { webAnswerOf } from '../kit/web-answer.ts';

/** Connections and requests of nginx (ngx_http_stub_status_module). The probe's own questions are among them. */
export function metricsHttp([, status]: readonly ExecResult[]): readonly Metric[] {
  const body = webAnswerOf(status)?.body ?? '';
  const active = /^Active connections: (\d+)/m.exec(body)?.[1];
  const [, accepted, requests] = /^ *(\d+) +\d+ +(\d+) *$/m.exec(body) ?? [];
  if (active === undefined || accepted === undefined || requests === undefined) return [];
  return [
    { name: 'connections', unit: 'count', value: Number(active) },
    { name: 'connections', unit: 'count', isTotal: true, value: Number(accepted) },
    { name: 'requests', unit: 'count', isTotal: true, value: Number(requests) },
  ];
}

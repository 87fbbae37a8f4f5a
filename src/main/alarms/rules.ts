import { CHECKS } from '../../region/cluster/doctor.ts';
import { SILENCE } from '../../region/cluster/invariants/nodes.ts';

/** One alert of Prometheus. */
interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly severity: string;
  readonly summary: string;
  readonly description: string;
}

/** The doctor says how grave a finding is: 1 warning, 2 unknown, 3 broken. */
const SEVERITY = '{{ if ge $value 2.0 }}critical{{ else }}warning{{ end }}';
const FINDINGS = 'Remedy: regent finding list -o wide. To silence it: regent finding mute';

const LEVEL = (id: string) => `max by (finding) (regent_finding_state{finding="${id}"})`;
/** A finding that does not hold. What is unknown while a node is silent raises no alarm of its own (region/cluster/findings). */
const stands = (id: string) =>
  id === SILENCE ? `${LEVEL(id)} > 0` : `${LEVEL(id)} > 0 unless (${LEVEL(id)} == 2 and on () ${LEVEL(SILENCE)} == 3)`;

/** An alert for each invariant of the doctor: `RegentBackupDrill` for backup-drill. A muted finding is silent here, too. */
const OF_FINDINGS: readonly AlertRule[] = CHECKS.map(({ id, title, explanation }) => ({
  alert: alertName(id),
  expr: `${stands(id)} unless on (finding) max by (finding) (regent_finding_muted{finding="${id}"}) == 1`,
  for: '15s',
  severity: SEVERITY,
  summary: `Does not hold: ${title}`,
  description: `${explanation} ${FINDINGS} ${id} --until 1d --reason TEXT`,
}));

/** What no doctor can say: that nobody answers. And what is worth an alarm of its own. */
const OF_METRICS: readonly AlertRule[] = [
  {
    alert: 'RegentRegionDown',
    expr: 'up{job="regent"} == 0',
    for: '30s',
    severity: 'warning',
    summary: 'The region node {{ $labels.instance }} does not answer',
    description: 'The others serve on. Remedy: regent cluster status on another region node.',
  },
  {
    alert: 'RegentDown',
    expr: 'absent(regent_build_info) or sum(up{job="regent"}) == 0',
    for: '30s',
    severity: 'critical',
    summary: 'No region answers',
    description: 'Nobody judges findings now. Remedy: sudo regent cluster status on each region node.',
  },
  {
    alert: 'RegentDatabaseDown',
    expr: 'max(regent_database_up) == 0',
    for: '15s',
    severity: 'critical',
    summary: 'The database takes no writes',
    description: 'Racks serve on, changes are refused. Remedy: regent cluster status; regent doctor.',
  },
  {
    alert: 'RegentApiSlow',
    expr: 'histogram_quantile(0.99, sum by (le) (rate(regent_api_request_duration_seconds_bucket{surface="v1"}[5m]))) > 2.5',
    for: '10m',
    severity: 'warning',
    summary: 'One of a hundred calls takes longer than 2.5 s',
    description: 'Remedy: regent doctor; load and disks of the region nodes.',
  },
  {
    alert: 'RegentApiErrors',
    expr: 'sum(rate(regent_api_requests_total{code="5xx"}[5m])) > 0.05 * sum(rate(regent_api_requests_total[5m]))',
    for: '5m',
    severity: 'warning',
    summary: 'More than 5 % of the calls fail',
    description: 'Remedy: regent status; regent node logs NODE region.',
  },
];

/** All alerts, in the order of the doctor. */
export const ALERTS: readonly AlertRule[] = [...OF_METRICS, ...OF_FINDINGS];

/** The name of the alert of an invariant. */
export function alertName(id: string): string {
  return `Regent${id.replaceAll(/(?:^|-)(\w)/g, (_all, letter: string) => letter.toUpperCase())}`;
}

/** deploy/prometheus/regent.rules.yml. Pure. */
export function rulesText(): string {
  // A JSON text is a YAML text in quotes.
  const lines = ALERTS.flatMap(({ alert, expr, for: wait, severity, summary, description }) => [
    `      - alert: ${alert}`,
    `        expr: ${JSON.stringify(expr)}`,
    `        for: ${wait}`,
    `        labels: { severity: ${JSON.stringify(severity)} }`,
    '        annotations:',
    `          summary: ${JSON.stringify(summary)}`,
    `          description: ${JSON.stringify(description)}`,
  ]);
  return `${['# npm run alarms writes this file.', 'groups:', '  - name: regent', '    interval: 15s', '    rules:', ...lines].join('\n')}\n`;
}
